/** Snapshots of claims, which the snapshot controller and the driver's snapshotter take together. */
import {
  persistentVolumeClaims,
  type VolumeSnapshot,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../../src/api/index.ts';
import { claimDraft } from '../../integration/support/objects.ts';
import type { World } from '../world.ts';
import { keyIn, namespace, type Workload } from './workload.ts';

const draft = {
  metadata: { namespace, name: 's' },
  spec: { source: { persistentVolumeClaimName: 'c' } },
};

async function found(world: World): Promise<VolumeSnapshot | undefined> {
  return await world.plane.get(volumeSnapshots, keyIn('s'));
}

async function untilNothingIsLeft(world: World): Promise<void> {
  await world.untilGone(volumeSnapshots, keyIn('s'));
  const contents = async () => (await world.plane.client.list(volumeSnapshotContents)).items;
  await world.until('no contents', async () => (await contents()).length === 0);
  await world.until('no snapshots', async () => world.backend.snapshotted.taken.size === 0);
}

export const snapshot: Workload = {
  name: 'a snapshot is taken of a claim, outlives it, and goes',
  hasSnapshots: true,
  run: async (world) => {
    await world.create(persistentVolumeClaims, claimDraft('c', 'now'));
    await world.untilBound('c');
    await world.create(volumeSnapshots, draft);
    await world.until('s ready', async () => (await found(world))?.status?.readyToUse === true);
    await world.remove(persistentVolumeClaims, keyIn('c'));
    await world.untilGone(persistentVolumeClaims, keyIn('c'));
    await world.remove(volumeSnapshots, keyIn('s'));
    await untilNothingIsLeft(world);
  },
};

export const snapshotUnderWay: Workload = {
  name: 'a snapshot is deleted while it is being taken',
  hasSnapshots: true,
  run: async (world) => {
    await world.create(persistentVolumeClaims, claimDraft('c', 'now'));
    await world.untilBound('c');
    world.backend.latencyMs = 5_000;
    await world.create(volumeSnapshots, draft);
    const isAsked = () => world.backend.calls.some(({ method }) => method === 'CreateSnapshot');
    await world.until('s asked for', async () => isAsked());
    await world.remove(volumeSnapshots, keyIn('s'));
    await untilNothingIsLeft(world);
  },
};

export const snapshotInHaste: Workload = {
  name: 'a snapshot is deleted as soon as it was begun',
  hasSnapshots: true,
  run: async (world) => {
    await world.create(persistentVolumeClaims, claimDraft('c', 'now'));
    await world.untilBound('c');
    await world.create(volumeSnapshots, draft);
    await world.until(
      's has a content',
      async () => (await found(world))?.status?.boundVolumeSnapshotContentName !== undefined,
    );
    await world.remove(volumeSnapshots, keyIn('s'));
    await untilNothingIsLeft(world);
  },
};
