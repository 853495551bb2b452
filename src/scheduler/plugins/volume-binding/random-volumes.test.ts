import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareQuantities,
  type KubernetesObject,
  keyOf,
  type Labels,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '../../../api/index.ts';
import { findMatchingVolume } from '../../../component-helpers/index.ts';
import type { CycleState } from '../../framework/plugin.ts';
import { claim, localClass, node, pod, storageClass, volume } from '../testing/objects.ts';
import { VolumeWorld } from '../testing/volume-world.ts';
import type { NodeVolumes } from './find-volumes.ts';

const hosts = ['n0', 'n1', 'n2'];
const size = fc.constantFrom('500Mi', '1Gi', '1000M', '2Gi', '10Gi');
/** Mostly what most volumes have, so that most of them are a choice. */
const rarely = <T>(usual: T, other: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });
const allModes = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany'];
const modes = rarely(allModes, fc.subarray(allModes, { minLength: 1 }));
const volumeMode = rarely<string | undefined>(undefined, fc.constantFrom('Filesystem', 'Block'));
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const className = rarely('wait', fc.constant('other'));

const volumes: fc.Arbitrary<PersistentVolume[]> = fc
  .array(
    fc.record({
      className,
      size,
      modes,
      volumeMode,
      tier: fc.constantFrom('a', 'b'),
      hosts: some(fc.subarray(hosts, { minLength: 1, maxLength: 2 })),
      zone: rarely<string | undefined>(undefined, fc.constantFrom('z0', 'z1')),
      phase: rarely('Available', fc.constant('Released')),
      reserved: rarely<string | undefined>(undefined, fc.constantFrom('c0', 'c1', 'stranger')),
      deleting: rarely(false, fc.constant(true)),
    }),
    { maxLength: 14 },
  )
  .map((rows) =>
    rows.map((row, index) =>
      volume(`v${index}`, {
        class: row.className,
        size: row.size,
        labels: { tier: row.tier },
        phase: row.phase,
        deleting: row.deleting,
        ...(row.hosts ? { hosts: row.hosts } : {}),
        ...(row.zone ? { topology: { zone: [row.zone] } } : {}),
        ...(row.reserved ? { claim: row.reserved, uid: false } : {}),
        more: { accessModes: row.modes, ...(row.volumeMode ? { volumeMode: row.volumeMode } : {}) },
      }),
    ),
  );

const claims: fc.Arbitrary<PersistentVolumeClaim[]> = fc
  .array(
    fc.record({
      className,
      size,
      modes: rarely(['ReadWriteOnce'], fc.subarray(allModes, { minLength: 1 })),
      volumeMode,
      tier: rarely<string | undefined>(undefined, fc.constantFrom('a', 'b')),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((rows) =>
    rows.map((row, index) =>
      claim(`c${index}`, {
        class: row.className,
        size: row.size,
        modes: row.modes,
        more: {
          ...(row.volumeMode ? { volumeMode: row.volumeMode } : {}),
          ...(row.tier ? { selector: { matchLabels: { tier: row.tier } } } : {}),
        },
      }),
    ),
  );

const nodes = hosts.map((name, index) => node(name, { zone: `z${index % 2}` }));
const base = [...nodes, localClass, storageClass('other', { provisioner: 'kubernetes.io/no-provisioner' })];

function plansOf(world: VolumeWorld, named: readonly string[]): ReadonlyMap<string, NodeVolumes> {
  const { state } = world.ask(world.plugins.volumeBinding, pod('p', { claims: named }));
  return state.read<{ byNode: Map<string, NodeVolumes> }>('VolumeBinding')?.byNode ?? new Map();
}

/** The rule once more, clause by clause. */
function satisfies(chosen: PersistentVolume, wanted: PersistentVolumeClaim, { metadata }: Node): boolean {
  const labels: Labels = metadata.labels ?? {};
  const terms = chosen.spec.nodeAffinity?.required?.nodeSelectorTerms;
  const isReachable =
    !terms ||
    terms.some(({ matchExpressions = [] }) =>
      matchExpressions.every(({ key, values }) => values?.includes(labels[key] ?? '')),
    );
  const { claimRef } = chosen.spec;
  const isReserved = claimRef !== undefined;
  const fitsAtAll =
    (!isReserved || claimRef.name === wanted.metadata.name) &&
    compareQuantities(chosen.spec.capacity?.storage ?? '0', wanted.spec.resources?.requests?.storage ?? '0') >= 0 &&
    (chosen.spec.volumeMode ?? 'Filesystem') === (wanted.spec.volumeMode ?? 'Filesystem') &&
    chosen.metadata.deletionTimestamp === undefined &&
    chosen.spec.storageClassName === wanted.spec.storageClassName;
  // Whoever reserved a volume for a claim vouches for the rest.
  const fitsUnreserved =
    isReserved ||
    (chosen.status?.phase === 'Available' &&
      (wanted.spec.accessModes ?? []).every((mode) => chosen.spec.accessModes?.includes(mode)) &&
      Object.entries(wanted.spec.selector?.matchLabels ?? {}).every(
        ([key, value]) => chosen.metadata.labels?.[key] === value,
      ));
  return isReachable && fitsAtAll && fitsUnreserved;
}

const capacityOf = (found: PersistentVolume | undefined) => found?.spec.capacity?.storage;

describe('random volumes and claims', () => {
  it('[rel-B4] every volume that is chosen satisfies its claim and its node', () => {
    fc.assert(
      fc.property(volumes, claims, (all, wanted) => {
        const world = new VolumeWorld([...base, ...all, ...wanted]);
        const names = wanted.map(({ metadata }) => metadata.name);
        for (const [nodeName, { bindings }] of plansOf(world, names)) {
          const where = nodes.find(({ metadata }) => metadata.name === nodeName) as Node;
          for (const { volume: chosen, claim: taker } of bindings) expect(satisfies(chosen, taker, where)).toBe(true);
          expect(new Set(bindings.map(({ volume: chosen }) => chosen.metadata.name)).size).toBe(bindings.length);
        }
      }),
    );
  });

  it('[rel-B4][H2] a single claim is given what a scan of all volumes gives', () => {
    fc.assert(
      fc.property(volumes, claims, (all, wanted) => {
        const world = new VolumeWorld([...base, ...all, ...wanted]);
        for (const one of wanted) {
          const plans = plansOf(world, [one.metadata.name]);
          for (const where of nodes) {
            const ofClass = all.filter(({ spec }) => spec.storageClassName === one.spec.storageClassName);
            const scanned = findMatchingVolume({ claim: one, volumes: ofClass, node: where });
            const chosen = plans.get(where.metadata.name)?.bindings[0]?.volume;
            expect(capacityOf(chosen)).toBe(capacityOf(scanned));
          }
        }
      }),
    );
  });

  it('[rel-H4] no volume is promised to two claims, whatever is placed and taken back', () => {
    const step = fc.record({
      claims: fc.subarray(['c0', 'c1', 'c2', 'c3', 'c4'], { minLength: 1, maxLength: 3 }),
      undo: fc.nat(4),
      write: fc.boolean(),
    });
    fc.assert(
      fc.property(volumes, claims, fc.array(step, { minLength: 5, maxLength: 25 }), (all, wanted, steps) => {
        const world = new VolumeWorld([...base, ...all, ...wanted]);
        const plugin = world.plugins.volumeBinding;
        const reserved: CycleState[] = [];
        let version = 100;
        for (const [index, { claims: named, undo, write }] of steps.entries()) {
          const { state, nodes: answers } = world.ask(plugin, pod(`p${index}`, { claims: named }));
          const fitting = nodes.find(({ metadata }) => answers[metadata.name] === 'fits');
          if (fitting && plugin.reserve(state, pod(`p${index}`), fitting).code === 'success') reserved.push(state);
          const promises = promisesOf(reserved);
          for (const others of [...promises.ofVolume.values(), ...promises.ofClaim.values()])
            expect(others.size).toBe(1);
          const taken = reserved[undo];
          if (write && taken) for (const changed of changesOf(taken)) world.set(written(changed, ++version));
          else if (taken) {
            // Whoever relied on what this one was to write is woken, and gives up with it; and so on.
            const lost = [taken];
            for (const one of lost) {
              lost.push(...reliantOn(one, reserved).filter((other) => !lost.includes(other)));
              plugin.unreserve(one);
              reserved.splice(reserved.indexOf(one), 1);
            }
          }
        }
      }),
      { numRuns: 400 },
    );
  });
});

interface Promised {
  readonly assumed?: {
    readonly bindings: readonly { claim: PersistentVolumeClaim; volume: PersistentVolume; isChanged: boolean }[];
  };
}

interface Promises {
  readonly ofVolume: Map<string, Set<string>>;
  readonly ofClaim: Map<string, Set<string>>;
}

/** Which claims each volume is promised to, and which volumes each claim is. */
function promisesOf(states: readonly CycleState[]): Promises {
  const promises: Promises = { ofVolume: new Map(), ofClaim: new Map() };
  const note = (into: Map<string, Set<string>>, key: string, other: string) =>
    into.set(key, (into.get(key) ?? new Set()).add(other));
  for (const state of states) {
    for (const { claim: taker, volume: taken } of state.read<Promised>('VolumeBinding')?.assumed?.bindings ?? []) {
      note(promises.ofVolume, taken.metadata.name, keyOf(taker));
      note(promises.ofClaim, keyOf(taker), taken.metadata.name);
    }
  }
  return promises;
}

/** The volumes that PreBind would write. */
function changesOf(state: CycleState): readonly PersistentVolume[] {
  const bindings = state.read<Promised>('VolumeBinding')?.assumed?.bindings ?? [];
  return bindings.filter(({ isChanged }) => isChanged).map(({ volume: changed }) => changed);
}

/** The reservations that count on a volume which only this one would write. */
function reliantOn(state: CycleState, all: readonly CycleState[]): readonly CycleState[] {
  const names = new Set(changesOf(state).map(({ metadata }) => metadata.name));
  const bindingsOf = (other: CycleState) => other.read<Promised>('VolumeBinding')?.assumed?.bindings ?? [];
  return all.filter(
    (other) => other !== state && bindingsOf(other).some(({ volume: taken }) => names.has(taken.metadata.name)),
  );
}

function written(changed: PersistentVolume, version: number): KubernetesObject {
  return { ...changed, metadata: { ...changed.metadata, resourceVersion: String(version) } };
}
