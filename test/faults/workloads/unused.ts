/** A claim tells whether pods use it, while others write its status, too. */
import { persistentVolumeClaims, pods } from '../../../src/api/index.ts';
import { claimDraft, podDraft } from '../../integration/support/objects.ts';
import type { World } from '../world.ts';
import { keyIn, type Workload } from './workload.ts';

const claim = keyIn('c');

async function untilTold(world: World, status: 'True' | 'False'): Promise<void> {
  await world.until(`c tells Unused=${status}`, async () => {
    const conditions = (await world.plane.get(persistentVolumeClaims, claim))?.status?.conditions ?? [];
    return conditions.some((condition) => condition.type === 'Unused' && condition.status === status);
  });
}

export const unused: Workload = {
  name: 'a claim that grows tells whether it is used',
  tellsUnused: true,
  run: async (world) => {
    await world.create(persistentVolumeClaims, claimDraft('c', 'now'));
    await untilTold(world, 'True');
    await world.create(pods, podDraft('p', 'c'));
    await world.change(persistentVolumeClaims, claim, { spec: { resources: { requests: { storage: '2Gi' } } } });
    await world.untilRunning('p');
    await untilTold(world, 'False');
    await world.until('c has grown', async () => {
      const current = await world.plane.get(persistentVolumeClaims, claim);
      return current?.status?.capacity?.storage === '2Gi';
    });
    await world.remove(pods, keyIn('p'));
    await untilTold(world, 'True');
  },
};
