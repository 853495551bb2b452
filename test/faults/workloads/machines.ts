/** Volumes that real node agents mount. */
import { persistentVolumeClaims, pods, statefulSets } from '../../../src/api/index.ts';
import { claimDraft, mountingPod } from '../../integration/support/objects.ts';
import type { World } from '../world.ts';
import { cordon, move, on, setDraft, takeIntoService, takeOutOfService, untilNotReady } from './nodes.ts';
import { keyIn, type Workload } from './workload.ts';

async function createPodOn(world: World, name: string, claimName: string, nodeName: string): Promise<void> {
  const draft = mountingPod(name, claimName);
  await world.create(pods, { ...draft, spec: { ...draft.spec, nodeName } });
  await world.untilRunning(name);
}

async function grow(world: World, name: string, storage: string): Promise<void> {
  await world.change(persistentVolumeClaims, keyIn(name), { spec: { resources: { requests: { storage } } } });
  await world.until(`${name} has grown`, async () => {
    const claim = await world.plane.get(persistentVolumeClaims, keyIn(name));
    return claim?.status?.capacity?.storage === storage;
  });
}

async function removePods(world: World, ...names: string[]): Promise<void> {
  for (const name of names) await world.remove(pods, keyIn(name));
  for (const name of names) await world.untilGone(pods, keyIn(name));
  await world.until('nothing mounted', async () =>
    [...world.machines.values()].every((machine) => machine.mounts.size === 0),
  );
  await world.until('nothing attached', async () => world.backend.published.size === 0);
}

export const podOnMachine: Workload = {
  name: 'a pod mounts its volume, grows it, and goes',
  hasMachines: true,
  run: async (world) => {
    await world.create(persistentVolumeClaims, claimDraft('c', 'now'));
    await createPodOn(world, 'p', 'c', 'n1');
    await grow(world, 'c', '2Gi');
    await removePods(world, 'p');
  },
};

export const blockOnMachine: Workload = {
  name: 'a pod has its volume as a device, and goes',
  hasMachines: true,
  run: async (world) => {
    const draft = claimDraft('c', 'now');
    await world.create(persistentVolumeClaims, { ...draft, spec: { ...draft.spec, volumeMode: 'Block' } });
    const pod = mountingPod('p', 'c');
    const containers = pod.spec.containers.map(({ volumeMounts: _, ...container }) => ({
      ...container,
      volumeDevices: [{ name: 'disk', devicePath: '/dev/data' }],
    }));
    await world.create(pods, { ...pod, spec: { ...pod.spec, containers, nodeName: 'n1' } });
    await world.untilRunning('p');
    await removePods(world, 'p');
  },
};

export const moveOnMachines: Workload = { ...move, name: `between machines ${move.name}`, hasMachines: true };

export const sharedOnMachines: Workload = {
  name: 'two machines share a volume, which grows and goes',
  hasMachines: true,
  run: async (world) => {
    const draft = claimDraft('c', 'now');
    await world.create(persistentVolumeClaims, { ...draft, spec: { ...draft.spec, accessModes: ['ReadWriteMany'] } });
    await createPodOn(world, 'p', 'c', 'n1');
    await createPodOn(world, 'q', 'c', 'n2');
    await grow(world, 'c', '2Gi');
    await world.until('both have grown', async () =>
      [...world.machines.values()].every(({ driver }) => [...driver.grown.values()].includes(2n ** 31n)),
    );
    await removePods(world, 'p', 'q');
    await world.remove(persistentVolumeClaims, keyIn('c'));
    await world.until('backend empty', async () => world.backend.volumes.size === 0);
  },
};

export const reboot: Workload = {
  name: 'a machine loses its power and boots again',
  hasMachines: true,
  run: async (world) => {
    await world.create(persistentVolumeClaims, claimDraft('c', 'now'));
    await createPodOn(world, 'p', 'c', 'n1');
    await world.losePower('n1');
    await world.boot('n1');
    await world.until('container runs again', async () => {
      const pod = await world.plane.get(pods, keyIn('p'));
      return (await world.machine('n1').runningContainers()).length === 1 && pod?.status?.phase === 'Running';
    });
    await removePods(world, 'p');
  },
};

export const returnOfMachine: Workload = {
  name: 'a dead machine is declared out of service, and returns',
  hasMachines: true,
  run: async (world) => {
    await cordon(world, 'n2', true);
    await world.create(statefulSets, setDraft(1) as never);
    await world.untilRunning('web-0', on('n1'));
    await cordon(world, 'n2', false);
    await world.losePower('n1');
    await untilNotReady(world, 'n1');
    await takeOutOfService(world, 'n1');
    await world.untilRunning('web-0', on('n2'));
    await world.boot('n1');
    await world.untilReady('n1');
    await takeIntoService(world, 'n1');
    await world.until('nothing left on n1', async () => !world.machine('n1').hasPods());
  },
};
