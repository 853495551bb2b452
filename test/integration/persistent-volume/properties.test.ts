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
import { ControlPlane } from '../support/control-plane.ts';
import { mortalClient } from '../support/controllers.ts';
import { claim, volume } from './objects.ts';
import { component, World } from './table.ts';

const sizes = ['1Gi', '2Gi', '3Gi'];
const modeSets = [['ReadWriteOnce'], ['ReadWriteOnce', 'ReadOnlyMany'], ['ReadWriteMany']];
const classes = ['', 'gold'];
const volumeModes = ['Filesystem', 'Block'];
const tiers = ['x', 'y'];

const shape = fc.record({
  size: fc.constantFrom(...sizes),
  modes: fc.constantFrom(...modeSets),
  class: fc.constantFrom(...classes),
  mode: fc.constantFrom('Filesystem', 'Filesystem', 'Filesystem', ...volumeModes),
  tier: fc.option(fc.constantFrom(...tiers), { nil: undefined }),
});

/** Names are few, so that objects are made anew under names that others had, and meet those that name them. */
const nth = fc.nat(5);
const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('createVolume' as const), nth, shape, reserve: fc.option(nth) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('createClaim' as const), nth, shape, choose: fc.option(nth) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('deleteClaim' as const), nth }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('deleteVolume' as const), nth }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('freeVolume' as const), nth }) },
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
  #controller: AsyncDisposable | undefined;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  async restart(kill = { afterWrites: Number.POSITIVE_INFINITY, lastWriteLands: true }): Promise<void> {
    await this.#controller?.[Symbol.asyncDispose]();
    const client = flakyClient(this.#world.plane.clientOf(component), this.#random);
    this.#controller = await this.#world.start({}, mortalClient(client, kill).client);
  }

  async do(next: Action): Promise<void> {
    const world = this.#world;
    switch (next.kind) {
      case 'createVolume': {
        const { tier, ...shape } = next.shape;
        const reserved = next.reserve === null ? {} : { for: `c${next.reserve}` };
        await world
          .createVolume(
            volume(`v${next.nth}`, { ...shape, ...reserved, phase: 'Pending', labels: { tier: tier ?? 'none' } }),
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
        return await world.removeVolume(`v${next.nth}`).catch(() => {});
      case 'freeVolume':
        return await this.#freeReleased(`v${next.nth}`);
      case 'kill':
        await this.restart(next);
        await world.plane.clock.advance(1000);
        return await this.restart();
      case 'settle':
        await world.plane.clock.advance(30_000);
        return await this.check();
    }
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

  /** A claim that was bound and lost its volume is bound again to any volume of that name, as upstream does. */
  #checkMatch(one: PersistentVolumeClaim, its: PersistentVolume): void {
    if (this.#boundTo.has(one.metadata.uid)) return;
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
  it('[rel-B1] [rel-B2] [rel-B4] [rel-L1] every bound claim has a volume of its own that fits, and keeps it; none waits in vain', async () => {
    const property = fc.asyncProperty(fc.array(action, { maxLength: 25 }), fc.integer(), async (actions, seed) => {
      await using plane = await ControlPlane.start();
      const run = new Run(new World(plane), seededRandom(seed));
      await run.restart();
      for (const next of actions) await run.do(next);
      await plane.clock.advance(60_000);
      await run.check();
      await run.checkNobodyWaitsInVain();
    });
    await fc.assert(property, { numRuns: 150 });
  }, 60_000);
});
