import { describe, expect, it } from 'vitest';
import type { PersistentVolumeClaim } from '../../api/index.ts';
import { findDataSource, sourceKeysOf } from './data-source.ts';

function claimOf(spec: PersistentVolumeClaim['spec']): PersistentVolumeClaim {
  const metadata = { name: 'data', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec };
}

const claim = { kind: 'PersistentVolumeClaim', name: 'src' };
const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'snap' };
const backup = { apiGroup: 'example.com', kind: 'Backup', name: 'b' };
const elsewhere = 'dataSourceRef namespace specified but the CrossNamespaceVolumeDataSource feature is disabled';
const wrongGroup =
  'the PVC source does not belong to the right APIGroup. Expected snapshot.storage.k8s.io, Got example.com';
const refused = (reason: string) => ({ kind: 'refused', reason });

describe('what a claim is to be filled from', () => {
  it.each<[string, PersistentVolumeClaim['spec'], unknown]>([
    ['[O10] a claim', { dataSource: claim, dataSourceRef: claim }, { kind: 'PersistentVolumeClaim', name: 'src' }],
    [
      '[O10] a claim, said by the newer field alone',
      { dataSourceRef: claim },
      { kind: 'PersistentVolumeClaim', name: 'src' },
    ],
    [
      '[O10] a claim, its group spelt out',
      { dataSource: { ...claim, apiGroup: '' } },
      { kind: 'PersistentVolumeClaim', name: 'src' },
    ],
    ['[O11] a snapshot', { dataSource: snapshot, dataSourceRef: snapshot }, { kind: 'VolumeSnapshot', name: 'snap' }],
    [
      '[O11] a snapshot, said by the newer field alone',
      { dataSourceRef: snapshot },
      { kind: 'VolumeSnapshot', name: 'snap' },
    ],
    [
      '[O11] something that is called a snapshot elsewhere',
      { dataSourceRef: { ...snapshot, apiGroup: 'example.com' } },
      refused(wrongGroup),
    ],
    ['[O12] what a populator knows', { dataSource: backup, dataSourceRef: backup }, { kind: 'custom' }],
    ['[O12] what a populator knows, by the newer field alone', { dataSourceRef: backup }, { kind: 'custom' }],
    [
      '[O12] what a populator calls a claim',
      { dataSourceRef: { ...claim, apiGroup: 'example.com' } },
      { kind: 'custom' },
    ],
    ['[O12] a claim in another namespace', { dataSourceRef: { ...claim, namespace: 'other' } }, refused(elsewhere)],
    [
      '[O12] a snapshot in another namespace',
      { dataSourceRef: { ...snapshot, namespace: 'other' } },
      refused(elsewhere),
    ],
    [
      '[O12] a custom kind in another namespace',
      { dataSourceRef: { ...backup, namespace: 'other' } },
      refused(elsewhere),
    ],
    [
      '[O12] a source without a name',
      { dataSource: { ...claim, name: '' } },
      refused('the PVC source not found for PVC data'),
    ],
    ['[O12] nothing', {}, undefined],
  ])('%s', (_title, spec, expected) => {
    expect(findDataSource(claimOf(spec))).toEqual(expected);
  });

  it('[O10] [O11] is found by its kind, namespace and name', () => {
    expect(sourceKeysOf(claimOf({ dataSource: claim }))).toEqual(['PersistentVolumeClaim ns/src']);
    expect(sourceKeysOf(claimOf({ dataSource: snapshot }))).toEqual(['VolumeSnapshot ns/snap']);
    expect(sourceKeysOf(claimOf({ dataSource: backup }))).toEqual([]);
    expect(sourceKeysOf(claimOf({}))).toEqual([]);
  });
});
