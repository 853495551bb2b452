import { describe, expect, it } from 'vitest';
import type { PersistentVolumeClaim } from '../../api/index.ts';
import { decideModify, type ModifyDecision } from './decide-modify.ts';

interface Situation {
  readonly wanted?: string;
  readonly current?: string;
  readonly target?: string;
  readonly status?: string;
  readonly phase?: string;
}

function claimOf({ wanted, current, target, status, phase = 'Bound' }: Situation): PersistentVolumeClaim {
  const name = target === undefined ? {} : { targetVolumeAttributesClassName: target };
  const progress = status === undefined ? {} : { modifyVolumeStatus: { ...name, status } };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace: 'ns', name: 'c', uid: 'u', creationTimestamp: '', resourceVersion: '1' },
    spec: { volumeName: 'v', ...(wanted === undefined ? {} : { volumeAttributesClassName: wanted }) },
    status: { phase, ...(current === undefined ? {} : { currentVolumeAttributesClassName: current }), ...progress },
  };
}

const modify = (className: string, isBegun = false): ModifyDecision => ({ kind: 'modify', className, isBegun });

describe('the class that a volume is to get next', () => {
  it.each<[string, Situation, ModifyDecision]>([
    ['none is named', {}, { kind: 'settled' }],
    ['the volume has it', { wanted: 'gold', current: 'gold' }, { kind: 'settled' }],
    ['the claim is not bound', { wanted: 'gold', phase: 'Pending' }, { kind: 'settled' }],
    ['the first is named', { wanted: 'gold' }, modify('gold')],
    ['another is named', { wanted: 'gold', current: 'silver' }, modify('gold')],
    [
      'it is on its way',
      { wanted: 'gold', current: 'silver', target: 'gold', status: 'InProgress' },
      modify('gold', true),
    ],
    [
      'the driver found it infeasible',
      { wanted: 'gold', current: 'silver', target: 'gold', status: 'Infeasible' },
      modify('gold'),
    ],
    [
      'the user chose another after an infeasible one',
      { wanted: 'gold', current: 'silver', target: 'bad', status: 'Infeasible' },
      modify('gold'),
    ],
    ['it is not there', { wanted: 'missing', current: 'silver' }, { kind: 'pending', className: 'missing' }],
    ['it has come meanwhile', { wanted: 'gold', current: 'silver', target: 'gold', status: 'Pending' }, modify('gold')],
    [
      'the user went back from an infeasible one',
      { wanted: 'silver', current: 'silver', target: 'bad', status: 'Infeasible' },
      { kind: 'cancel' },
    ],
    [
      'the user went back from a missing one',
      { wanted: 'silver', current: 'silver', target: 'missing', status: 'Pending' },
      { kind: 'cancel' },
    ],
    ['the user went back to none', { target: 'bad', status: 'Infeasible' }, { kind: 'cancel' }],
    [
      'the user went back from one that the driver may have carried out',
      { wanted: 'silver', current: 'silver', target: 'gold', status: 'InProgress' },
      modify('silver'),
    ],
    [
      'the user went back to none from one that the driver may have carried out',
      { target: 'gold', status: 'InProgress' },
      modify('gold', true),
    ],
  ])('[G1] [G2] [rel-F6] when %s', (_when, situation, expected) => {
    expect(decideModify(claimOf(situation), (name) => name !== 'missing')).toEqual(expected);
  });
});
