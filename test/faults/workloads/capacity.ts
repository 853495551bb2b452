/** Storage that runs short. */
import {
  csiDrivers,
  csiStorageCapacities,
  persistentVolumeClaims,
  pods,
  quantityValue,
  storageClasses,
} from '../../../src/api/index.ts';
import { claimDraft, classDraft, podDraft } from '../../integration/support/objects.ts';
import type { World } from '../world.ts';
import { keyIn, type Workload } from './workload.ts';

/** Makes the backend so large. */
function provide(world: World, size: string): void {
  world.backend.capacityOf = () => {
    const used = [...world.backend.sizes.values()].reduce((sum, bytes) => sum + bytes, 0n);
    return { availableCapacity: quantityValue(size) - used };
  };
}

async function createPod(world: World, name: string, size: string): Promise<void> {
  await world.create(persistentVolumeClaims, claimDraft(name, 'later', size));
  await world.create(pods, podDraft(name, name));
}

async function untilPublished(world: World, className: string, capacity: string | undefined): Promise<void> {
  await world.until(`${className} has ${capacity}`, async () => {
    const { items } = await world.plane.client.list(csiStorageCapacities);
    return items.find(({ storageClassName }) => storageClassName === className)?.capacity === capacity;
  });
}

export const shortage: Workload = {
  name: 'a pod waits for room, which comes, and classes come and go',
  run: async (world) => {
    provide(world, '3Gi');
    await world.create(csiDrivers, { metadata: { name: 'fake.csi' }, spec: { storageCapacity: true } });
    await untilPublished(world, 'later', '3Gi');
    await createPod(world, 'small', '1Gi');
    await world.untilRunning('small');
    await createPod(world, 'large', '5Gi');
    await world.create(storageClasses, classDraft('another'));
    await untilPublished(world, 'another', '2Gi');
    provide(world, '8Gi');
    await world.untilRunning('large');
    await world.remove(storageClasses, { name: 'another' });
    await untilPublished(world, 'another', undefined);
    await world.remove(pods, keyIn('large'));
    await world.remove(persistentVolumeClaims, keyIn('large'));
    await untilPublished(world, 'later', '7Gi');
  },
};
