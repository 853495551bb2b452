/** Claims and volumes that an administrator made. */
import { persistentVolumeClaims, persistentVolumes, pods } from '../../../src/api/index.ts';
import { claimDraft, podDraft, volumeDraft } from '../../integration/support/objects.ts';
import { keyIn, type Workload } from './workload.ts';

const released = async (world: Parameters<Workload['run']>[0], name: string, phase: string) =>
  await world.until(`volume ${name} ${phase}`, async () => {
    const volume = await world.plane.get(persistentVolumes, { name });
    return volume?.status?.phase === phase;
  });

export const staticBinding: Workload = {
  name: 'a claim takes a volume, goes, and leaves it released',
  run: async (world) => {
    await world.create(persistentVolumes, volumeDraft('v', ''));
    await world.create(persistentVolumeClaims, claimDraft('c', ''));
    await world.untilBound('c');
    await world.remove(persistentVolumeClaims, keyIn('c'));
    await world.untilGone(persistentVolumeClaims, keyIn('c'));
    await released(world, 'v', 'Released');
  },
};

export const successor: Workload = {
  name: 'a claim of the same name does not get the volume of the one before',
  run: async (world) => {
    await world.create(persistentVolumes, volumeDraft('v', ''));
    await world.create(persistentVolumeClaims, claimDraft('c', ''));
    await world.untilBound('c');
    await world.remove(persistentVolumeClaims, keyIn('c'));
    await world.untilGone(persistentVolumeClaims, keyIn('c'));
    await world.create(persistentVolumeClaims, claimDraft('c', ''));
    await released(world, 'v', 'Released');
    await world.create(persistentVolumes, volumeDraft('w', ''));
    await world.untilBound('c');
  },
};

export const prebound: Workload = {
  name: 'a volume that names its claim, and a claim that names its volume',
  run: async (world) => {
    const byVolume = volumeDraft('v', '');
    await world.create(persistentVolumes, {
      ...byVolume,
      spec: { ...byVolume.spec, claimRef: { kind: 'PersistentVolumeClaim', namespace: 'default', name: 'c' } },
    });
    // Of another class, so that the first claim cannot take it while the first volume has not been heard of.
    await world.create(persistentVolumes, volumeDraft('w', 'manual'));
    await world.create(persistentVolumeClaims, claimDraft('c', ''));
    const byClaim = claimDraft('d', 'manual');
    await world.create(persistentVolumeClaims, { ...byClaim, spec: { ...byClaim.spec, volumeName: 'w' } });
    await world.untilBound('c');
    await world.untilBound('d');
  },
};

export const protection: Workload = {
  name: 'a claim that is deleted under a pod stays until the pod has gone',
  run: async (world) => {
    await world.create(persistentVolumeClaims, claimDraft('c', 'now'));
    await world.create(pods, podDraft('p', 'c'));
    await world.untilRunning('p');
    await world.remove(persistentVolumeClaims, keyIn('c'));
    await world.plane.clock.advance(30_000);
    await world.untilRunning('p');
    await world.remove(pods, keyIn('p'));
    await world.untilGone(pods, keyIn('p'));
    await world.untilGone(persistentVolumeClaims, keyIn('c'));
    await world.until('no volumes', async () => (await world.plane.client.list(persistentVolumes)).items.length === 0);
  },
};
