/** A whole cluster with real node agents when nobody wants anything of it. */
import { expect, it, vi } from 'vitest';
import { statefulSets } from '../../src/api/index.ts';
import { setDraft } from '../faults/workloads/nodes.ts';
import { World } from '../faults/world.ts';

/** Of the machine's own time, for a busy one. */
vi.setConfig({ testTimeout: 60_000 });

const settleMs = 120_000;
const spanMs = 600_000;

it('[rel-L12] asks drivers nothing and writes nothing at rest but that the nodes live', async () => {
  await using world = await World.start({ machines: 2 });
  await world.create(statefulSets, setDraft(2) as never);
  await world.untilRunning('web-1');
  await world.plane.clock.advance(settleMs);
  const { backend, machines, traces } = world;
  const rpcs = () => backend.calls.length + [...machines.values()].reduce((sum, { driver }) => sum + driver.rpcs, 0);
  const asked = rpcs();
  expect(asked).toBeGreaterThan(8);
  const known = new Map([...traces].map(([name, { writes }]) => [name, writes.length]));
  await world.plane.clock.advance(spanMs);
  // One each minute to each driver is allowed, for probes; the agents do not even probe.
  expect(rpcs() - asked).toBe(0);
  const written = [...traces].flatMap(([name, { writes }]) =>
    writes.slice(known.get(name)).map((write) => `${name}: ${write}`),
  );
  const heartbeats = ['kubelet-n1: patch nodes/status n1', 'kubelet-n2: patch nodes/status n2'];
  expect(written.sort()).toEqual([...heartbeats, ...heartbeats].sort());
});
