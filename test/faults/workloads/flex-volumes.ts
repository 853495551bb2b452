/** Volumes that a driver beside the controller manager attaches and grows by calls. */
import { persistentVolumeClaims, persistentVolumes, pods } from '../../../src/api/index.ts';
import { flexDriverName } from '../../integration/support/flex-backend.ts';
import { mountingPod } from '../../integration/support/objects.ts';
import type { World } from '../world.ts';
import { cordon, on } from './nodes.ts';
import { keyIn, type Workload } from './workload.ts';

const common = { accessModes: ['ReadWriteOnce'], storageClassName: 'now' };

async function runOn(world: World, node: string): Promise<void> {
  await world.create(pods, mountingPod('user', 'flex'));
  await world.untilRunning('user', on(node));
}

export const flexVolumeMoves: Workload = {
  name: 'a FlexVolume moves with its pod, grows, and is let go',
  run: async (world) => {
    await world.create(persistentVolumes, {
      metadata: { name: 'flex' },
      spec: { ...common, capacity: { storage: '1Gi' }, flexVolume: { driver: flexDriverName } },
    });
    await world.create(persistentVolumeClaims, {
      metadata: keyIn('flex'),
      spec: { ...common, volumeName: 'flex', resources: { requests: { storage: '1Gi' } } },
    });
    await world.untilBound('flex');
    await cordon(world, 'n2', true);
    await runOn(world, 'n1');
    await world.remove(pods, keyIn('user'));
    await world.untilGone(pods, keyIn('user'));
    await cordon(world, 'n2', false);
    await cordon(world, 'n1', true);
    await runOn(world, 'n2');
    await world.change(persistentVolumeClaims, keyIn('flex'), {
      spec: { resources: { requests: { storage: '2Gi' } } },
    });
    await world.until('claim grown', async () => {
      const claim = await world.plane.get(persistentVolumeClaims, keyIn('flex'));
      return claim?.status?.capacity?.storage === '2Gi';
    });
    await world.remove(pods, keyIn('user'));
    await world.until('detached', async () => world.flex.attached.size === 0);
    await cordon(world, 'n1', false);
  },
};
