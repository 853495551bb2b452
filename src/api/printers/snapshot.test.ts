import { expect, it } from 'vitest';
import type { KubernetesObject, ResourceType } from '../meta/resource-type.ts';
import * as resources from '../resources.ts';
import { tableOf } from './table.ts';

const nowMs = Date.parse('2026-11-21T03:15:43Z');
const creationTimestamp = '2026-11-21T03:14:18Z';

function printed(type: ResourceType, raw: object): [header: string, type: string, cell: unknown][] {
  const object = { apiVersion: 'v1', kind: type.kind, metadata: { name: 'x', creationTimestamp }, ...raw };
  const { columnDefinitions, rows } = tableOf(type, [object as KubernetesObject], nowMs);
  return columnDefinitions.map(({ name, type: columnType }, index) => [name, columnType, rows[0]?.cells[index]]);
}

it('[V1] prints VolumeSnapshots, and nothing for what is not known yet', () => {
  const status = {
    readyToUse: true,
    restoreSize: '1Gi',
    boundVolumeSnapshotContentName: 'snapcontent-1',
    creationTime: '2026-11-21T03:15:33Z',
  };
  const spec = { source: { persistentVolumeClaimName: 'data' }, volumeSnapshotClassName: 'c' };
  expect(printed(resources.volumeSnapshots, { spec, status })).toEqual([
    ['Name', 'string', 'x'],
    ['ReadyToUse', 'boolean', true],
    ['SourcePVC', 'string', 'data'],
    ['SourceSnapshotContent', 'string', null],
    ['RestoreSize', 'string', '1Gi'],
    ['SnapshotClass', 'string', 'c'],
    ['SnapshotContent', 'string', 'snapcontent-1'],
    ['CreationTime', 'date', '10s'],
    ['Age', 'date', '85s'],
  ]);
  const fresh = printed(resources.volumeSnapshots, { spec: { source: { volumeSnapshotContentName: 'kept' } } });
  expect(fresh.map(([, , cell]) => cell)).toEqual(['x', null, null, 'kept', null, null, null, null, '85s']);
});

it('[V1] prints VolumeSnapshotContents and VolumeSnapshotClasses', () => {
  const spec = {
    deletionPolicy: 'Delete',
    driver: 'hostpath.csi.k8s.io',
    volumeSnapshotClassName: 'c',
    volumeSnapshotRef: { name: 's', namespace: 'n' },
  };
  expect(printed(resources.volumeSnapshotContents, { spec, status: { readyToUse: false, restoreSize: 4096 } })).toEqual(
    [
      ['Name', 'string', 'x'],
      ['ReadyToUse', 'boolean', false],
      ['RestoreSize', 'integer', 4096],
      ['DeletionPolicy', 'string', 'Delete'],
      ['Driver', 'string', 'hostpath.csi.k8s.io'],
      ['VolumeSnapshotClass', 'string', 'c'],
      ['VolumeSnapshot', 'string', 's'],
      ['VolumeSnapshotNamespace', 'string', 'n'],
      ['Age', 'date', '85s'],
    ],
  );
  expect(printed(resources.volumeSnapshotClasses, { driver: 'x.y', deletionPolicy: 'Retain' })).toEqual([
    ['Name', 'string', 'x'],
    ['Driver', 'string', 'x.y'],
    ['DeletionPolicy', 'string', 'Retain'],
    ['Age', 'date', '85s'],
  ]);
});
