/**
 * Users create, delete, scale and grow in no order in particular, on three machines, while processes die, are cut off,
 * machines lose their power and drivers fail. Then all is healed, and what was asked for has to come true.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type KubernetesObject,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type ResourceType,
  statefulSets,
  volumeAttachments,
} from '../../src/api/index.ts';
import { podClaims } from '../../src/component-helpers/index.ts';
import { type Action, action, carryOut, healAll, populate } from '../faults/random-actions.ts';
import { keyIn } from '../faults/workloads/workload.ts';
import { World } from '../faults/world.ts';

const runs = Number(process.env.FAULT_RUNS ?? (process.env.CI ? 20 : 8));
const seed = Number(process.env.FAULT_SEED ?? 1);
const testTimeoutMs = 600_000;

/** Bounds of docs/status.md's rows, in virtual time. */
const runningWithinMs = 60_000;
const goneWithinMs = 30_000;
const restMs = 30_000;
const emptyWithinMs = 5 * 60_000;

class Check {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Pods that ought to run and do not, with what they say. */
  async waiting(): Promise<string[]> {
    const { client } = this.#world.plane;
    const claims = (await client.list(persistentVolumeClaims)).items;
    const usable = new Set(
      claims.flatMap(({ metadata }) => (metadata.deletionTimestamp === undefined ? [metadata.name] : [])),
    );
    const isSchedulable = (pod: Pod) => podClaims(pod).every(({ claimName }) => usable.has(claimName));
    const isRight = ({ metadata, status }: Pod) =>
      metadata.deletionTimestamp === undefined &&
      status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True');
    const late = (await client.list(pods)).items.filter((pod) => isSchedulable(pod) && !isRight(pod));
    const absent = await this.#absent();
    return [...late.map(({ metadata, spec, status }) => JSON.stringify([metadata, spec.nodeName, status])), ...absent];
  }

  async #absent(): Promise<string[]> {
    const { plane } = this.#world;
    const set = await plane.get(statefulSets, keyIn('web'));
    const { items } = await plane.client.list(pods, { labelSelector: 'app=web' });
    return items.length === (set?.spec.replicas ?? 0) ? [] : [`${items.length} pods of web`];
  }

  /** Attachments that no pod needs. */
  async idle(): Promise<string[]> {
    const { plane, backend } = this.#world;
    const { items } = await plane.client.list(pods);
    const volumes = (await plane.client.list(persistentVolumes)).items;
    const needed = new Set<string>();
    for (const pod of items)
      for (const { claimName } of podClaims(pod))
        for (const { spec } of volumes)
          if (spec.claimRef?.name === claimName) needed.add(`${spec.csi?.volumeHandle}@${pod.spec.nodeName}`);
    return [...backend.published].filter((place) => !needed.has(place));
  }

  /** What deleted pods have left. */
  async leftovers(): Promise<string[]> {
    const { plane, machines } = this.#world;
    const left = (await plane.client.list(pods)).items.map(({ metadata }) => `pod ${metadata.name}`);
    for (const machine of machines.values()) {
      left.push(...machine.mounter.mounted.map(({ path }) => `mount ${path}`));
      if (machine.hasPods()) left.push(`directories of pods on ${machine.name}`);
    }
    return left;
  }

  async remains(): Promise<string[]> {
    const { plane, backend, machines } = this.#world;
    const left: string[] = await this.leftovers();
    for (const type of [persistentVolumeClaims, persistentVolumes, volumeAttachments] as readonly ResourceType[])
      left.push(...(await plane.client.list(type)).items.map((item) => JSON.stringify(item)));
    left.push(...backend.volumes.keys(), ...backend.published);
    for (const machine of machines.values()) left.push(...machine.globalMounts());
    return left;
  }
}

async function comesTrue(world: World, spanMs: number, failures: () => Promise<string[]>): Promise<void> {
  let last: string[] = [];
  const holds = async () => {
    last = await failures();
    return last.length === 0;
  };
  await world.plane.clock.until(holds, spanMs).catch(() => {});
  expect(last).toEqual([]);
}

async function removeAll<T extends KubernetesObject>(world: World, type: ResourceType<T>): Promise<void> {
  const { items } = await world.plane.client.list(type, { namespace: 'default' });
  for (const { metadata } of items) await world.remove(type, keyIn(metadata.name));
}

/** How often there was something to get wrong. */
const seen = { staged: 0, published: 0, grown: 0, moved: 0 };

function count({ machines }: World): void {
  const stagedOn = new Map<string, Set<string>>();
  for (const { name, driver } of machines.values())
    for (const { method, volumeId } of driver.calls) {
      if (method === 'NodePublishVolume') seen.published++;
      if (method === 'NodeExpandVolume') seen.grown++;
      if (method !== 'NodeStageVolume') continue;
      seen.staged++;
      stagedOn.set(volumeId, (stagedOn.get(volumeId) ?? new Set()).add(name));
    }
  for (const places of stagedOn.values()) seen.moved += places.size - 1;
}

async function run(steps: readonly Action[]): Promise<void> {
  await using world = await World.start({ machines: 3 });
  const check = new Check(world);
  await populate(world);
  for (const step of steps) await carryOut(world, step);
  await healAll(world);
  await comesTrue(world, runningWithinMs, () => check.waiting());
  await comesTrue(world, goneWithinMs, () => check.idle());
  // A controller that has just been connected again may make the pods of a set whose end it has not heard of.
  await world.plane.clock.advance(restMs);
  await removeAll(world, statefulSets);
  await removeAll(world, pods);
  await comesTrue(world, goneWithinMs, () => check.leftovers());
  await removeAll(world, persistentVolumeClaims);
  await comesTrue(world, emptyWithinMs, () => check.remains());
  expect(world.judge.violations).toEqual([]);
  count(world);
}

it('[rel-L2] [rel-L3] [rel-L4] [rel-L7] [rel-D1] [rel-D7] what users asked for comes true, and what they deleted leaves nothing', {
  timeout: testTimeoutMs,
}, async () => {
  await fc.assert(fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 60, size: 'max' }), run), {
    numRuns: runs,
    seed,
    endOnFailure: process.env.FAULT_SHRINK === undefined,
  });
  expect(seen.staged).toBeGreaterThan(4 * runs);
  expect(seen.grown).toBeGreaterThan(runs / 4);
  expect(seen.moved).toBeGreaterThan(runs / 8);
});
