import { describe, expect, it } from 'vitest';
import { csiDrivers, csiStorageCapacities, nodes, storageClasses } from '../../src/api/index.ts';
import { defaultShape, type UtilizationShapePoint } from '../../src/scheduler/index.ts';
import { classDraft, nodeDraft } from './support/objects.ts';
import { ScheduledVolumes } from './support/scheduled-volumes.ts';

const fullest: readonly UtilizationShapePoint[] = [
  { utilization: 0, score: 0 },
  { utilization: 100, score: 10 },
];
const roomOn = { n1: '5Gi', n2: '2Gi', n3: '100Gi' };

describe('how full a pod would make the storage of a node', () => {
  it.each([
    ['with most room by default', defaultShape, 'n3'],
    ['that is filled best by another shape', fullest, 'n2'],
  ])('[H6] decides for the node %s', async (_title, shape, chosen) => {
    await using world = await ScheduledVolumes.start();
    const { client } = world.plane;
    for (const name of ['n2', 'n3']) await client.create(nodes, nodeDraft(name));
    await client.create(csiDrivers, { metadata: { name: 'fake.csi' }, spec: { storageCapacity: true } });
    await client.create(storageClasses, classDraft('new'));
    for (const [name, capacity] of Object.entries(roomOn)) {
      await client.create(csiStorageCapacities, {
        metadata: { namespace: 'default', name },
        storageClassName: 'new',
        nodeTopology: { matchLabels: { 'kubernetes.io/hostname': name } },
        capacity,
      });
    }
    await world.run({ shape });
    await world.createClaim('a', 'new');
    await world.createPod('user', ['a']);
    expect(await world.selectedFor('a')).toBe(chosen);
  });
});
