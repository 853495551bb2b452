/** What a claim's status tells of its growth, row by row, with the real resizer, expand controller and node agent. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Pod, persistentVolumeClaims, pods } from '../../src/api/index.ts';
import { CsiError } from '../../src/csi/index.ts';
import { World, type WorldOptions } from '../faults/world.ts';
import { Code } from './support/fake-driver.ts';
import { claimDraft, podDraft } from './support/objects.ts';

const key = { namespace: 'default', name: 'c' };
const podKey = { namespace: 'default', name: 'p' };
const waitMs = 120_000;
const aWhileMs = 60_000;
/** No entry in allocatedResourceStatuses. */
const none = '-';

class Growth implements AsyncDisposable {
  readonly world: World;
  /** Every value that the status went through. */
  readonly path: string[] = [none];
  /** Refusals of the next NodeExpandVolume calls. */
  readonly nodeRefusals: number[] = [];

  private constructor(world: World) {
    this.world = world;
  }

  /** A claim of 1 GiB, and a pod that uses it. */
  static async start(options: WorldOptions = {}): Promise<Growth> {
    const world = await World.start({ ...options, machines: 2 });
    const growth = new Growth(world);
    const { plane, machines } = world;
    for (const machine of machines.values()) {
      machine.driver.onCall = async ({ method }) => {
        const code = method === 'NodeExpandVolume' ? growth.nodeRefusals.shift() : undefined;
        if (code !== undefined) throw new CsiError(code, 'ordered by the test');
      };
    }
    await plane.client.create(persistentVolumeClaims, claimDraft('c', 'now'));
    await growth.until(async () => (await growth.claim()).status?.phase === 'Bound');
    await growth.createPod();
    await plane.onCommit((events) => {
      for (const { key: path, current } of events) {
        if (path !== 'persistentvolumeclaims/default/c' || !current) continue;
        const { status } = current as { status?: { allocatedResourceStatuses?: Record<string, string> } };
        const now = status?.allocatedResourceStatuses?.storage ?? none;
        if (now !== growth.path.at(-1)) growth.path.push(now);
      }
    });
    return growth;
  }

  async createPod(): Promise<void> {
    const { metadata, spec } = podDraft('p', 'c');
    const volumeMounts = [{ name: 'data', mountPath: '/data' }];
    const containers = [{ name: 'main', image: 'busybox', command: ['sleep', '1000'], volumeMounts }];
    await this.world.plane.client.create(pods, { metadata, spec: { ...spec, containers } as Pod['spec'] });
    const running = async () => (await this.world.plane.get(pods, podKey))?.status?.phase === 'Running';
    await this.until(running);
  }

  async deletePod(): Promise<void> {
    await this.world.plane.client.delete(pods, podKey, { gracePeriodSeconds: 1 });
    await this.until(async () => (await this.world.plane.get(pods, podKey)) === undefined);
    await this.until(async () => this.world.backend.published.size === 0);
  }

  async ask(storage: string): Promise<void> {
    const body = { spec: { resources: { requests: { storage } } } };
    await this.world.plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body });
  }

  claim = () => this.world.plane.client.get(persistentVolumeClaims, key);
  capacity = async () => (await this.claim()).status?.capacity?.storage;
  conditions = async () => (await this.claim()).status?.conditions?.map(({ type }) => type) ?? [];
  until = (condition: () => Promise<boolean>) => this.world.plane.clock.until(condition, waitMs);
  untilIs = (status: string) => this.until(async () => this.path.at(-1) === status);
  untilGrown = (size: string) => this.until(async () => (await this.capacity()) === size && this.path.at(-1) === none);
  pass = (ms = aWhileMs) => this.world.plane.clock.advance(ms);
  calls = () => this.world.backend.methods().filter((method) => method === 'ControllerExpandVolume').length;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }
}

describe('[W4] the status of a claim', () => {
  let growth: Growth;
  afterEach(async () => {
    await growth[Symbol.asyncDispose]();
  });
  const many = (code: number) => Array.from({ length: 50 }, () => code);
  const [begun, infeasible, pending] = [
    'ControllerResizeInProgress',
    'ControllerResizeInfeasible',
    'NodeResizePending',
  ];
  const [onNode, nodeInfeasible] = ['NodeResizeInProgress', 'NodeResizeInfeasible'];

  it('tells nothing while it has what it asks for', async () => {
    growth = await Growth.start();
    await growth.ask('1Gi');
    await growth.pass();
    expect(growth.path).toEqual([none]);
    expect(growth.calls()).toBe(0);
  });

  it('goes over the controller and the node to nothing, and the claim has its size', async () => {
    growth = await Growth.start();
    await growth.ask('2Gi');
    await growth.untilGrown('2Gi');
    expect(growth.path).toEqual([none, begun, pending, onNode, none]);
    expect(await growth.conditions()).toEqual([]);
  });

  it('is cleared by the controller when the node has nothing to do', async () => {
    growth = await Growth.start();
    growth.world.backend.nodeExpansionRequired = false;
    await growth.ask('2Gi');
    await growth.untilGrown('2Gi');
    expect(growth.path).toEqual([none, begun, none]);
  });

  it('begins with the node where only the node grows volumes', async () => {
    growth = await Growth.start({ expansion: 'node' });
    await growth.ask('2Gi');
    await growth.untilGrown('2Gi');
    expect(growth.path).toEqual([none, begun, pending, onNode, none]);
    expect(growth.calls()).toBe(0);
  });

  it.each([
    ['UNAVAILABLE', Code.UNAVAILABLE],
    ['DEADLINE_EXCEEDED', Code.DEADLINE_EXCEEDED],
    ['INTERNAL', Code.INTERNAL],
  ])('stays with the controller while it fails otherwise than for good (%s)', async (_name, code) => {
    growth = await Growth.start();
    growth.world.backend.fail('refusals', 'ControllerExpandVolume', ...many(code));
    await growth.ask('2Gi');
    await growth.pass();
    expect(growth.path).toEqual([none, begun]);
    growth.world.backend.refusals.clear();
    await growth.untilGrown('2Gi');
    expect(growth.path).toEqual([none, begun, pending, onNode, none]);
  });

  it.each([
    ['INVALID_ARGUMENT', Code.INVALID_ARGUMENT],
    ['OUT_OF_RANGE', Code.OUT_OF_RANGE],
    ['NOT_FOUND', Code.NOT_FOUND],
  ])(
    'is infeasible when the controller says so, is tried rarely, and begins anew with less (%s)',
    async (_name, code) => {
      growth = await Growth.start();
      growth.world.backend.fail('refusals', 'ControllerExpandVolume', ...many(code));
      await growth.ask('4Gi');
      await growth.untilIs(infeasible);
      expect(await growth.conditions()).toContain('ControllerResizeError');
      await growth.pass(4 * 60_000);
      expect(growth.calls()).toBe(1);
      await growth.pass(10 * 60_000);
      expect(growth.calls()).toBeGreaterThan(1);
      expect(growth.path.filter((status) => status !== begun && status !== infeasible)).toEqual([none]);
      const before = growth.path.length;
      growth.world.backend.refusals.clear();
      await growth.ask('2Gi');
      await growth.untilGrown('2Gi');
      expect(growth.path.slice(before)).toEqual([begun, pending, onNode, none]);
      expect((await growth.claim()).status?.allocatedResources?.storage).toBe('2Gi');
    },
  );

  it('waits for the node until a pod uses the volume', async () => {
    growth = await Growth.start();
    await growth.deletePod();
    await growth.ask('2Gi');
    await growth.pass(10 * 60_000);
    expect(growth.path).toEqual([none, begun, pending]);
    expect(await growth.conditions()).toContain('FileSystemResizePending');
    expect(await growth.capacity()).toBe('1Gi');
    await growth.createPod();
    await growth.untilGrown('2Gi');
    expect(growth.path).toEqual([none, begun, pending, onNode, none]);
  });

  it('stays with the node while it fails otherwise than for good', async () => {
    growth = await Growth.start();
    growth.nodeRefusals.push(Code.INTERNAL, Code.UNAVAILABLE);
    await growth.ask('2Gi');
    await growth.untilIs(onNode);
    await growth.until(async () => growth.nodeRefusals.length === 0);
    await growth.untilGrown('2Gi');
    expect(growth.path).toEqual([none, begun, pending, onNode, none]);
    expect(await growth.conditions()).toEqual([]);
  });

  it('is infeasible when the node says so, and the claim tells why', async () => {
    growth = await Growth.start();
    growth.nodeRefusals.push(...many(Code.OUT_OF_RANGE));
    await growth.ask('2Gi');
    await growth.untilIs(nodeInfeasible);
    expect(await growth.conditions()).toContain('NodeResizeError');
    await growth.pass(4 * 60_000);
    expect(growth.path).toEqual([none, begun, pending, onNode, nodeInfeasible]);
    expect(await growth.capacity()).toBe('1Gi');
    // Now and then it is tried again.
    growth.nodeRefusals.length = 0;
    await growth.pass(2 * 60_000);
    await growth.untilGrown('2Gi');
    expect(growth.path.slice(5)).toEqual([pending, onNode, none]);
  });

  it('is tried on the node again with less, where only the node grows volumes', async () => {
    growth = await Growth.start({ expansion: 'node' });
    growth.nodeRefusals.push(...many(Code.OUT_OF_RANGE));
    await growth.ask('4Gi');
    await growth.untilIs(nodeInfeasible);
    const before = growth.path.length;
    growth.nodeRefusals.length = 0;
    await growth.ask('2Gi');
    await growth.untilGrown('2Gi');
    expect(growth.path.slice(before)).toEqual([begun, pending, onNode, none]);
  });
});
