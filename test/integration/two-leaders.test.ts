import { describe, expect, it } from 'vitest';
import { startControlLoops } from './support/control-loops.ts';
import { ControlPlane } from './support/control-plane.ts';
import { FakeDriver } from './support/fake-driver.ts';
import { FakeKubelet } from './support/fake-kubelet.ts';
import {
  bindStatically,
  createClasses,
  endState,
  expand,
  moveStatefulSet,
  provisionAndDelete,
} from './support/storage-workloads.ts';
import { VolumeInvariants } from './support/volume-invariants.ts';

const workloads = { bindStatically, provisionAndDelete, moveStatefulSet, expand };

/** Runs a workload under as many complete sets of control loops as there are seeds; undefined is one without delays. */
async function run(workload: keyof typeof workloads, seeds: readonly (number | undefined)[]) {
  await using plane = await ControlPlane.start();
  const backend = new FakeDriver(plane.clock);
  const kubelets = new Map<string, FakeKubelet>();
  for (const name of ['n1', 'n2', 'n3']) kubelets.set(name, await FakeKubelet.start(plane, name, backend.name));
  const invariants = await VolumeInvariants.watch(plane, backend, kubelets);
  await plane.run();
  for (const seed of seeds) await startControlLoops(plane, { backend, ...(seed === undefined ? {} : { seed }) });
  await createClasses(plane);
  await workloads[workload](plane);
  // Whatever either of them still has in mind is done.
  await plane.clock.advance(60_000);
  const created = backend.calls.filter(({ method }) => method === 'CreateVolume').map(({ subject }) => subject);
  const { violations, reservedTwice } = invariants;
  const left = [...invariants.doubleReservations()];
  return { state: await endState(plane), violations, reservedTwice, left, created: new Set(created).size };
}

describe.each(Object.keys(workloads) as (keyof typeof workloads)[])('two of every leader at once: %s', (workload) => {
  it.each([1, 2, 3, 4, 5])(
    '[rel-A16][rel-F-CT3][rel-B1][rel-B2][rel-C1][rel-D1][rel-D2] break nothing and end as one does (seed %i)',
    { timeout: 60_000 },
    async (seed) => {
      const alone = await run(workload, [undefined]);
      const together = await run(workload, [seed * 2, seed * 2 + 1]);
      expect(alone).toMatchObject({ violations: [], reservedTwice: [] });
      expect(together).toMatchObject({ violations: [], left: [] });
      expect(together.state).toEqual(alone.state);
      expect(together.created).toBe(alone.created);
    },
  );
});
