import { describe, expect, it } from 'vitest';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/index.ts';
import type { ResizeStatus } from '../../component-helpers/index.ts';
import { decideResize, type ResizeDecision } from './decide-resize.ts';

interface Situation {
  readonly requested: string;
  readonly capacity?: string;
  readonly volume: string;
  readonly allocated?: string;
  readonly status?: ResizeStatus;
  readonly failedForGood?: boolean;
  readonly nodeOnly?: boolean;
}

function claimOf({ requested, capacity = '1Gi', allocated, status }: Situation): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace: 'ns', name: 'c', uid: 'u', creationTimestamp: '', resourceVersion: '1' },
    spec: { volumeName: 'v', resources: { requests: { storage: requested } } },
    status: {
      phase: 'Bound',
      capacity: { storage: capacity },
      ...(allocated === undefined ? {} : { allocatedResources: { storage: allocated } }),
      ...(status === undefined ? {} : { allocatedResourceStatuses: { storage: status } }),
    },
  };
}

function volumeOf(size: string, spec: Partial<PersistentVolume['spec']> = {}): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v', uid: 'w', creationTimestamp: '', resourceVersion: '1' },
    spec: {
      capacity: { storage: size },
      claimRef: { namespace: 'ns', name: 'c', uid: 'u' },
      csi: { driver: 'd', volumeHandle: 'h' },
      ...spec,
    },
  };
}

function decide(situation: Situation): ResizeDecision {
  return decideResize({
    claim: claimOf(situation),
    volume: volumeOf(situation.volume),
    driver: 'd',
    controllerExpands: !situation.nodeOnly,
    failedForGood: situation.failedForGood ?? false,
  });
}

const to = (size: string, isBegun = false): ResizeDecision => ({ kind: 'expand', size, isBegun });
const settled: ResizeDecision = { kind: 'settled' };
const awaitNode: ResizeDecision = { kind: 'awaitNode' };

describe('the size that a volume is to have next', () => {
  it.each<[string, Situation, ResizeDecision]>([
    ['nothing is asked for', { requested: '1Gi', volume: '1Gi' }, settled],
    ['less is asked for than there is', { requested: '1Gi', capacity: '2Gi', volume: '2Gi' }, settled],
    ['more is asked for', { requested: '2Gi', volume: '1Gi' }, to('2Gi')],
    [
      'a size is on its way',
      { requested: '3Gi', volume: '1Gi', allocated: '2Gi', status: 'ControllerResizeInProgress' },
      to('2Gi', true),
    ],
    [
      'that size has failed for good',
      { requested: '3Gi', volume: '1Gi', allocated: '2Gi', status: 'ControllerResizeInProgress', failedForGood: true },
      to('3Gi'),
    ],
    [
      'the user lowered an infeasible request',
      { requested: '2Gi', volume: '1Gi', allocated: '100Gi', status: 'ControllerResizeInfeasible' },
      to('2Gi'),
    ],
    [
      'the infeasible size is still asked for',
      { requested: '100Gi', volume: '1Gi', allocated: '100Gi', status: 'ControllerResizeInfeasible' },
      to('100Gi', true),
    ],
    [
      'the user lowered a request that is on its way',
      { requested: '2Gi', volume: '1Gi', allocated: '100Gi', status: 'ControllerResizeInProgress' },
      to('100Gi', true),
    ],
    [
      'the user lowered a request whose size has failed for good, but not as infeasible',
      {
        requested: '2Gi',
        volume: '1Gi',
        allocated: '100Gi',
        status: 'ControllerResizeInProgress',
        failedForGood: true,
      },
      to('2Gi'),
    ],
    [
      'the node has its turn',
      { requested: '2Gi', volume: '2Gi', allocated: '2Gi', status: 'NodeResizePending' },
      awaitNode,
    ],
    [
      'the node is at it',
      { requested: '2Gi', volume: '2Gi', allocated: '2Gi', status: 'NodeResizeInProgress' },
      awaitNode,
    ],
    [
      'more is asked for while the node has its turn',
      { requested: '3Gi', volume: '2Gi', allocated: '2Gi', status: 'NodeResizePending' },
      awaitNode,
    ],
    [
      'the volume is smaller than what the node waits for',
      { requested: '3Gi', volume: '1Gi', allocated: '2Gi', status: 'NodeResizePending' },
      to('2Gi', true),
    ],
    [
      'the node found the size infeasible',
      { requested: '2Gi', volume: '2Gi', allocated: '2Gi', status: 'NodeResizeInfeasible' },
      to('2Gi', true),
    ],
    [
      'the node found the size infeasible and the user lowered the request',
      { requested: '2Gi', volume: '3Gi', allocated: '3Gi', status: 'NodeResizeInfeasible' },
      to('3Gi', true),
    ],
    [
      'the same with a driver that grows on the node only',
      { requested: '2Gi', volume: '3Gi', allocated: '3Gi', status: 'NodeResizeInfeasible', nodeOnly: true },
      to('2Gi'),
    ],
    [
      'the volume has grown, and a crash kept it from the claim',
      { requested: '2Gi', volume: '2Gi', allocated: '2Gi', status: 'ControllerResizeInProgress' },
      to('2Gi', true),
    ],
    [
      'the volume has grown, and the user lowered the request before the claim told',
      { requested: '2Gi', volume: '3Gi', allocated: '3Gi', status: 'ControllerResizeInProgress' },
      to('3Gi', true),
    ],
    [
      'a resizer without statuses left its size',
      { requested: '2Gi', volume: '2Gi', allocated: '2Gi' },
      to('2Gi', true),
    ],
    ['the volume was larger from the start', { requested: '2Gi', volume: '2Gi' }, to('2Gi')],
  ])('[E2] [E3] [rel-F1] [rel-F4] when %s', (_when, situation, expected) => {
    expect(decide(situation)).toEqual(expected);
  });

  it.each<[string, Partial<PersistentVolume['spec']>]>([
    ['another driver', { csi: { driver: 'other', volumeHandle: 'h' } }],
    ['another claim of the same name', { claimRef: { namespace: 'ns', name: 'c', uid: 'before' } }],
  ])('[E2] is nothing for the volume of %s', (_of, spec) => {
    const claim = claimOf({ requested: '2Gi', volume: '1Gi' });
    const input = { claim, driver: 'd', controllerExpands: true, failedForGood: false };
    expect(decideResize({ ...input, volume: volumeOf('1Gi', spec) })).toEqual(settled);
  });
});
