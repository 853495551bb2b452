/** From what drivers say about their nodes to pods that run where their volumes can be reached. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  csiNodes,
  type Draft,
  nodes,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '../../src/api/index.ts';
import type { NodeGetInfoResponse } from '../../src/csi/index.ts';
import { checkNodeInfo } from '../../src/kubelet/pluginmanager/node-info.ts';
import { NodeInfoManager } from '../../src/kubelet/pluginmanager/node-info-manager.ts';
import { startControlLoops } from './support/control-loops.ts';
import { ControlPlane } from './support/control-plane.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { FakeKubelet } from './support/fake-kubelet.ts';
import { claimDraft, classDraft, podDraft } from './support/objects.ts';

const zone = 'topology.fake.csi/zone';
const rack = 'topology.fake.csi/rack';
const places = { a1: ['a', '1'], a2: ['a', '2'], b1: ['b', '1'], b2: ['b', '2'], c1: ['c', '1'] } as const;
type NodeName = keyof typeof places;
const nodeNames = Object.keys(places) as NodeName[];
const longestStepMs = 60_000;

describe('topology', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    const identity = { name: 'fake.csi', volumeIdOf: (name: string) => `id-${name}`, resolveId: (id: string) => id };
    backend = new FakeDriver(plane.clock, 'controller', { ...identity, topology: { [zone]: 'nowhere' } });
    backend.obeysPreference = true;
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  /** A node whose driver tells where it is, in zones alone or in racks of zones. */
  async function startNode(name: NodeName, keys: readonly string[]) {
    await FakeKubelet.start(plane, name, backend.name);
    const [inZone, inRack] = places[name];
    const all: Readonly<Record<string, string>> = { [zone]: inZone, [rack]: inRack };
    const segments = Object.fromEntries(keys.map((key) => [key, all[key]]));
    const answer = { nodeId: name, maxVolumesPerNode: 0n, accessibleTopology: { segments } };
    const { clock, random } = plane;
    const client = plane.clientOf('kubelet');
    const manager = new NodeInfoManager({ client, nodeName: name, clock, random });
    const info = checkNodeInfo(backend.name, answer as unknown as NodeGetInfoResponse);
    const { signal } = new AbortController();
    // The node was there without the driver.
    await manager.uninstall(backend.name, signal);
    await manager.install(info, signal);
  }

  async function start(keys: readonly string[] = [zone]) {
    for (const name of nodeNames) await startNode(name, keys);
    await plane.run();
    await startControlLoops(plane, { backend });
  }

  const createClass = (volumeBindingMode: string, ...zones: string[]) =>
    plane.client.create(storageClasses, {
      ...classDraft('placed', volumeBindingMode),
      ...(zones.length > 0 ? { allowedTopologies: [{ matchLabelExpressions: [{ key: zone, values: zones }] }] } : {}),
    });
  const createClaim = () => plane.client.create(persistentVolumeClaims, claimDraft('data', 'placed'));

  async function createPod(name: string, spec: Partial<Draft<Pod>['spec']> = {}) {
    const draft = podDraft(name, 'data');
    await plane.client.create(pods, { ...draft, spec: { ...draft.spec, ...spec } });
  }
  const key = (name: string) => ({ namespace: 'default', name });

  async function nodeWhereItRuns(name: string): Promise<string> {
    const pod = () => plane.get(pods, key(name));
    await plane.clock.until(async () => (await pod())?.status?.phase === 'Running', longestStepMs, `${name} running`);
    return (await pod())?.spec.nodeName ?? '';
  }

  async function removePod(name: string) {
    await plane.client.delete(pods, key(name));
    const isGone = async () => (await plane.get(pods, key(name))) === undefined;
    await plane.clock.until(isGone, longestStepMs, `${name} gone`);
  }

  async function cordon(...names: string[]) {
    for (const name of names)
      await plane.client.patch(nodes, { name }, { type: 'merge', body: { spec: { unschedulable: true } } });
  }

  const theVolume = async () => (await plane.client.list(persistentVolumes)).items[0];
  const affinityOf = (segments: Readonly<Record<string, string>>) => ({
    required: {
      nodeSelectorTerms: [
        {
          matchExpressions: Object.entries(segments)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([label, value]) => ({ key: label, operator: 'In', values: [value] })),
        },
      ],
    },
  });
  const zoneOf = (nodeName: string) => places[nodeName as NodeName][0];
  const warning = async (name: string) =>
    (await plane.eventsOf(name)).find((event) => event.includes('FailedScheduling'));

  it('[R1] [I24] takes what drivers say into labels and CSINodes', async () => {
    await start([zone, rack]);
    expect((await plane.client.get(nodes, { name: 'b2' })).metadata.labels).toMatchObject({ [zone]: 'b', [rack]: '2' });
    expect((await plane.client.get(csiNodes, { name: 'b2' })).spec.drivers).toEqual([
      { name: 'fake.csi', nodeID: 'b2', topologyKeys: [rack, zone] },
    ]);
  });

  it('[R1] [O13] [R2] makes the volume where the pod goes, of the zones that the class allows', async () => {
    await createClass('WaitForFirstConsumer', 'b', 'c');
    await start();
    await createClaim();
    await createPod('p');
    const inZone = zoneOf(await nodeWhereItRuns('p'));
    expect(['b', 'c']).toContain(inZone);
    expect((await theVolume())?.spec.nodeAffinity).toEqual(affinityOf({ [zone]: inZone }));
    const { requisite } = backend.requests.get((await theVolume())?.metadata.name ?? '') ?? {};
    expect(requisite).toEqual([{ [zone]: 'b' }, { [zone]: 'c' }]);
  });

  it.each([
    ['zones', [zone], ['b2'], { [zone]: 'b' }],
    ['racks of zones', [zone, rack], [], { [zone]: 'b', [rack]: '1' }],
  ])('[R1] [H2] keeps the pods that come after where the volume is, in %s', async (_title, keys, others, segments) => {
    await createClass('WaitForFirstConsumer');
    await start(keys);
    await createClaim();
    await createPod('first', { nodeSelector: { 'kubernetes.io/hostname': 'b1' } });
    expect(await nodeWhereItRuns('first')).toBe('b1');
    expect((await theVolume())?.spec.nodeAffinity).toEqual(affinityOf(segments));
    await removePod('first');
    await createPod('second');
    expect(['b1', ...others]).toContain(await nodeWhereItRuns('second'));
    await removePod('second');
    await cordon('b1');
    await createPod('third');
    if (others.length > 0) expect(await nodeWhereItRuns('third')).toBe('b2');
    await cordon(...others);
    await createPod('fourth');
    await plane.clock.advance(longestStepMs);
    expect((await plane.get(pods, key('fourth')))?.spec.nodeName).toBeUndefined();
    const away = nodeNames.length - 1 - others.length;
    expect(await warning('fourth')).toContain(`${away} node(s) didn't match PersistentVolume's node affinity`);
    expect(backend.volumes.size).toBe(1);
  });

  it('[R1] makes the volume of an Immediate claim in an allowed zone, and the pod follows', async () => {
    await createClass('Immediate', 'c');
    await start();
    await createClaim();
    await plane.clock.advance(longestStepMs);
    expect((await theVolume())?.spec.nodeAffinity).toEqual(affinityOf({ [zone]: 'c' }));
    await createPod('p');
    expect(await nodeWhereItRuns('p')).toBe('c1');
  });

  it('[R1] [R2] makes no volume for a pod that may only go where the class allows none', async () => {
    await createClass('WaitForFirstConsumer', 'b', 'c');
    await start();
    await createClaim();
    await createPod('p', { nodeSelector: { [zone]: 'a' } });
    await plane.clock.advance(longestStepMs);
    expect((await plane.get(pods, key('p')))?.spec.nodeName).toBeUndefined();
    expect(await warning('p')).toContain("2 node(s) didn't find available persistent volumes to bind");
    expect(backend.calls).toEqual([]);
  });

  it('[R1] [rel-H3] is placed anew when the backend has no room where it was to go', async () => {
    await createClass('WaitForFirstConsumer');
    await start();
    backend.fail('refusals', 'CreateVolume', Code.RESOURCE_EXHAUSTED);
    await createClaim();
    await createPod('p');
    const inZone = zoneOf(await nodeWhereItRuns('p'));
    expect((await theVolume())?.spec.nodeAffinity).toEqual(affinityOf({ [zone]: inZone }));
    expect(backend.methods().filter((method) => method === 'CreateVolume')).toHaveLength(2);
    expect(backend.volumes.size).toBe(1);
  });
});
