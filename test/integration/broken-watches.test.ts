/** Every watch of every process breaks off at one moment; none may stay behind. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  ApiStatusError,
  builtInResources,
  cronJobs,
  csiDrivers,
  daemonSets,
  deployments,
  jobs,
  podDisruptionBudgets,
  priorityClasses,
  replicationControllers,
  resourceQuotas,
  services,
  statefulSets,
  volumeAttributesClasses,
} from '../../src/api/index.ts';
import { controlProcesses, kubeletProcesses, type ProcessName } from '../faults/plan.ts';
import { setDraft } from '../faults/workloads/nodes.ts';
import { keyIn } from '../faults/workloads/workload.ts';
import { World } from '../faults/world.ts';
import { podDraft } from './support/objects.ts';

/** Of the machine's own time, for a busy one. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** The bound, in virtual time. */
const resumedWithinMs = 5_000;
const restMs = 60_000;
const names: readonly ProcessName[] = [...controlProcesses, ...kubeletProcesses.slice(0, 2)];

let world: World;

/** One of each kind that is not there anyway. */
async function createOthers(): Promise<void> {
  const selector = { matchLabels: { app: 'other' } };
  const template = { metadata: { labels: selector.matchLabels }, spec: podDraft('unused').spec };
  const metadata = keyIn('other');
  await world.create(deployments, { metadata, spec: { replicas: 0, selector, template } });
  await world.create(replicationControllers, { metadata, spec: { replicas: 0, selector: { app: 'other' }, template } });
  await world.create(daemonSets, {
    metadata,
    spec: { selector, template: { ...template, spec: { ...template.spec, nodeSelector: { no: 'where' } } } },
  });
  const never = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } };
  await world.create(jobs, { metadata, spec: { suspend: true, template: never } });
  await world.create(cronJobs, {
    metadata,
    spec: { suspend: true, schedule: '0 0 1 1 *', jobTemplate: { spec: { template: never } } },
  });
  await world.create(resourceQuotas, { metadata, spec: { hard: { pods: '100' } } });
  await world.create(services, { metadata, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } });
  await world.create(podDisruptionBudgets, { metadata, spec: { minAvailable: 1, selector } });
  await world.create(csiDrivers, { metadata: { name: world.backend.name }, spec: { attachRequired: true } });
  await world.create(volumeAttributesClasses, {
    metadata: { name: 'silver' },
    driverName: world.backend.name,
    parameters: { a: 'b' },
  });
  await world.create(priorityClasses, { metadata: { name: 'high' }, value: 1 });
}

beforeEach(async () => {
  world = await World.start({ machines: 2 });
  await createOthers();
  await world.create(statefulSets, setDraft(2) as never);
  await world.untilRunning('web-1');
  await world.plane.clock.advance(restMs);
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** Changes every object there is, as it stands then. */
async function touchAll(mark: string): Promise<void> {
  const { client } = world.plane;
  for (const type of builtInResources) {
    if (!('kind' in type)) continue;
    for (const { metadata } of (await client.list(type)).items) {
      const body = { metadata: { annotations: { touched: mark } } };
      await client.patch(type, metadata, { type: 'merge', body });
    }
  }
}

/** Which watches of which process hear of changes, as long as the time goes. */
async function listen(spanMs: number): Promise<string[]> {
  for (const name of names) world.processOf(name).takeNews();
  await touchAll(String(world.plane.clock.now()));
  await world.plane.clock.advance(spanMs);
  return names
    .flatMap((name) => [...world.processOf(name).takeNews().keys()].map((watch) => `${name}: ${watch}`))
    .sort();
}

const gone = new ApiStatusError({ status: 'Failure', reason: 'Expired', code: 410, message: 'too old' });

const breaks: readonly (readonly [string, () => Promise<void>])[] = [
  [
    'the connections were reset',
    async () => {
      for (const name of names) world.processOf(name).breakWatches();
    },
  ],
  [
    'what they were at is no longer known',
    async () => {
      for (const name of names) world.processOf(name).breakWatches(gone);
    },
  ],
  [
    'the API was away for ten minutes',
    async () => {
      for (const name of names) world.processOf(name).partition();
      await world.plane.clock.advance(600_000);
      for (const name of names) world.processOf(name).heal();
    },
  ],
];

it.each(breaks)('[rel-L11] hear of every kind again within 5 s after %s', async (_, happen) => {
  const before = await listen(1_000);
  expect(before.length).toBeGreaterThan(60);
  await happen();
  expect(await listen(resumedWithinMs)).toEqual(before);
});
