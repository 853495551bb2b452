import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deployments, nodes, type Pod, pods, services, statefulSets } from '../../src/api/index.ts';
import {
  startDeploymentController,
  startReplicaSetController,
  startStatefulSetController,
} from '../../src/controllers/index.ts';
import { Scheduler } from '../../src/scheduler/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { nodeDraft, podDraft } from './support/objects.ts';

const zone = 'topology.kubernetes.io/zone';
const hostname = 'kubernetes.io/hostname';
const web = { app: 'web' };
const selector = { matchLabels: web };

function apartFrom(topologyKey: string) {
  const required = [{ topologyKey, labelSelector: selector }];
  return { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
}

function template(spec: Partial<Pod['spec']>) {
  // Templates carry no identity; the type asks for more than the server does.
  return { metadata: { labels: web } as never, spec: { containers: [{ name: 'main', image: 'busybox' }], ...spec } };
}

describe('the scheduler and neighbours', () => {
  let plane: ControlPlane;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    const { client, informers, clock, logger } = plane;
    const recorder = plane.recorder('default-scheduler');
    const scheduler = plane.use(new Scheduler({ client, informers, recorder, clock, logger }));
    await plane.run();
    scheduler.start();
    await startOn(plane, 'deployment-controller', startDeploymentController);
    await startOn(plane, 'replicaset-controller', startReplicaSetController);
    await startOn(plane, 'statefulset-controller', startStatefulSetController);
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const settle = () => plane.clock.settle();

  async function createNodes(zones: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(zones)) {
      await plane.client.create(nodes, nodeDraft(name, { [zone]: value }));
    }
    await settle();
  }

  async function deploy(replicas: number, spec: Partial<Pod['spec']>): Promise<void> {
    const metadata = { namespace: 'default', name: 'web' };
    await plane.client.create(deployments, { metadata, spec: { replicas, selector, template: template(spec) } });
    await settle();
  }

  /** How many pods each node has. */
  async function perNode(): Promise<Record<string, number>> {
    const { items } = await plane.client.list(pods);
    const counts: Record<string, number> = {};
    for (const { spec } of items) {
      const name = spec.nodeName ?? 'waiting';
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  it('[U1] a StatefulSet whose pods keep apart has one pod on each node, and the rest wait', async () => {
    await createNodes({ n1: 'a', n2: 'a', n3: 'b' });
    await plane.client.create(statefulSets, {
      metadata: { namespace: 'default', name: 'web' },
      spec: {
        replicas: 4,
        serviceName: 'web',
        podManagementPolicy: 'Parallel',
        selector,
        template: template({ affinity: apartFrom(hostname) }),
      },
    });
    await settle();
    expect(await perNode()).toEqual({ n1: 1, n2: 1, n3: 1, waiting: 1 });
    const waiting = (await plane.client.list(pods)).items.find(({ spec }) => !spec.nodeName);
    const condition = waiting?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    expect(condition?.message).toContain("0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.");
    await createNodes({ n4: 'b' });
    await plane.clock.advance(2000);
    expect(await perNode()).toEqual({ n1: 1, n2: 1, n3: 1, n4: 1 });
  });

  it('[H10] a pod that must keep apart is placed when the pod in its way is deleted', async () => {
    await createNodes({ n1: 'a' });
    const { metadata, spec } = podDraft('first');
    await plane.client.create(pods, { metadata: { ...metadata, labels: web }, spec });
    await settle();
    const second = podDraft('second');
    await plane.client.create(pods, { ...second, spec: { ...second.spec, affinity: apartFrom(hostname) } });
    await settle();
    const key = { namespace: 'default', name: 'second' };
    expect((await plane.client.get(pods, key)).spec.nodeName).toBeUndefined();
    await plane.client.delete(pods, { namespace: 'default', name: 'first' }, { gracePeriodSeconds: 0 });
    await plane.clock.advance(2000);
    expect((await plane.client.get(pods, key)).spec.nodeName).toBe('n1');
  });

  it('[H10] a pod that wants company is placed when the company has come', async () => {
    await createNodes({ n1: 'a', n2: 'b' });
    const required = [{ topologyKey: zone, labelSelector: selector }];
    const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
    const lonely = podDraft('lonely');
    await plane.client.create(pods, { ...lonely, spec: { ...lonely.spec, affinity } });
    await settle();
    expect(await plane.eventsOf('lonely')).toEqual([
      expect.stringContaining("0/2 nodes are available: 2 node(s) didn't match pod affinity rules."),
    ]);
    const company = podDraft('company');
    const nodeSelector = { [hostname]: 'n2' };
    await plane.client.create(pods, {
      metadata: { ...company.metadata, labels: web },
      spec: { ...company.spec, nodeSelector },
    });
    await plane.clock.advance(2000);
    expect((await plane.client.get(pods, { namespace: 'default', name: 'lonely' })).spec.nodeName).toBe('n2');
  });

  it('[U1] a Deployment with a hard constraint over zones keeps them level', async () => {
    await createNodes({ a1: 'a', a2: 'a', a3: 'a', b1: 'b' });
    const constraint = { maxSkew: 1, topologyKey: zone, whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector };
    await deploy(6, { topologySpreadConstraints: [constraint] });
    const { b1, ...inA } = await perNode();
    expect(b1).toBe(3);
    expect(Object.values(inA).reduce((sum, count) => sum + count, 0)).toBe(3);
  });

  it('[U1] a Deployment without constraints is spread over the nodes, although one has more room', async () => {
    await createNodes({ n1: 'a', n2: 'a', n3: 'b' });
    const roomy = nodeDraft('n4', { [zone]: 'b' });
    const status = { allocatable: { cpu: '400', memory: '800Gi', pods: '110' } };
    await plane.client.create(nodes, { ...roomy, status });
    await plane.client.create(services, {
      metadata: { namespace: 'default', name: 'web' },
      spec: { clusterIP: 'None', selector: web },
    });
    await deploy(8, {});
    expect(await perNode()).toEqual({ n1: 2, n2: 2, n3: 2, n4: 2 });
  });
});
