/** Claims whose volumes a driver makes. */
import { persistentVolumeClaims, persistentVolumes, pods, volumeAttributesClasses } from '../../../src/api/index.ts';
import { claimDraft, podDraft } from '../../integration/support/objects.ts';
import { keyIn, type Workload } from './workload.ts';

export const immediate: Workload = {
  name: 'a claim is provisioned at once, and its volume deleted with it',
  run: async (world) => {
    await world.create(persistentVolumeClaims, claimDraft('c', 'now'));
    await world.untilBound('c');
    await world.remove(persistentVolumeClaims, keyIn('c'));
    await world.untilGone(persistentVolumeClaims, keyIn('c'));
    await world.until('backend empty', async () => world.backend.volumes.size === 0);
    await world.until('no volumes', async () => (await world.plane.client.list(persistentVolumes)).items.length === 0);
  },
};

export const inHaste: Workload = {
  name: 'a claim is deleted as soon as it was made',
  run: async (world) => {
    await world.create(persistentVolumeClaims, claimDraft('c', 'now'));
    await world.remove(persistentVolumeClaims, keyIn('c'));
    await world.untilGone(persistentVolumeClaims, keyIn('c'));
  },
};

export const delayed: Workload = {
  name: 'a claim waits for its pod, which writes, goes, and comes again',
  run: async (world) => {
    await world.create(persistentVolumeClaims, claimDraft('c', 'later'));
    await world.create(pods, podDraft('p', 'c'));
    await world.untilRunning('p');
    await world.remove(pods, keyIn('p'));
    await world.untilGone(pods, keyIn('p'));
    await world.create(pods, { ...podDraft('p', 'c'), spec: { ...podDraft('p', 'c').spec, nodeName: 'n1' } });
    await world.untilRunning('p');
    await world.remove(pods, keyIn('p'));
    await world.untilGone(pods, keyIn('p'));
    await world.remove(persistentVolumeClaims, keyIn('c'));
    await world.until('backend empty', async () => world.backend.volumes.size === 0);
  },
};

export const ephemeral: Workload = {
  name: 'a pod brings its own volume and takes it along',
  run: async (world) => {
    const draft = podDraft('p');
    const { spec } = claimDraft('unused', 'later');
    const volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec } } }];
    await world.create(pods, { ...draft, spec: { ...draft.spec, volumes } });
    await world.untilRunning('p');
    await world.remove(pods, keyIn('p'));
    await world.untilGone(persistentVolumeClaims, keyIn('p-scratch'));
    await world.until('backend empty', async () => world.backend.volumes.size === 0);
  },
};

export const growth: Workload = {
  name: 'a claim in use asks for more, and for other attributes',
  run: async (world) => {
    for (const name of ['silver', 'gold'])
      await world.create(volumeAttributesClasses, { metadata: { name }, driverName: 'fake.csi', parameters: { name } });
    await world.create(persistentVolumeClaims, claimDraft('c', 'now'));
    await world.create(pods, podDraft('p', 'c'));
    await world.untilRunning('p');
    const current = async () => (await world.plane.get(persistentVolumeClaims, keyIn('c')))?.status;
    await world.change(persistentVolumeClaims, keyIn('c'), { spec: { resources: { requests: { storage: '2Gi' } } } });
    await world.until('c has grown', async () => (await current())?.capacity?.storage === '2Gi');
    for (const name of ['silver', 'gold']) {
      await world.change(persistentVolumeClaims, keyIn('c'), { spec: { volumeAttributesClassName: name } });
      await world.until(`c is ${name}`, async () => (await current())?.currentVolumeAttributesClassName === name);
    }
    await world.change(persistentVolumeClaims, keyIn('c'), { spec: { resources: { requests: { storage: '3Gi' } } } });
    await world.until('c has grown again', async () => (await current())?.capacity?.storage === '3Gi');
  },
};
