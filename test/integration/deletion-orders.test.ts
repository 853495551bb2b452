/** Pods, claims, volumes, attachments, nodes, the driver and the class are deleted in any order, under faults. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Deletion, DeletionWorld, deletions } from './support/deletion-world.ts';
import { Code, type FakeDriver } from './support/fake-driver.ts';

const pause = fc.constantFrom(0, 0, 100, 3_000, 20_000, 70_000);
const methods = ['ControllerPublishVolume', 'ControllerUnpublishVolume', 'DeleteVolume'];
const fault = fc.record({
  kind: fc.constantFrom('refusals' as const, 'lostReplies' as const),
  method: fc.constantFrom(...methods),
  code: fc.constantFrom(Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.INTERNAL),
});
type Fault = typeof fault extends fc.Arbitrary<infer T> ? T : never;

/** What precedes a deletion. */
const disturbance = fc.record({
  pauseMs: pause,
  fault: fc.option(fault, { nil: undefined, freq: 4 }),
  isRestart: fc.integer({ min: 0, max: 11 }).map((dice) => dice === 0),
});
type Disturbance = typeof disturbance extends fc.Arbitrary<infer T> ? T : never;

const plan = fc.record({
  order: fc.shuffledSubarray([...deletions], { minLength: deletions.length }),
  disturbances: fc.array(disturbance, { minLength: deletions.length, maxLength: deletions.length }),
  /** How many are deleted before it is looked what nobody wants any more. */
  before: fc.nat(deletions.length - 1),
  seed: fc.integer({ min: 1, max: 1_000_000 }),
});

const timeoutMs = 120_000;
const runs = Number(process.env.DELETION_ORDERS ?? 24);

function order(backend: FakeDriver, { kind, method, code }: Fault): void {
  backend.fail(kind, method, code);
}

async function carryOut(world: DeletionWorld, steps: readonly (readonly [Deletion, Disturbance | undefined])[]) {
  for (const [what, given] of steps) {
    if (given?.fault) order(world.backend, given.fault);
    if (given?.isRestart) await world.restart();
    await world.plane.clock.advance(given?.pauseMs ?? 0);
    await world.delete(what);
  }
  // A call that fails is tried again after a while: the bound counts from when none does.
  for (const faults of [world.backend.refusals, world.backend.lostReplies]) faults.clear();
}

describe('what is deleted in any order', () => {
  it('[rel-L4] [rel-L5] [rel-L6] [rel-L7] [rel-D5] leaves no attachment, no volume and no finalizer behind', {
    timeout: timeoutMs,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(plan, async ({ order: all, disturbances, before, seed }) => {
        await using world = await DeletionWorld.start(seed);
        const steps = all.map((what, index) => [what, disturbances[index]] as const);
        await carryOut(world, steps.slice(0, before));
        const isTidy = async () => (await world.problems()).length === 0;
        await world.plane.clock.until(isTidy, world.boundMs, 'no problems').catch(() => {});
        expect(await world.problems()).toEqual([]);
        await carryOut(world, steps.slice(before));
        const isEmpty = async () => (await world.remains()).length === 0;
        await world.plane.clock.until(isEmpty, world.boundMs, 'nothing left').catch(() => {});
        expect(await world.remains()).toEqual([]);
      }),
      { numRuns: runs, interruptAfterTimeLimit: timeoutMs - 20_000 },
    );
  });
});
