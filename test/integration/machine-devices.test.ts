/** The devices of attached volumes are named by the machine, which gives a name that became free to the next volume. */
import { expect, it, vi } from 'vitest';
import { persistentVolumeClaims, pods } from '../../src/api/index.ts';
import { keyIn } from '../faults/workloads/workload.ts';
import { World } from '../faults/world.ts';
import { claimDraft, mountingPod } from './support/objects.ts';

/** Of the machine's own time, for a busy one. */
vi.setConfig({ testTimeout: 60_000 });

async function start(world: World, name: string): Promise<void> {
  const draft = mountingPod(name, `claim-${name}`);
  await world.create(pods, { ...draft, spec: { ...draft.spec, nodeName: 'n1' } });
  await world.untilRunning(name);
}

async function stop(world: World, ...names: string[]): Promise<void> {
  for (const name of names) await world.remove(pods, keyIn(name));
  for (const name of names) await world.untilGone(pods, keyIn(name));
  await world.until('nothing attached', async () => world.backend.published.size === 0);
}

it.each([
  ['in one run of the agent', async () => {}],
  ['with a new run of the agent', async (world: World) => world.kubeletOf('n1').kill()],
])('[rel-D7] each volume is staged from its own device when they have changed places, %s', async (_, between) => {
  await using world = await World.start({ machines: 2 });
  const { driver } = world.machine('n1');
  for (const name of ['a', 'b']) {
    await world.create(persistentVolumeClaims, claimDraft(`claim-${name}`, 'now'));
    await world.untilBound(`claim-${name}`);
  }
  for (const name of ['a', 'b']) await start(world, name);
  await stop(world, 'a', 'b');
  await between(world);
  for (const name of ['b', 'a']) await start(world, name);
  const staged = driver.calls.filter(({ method }) => method === 'NodeStageVolume');
  expect(staged.map(({ device }) => device)).toEqual(['/dev/sdb', '/dev/sdc', '/dev/sdb', '/dev/sdc']);
  const [first, second, third, fourth] = staged.map(({ volumeId }) => volumeId);
  expect([third, fourth]).toEqual([second, first]);
  // The judge compares each of them with what the machine has behind the name.
  expect(world.judge.violations).toEqual([]);
});
