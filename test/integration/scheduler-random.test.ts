/**
 * Random changes of a small cluster, and the question afterwards: would a scheduler that knows nothing of the past place
 * a pod that this one left waiting? If so, an event was missed that should have woken the pod.
 */
import { describe, expect, it } from 'vitest';
import {
  type Draft,
  isConflict,
  isInvalid,
  isNotFound,
  type Node,
  nodes,
  type Pod,
  pods,
} from '../../src/api/index.ts';
import { type Random, seededRandom } from '../../src/base/index.ts';
import { createInformerFactory } from '../../src/client/index.ts';
import { Scheduler } from '../../src/scheduler/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { podDraft } from './support/objects.ts';

const steps = 200;
const nodeNames = ['n1', 'n2', 'n3', 'n4'];
const podNames = Array.from({ length: 24 }, (_, i) => `p${i}`);
const hostname = 'kubernetes.io/hostname';

class Dice {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  oneOf<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}

function nodeOf(dice: Dice, name: string): Draft<Node> {
  return {
    metadata: { name, labels: { [hostname]: name, disk: dice.oneOf(['ssd', 'hdd']), zone: dice.oneOf(['a', 'b']) } },
    spec: {
      unschedulable: dice.chance(20),
      taints: dice.chance(30) ? [{ key: dice.oneOf(['red', 'blue']), effect: 'NoSchedule' }] : [],
    },
    status: { allocatable: { cpu: dice.oneOf(['1', '2']), memory: '8Gi', pods: dice.oneOf(['2', '4', '8']) } },
  };
}

function podOf(dice: Dice, name: string): Draft<Pod> {
  const draft = podDraft(name);
  const selector = { labelSelector: { matchLabels: { app: dice.oneOf(['x', 'y']) } } };
  const term = { ...selector, topologyKey: dice.oneOf([hostname, 'zone']) };
  const rule = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
  const spread = { ...selector, maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' };
  const ports = dice.chance(20) ? [{ containerPort: 80, hostPort: dice.oneOf([80, 81]) }] : [];
  const resources = { requests: { cpu: dice.oneOf(['100m', '500m', '1', '2']) } };
  return {
    metadata: { ...draft.metadata, labels: { app: dice.oneOf(['x', 'y', 'z']) } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'busybox', resources, ports }],
      ...(dice.chance(30) ? { nodeSelector: { disk: 'ssd' } } : {}),
      ...(dice.chance(30) ? { tolerations: [{ key: dice.oneOf(['red', 'blue']), operator: 'Exists' }] } : {}),
      ...(dice.chance(20)
        ? { affinity: { podAntiAffinity: rule } }
        : dice.chance(20)
          ? { affinity: { podAffinity: rule } }
          : {}),
      ...(dice.chance(20) ? { topologySpreadConstraints: [spread] } : {}),
      ...(dice.chance(10) ? { schedulingGates: [{ name: 'example.com/gate' }] } : {}),
    },
  };
}

/** One change; one that does not apply just now is no change. */
async function change(plane: ControlPlane, dice: Dice): Promise<void> {
  const { client } = plane;
  const node = dice.oneOf(nodeNames);
  const pod = { namespace: 'default', name: dice.oneOf(podNames) };
  const patchNode = (body: object, options = {}) =>
    client.patch(nodes, { name: node }, { type: 'merge', body }, options);
  const fresh = nodeOf(dice, node);
  const changes: readonly (() => Promise<unknown>)[] = [
    () => client.create(nodes, fresh),
    () => client.delete(nodes, { name: node }),
    () => patchNode({ spec: fresh.spec }),
    () => patchNode({ metadata: { labels: fresh.metadata.labels } }),
    () => patchNode({ status: fresh.status }, { subresource: 'status' }),
    ...Array.from({ length: 8 }, () => () => client.create(pods, podOf(dice, pod.name))),
    ...Array.from({ length: 3 }, () => () => client.delete(pods, pod)),
    () =>
      client.patch(pods, pod, { type: 'merge', body: { metadata: { labels: { app: dice.oneOf(['x', 'y', 'z']) } } } }),
    () =>
      client.patch(pods, pod, { type: 'merge', body: { status: { phase: 'Succeeded' } } }, { subresource: 'status' }),
    () => client.patch(pods, pod, { type: 'merge', body: { spec: { schedulingGates: null } } }),
  ];
  try {
    await dice.oneOf(changes)();
  } catch (thrown) {
    if (!isNotFound(thrown) && !isConflict(thrown) && !isInvalid(thrown) && !/already exists/.test(String(thrown)))
      throw thrown;
  }
}

async function startScheduler(plane: ControlPlane): Promise<AsyncDisposable> {
  const { clock, random, logger } = plane;
  const stack = new AsyncDisposableStack();
  const client = plane.clientOf('scheduler');
  const informers = stack.use(createInformerFactory({ client, clock, logger, random }));
  const recorder = plane.recorder('default-scheduler');
  const scheduler = stack.use(new Scheduler({ client, informers, recorder, clock, logger }));
  informers.start();
  await clock.settle();
  scheduler.start();
  return stack;
}

async function placements(plane: ControlPlane): Promise<Record<string, string | undefined>> {
  const { items } = await plane.client.list(pods);
  return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name, spec.nodeName]));
}

describe('the scheduler after random changes', () => {
  it.each(Array.from({ length: 25 }, (_, seed) => seed))(
    '[H10][rel-L2] has left no pod waiting that fits (seed %i)',
    async (seed) => {
      const dice = new Dice(seed);
      await using plane = await ControlPlane.start();
      const first = await startScheduler(plane);
      for (let step = 0; step < steps; step++) {
        await change(plane, dice);
        if (dice.chance(25)) await plane.clock.advance(dice.oneOf([0, 100, 1500, 6000]));
      }
      // Longer than any back-off, shorter than the safety net of 5 minutes.
      await plane.clock.advance(30_000);
      const before = await placements(plane);
      await first[Symbol.asyncDispose]();
      await using _second = await startScheduler(plane);
      await plane.clock.advance(1000);
      expect(await placements(plane)).toEqual(before);
    },
  );
});
