import { describe, expect, it } from 'vitest';
import { snapshotControllerName } from '../../../src/controllers/index.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { type Kill, mortalClient } from '../support/controllers.ts';
import { snap, taken, usual } from './objects.ts';
import { type Given, World } from './world.ts';

interface Workload {
  readonly name: string;
  readonly given: Given;
  /** What users and the snapshotter do, one after the other, whether or not the controller lives. */
  readonly steps: readonly ((world: World) => Promise<unknown>)[];
  readonly end: readonly string[];
}

/** Longer than any back-off that one crash can cause. */
const settleMs = 60_000;
const undisturbed: Kill = { afterWrites: Number.POSITIVE_INFINITY, lastWriteLands: true };

async function play({ given, steps }: Workload, kill: Kill) {
  await using plane = await ControlPlane.start();
  const world = new World(plane);
  await world.createAll(given);
  const mortal = mortalClient(plane.clientOf(snapshotControllerName), kill);
  let running: AsyncDisposable | undefined = await world.start({}, mortal.client);
  const reviveDead = async () => {
    if (!mortal.isDead || !running) return;
    await running[Symbol.asyncDispose]();
    running = undefined;
    await world.start();
  };
  for (const step of [() => Promise.resolve(), ...steps]) {
    await step(world);
    await plane.clock.advance(settleMs);
    await reviveDead();
    await plane.clock.advance(settleMs);
  }
  return { pictures: await world.pictures(), writes: mortal.writes };
}

const kept = { name: 'kept', for: 'snap', handle: 'h' };
const restored = { name: 'restored', restores: 'snap' };
const workloads: readonly Workload[] = [
  {
    name: '[S2] [W3] [rel-L10] a snapshot of a claim is taken',
    given: { ...usual, snapshots: [{ name: 'snap', of: 'data' }] },
    steps: [(world) => world.answer(taken)],
    end: [
      'snap gold ready of own 1Gi at 2023-11-14T22:13:20Z [source bound]',
      'own to snap Delete gold [held]',
      'data Bound',
    ],
  },
  {
    name: '[S4] [rel-L7] [rel-L10] a snapshot of a claim is taken, and deleted after a restore',
    given: { ...usual, snapshots: [snap] },
    steps: [
      (world) => world.answer(taken),
      (world) => world.createClaim(restored),
      (world) => world.deleteSnapshot(),
      (world) => world.deleteSnapshots(),
      (world) => world.setPhase('restored', 'Bound'),
      (world) => world.deleteSnapshots(),
    ],
    end: ['data Bound', 'restored Bound'],
  },
  {
    name: '[S4] [rel-L10] a snapshot is deleted under Retain',
    given: { ...usual, snapshots: [{ ...snap, className: 'silver' }] },
    steps: [(world) => world.answer(taken), (world) => world.deleteSnapshot(), (world) => world.deleteSnapshots()],
    end: ['own of a gone one to gone snap Retain silver [held] let go', 'data Bound'],
  },
  {
    name: '[S5] [rel-L10] a snapshot that exists is bound, and deleted',
    given: { snapshots: [{ name: 'snap', from: 'kept' }], contents: [kept] },
    steps: [
      (world) => world.answer(taken, 'kept'),
      (world) => world.deleteSnapshot(),
      (world) => world.deleteSnapshots(),
    ],
    end: [],
  },
];

async function survivesEveryKill(workload: Workload): Promise<void> {
  const reference = await play(workload, undisturbed);
  expect(reference.pictures).toEqual(workload.end);
  expect(reference.writes.length).toBeGreaterThan(0);
  for (let afterWrites = 0; afterWrites < reference.writes.length; afterWrites++) {
    for (const lastWriteLands of [false, true]) {
      const { pictures } = await play(workload, { afterWrites, lastWriteLands });
      const at = `killed ${lastWriteLands ? 'after' : 'before'} write ${afterWrites}: ${reference.writes[afterWrites]}`;
      expect({ at, pictures }).toEqual({ at, pictures: workload.end });
    }
  }
}

describe('[S2] [S4] [S5] [W3] killed before and after each of its writes, the snapshot controller ends as if nothing had happened', () => {
  for (const workload of workloads) it(workload.name, () => survivesEveryKill(workload));
});
