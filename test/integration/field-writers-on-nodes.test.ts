/** Who sets what, with real node agents, snapshots and published capacity. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  csiDrivers,
  csiStorageCapacities,
  persistentVolumeClaims,
  pods,
  storageClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../src/api/index.ts';
import { keyIn } from '../faults/workloads/workload.ts';
import { World } from '../faults/world.ts';
import { claimDraft, classDraft, mountingPod } from './support/objects.ts';
import type { FieldWrite } from './support/written-fields.ts';

const kubelet = 'kubelet-n1';
const otherKubelet = 'kubelet-n2';

/** The field, and the processes that write it after its object is made. */
const table: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^CSINode spec/, [kubelet, otherKubelet]],
  [/^Node metadata\.annotations\.csi\.volume\.kubernetes\.io\/nodeid$/, [kubelet, otherKubelet]],
  [/^Node status\.volumesInUse$/, [kubelet]],
  [/^Node status\.volumesAttached$/, ['controller-manager']],
  [/^PersistentVolume spec\.capacity/, ['resizer']],
  [/^PersistentVolumeClaim status\.phase$/, ['controller-manager']],
  [/^PersistentVolumeClaim status\.capacity/, ['controller-manager', kubelet]],
  [/^PersistentVolumeClaim status\.(conditions|allocatedResource.*)$/, ['resizer', kubelet]],
  [/^PersistentVolumeClaim metadata\.annotations\.volume\.kubernetes\.io\/selected-node$/, ['scheduler']],
  [/^VolumeAttachment status/, ['attacher']],
  [/^VolumeSnapshot status/, ['snapshot-controller']],
  [/^VolumeSnapshotContent spec/, []],
  [/^VolumeSnapshotContent status/, ['snapshotter']],
  [
    /^VolumeSnapshotContent metadata\.annotations\.snapshot\.storage\.kubernetes\.io\/volumesnapshot-being-created$/,
    ['snapshotter'],
  ],
  [/^CSIStorageCapacity/, ['provisioner']],
];

/** The kind, and the process that makes objects of it. */
const makers: readonly (readonly [string, readonly string[]])[] = [
  ['PersistentVolume', ['provisioner']],
  ['VolumeAttachment', ['controller-manager']],
  ['CSINode', [kubelet, otherKubelet]],
  ['VolumeSnapshotContent', ['snapshot-controller']],
  ['CSIStorageCapacity', ['provisioner']],
];

describe('[W6] in the life of a volume on a real node', () => {
  let world: World;
  let writes: readonly FieldWrite[];

  beforeAll(async () => {
    world = await World.start({ machines: 2, hasSnapshots: true, expansion: 'node', recordsWrites: true });
    await live(world);
    writes = (await world.plane.recordWrites()).list();
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  const componentsOf = (chosen: readonly FieldWrite[]) => [...new Set(chosen.map(({ component }) => component))].sort();

  it.each(table.map(([field, writers]) => ({ field, writers })))(
    '$field is written by $writers',
    ({ field, writers }) => {
      const later = writes.filter((write) => field.test(write.field) && !write.isCreation);
      expect(componentsOf(later)).toEqual([...writers].sort());
    },
  );

  it.each(makers.map(([kind, processes]) => ({ kind, processes })))('a $kind is made by $processes', (row) => {
    const made = writes.filter(({ field, isCreation }) => isCreation && field.startsWith(`${row.kind} `));
    expect(componentsOf(made)).toEqual([...row.processes].sort());
  });
});

/** Capacity is published, a volume made, mounted, grown, taken a snapshot of, and deleted. */
async function live(world: World): Promise<void> {
  const { plane, backend } = world;
  let room = 8n * 2n ** 30n;
  backend.capacityOf = () => ({ availableCapacity: room });
  await world.create(csiDrivers, { metadata: { name: 'fake.csi' }, spec: { storageCapacity: true } });
  const capacities = async () => (await plane.client.list(csiStorageCapacities)).items;
  await world.until('capacity is published', async () => (await capacities()).length > 0);
  await world.create(storageClasses, { ...classDraft('growing'), allowVolumeExpansion: true });
  await world.create(persistentVolumeClaims, claimDraft('c', 'growing'));
  await world.create(pods, mountingPod('p', 'c'));
  await world.untilRunning('p');
  room -= 2n ** 30n;
  const key = keyIn('c');
  await world.change(persistentVolumeClaims, key, { spec: { resources: { requests: { storage: '2Gi' } } } });
  await world.until('c has grown', async () => {
    return (await plane.get(persistentVolumeClaims, key))?.status?.capacity?.storage === '2Gi';
  });
  const source = { persistentVolumeClaimName: 'c' };
  await world.create(volumeSnapshots, { metadata: keyIn('s'), spec: { source } });
  const isReady = async () => (await plane.get(volumeSnapshots, keyIn('s')))?.status?.readyToUse === true;
  await world.until('s is ready', isReady);
  await world.remove(volumeSnapshots, keyIn('s'));
  await world.remove(pods, keyIn('p'));
  await world.remove(persistentVolumeClaims, key);
  await world.until('everything is gone', async () => {
    const contents = (await plane.client.list(volumeSnapshotContents)).items;
    return contents.length === 0 && backend.volumes.size === 0 && backend.published.size === 0;
  });
}
