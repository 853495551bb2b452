import { describe, expect, it } from 'vitest';
import {
  labelHostname,
  nodes,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '../../src/api/index.ts';
import { startPersistentVolumeController } from '../../src/controllers/index.ts';
import { Scheduler } from '../../src/scheduler/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { claimDraft, classDraft, nodeDraft, podDraft, volumeDraft } from './support/objects.ts';
import { PodAgent } from './support/pod-agent.ts';

/** What is allowed once a pod can run. The agent here takes no time of its own. */
const boundMs = 60_000;
/** Between two appearances: long enough for back-offs to grow. */
const gapMs = 7000;

const noProvisioner = 'kubernetes.io/no-provisioner';

type Step = (plane: ControlPlane) => Promise<unknown>;

const steps: Readonly<Record<string, Step>> = {
  'the node': ({ client }) => client.create(nodes, nodeDraft('n1')),
  'the class': ({ client }) =>
    client.create(storageClasses, classDraft('local', 'WaitForFirstConsumer', noProvisioner)),
  'the claim': ({ client }) => client.create(persistentVolumeClaims, claimDraft('data', 'local')),
  'the volume': ({ client }) => client.create(persistentVolumes, volumeDraft('disk', 'local', 'n1')),
  'the pod': ({ client }) => client.create(pods, podDraft('user', 'data')),
};

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

async function startPlane(): Promise<ControlPlane> {
  const plane = await ControlPlane.start();
  const { client, informers, clock, logger } = plane;
  const recorder = plane.recorder('default-scheduler');
  const scheduler = plane.use(new Scheduler({ client, informers, recorder, clock, logger }));
  await plane.run();
  scheduler.start();
  await startOn(plane, 'persistentvolume-controller', startPersistentVolumeController);
  const agent = await PodAgent.start(plane);
  agent.isStuck = ({ spec }) => !spec.nodeName;
  return plane;
}

const phaseOf = async (plane: ControlPlane, name: string) =>
  (await plane.get(pods, { namespace: 'default', name }))?.status?.phase;

describe('a pod with volumes', () => {
  it.each(Object.keys(steps))(
    '[rel-L2][H10] runs within a minute of %s, in whatever order the rest came',
    async (last) => {
      const others = Object.keys(steps).filter((name) => name !== last);
      const late: string[] = [];
      for (const order of permutations(others)) {
        await using plane = await startPlane();
        for (const name of [...order, last]) {
          await steps[name]?.(plane);
          if (name !== last) await plane.clock.advance(gapMs);
        }
        await plane.clock.advance(boundMs);
        if ((await phaseOf(plane, 'user')) !== 'Running') late.push(order.join(', '));
      }
      expect(late).toEqual([]);
    },
  );

  const webLabels = { app: 'web' };
  const apart = {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: labelHostname, labelSelector: { matchLabels: webLabels } },
      ],
    },
  };
  const patchNode =
    (body: object): Step =>
    ({ client }) =>
      client.patch(nodes, { name: 'n1' }, { type: 'merge', body });
  const occupy =
    (spec: Partial<Pod['spec']>): Step =>
    ({ client }) => {
      const draft = podDraft('occupant');
      return client.create(pods, {
        metadata: { ...draft.metadata, labels: webLabels },
        spec: { ...draft.spec, ...spec },
      });
    };
  const leave: Step = ({ client }) => client.delete(pods, { namespace: 'default', name: 'occupant' });
  const big = { containers: [{ name: 'main', image: 'busybox', resources: { requests: { cpu: '3' } } }] };

  it.each<[string, { obstacle: Step; removal: Step; spec?: Partial<Pod['spec']> }]>([
    [
      'the node is uncordoned',
      {
        obstacle: patchNode({ spec: { unschedulable: true } }),
        removal: patchNode({ spec: { unschedulable: null } }),
      },
    ],
    [
      'the taint is gone',
      {
        obstacle: patchNode({ spec: { taints: [{ key: 'full', effect: 'NoSchedule' }] } }),
        removal: patchNode({ spec: { taints: null } }),
      },
    ],
    [
      'the node gets the label that is asked for',
      {
        spec: { nodeSelector: { disk: 'ssd' } },
        obstacle: async () => {},
        removal: patchNode({ metadata: { labels: { disk: 'ssd' } } }),
      },
    ],
    ['the pod in its way is gone', { spec: { affinity: apart }, obstacle: occupy({}), removal: leave }],
    ['there is room again', { spec: big, obstacle: occupy(big), removal: leave }],
    [
      'the zone to spread over is known',
      {
        spec: {
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'zone',
              whenUnsatisfiable: 'DoNotSchedule',
              labelSelector: { matchLabels: webLabels },
            },
          ],
        },
        obstacle: async () => {},
        removal: patchNode({ metadata: { labels: { zone: 'a' } } }),
      },
    ],
  ])('[rel-L2][H10] runs within a minute after %s', async (_, { obstacle, removal, spec = {} }) => {
    await using plane = await startPlane();
    for (const name of ['the node', 'the class', 'the claim', 'the volume']) await steps[name]?.(plane);
    await obstacle(plane);
    await plane.clock.advance(gapMs);
    const draft = podDraft('user', 'data');
    await plane.client.create(pods, { ...draft, spec: { ...draft.spec, ...spec } });
    await plane.clock.advance(10 * gapMs);
    expect(await phaseOf(plane, 'user')).toBe('Pending');
    await removal(plane);
    await plane.clock.advance(boundMs);
    expect(await phaseOf(plane, 'user')).toBe('Running');
  });
});
