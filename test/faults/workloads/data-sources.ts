/** Claims that are filled from a claim or a snapshot which is deleted while that happens. */
import { persistentVolumeClaims, persistentVolumes, volumeSnapshots } from '../../../src/api/index.ts';
import { Code, CsiError } from '../../../src/csi/index.ts';
import { claimDraft } from '../../integration/support/objects.ts';
import type { World } from '../world.ts';
import { keyIn, namespace, type Workload } from './workload.ts';

const lostReply = () => new CsiError(Code.DEADLINE_EXCEEDED, 'the reply is late');

async function createSource(world: World): Promise<void> {
  await world.create(persistentVolumeClaims, claimDraft('src', 'now'));
  await world.untilBound('src');
}

/** Creates the claim and goes on when the driver has been asked for it, of which nobody hears the end. */
async function beginFilling(world: World, name: string, dataSource: object): Promise<void> {
  world.backend.lostReplies.set('CreateVolume', [lostReply(), lostReply()]);
  const { metadata, spec } = claimDraft(name, 'now');
  const { uid } = (
    await world.create(persistentVolumeClaims, {
      metadata,
      spec: { ...spec, dataSource: { kind: '', name: '', ...dataSource } },
    })
  ).metadata;
  await world.until(`${name} made`, async () => world.backend.volumes.has(`pvc-${uid}`));
}

async function removeClaim(world: World, name: string): Promise<void> {
  await world.remove(persistentVolumeClaims, keyIn(name));
  await world.untilGone(persistentVolumeClaims, keyIn(name));
}

async function untilNothingIsLeft(world: World): Promise<void> {
  await world.until('backend empty', async () => world.backend.volumes.size === 0);
  await world.until('no volumes', async () => (await world.plane.client.list(persistentVolumes)).items.length === 0);
}

export const clone: Workload = {
  name: 'a claim is deleted while another is filled from it, and cloned once more',
  run: async (world) => {
    await createSource(world);
    await beginFilling(world, 'clone', { kind: 'PersistentVolumeClaim', name: 'src' });
    await removeClaim(world, 'src');
    await world.untilBound('clone');
    await beginFilling(world, 'next', { kind: 'PersistentVolumeClaim', name: 'clone' });
    await world.untilBound('next');
    for (const name of ['clone', 'next']) await removeClaim(world, name);
    await untilNothingIsLeft(world);
  },
};

export const cloneGivenUp: Workload = {
  name: 'a claim is deleted while it is filled from another, and so is that',
  run: async (world) => {
    await createSource(world);
    await beginFilling(world, 'clone', { kind: 'PersistentVolumeClaim', name: 'src' });
    for (const name of ['clone', 'src']) await world.remove(persistentVolumeClaims, keyIn(name));
    for (const name of ['clone', 'src']) await world.untilGone(persistentVolumeClaims, keyIn(name));
    await untilNothingIsLeft(world);
  },
};

export const restore: Workload = {
  name: 'a snapshot is deleted while a claim is restored from it',
  hasSnapshots: true,
  run: async (world) => {
    await createSource(world);
    await world.create(volumeSnapshots, {
      metadata: { namespace, name: 's' },
      spec: { source: { persistentVolumeClaimName: 'src' } },
    });
    const isReady = async () => (await world.plane.get(volumeSnapshots, keyIn('s')))?.status?.readyToUse === true;
    await world.until('s ready', isReady);
    await beginFilling(world, 'restored', { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' });
    await world.remove(volumeSnapshots, keyIn('s'));
    await world.untilGone(volumeSnapshots, keyIn('s'));
    await world.untilBound('restored');
    for (const name of ['src', 'restored']) await removeClaim(world, name);
    await untilNothingIsLeft(world);
  },
};
