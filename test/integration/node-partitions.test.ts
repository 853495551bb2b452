/** Nodes and processes that are cut off from the API for a while, and machines that die and return. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nodes, pods, statefulSets } from '../../src/api/index.ts';
import { controlProcesses, kubeletProcesses } from '../faults/plan.ts';
import { cordon, on, setDraft, takeIntoService, takeOutOfService, untilNotReady } from '../faults/workloads/nodes.ts';
import { keyIn } from '../faults/workloads/workload.ts';
import { World } from '../faults/world.ts';

/** Of the machine's own time: an hour of virtual time takes seconds on a busy one. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const minuteMs = 60_000;
const web0 = keyIn('web-0');

let world: World;

beforeEach(async () => {
  world = await World.start({ machines: 2 });
  await cordon(world, 'n2', true);
  await world.create(statefulSets, setDraft(1) as never);
  await world.untilRunning('web-0', on('n1'));
  await cordon(world, 'n2', false);
});
afterEach(async () => {
  const { violations } = world.judge;
  await world[Symbol.asyncDispose]();
  expect(violations).toEqual([]);
});

const runsOn = async (name: string) => (await world.machine(name).runningContainers()).length;
const pod = () => world.plane.get(pods, web0);
const publishedOn = (name: string) => [...world.backend.published].every((place) => place.endsWith(`@${name}`));

async function runningWithin(spanMs: number, node?: string): Promise<void> {
  const isRunning = async () => {
    const { metadata, spec, status } = (await pod()) ?? {};
    const isReady = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True');
    return isReady === true && !metadata?.deletionTimestamp && (node === undefined || spec?.nodeName === node);
  };
  await world.plane.clock.until(isRunning, spanMs, 'web-0 running');
}

describe('a node that is cut off from the API', () => {
  it('[rel-L9] [rel-D1] [rel-D2] keeps its volume however long, and gives it up within a minute of its return', async () => {
    world.kubeletOf('n1').partition();
    await untilNotReady(world, 'n1');
    await world.until('web-0 evicted', async () => (await pod())?.metadata.deletionTimestamp !== undefined);
    await world.plane.clock.advance(20 * minuteMs);
    expect(await runsOn('n1')).toBe(1);
    expect(publishedOn('n1')).toBe(true);
    world.kubeletOf('n1').heal();
    await runningWithin(minuteMs);
    expect((await runsOn('n1')) + (await runsOn('n2'))).toBe(1);
  });

  it('[rel-L9] [rel-D1] [rel-E2] keeps the volume from the next pod of a name that was deleted by force', async () => {
    world.kubeletOf('n1').partition();
    await untilNotReady(world, 'n1');
    await world.plane.client.delete(pods, web0, { gracePeriodSeconds: 0 });
    await world.until('next web-0', async () => on('n2')((await pod()) ?? { spec: {} }));
    await world.plane.clock.advance(10 * minuteMs);
    expect([await runsOn('n1'), await runsOn('n2')]).toEqual([1, 0]);
    expect(publishedOn('n1')).toBe(true);
    world.kubeletOf('n1').heal();
    await runningWithin(minuteMs, 'n2');
    expect(world.machine('n1').mounts.size).toBe(0);
  });

  it('[rel-L9] [rel-E7] keeps all that runs and is mounted when its agent is restarted meanwhile', async () => {
    const before = [...world.machine('n1').mounts];
    world.kubeletOf('n1').partition();
    world.kubeletOf('n1').kill();
    await world.plane.clock.advance(20 * minuteMs);
    expect(await runsOn('n1')).toBe(1);
    expect([...world.machine('n1').mounts]).toEqual(before);
    world.kubeletOf('n1').heal();
    await runningWithin(minuteMs);
  });

  it('[rel-L9] is as before within a minute when it was away for less than pods are left', async () => {
    const before = (await pod())?.metadata.uid;
    world.kubeletOf('n1').partition();
    await untilNotReady(world, 'n1');
    world.kubeletOf('n1').heal();
    await runningWithin(minuteMs, 'n1');
    expect((await pod())?.metadata.uid).toBe(before);
    await world.plane.clock.advance(10 * minuteMs);
    expect((await pod())?.metadata.uid).toBe(before);
  });
});

describe('a machine that lost its power', () => {
  it('[rel-L9] [rel-D1] is clean and takes pods within a minute of its return, its volume being elsewhere', async () => {
    await world.losePower('n1');
    await untilNotReady(world, 'n1');
    await takeOutOfService(world, 'n1');
    await world.untilRunning('web-0', on('n2'));
    await world.boot('n1');
    await world.plane.clock.until(async () => !world.machine('n1').hasPods(), minuteMs, 'nothing left of the pod');
    await takeIntoService(world, 'n1');
    await cordon(world, 'n2', true);
    await world.remove(pods, web0);
    await runningWithin(minuteMs, 'n1');
  });

  it('[rel-L9] has its pods run again within a minute when it boots before anybody noticed', async () => {
    await world.losePower('n1');
    await world.boot('n1');
    await world.plane.clock.until(async () => (await runsOn('n1')) === 1, minuteMs, 'a container');
    await runningWithin(minuteMs, 'n1');
  });
});

describe('a process that is cut off from the API', () => {
  it.each(controlProcesses)('[rel-D1] [rel-D2] (%s) lets the volume go on its way when it is back', async (name) => {
    await cordon(world, 'n1', true);
    world.processOf(name).partition();
    await world.remove(pods, web0);
    await world.plane.clock.advance(5 * minuteMs);
    world.processOf(name).heal();
    await runningWithin(minuteMs, 'n2');
  });

  it('[rel-D1] [rel-L9] (all of them) finds everything as it was', async () => {
    const before = await pod();
    const all = [...controlProcesses, ...kubeletProcesses.slice(0, 2)];
    for (const name of all) world.processOf(name).partition();
    await world.plane.clock.advance(10 * minuteMs);
    expect(await runsOn('n1')).toBe(1);
    for (const name of all) world.processOf(name).heal();
    await world.plane.clock.advance(minuteMs);
    expect((await pod())?.metadata.uid).toBe(before?.metadata.uid);
    const { items } = await world.plane.client.list(nodes);
    const ready = items.map(({ status }) => status?.conditions?.find(({ type }) => type === 'Ready')?.status);
    expect(ready).toEqual(['True', 'True']);
  });
});
