import { assert, describe, expect, it } from 'vitest';
import { csiDrivers, csiStorageCapacities, nodes, storageClasses } from '../../src/api/index.ts';
import { parseFeatureGates } from '../../src/cluster/flags/feature-gates.ts';
import { kubernetesGates } from '../../src/cluster/flags/kubernetes-gates.ts';
import { defaultProfile, parseSchedulerConfig } from '../../src/cluster/flags/scheduler-config.ts';
import { defaultShape, type UtilizationShapePoint } from '../../src/scheduler/index.ts';
import { classDraft, nodeDraft } from './support/objects.ts';
import { ScheduledVolumes } from './support/scheduled-volumes.ts';

const fullest: readonly UtilizationShapePoint[] = [
  { utilization: 0, score: 0 },
  { utilization: 100, score: 10 },
];
const configFile = `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- pluginConfig:
  - name: VolumeBinding
    args: { shape: [{ utilization: 0, score: 0 }, { utilization: 100, score: 10 }] }
`;
const scoring = parseFeatureGates(kubernetesGates, 'StorageCapacityScoring=true');
const roomOn = { n1: '5Gi', n2: '2Gi', n3: '100Gi' };

describe('how full a pod would make the storage of a node', () => {
  it.each([
    ['with most room by default', defaultShape, 'n3'],
    ['with most room when only the gate is on', defaultProfile(scoring).arguments?.shape, 'n3'],
    ['that is filled best by another shape', fullest, 'n2'],
    ['as the configuration file says', undefined, 'n2'],
  ])('[H6] decides for the node %s', async (_title, given, chosen) => {
    const shape = given ?? (await parseSchedulerConfig(configFile, scoring)).profiles[0]?.arguments?.shape;
    assert(shape, 'the file gives one');
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
    await world.run({ profiles: [{ schedulerName: 'default-scheduler', arguments: { shape } }] });
    await world.createClaim('a', 'new');
    await world.createPod('user', ['a']);
    expect(await world.selectedFor('a')).toBe(chosen);
  });
});
