/** Scheduler and provisioner with a driver that has its storage in zones, and is not on every node. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  type Draft,
  nodes,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '../../src/api/index.ts';
import { startControlLoops } from './support/control-loops.ts';
import { ControlPlane } from './support/control-plane.ts';
import { FakeKubelet } from './support/fake-kubelet.ts';
import { claimDraft, classDraft, podDraft } from './support/objects.ts';
import { PlacementJudge } from './support/placement-judge.ts';
import { ZonedStorage, zone } from './support/zoned-storage.ts';

const minuteMs = 60_000;
const key = (name: string) => ({ namespace: 'default', name });

let plane: ControlPlane;
let storage: ZonedStorage;
let judge: PlacementJudge;

beforeEach(async () => {
  plane = await ControlPlane.start();
  judge = await PlacementJudge.start(plane);
});
afterEach(async () => {
  await plane[Symbol.asyncDispose]();
  expect(judge.violations).toEqual([]);
});

interface Options {
  readonly zones?: Readonly<Record<string, string>>;
  readonly storageCapacity?: boolean;
  /** Whether the scheduler keeps pods from nodes without the driver. */
  readonly prevents?: boolean;
  readonly seed?: number;
}

/** Nodes a1, a2 in zone a and b1 in zone b; x1 is in zone b, too, and has another driver. */
async function start({ zones = {}, storageCapacity = true, prevents = true, seed }: Options = {}) {
  storage = new ZonedStorage(plane, zones);
  const spec = { storageCapacity, preventPodSchedulingIfMissing: prevents };
  await plane.client.create(csiDrivers, { metadata: { name: 'fake.csi' }, spec });
  for (const [name, inZone] of Object.entries({ a1: 'a', a2: 'a', b1: 'b' }))
    await FakeKubelet.start(plane, name, 'fake.csi', { [zone]: inZone });
  await FakeKubelet.start(plane, 'x1', 'other.csi', {}, { [zone]: 'b' });
  await plane.run();
  const { backend } = storage;
  await startControlLoops(plane, { backend, capacity: { pollIntervalMs: minuteMs }, ...(seed ? { seed } : {}) });
}

const createClass = (name: string, mode = 'WaitForFirstConsumer', ...zones: string[]) =>
  plane.client.create(storageClasses, {
    ...classDraft(name, mode),
    ...(zones.length > 0 ? { allowedTopologies: [{ matchLabelExpressions: [{ key: zone, values: zones }] }] } : {}),
  });

/** A pod with a claim of its own name. */
async function createPod(name: string, className: string, size: string, spec: Partial<Draft<Pod>['spec']> = {}) {
  await plane.client.create(persistentVolumeClaims, claimDraft(name, className, size));
  const draft = podDraft(name, name);
  await plane.client.create(pods, { ...draft, spec: { ...draft.spec, ...spec } });
}

async function removePod(name: string) {
  await plane.client.delete(pods, key(name));
  await plane.client.delete(persistentVolumeClaims, key(name));
  const isGone = async () => (await plane.get(persistentVolumeClaims, key(name))) === undefined;
  await plane.clock.until(isGone, 2 * minuteMs, `${name} gone`);
}

const nodeOf = async (name: string) => (await plane.get(pods, key(name)))?.spec.nodeName;

async function untilRunning(name: string): Promise<string> {
  const isRunning = async () => (await plane.get(pods, key(name)))?.status?.phase === 'Running';
  await plane.clock.until(isRunning, 5 * minuteMs, `${name} running`);
  return (await nodeOf(name)) ?? '';
}

const whyNot = async (name: string) =>
  (await plane.get(pods, key(name)))?.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message;

const published = async () =>
  (await plane.client.list(csiStorageCapacities)).items
    .map(({ nodeTopology, capacity }) => `${nodeTopology?.matchLabels?.[zone]} ${capacity}`)
    .sort();

describe('storage that is not enough for every pod', () => {
  it('[H3] [R3] [H10] a pod waits until there is room somewhere, and goes there', async () => {
    await start({ zones: { a: '1Gi', b: '2Gi' } });
    await createClass('c');
    await createPod('p', 'c', '5Gi');
    await plane.clock.advance(10_000);
    expect(await whyNot('p')).toMatch(/^0\/4 nodes are available: .*3 node\(s\) did not have enough free storage/);
    expect(storage.backend.methods()).not.toContain('CreateVolume');
    storage.add('b', '8Gi');
    expect(await untilRunning('p')).toBe('b1');
    expect(await published()).toEqual(['a 1Gi', 'b 5Gi']);
  });

  it('[O14] [R3] what is published follows volumes that are made and deleted, without a poll', async () => {
    await start({ zones: { a: '5Gi', b: '5Gi' } });
    await createClass('c');
    await plane.clock.settle();
    expect(await published()).toEqual(['a 5Gi', 'b 5Gi']);
    await createPod('p', 'c', '4Gi');
    const inZone = (await untilRunning('p')).slice(0, 1);
    await plane.clock.settle();
    expect(await published()).toEqual(['a', 'b'].map((name) => `${name} ${name === inZone ? '1Gi' : '5Gi'}`));
    await removePod('p');
    await plane.clock.settle();
    expect(await published()).toEqual(['a 5Gi', 'b 5Gi']);
  });

  it('[H3] [R3] no zone is asked for more than it has, and who waited gets what others leave', async () => {
    await start({ zones: { a: '5Gi', b: '5Gi' } });
    await createClass('c');
    for (const name of ['p1', 'p2']) {
      await createPod(name, 'c', '4Gi');
      await untilRunning(name);
    }
    await createPod('p3', 'c', '4Gi');
    await plane.clock.advance(2 * minuteMs);
    expect(await nodeOf('p3')).toBeUndefined();
    const first = (await nodeOf('p1'))?.slice(0, 1);
    await removePod('p1');
    expect((await untilRunning('p3')).slice(0, 1)).toBe(first);
    expect(storage.overcommitted).toEqual([]);
  });

  it('[H3] a driver whose CSIDriver object does not say so is not kept from trying', async () => {
    await start({ zones: { a: '1Gi', b: '1Gi' }, storageCapacity: false });
    await createClass('c');
    await createPod('p', 'c', '5Gi');
    await untilRunning('p');
    expect(storage.overcommitted).toHaveLength(1);
  });
});

describe('a driver that is not everywhere', () => {
  it('[rel-H1] has its volume and the pod in a zone that the class allows, on a node where it is', async () => {
    await start({ storageCapacity: false });
    await createClass('c', 'WaitForFirstConsumer', 'b');
    await createPod('p', 'c', '1Gi');
    expect(await untilRunning('p')).toBe('b1');
    const [volume] = (await plane.client.list(persistentVolumes)).items;
    expect(JSON.stringify(volume?.spec.nodeAffinity)).toContain('"values":["b"]');
  });

  it('[rel-H1] makes no volume for a node that it is not on, and makes it there when it has come', async () => {
    await start({ storageCapacity: false, prevents: false });
    await createClass('c');
    await createPod('p', 'c', '1Gi', { nodeSelector: { 'kubernetes.io/hostname': 'x1' } });
    await plane.clock.advance(minuteMs);
    expect(storage.backend.volumes.size).toBe(0);
    expect(await nodeOf('p')).toBeUndefined();
    expect(await plane.eventsOf('p')).toContain(
      'Warning ProvisioningFailed failed to provision volume with StorageClass "c": error generating accessibility requirements: no topology key found for node x1',
    );
    const drivers = [{ name: 'fake.csi', nodeID: 'x1', topologyKeys: [zone] }];
    await plane.client.patch(csiNodes, { name: 'x1' }, { type: 'merge', body: { spec: { drivers } } });
    await plane.clock.settle();
    expect(storage.backend.volumes.size).toBe(1);
    expect(await untilRunning('p')).toBe('x1');
  });

  it('[rel-H1] has a pod placed anew whose node no longer says what is on it', async () => {
    await start({ storageCapacity: false });
    await createClass('c');
    // The driver is slow to answer, and forgets.
    storage.backend.fail('refusals', 'CreateVolume', 14, 14);
    await createPod('p', 'c', '1Gi');
    const selected = async () =>
      (await plane.get(persistentVolumeClaims, key('p')))?.metadata.annotations?.['volume.kubernetes.io/selected-node'];
    await plane.clock.until(async () => (await selected()) !== undefined, minuteMs, 'node selected');
    const name = (await selected()) ?? '';
    await plane.client.delete(csiNodes, { name });
    await plane.client.patch(nodes, { name }, { type: 'merge', body: { spec: { unschedulable: true } } });
    expect(await untilRunning('p')).not.toBe(name);
    expect(await plane.eventsOf('p')).toContain(
      `Warning ProvisioningFailed csinode.storage.k8s.io "${name}" not found`,
    );
    expect(storage.backend.volumes.size).toBe(1);
  });

  it.each([1, 2, 3, 4, 5])('[rel-H1] puts no pod where its volumes are not, whoever hears late (%i)', async (seed) => {
    await start({ zones: { a: '12Gi', b: '6Gi' }, seed });
    await createClass('any');
    await createClass('only-b', 'WaitForFirstConsumer', 'b');
    await createClass('now', 'Immediate');
    await createClass('now-a', 'Immediate', 'a');
    const names = ['any', 'only-b', 'now', 'now-a', 'any', 'only-b', 'any', 'now'].map((name, at) => `${name}-${at}`);
    for (const name of names) await createPod(name, name.replace(/-\d$/, ''), '1Gi');
    for (const name of names) await untilRunning(name);
    expect(judge.bound).toBe(names.length);
    for (const name of names.slice(0, 4)) await removePod(name);
    await plane.clock.advance(2 * minuteMs);
    expect(storage.overcommitted).toEqual([]);
  });
});
