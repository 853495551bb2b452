import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ApiStatusError,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
} from '../../../src/api/index.ts';
import { type Random, seededRandom } from '../../../src/base/index.ts';
import type { Client } from '../../../src/client/index.ts';
import { checkAccessModes, findMatchingVolume } from '../../../src/component-helpers/index.ts';
import { type ControllerPlugin, ControllerPlugins } from '../../../src/volume-plugins/index.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { mortalClient } from '../support/controllers.ts';
import { claim, volume } from './objects.ts';
import { runRecyclerPods } from './recycler-kubelet.ts';
import { component, World } from './table.ts';

const sizes = ['1Gi', '2Gi', '3Gi'];
const modeSets = [['ReadWriteOnce'], ['ReadWriteOnce', 'ReadOnlyMany'], ['ReadWriteMany']];
const classes = ['', 'gold'];
const volumeModes = ['Filesystem', 'Block'];
const tiers = ['x', 'y'];
const policies = ['Retain', 'Delete', 'Recycle'];

const shape = fc.record({
  size: fc.constantFrom(...sizes),
  modes: fc.constantFrom(...modeSets),
  class: fc.constantFrom(...classes),
  mode: fc.constantFrom('Filesystem', 'Filesystem', 'Filesystem', ...volumeModes),
  tier: fc.option(fc.constantFrom(...tiers), { nil: undefined }),
});
const policy = fc.constantFrom('Retain', 'Retain', ...policies);

/** Names are few, so that objects are made anew under names that others had, and meet those that name them. */
const nth = fc.nat(3);
const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('createVolume' as const), nth, shape, policy, reserve: fc.option(nth) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('createClaim' as const), nth, shape, choose: fc.option(nth) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('deleteClaim' as const), nth }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('deleteVolume' as const), nth }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('freeVolume' as const), nth }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('setPolicy' as const), nth, policy }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('kill' as const), afterWrites: fc.nat(5), lastWriteLands: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

/** One call in ten fails, half of those after they had their effect. */
function flakyClient(client: Client, random: Random): Client {
  const flaky =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const dice = random.next();
      if (dice < 0.05) throw ApiStatusError.of('Conflict', 'injected');
      const result = await call(...args);
      if (dice > 0.95) throw ApiStatusError.of('Timeout', 'injected');
      return result;
    };
  return {
    ...client,
    get: flaky(client.get) as Client['get'],
    update: flaky(client.update) as Client['update'],
    updateStatus: flaky(client.updateStatus) as Client['updateStatus'],
  };
}

class Run {
  readonly #world: World;
  readonly #random: Random;
  /** The uid of the volume that each claim was seen Bound to, by the claim's uid. */
  readonly #boundTo = new Map<string, string>();
  /** Uids of claims whose volume was taken from under them. */
  readonly #orphaned = new Set<string>();
  #controller: AsyncDisposable | undefined;
  /** Content that was destroyed although somebody owned it. */
  readonly violations: string[] = [];

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  async restart(kill = { afterWrites: Number.POSITIVE_INFINITY, lastWriteLands: true }): Promise<void> {
    await this.#controller?.[Symbol.asyncDispose]();
    const client = flakyClient(this.#world.plane.clientOf(component), this.#random);
    const guarded: Client = {
      ...client,
      create: async (type, draft, ...rest) => {
        const recycled = /^recycler-for-(.*)/.exec(draft.metadata.name ?? '')?.[1];
        if (recycled !== undefined) await this.#checkDestroyed(recycled, 'Recycle');
        return await client.create(type, draft, ...rest);
      },
    };
    const { plugin } = this.#world.backend;
    const guardedPlugin: ControllerPlugin = {
      ...plugin,
      delete: async (doomed) => {
        await this.#checkDestroyed(doomed.metadata.name, 'Delete');
        await plugin.delete?.(doomed);
      },
    };
    const plugins = new ControllerPlugins([guardedPlugin]);
    this.#controller = await this.#world.start({ plugins }, mortalClient(guarded, kill).client);
  }

  /** Nothing is destroyed but under its policy, and never what a living claim is bound to. */
  async #checkDestroyed(name: string, wanted: string): Promise<void> {
    const doomed = await this.#world.plane.get(persistentVolumes, { name });
    const claimRef = doomed?.spec.claimRef;
    if (!doomed || !claimRef) return;
    const { persistentVolumeReclaimPolicy } = doomed.spec;
    if (persistentVolumeReclaimPolicy !== wanted)
      this.violations.push(`${name} under ${persistentVolumeReclaimPolicy}`);
    const key = { namespace: claimRef.namespace, name: claimRef.name ?? '' };
    const owner = await this.#world.plane.get(persistentVolumeClaims, key);
    const isOwned = owner?.metadata.uid === claimRef.uid && owner?.spec.volumeName === name;
    if (isOwned) this.violations.push(`${name} of ${claimRef.name}`);
  }

  async do(next: Action): Promise<void> {
    const world = this.#world;
    switch (next.kind) {
      case 'createVolume': {
        const { tier, ...shape } = next.shape;
        const reserved = next.reserve === null ? {} : { for: `c${next.reserve}` };
        await world
          .createVolume(
            volume(`v${next.nth}`, {
              ...shape,
              ...reserved,
              policy: next.policy,
              phase: 'Pending',
              labels: { tier: tier ?? 'none' },
            }),
          )
          .catch(() => {});
        return;
      }
      case 'createClaim': {
        const { tier, ...shape } = next.shape;
        const chosen = next.choose === null ? {} : { on: `v${next.choose}` };
        const selector = tier === undefined ? {} : { selector: { matchLabels: { tier } } };
        await world.createClaim(claim(`c${next.nth}`, { ...shape, ...chosen, spec: selector })).catch(() => {});
        return;
      }
      case 'deleteClaim':
        return await world.removeClaim(`c${next.nth}`).catch(() => {});
      case 'deleteVolume':
        return await this.#removeVolume(`v${next.nth}`);
      case 'freeVolume':
        return await this.#freeReleased(`v${next.nth}`);
      case 'setPolicy':
        return await world
          .patchVolume(`v${next.nth}`, { spec: { persistentVolumeReclaimPolicy: next.policy } })
          .catch(() => {});
      case 'kill':
        await this.restart(next);
        await world.plane.clock.advance(1000);
        return await this.restart();
      case 'settle':
        await world.plane.clock.advance(30_000);
        return await this.check();
    }
  }

  /** Claims that were bound to it go to the next volume of the name, whatever it is like, as upstream's do. */
  async #removeVolume(name: string): Promise<void> {
    const { items } = await this.#world.client.list(persistentVolumeClaims);
    for (const { metadata, spec } of items) if (spec.volumeName === name) this.#orphaned.add(metadata.uid);
    await this.#world.removeVolume(name).catch(() => {});
  }

  /** What an administrator does when the data is saved. */
  async #freeReleased(name: string): Promise<void> {
    const found = await this.#world.plane.get(persistentVolumes, { name });
    if (found?.status?.phase === 'Released') await this.#world.patchVolume(name, { spec: { claimRef: null } });
  }

  async check(): Promise<void> {
    const volumes = (await this.#world.client.list(persistentVolumes)).items;
    const claims = (await this.#world.client.list(persistentVolumeClaims)).items;
    const bound = claims.filter(({ status }) => status?.phase === 'Bound');
    const names = bound.map(({ spec }) => spec.volumeName);
    expect(new Set(names).size).toBe(names.length);
    for (const one of bound) this.#checkBound(one, volumes, claims);
  }

  async checkNobodyWaitsInVain(): Promise<void> {
    const volumes = (await this.#world.client.list(persistentVolumes)).items;
    const claims = (await this.#world.client.list(persistentVolumeClaims)).items;
    const inVain = claims
      .filter(({ spec, status }) => status?.phase === 'Pending' && !spec.volumeName)
      .filter((waiting) => {
        const offered = volumes.filter((one) => checkAccessModes(waiting, one));
        return findMatchingVolume({ claim: waiting, volumes: offered }) !== undefined;
      });
    expect(inVain.map(({ metadata }) => metadata.name)).toEqual([]);
  }

  #checkBound(
    one: PersistentVolumeClaim,
    volumes: readonly PersistentVolume[],
    claims: readonly PersistentVolumeClaim[],
  ): void {
    const its = volumes.find(({ metadata }) => metadata.name === one.spec.volumeName);
    expect(its?.spec.claimRef?.uid).toBe(one.metadata.uid);
    if (!its) return;
    const claimants = volumes.filter(
      ({ spec, status }) => spec.claimRef?.uid === one.metadata.uid && status?.phase === 'Bound',
    );
    expect(claimants.map(({ metadata }) => metadata.name)).toEqual([its.metadata.name]);
    this.#checkMatch(one, its);
    const before = this.#boundTo.get(one.metadata.uid);
    const stillThere = volumes.some(({ metadata }) => metadata.uid === before);
    if (before !== undefined && stillThere) expect(its.metadata.uid).toBe(before);
    this.#boundTo.set(one.metadata.uid, its.metadata.uid);
    expect(claims.filter(({ metadata }) => metadata.uid === its.spec.claimRef?.uid)).toHaveLength(1);
  }

  #checkMatch(one: PersistentVolumeClaim, its: PersistentVolume): void {
    if (this.#orphaned.has(one.metadata.uid)) return;
    const isControllers = ({ metadata }: PersistentVolume | PersistentVolumeClaim) =>
      metadata.annotations?.['pv.kubernetes.io/bound-by-controller'] !== undefined;
    // Where users let both name each other, nothing is compared: B5.
    if (!isControllers(its) && !isControllers(one)) return;
    const size = (text: string | undefined) => Number.parseInt(text ?? '0', 10);
    expect(size(its.spec.capacity?.storage)).toBeGreaterThanOrEqual(size(one.spec.resources?.requests?.storage));
    expect(its.spec.accessModes).toEqual(expect.arrayContaining([...(one.spec.accessModes ?? [])]));
    expect(its.spec.volumeMode).toBe(one.spec.volumeMode);
    // What a user reserved for the claim is given to it without a look at class and labels.
    if (!isControllers(its)) return;
    expect(its.spec.storageClassName).toBe(one.spec.storageClassName);
    const wanted = one.spec.selector?.matchLabels;
    if (isControllers(one) && wanted) expect(its.metadata.labels).toMatchObject(wanted);
  }
}

describe('whatever users do, in whatever order, with calls that fail and a controller that dies', () => {
  it('[rel-B1] [rel-B2] [rel-B4] [rel-B5] [rel-B6] [rel-C4] [rel-L1] every bound claim has a volume of its own that fits, and keeps it with its content; none waits in vain', async () => {
    const property = fc.asyncProperty(
      fc.array(action, { maxLength: 30, size: 'max' }),
      fc.integer(),
      async (actions, seed) => {
        await using plane = await ControlPlane.start();
        const world = new World(plane);
        const run = new Run(world, seededRandom(seed));
        await runRecyclerPods(world);
        await run.restart();
        for (const next of actions) await run.do(next);
        await plane.clock.advance(60_000);
        await run.check();
        await run.checkNobodyWaitsInVain();
        expect(run.violations).toEqual([]);
      },
    );
    await fc.assert(property, { numRuns: 100 });
  }, 60_000);
});
