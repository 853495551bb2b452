import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Draft,
  nodes,
  type Pod,
  type PodSpec,
  podDisruptionBudgets,
  pods,
  priorityClasses,
} from '../../src/api/index.ts';
import { Scheduler } from '../../src/scheduler/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { nodeDraft, podDraft } from './support/objects.ts';

const finalizer = 'example.com/hold';

describe('preemption', () => {
  let plane: ControlPlane;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    const { client, informers, clock, logger } = plane;
    for (const [name, value] of Object.entries({ low: 10, middle: 100, high: 1000 })) {
      await client.create(priorityClasses, { metadata: { name }, value });
    }
    await client.create(priorityClasses, { metadata: { name: 'polite' }, value: 1000, preemptionPolicy: 'Never' });
    const recorder = plane.recorder('default-scheduler');
    const scheduler = plane.use(
      new Scheduler({ client: plane.clientOf('scheduler'), informers, recorder, clock, logger }),
    );
    await plane.run();
    scheduler.start();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const get = (name: string) => plane.get(pods, { namespace: 'default', name });

  async function createPod(name: string, priorityClassName: string, cpu: string, more: Partial<PodSpec> = {}) {
    const draft = podDraft(name);
    const [container] = draft.spec.containers;
    if (!container) throw new Error('the draft has a container');
    const containers = [{ ...container, resources: { requests: { cpu } } }];
    const spec = { ...draft.spec, priorityClassName, containers, ...more };
    const metadata = { ...draft.metadata, labels: { app: name }, finalizers: [finalizer] };
    await plane.client.create(pods, { metadata, spec } satisfies Draft<Pod>);
    await plane.clock.settle();
  }

  /** What the kubelet and whoever holds the finalizer would do. */
  async function leave(name: string) {
    const pod = await get(name);
    if (!pod) throw new Error(`no pod ${name}`);
    await plane.client.patch(pods, pod.metadata, { type: 'merge', body: { metadata: { finalizers: null } } });
    if (!pod.metadata.deletionTimestamp) throw new Error(`${name} was to be deleted`);
    await plane.client.delete(pods, pod.metadata, { gracePeriodSeconds: 0 }).catch(() => {});
    await plane.clock.settle();
  }

  it('[U1] removes the least important pods, waits for them to leave and takes their place', async () => {
    await plane.client.create(nodes, nodeDraft('n1'));
    await createPod('low', 'low', '2');
    await createPod('middle', 'middle', '2');
    await createPod('high', 'high', '2');
    expect((await get('low'))?.metadata.deletionTimestamp).toBeDefined();
    expect((await get('middle'))?.metadata.deletionTimestamp).toBeUndefined();
    expect((await get('low'))?.status?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'PreemptionByScheduler',
        message: 'default-scheduler: preempting to accommodate a higher priority pod',
      }),
    );
    const high = await get('high');
    expect([high?.spec.nodeName, high?.status?.nominatedNodeName]).toEqual([undefined, 'n1']);
    expect(await plane.eventsOf('low')).toContain(`Normal Preempted Preempted by pod ${high?.metadata.uid} on node n1`);
    expect(await plane.eventsOf('high')).toEqual([
      'Warning FailedScheduling 0/1 nodes are available: 1 Insufficient cpu.',
    ]);
    await leave('low');
    await plane.clock.advance(1000);
    const placed = await get('high');
    expect([placed?.spec.nodeName, placed?.status?.nominatedNodeName]).toEqual(['n1', undefined]);
  });

  it('[U1] keeps the place free from a pod of less importance that comes meanwhile', async () => {
    await plane.client.create(nodes, nodeDraft('n1'));
    await createPod('low', 'low', '3');
    await createPod('high', 'high', '4');
    // There is room for it now, but not beside the one that the room is being made for.
    await createPod('middle', 'middle', '1');
    expect((await get('middle'))?.spec.nodeName).toBeUndefined();
    await leave('low');
    await plane.clock.advance(20_000);
    expect([(await get('high'))?.spec.nodeName, (await get('middle'))?.spec.nodeName]).toEqual(['n1', undefined]);
  });

  it('[U1] waits for victims on their way out instead of removing more', async () => {
    await plane.client.create(nodes, nodeDraft('n1'));
    await createPod('low', 'low', '2');
    await createPod('middle', 'middle', '2');
    await createPod('high', 'high', '2');
    await plane.client.patch(
      nodes,
      { name: 'n1' },
      { type: 'merge', body: { metadata: { labels: { new: 'label' } } } },
    );
    await plane.clock.advance(6 * 60_000);
    expect((await get('middle'))?.metadata.deletionTimestamp).toBeUndefined();
    expect((await plane.eventsOf('high')).at(-1)).toBe(
      'Warning FailedScheduling 0/1 nodes are available: 1 Insufficient cpu. ' +
        'preemption: not eligible due to a terminating pod on the nominated node.',
    );
  });

  it('[U1][H1] removes nobody for a pod that preempts never, and says so', async () => {
    await plane.client.create(nodes, nodeDraft('n1'));
    await createPod('low', 'low', '4');
    await createPod('polite', 'polite', '1');
    expect((await get('low'))?.metadata.deletionTimestamp).toBeUndefined();
    expect(await plane.eventsOf('polite')).toEqual([
      'Warning FailedScheduling 0/1 nodes are available: 1 Insufficient cpu. ' +
        'preemption: not eligible due to preemptionPolicy=Never.',
    ]);
  });

  it('[U1][H1] says for each node why preemption does not help', async () => {
    await plane.client.create(nodes, nodeDraft('full'));
    await plane.client.create(nodes, { ...nodeDraft('cordoned'), spec: { unschedulable: true } });
    await plane.client.create(nodes, {
      ...nodeDraft('small'),
      status: { allocatable: { cpu: '1', memory: '1Gi', pods: '9' } },
    });
    await createPod('important', 'high', '4');
    await createPod('equal', 'high', '2');
    expect(await plane.eventsOf('equal')).toEqual([
      'Warning FailedScheduling 0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. ' +
        'preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, ' +
        '2 Preemption is not helpful for scheduling.',
    ]);
  });

  it('[U1] spares the pods that a disruption budget protects where others can go', async () => {
    for (const name of ['n1', 'n2']) await plane.client.create(nodes, nodeDraft(name));
    const budget = await plane.client.create(podDisruptionBudgets, {
      metadata: { namespace: 'default', name: 'protects' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'protected' } } },
    });
    await plane.client.patch(
      podDisruptionBudgets,
      budget.metadata,
      {
        type: 'merge',
        body: { status: { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 } },
      },
      { subresource: 'status' },
    );
    await createPod('protected', 'low', '4');
    await createPod('unprotected', 'middle', '4');
    await createPod('high', 'high', '4');
    const going = await Promise.all(
      ['protected', 'unprotected'].map(async (name) => !!(await get(name))?.metadata.deletionTimestamp),
    );
    expect(going).toEqual([false, true]);
  });

  it('[U1] forgets the promise when preemption no longer helps', async () => {
    await plane.client.create(nodes, nodeDraft('n1'));
    await createPod('low', 'low', '4');
    await createPod('high', 'high', '4');
    expect((await get('high'))?.status?.nominatedNodeName).toBe('n1');
    await plane.client.patch(nodes, { name: 'n1' }, { type: 'merge', body: { spec: { unschedulable: true } } });
    await leave('low');
    await plane.clock.advance(20_000);
    const high = await get('high');
    expect([high?.spec.nodeName, high?.status?.nominatedNodeName]).toEqual([undefined, undefined]);
  });
});
