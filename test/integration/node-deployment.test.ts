/** A provisioner on each node, beside a driver whose volumes cannot be reached from elsewhere. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  csiNodes,
  csiStorageCapacities,
  nodes,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
} from '../../src/api/index.ts';
import { seededRandom } from '../../src/base/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startCapacity, startProvisioner } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { laggingClient, mortalClient, startOn } from './support/controllers.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft, nodeDraft } from './support/objects.ts';

const nodeKey = 'topology.fake.csi/node';
const selected = 'volume.kubernetes.io/selected-node';
const nodeNames = ['n1', 'n2', 'n3'] as const;
type NodeName = (typeof nodeNames)[number];
const minuteMs = 60_000;
const key = (name: string) => ({ namespace: 'default', name });

let plane: ControlPlane;
let backends: Map<NodeName, FakeDriver>;

beforeEach(async () => {
  plane = await ControlPlane.start();
  backends = new Map();
  for (const name of nodeNames) {
    const identity = {
      name: 'fake.csi',
      volumeIdOf: (volume: string) => `${name}-${volume}`,
      resolveId: (id: string) => id,
    };
    backends.set(name, new FakeDriver(plane.clock, 'controller', { ...identity, topology: { [nodeKey]: name } }));
    await plane.client.create(nodes, nodeDraft(name));
    const drivers = [{ name: 'fake.csi', nodeID: name, topologyKeys: [nodeKey] }];
    await plane.client.create(csiNodes, { metadata: { name }, spec: { drivers } });
  }
  await plane.client.create(storageClasses, classDraft('later'));
  await plane.client.create(storageClasses, classDraft('now', 'Immediate'));
});
afterEach(async () => {
  await plane[Symbol.asyncDispose]();
});

const backendOf = (name: NodeName) => backends.get(name) as FakeDriver;

interface Options {
  readonly immediateBinding?: boolean;
  readonly baseDelayMs?: number;
  readonly client?: Client;
}

async function startNode(name: NodeName, { client, ...more }: Options = {}): Promise<AsyncDisposable> {
  const { driver } = backendOf(name);
  const segments = { [nodeKey]: name };
  const delays = { immediateBinding: true, baseDelayMs: 20_000, maxDelayMs: 60_000 };
  const nodeDeployment = { nodeName: name, segments, ...delays, ...more };
  return await startOn(
    plane,
    `fake.csi_${name}`,
    (options) => {
      const stack = new AsyncDisposableStack();
      const node = { name, segment: segments };
      const capacity = stack.use(startCapacity({ ...options, driver, flags: { node } }));
      const random = seededRandom(Number(name.slice(1)));
      stack.use(startProvisioner({ ...options, random, driver, capacity, flags: { nodeDeployment } }));
      return stack;
    },
    client,
  );
}

async function startAll(options: Options = {}): Promise<void> {
  for (const name of nodeNames) await startNode(name, options);
}

async function createClaim(name: string, className: string, annotations: Record<string, string> = {}, size = '1Gi') {
  const draft = claimDraft(name, className, size);
  const notes = { 'volume.kubernetes.io/storage-provisioner': 'fake.csi', ...annotations };
  await plane.client.create(persistentVolumeClaims, { ...draft, metadata: { ...draft.metadata, annotations: notes } });
  await plane.clock.settle();
}

/** As if no controller protected it. */
async function deleteClaim(name: string) {
  const own = (await claimOf(name))?.metadata.finalizers?.filter((finalizer) => finalizer.startsWith('stowage.io/'));
  await plane.client.patch(persistentVolumeClaims, key(name), {
    type: 'merge',
    body: { metadata: { finalizers: own } },
  });
  await plane.client.delete(persistentVolumeClaims, key(name));
}

const claimOf = (name: string) => plane.get(persistentVolumeClaims, key(name));
const selectedNode = ({ metadata }: PersistentVolumeClaim) => metadata.annotations?.[selected];
const callsOf = (name: NodeName, method: string) =>
  backendOf(name)
    .methods()
    .filter((made) => made === method).length;
/** Nodes by how many volumes they have. */
const volumes = () => Object.fromEntries(nodeNames.map((name) => [name, backendOf(name).volumes.size]));
const claims = async () => (await plane.client.list(persistentVolumeClaims)).items;
const total = () => nodeNames.reduce((sum, name) => sum + backendOf(name).volumes.size, 0);

describe('a claim for which a node is selected', () => {
  it('[O15] is provisioned on that node alone, in its segment', async () => {
    await startAll();
    await createClaim('c', 'later', { [selected]: 'n2' });
    expect(volumes()).toEqual({ n1: 0, n2: 1, n3: 0 });
    const [volume] = (await plane.client.list(persistentVolumes)).items;
    expect(backendOf('n2').requests.get(volume?.metadata.name ?? '')?.requisite).toEqual([{ [nodeKey]: 'n2' }]);
    expect(volume?.spec.csi?.volumeAttributes?.['storage.kubernetes.io/csiProvisionerIdentity']).toMatch(
      /-fake\.csi-n2$/,
    );
    const events = await plane.eventsOf('c');
    expect(events.filter((event) => event.includes('is provisioning volume'))).toHaveLength(1);
  });

  it('[O15] waits until one is', async () => {
    await startAll();
    await createClaim('c', 'later');
    await plane.clock.advance(5 * minuteMs);
    expect(total()).toBe(0);
    expect(selectedNode((await claims())[0] as PersistentVolumeClaim)).toBeUndefined();
  });

  it('[O15] gets the volume that a process asked for before it died', async () => {
    backendOf('n2').fail('lostReplies', 'CreateVolume', Code.DEADLINE_EXCEEDED, Code.DEADLINE_EXCEEDED);
    const first = await startNode('n2');
    await createClaim('c', 'later', { [selected]: 'n2' });
    await first[Symbol.asyncDispose]();
    await startAll();
    await plane.clock.advance(minuteMs);
    expect(volumes()).toEqual({ n1: 0, n2: 1, n3: 0 });
    expect((await plane.client.list(persistentVolumes)).items).toHaveLength(1);
  });

  it('[O15] leaves nothing on that node when it is deleted before its volume is there', async () => {
    await startAll();
    backendOf('n3').fail('lostReplies', 'CreateVolume', Code.UNAVAILABLE);
    await createClaim('c', 'later', { [selected]: 'n3' });
    await deleteClaim('c');
    await plane.clock.advance(minuteMs);
    expect(await claimOf('c')).toBeUndefined();
    expect(total()).toBe(0);
    expect(callsOf('n1', 'CreateVolume') + callsOf('n2', 'CreateVolume')).toBe(0);
  });
});

describe('a volume', () => {
  it('[O15] is deleted on its own node alone', async () => {
    await startAll();
    await createClaim('c', 'later', { [selected]: 'n2' });
    const [volume] = (await plane.client.list(persistentVolumes)).items;
    if (!volume) throw new Error('no volume');
    await deleteClaim('c');
    const status = { phase: 'Released' };
    await plane.client.patch(
      persistentVolumes,
      volume.metadata,
      { type: 'merge', body: { status } },
      { subresource: 'status' },
    );
    await plane.clock.advance(minuteMs);
    const { deletionTimestamp, finalizers } = await plane.client
      .get(persistentVolumes, volume.metadata)
      .then(({ metadata }) => metadata);
    expect([deletionTimestamp !== undefined, finalizers]).toEqual([true, ['kubernetes.io/pv-protection']]);
    expect(nodeNames.map((name) => callsOf(name, 'DeleteVolume'))).toEqual([0, 1, 0]);
  });
});

describe('a claim that is to be bound at once', () => {
  it('[O15] goes to one of the nodes, after at most the base delay', async () => {
    await startAll();
    await createClaim('c', 'now');
    expect(total()).toBe(0);
    await plane.clock.advance(20_000);
    expect(total()).toBe(1);
    const node = selectedNode((await claims())[0] as PersistentVolumeClaim);
    expect(volumes()).toEqual({ ...{ n1: 0, n2: 0, n3: 0 }, [node ?? '']: 1 });
  });

  it('[O15] is one of many that are spread over the nodes, each made once', async () => {
    await startAll();
    for (let at = 0; at < 30; at++) await createClaim(`c${at}`, 'now');
    await plane.clock.advance(2 * minuteMs);
    expect(total()).toBe(30);
    for (const name of nodeNames) expect(backendOf(name).volumes.size).toBeGreaterThan(3);
    const made = nodeNames.flatMap((name) => [...backendOf(name).volumes.keys()]);
    expect(new Set(made).size).toBe(30);
    for (const claim of await claims()) {
      const node = selectedNode(claim) as NodeName;
      expect(backendOf(node).volumes.has(`pvc-${claim.metadata.uid}`)).toBe(true);
    }
  });

  it('[O15] goes to one node when all try in the same moment and hear late of each other', async () => {
    const lagging = nodeNames.map((name) => ({
      name,
      ...laggingClient(plane.clientOf(name), 'PersistentVolumeClaim'),
    }));
    for (const { name, client } of lagging) await startNode(name, { baseDelayMs: 0, client });
    await createClaim('c', 'now');
    for (const { hold } of lagging) hold();
    await createClaim('d', 'now');
    for (const { release } of lagging) release();
    await plane.clock.advance(2 * minuteMs);
    expect(total()).toBe(2);
    expect((await plane.client.list(persistentVolumes)).items).toHaveLength(2);
  });

  it('[O15] stays with the node that was faster, although another has not heard of that', async () => {
    const slow = laggingClient(plane.clientOf('n2'), 'PersistentVolumeClaim');
    await startNode('n2', { client: slow.client });
    await createClaim('c', 'now');
    slow.hold();
    backendOf('n1').fail('lostReplies', 'CreateVolume', ...Array.from({ length: 5 }, () => Code.DEADLINE_EXCEEDED));
    await startNode('n1', { baseDelayMs: 0 });
    expect(volumes()).toEqual({ n1: 1, n2: 0, n3: 0 });
    await plane.clock.advance(minuteMs);
    slow.release();
    await plane.clock.advance(minuteMs);
    expect(selectedNode((await claims())[0] as PersistentVolumeClaim)).toBe('n1');
    expect(volumes()).toEqual({ n1: 1, n2: 0, n3: 0 });
  });

  it('[O15] does not go where there is no room', async () => {
    for (const name of ['n1', 'n3'] as const) backendOf(name).capacityOf = () => ({ availableCapacity: 1n << 20n });
    await startAll();
    for (const name of ['c', 'd', 'e']) await createClaim(name, 'now');
    await plane.clock.advance(2 * minuteMs);
    expect(volumes()).toEqual({ n1: 0, n2: 3, n3: 0 });
    expect(callsOf('n1', 'CreateVolume') + callsOf('n3', 'CreateVolume')).toBe(0);
  });

  it('[O15] waits while there is room nowhere, without a word, and goes where room comes', async () => {
    for (const name of nodeNames) backendOf(name).capacityOf = () => ({ availableCapacity: 0n });
    await startAll();
    await createClaim('c', 'now');
    await plane.clock.advance(5 * minuteMs);
    expect(await plane.eventsOf('c')).toEqual([]);
    backendOf('n3').capacityOf = () => ({ availableCapacity: 1n << 40n });
    await plane.clock.advance(2 * minuteMs);
    expect(volumes()).toEqual({ n1: 0, n2: 0, n3: 1 });
  });

  it('[O15] is tried for all the same when nobody can say how much room there is', async () => {
    for (const name of nodeNames)
      backendOf(name).capacityOf = () => {
        throw new Error('not today');
      };
    await startAll();
    await createClaim('c', 'now');
    await plane.clock.advance(minuteMs);
    expect(total()).toBe(1);
  });

  it('[O15] goes on to another node when there was no room after all', async () => {
    await startAll();
    backendOf('n1').fail('refusals', 'CreateVolume', ...Array.from({ length: 20 }, () => Code.RESOURCE_EXHAUSTED));
    backendOf('n2').fail('refusals', 'CreateVolume', ...Array.from({ length: 20 }, () => Code.RESOURCE_EXHAUSTED));
    await createClaim('c', 'now');
    await plane.clock.advance(20 * minuteMs);
    expect(volumes()).toEqual({ n1: 0, n2: 0, n3: 1 });
    expect(selectedNode((await claims())[0] as PersistentVolumeClaim)).toBe('n3');
  });

  it('[O15] goes where its class allows', async () => {
    const allowedTopologies = [{ matchLabelExpressions: [{ key: nodeKey, values: ['n3', 'n9'] }] }];
    await plane.client.create(storageClasses, { ...classDraft('here', 'Immediate'), allowedTopologies });
    await startAll();
    for (const name of ['c', 'd', 'e']) await createClaim(name, 'here');
    await plane.clock.advance(5 * minuteMs);
    expect(volumes()).toEqual({ n1: 0, n2: 0, n3: 3 });
  });

  it('[O15] is left alone when that is what operators want, until somebody selects a node', async () => {
    await startAll({ immediateBinding: false });
    await createClaim('c', 'now');
    await plane.clock.advance(5 * minuteMs);
    expect(selectedNode((await claims())[0] as PersistentVolumeClaim)).toBeUndefined();
    const body = { metadata: { annotations: { [selected]: 'n1' } } };
    await plane.client.patch(persistentVolumeClaims, key('c'), { type: 'merge', body });
    await plane.clock.advance(1_000);
    expect(volumes()).toEqual({ n1: 1, n2: 0, n3: 0 });
  });

  it('[O15] that cannot be provisioned is told so by one of the nodes', async () => {
    await startAll();
    const draft = claimDraft('c', 'now');
    const annotations = { 'volume.kubernetes.io/storage-provisioner': 'fake.csi' };
    const selector = { matchLabels: { a: 'b' } };
    const spec = { ...draft.spec, selector };
    await plane.client.create(persistentVolumeClaims, { metadata: { ...draft.metadata, annotations }, spec });
    await plane.clock.advance(minuteMs);
    expect(await plane.eventsOf('c')).toEqual([
      'Warning ProvisioningFailed failed to provision volume with StorageClass "now": claim Selector is not supported',
    ]);
  });

  it.each([0, 1, 2, 3])('[O15] gets one volume although a process dies around its write %i', async (afterWrites) => {
    for (const lastWriteLands of [false, true]) {
      const mortal = mortalClient(plane.clientOf('n1'), { afterWrites, lastWriteLands });
      const first = await startNode('n1', { baseDelayMs: 0, client: mortal.client });
      const name = `c-${lastWriteLands}`;
      await createClaim(name, 'now');
      await plane.clock.advance(5_000);
      await first[Symbol.asyncDispose]();
      const others = [await startNode('n1'), await startNode('n2')];
      await plane.clock.advance(3 * minuteMs);
      const uid = (await claimOf(name))?.metadata.uid;
      const made = nodeNames.filter((node) => backendOf(node).volumes.has(`pvc-${uid}`));
      expect(made).toHaveLength(1);
      for (const process of others) await process[Symbol.asyncDispose]();
    }
  });
});

describe('published capacity', () => {
  it('[O15] [O14] is each node’s own', async () => {
    backendOf('n2').capacityOf = () => ({ availableCapacity: 5n << 30n });
    await startAll();
    const { items } = await plane.client.list(csiStorageCapacities);
    const shown = items.map(({ nodeTopology, capacity, metadata }) => {
      const manager = metadata.labels?.['csi.storage.k8s.io/managed-by'];
      return `${nodeTopology?.matchLabels?.[nodeKey]} ${capacity} ${manager}`;
    });
    expect(shown.sort()).toEqual([
      'n1 1Ti external-provisioner-n1',
      'n2 5Gi external-provisioner-n2',
      'n3 1Ti external-provisioner-n3',
    ]);
  });
});
