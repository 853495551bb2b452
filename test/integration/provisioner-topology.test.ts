/** Whether the provisioner sends topology at all. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csiNodes, nodes, persistentVolumeClaims, persistentVolumes, storageClasses } from '../../src/api/index.ts';
import { startProvisioner } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft, nodeDraft } from './support/objects.ts';

const zone = 'topology.fake.csi/zone';

describe('external-provisioner and topology', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    const identity = { name: 'fake.csi', volumeIdOf: (name: string) => `id-${name}`, resolveId: (id: string) => id };
    backend = new FakeDriver(plane.clock, 'controller', { ...identity, topology: { [zone]: 'a' } });
    await plane.client.create(nodes, nodeDraft('n1', { [zone]: 'a' }));
    const drivers = [{ name: 'fake.csi', nodeID: 'n1', topologyKeys: [zone] }];
    await plane.client.create(csiNodes, { metadata: { name: 'n1' }, spec: { drivers } });
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function provision(
    selectedNode: string | undefined,
    flags: { readonly immediateTopology?: boolean; readonly topology?: boolean },
  ) {
    const { driver } = backend;
    await startOn(plane, 'fake.csi_h_1', (options) => startProvisioner({ ...options, driver, flags }));
    const mode = selectedNode === undefined ? 'Immediate' : 'WaitForFirstConsumer';
    await plane.client.create(storageClasses, classDraft('c', mode));
    const annotations = {
      'volume.kubernetes.io/storage-provisioner': 'fake.csi',
      ...(selectedNode === undefined ? {} : { 'volume.kubernetes.io/selected-node': selectedNode }),
    };
    const { metadata, spec } = claimDraft('data', 'c');
    await plane.client.create(persistentVolumeClaims, { metadata: { ...metadata, annotations }, spec });
    await plane.clock.settle();
    const [volume] = (await plane.client.list(persistentVolumes)).items;
    return backend.requests.get(volume?.metadata.name ?? '')?.requisite;
  }

  it.each([
    [undefined, true, [{ [zone]: 'a' }]],
    [undefined, false, []],
    ['n1', true, [{ [zone]: 'a' }]],
    ['n1', false, [{ [zone]: 'a' }]],
  ])(
    '[O13] with node %s selected and --immediate-topology=%s asks for %j',
    async (selected, immediateTopology, asked) => {
      expect(await provision(selected, { immediateTopology })).toEqual(asked);
    },
  );

  it.each([
    [true, [zone], [{ [zone]: 'a' }]],
    [false, [], []],
  ])('[O13] with the gate Topology=%s the volume keeps to %j, and %j is asked for', async (topology, keys, asked) => {
    expect(await provision('n1', { topology })).toEqual(asked);
    const [volume] = (await plane.client.list(persistentVolumes)).items;
    const terms = volume?.spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
    expect(terms.flatMap(({ matchExpressions = [] }) => matchExpressions.map(({ key }) => key))).toEqual(keys);
  });

  it('[O13] sends none to a driver whose volumes can be reached from everywhere', async () => {
    backend = new FakeDriver(plane.clock);
    expect(await provision('n1', { immediateTopology: true })).toEqual([]);
    expect((await plane.client.list(persistentVolumes)).items[0]?.spec.nodeAffinity).toBeUndefined();
  });
});
