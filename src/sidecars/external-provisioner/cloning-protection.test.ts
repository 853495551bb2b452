import { describe, expect, it } from 'vitest';
import type { PersistentVolumeClaim } from '../../api/index.ts';
import { findUnfinishedClone } from './cloning-protection.ts';

const intent = 'stowage.io/provisioning';

interface Traits {
  readonly phase?: string;
  readonly from?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly finalizers?: readonly string[];
  readonly deletionTimestamp?: string;
}

function claimOf(name: string, { phase, from, kind = 'PersistentVolumeClaim', namespace = 'ns', ...metadata }: Traits) {
  const apiGroup = kind === 'VolumeSnapshot' ? { apiGroup: 'snapshot.storage.k8s.io' } : {};
  const dataSource = { ...apiGroup, kind, name: from ?? '' };
  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, uid: name, resourceVersion: '1', creationTimestamp: '', ...metadata },
    spec: from === undefined ? {} : { dataSource, dataSourceRef: dataSource },
    status: phase === undefined ? {} : { phase },
  };
  return claim;
}

const source = claimOf('src', { phase: 'Bound', deletionTimestamp: 't' });
const clone = (name: string, traits: Traits) => claimOf(name, { from: 'src', ...traits });

describe('a claim that is deleted', () => {
  it.each<[string, readonly PersistentVolumeClaim[], string]>([
    ['a clone waits for its volume', [clone('a', { phase: 'Pending' })], 'a'],
    ['a clone is so new that it has no phase', [clone('a', {})], 'a'],
    ['one of its clones waits', [clone('a', { phase: 'Bound' }), clone('b', { phase: 'Pending' })], 'b'],
    [
      'a deleted clone may have been made',
      [clone('a', { phase: 'Pending', deletionTimestamp: 't', finalizers: [intent] })],
      'a',
    ],
    [
      'a clone has lost a volume and may be getting another',
      [clone('a', { phase: 'Lost', finalizers: [intent] })],
      'a',
    ],
  ])('[O10] [rel-C10] is kept while %s', (_title, claims, name) => {
    expect(findUnfinishedClone(source, [source, ...claims])?.metadata.name).toBe(name);
  });

  it.each<[string, readonly PersistentVolumeClaim[]]>([
    ['nobody clones it', []],
    ['its clones have their volumes', [clone('a', { phase: 'Bound' }), clone('b', { phase: 'Bound' })]],
    ['its clone has its volume and is being settled', [clone('a', { phase: 'Bound', finalizers: [intent] })]],
    ['its clone has lost its volume', [clone('a', { phase: 'Lost' })]],
    ['a claim clones another', [claimOf('a', { phase: 'Pending', from: 'other' })]],
    ['a claim elsewhere clones one of the same name', [clone('a', { phase: 'Pending', namespace: 'elsewhere' })]],
    ['a claim restores a snapshot of the same name', [clone('a', { phase: 'Pending', kind: 'VolumeSnapshot' })]],
    ['a claim is filled from something else', [clone('a', { phase: 'Pending', kind: 'Backup' })]],
    ['a claim is filled from nothing', [claimOf('a', { phase: 'Pending' })]],
  ])('[O10] goes when %s', (_title, claims) => {
    expect(findUnfinishedClone(source, [source, ...claims])).toBeUndefined();
  });
});
