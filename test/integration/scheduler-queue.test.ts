import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Draft,
  type Node,
  nodes,
  type Pod,
  type PodSpec,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  priorityClasses,
} from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { createInformerFactory } from '../../src/client/index.ts';
import { MetricsRegistry } from '../../src/metrics/index.ts';
import { Scheduler } from '../../src/scheduler/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { claimDraft, nodeDraft, podDraft, volumeDraft } from './support/objects.ts';

describe('pods that wait for the scheduler', () => {
  let plane: ControlPlane;
  let metrics: MetricsRegistry;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    metrics = new MetricsRegistry();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function start(client: Client = plane.clientOf('scheduler'), schedulerName?: string) {
    const { clock, random, logger } = plane;
    const informers = plane.use(createInformerFactory({ client, clock, logger, random }));
    const recorder = plane.recorder(schedulerName ?? 'default-scheduler');
    const named = schedulerName === undefined ? {} : { profiles: [{ schedulerName }] };
    const scheduler = plane.use(new Scheduler({ client, informers, recorder, clock, logger, metrics, ...named }));
    informers.start();
    await clock.settle();
    scheduler.start();
  }

  const pod = (name: string) => plane.get(pods, { namespace: 'default', name });
  const nodeOf = async (name: string) => (await pod(name))?.spec.nodeName;

  async function createPod(name: string, spec: Partial<PodSpec> = {}, cpu?: string) {
    const draft = podDraft(name);
    const resources = cpu === undefined ? {} : { resources: { requests: { cpu } } };
    const containers = draft.spec.containers.map((container) => ({ ...container, ...resources }));
    await plane.client.create(pods, { ...draft, spec: { ...draft.spec, containers, ...spec } } satisfies Draft<Pod>);
    await plane.clock.settle();
  }

  async function patchNode(body: object, subresource?: string) {
    await plane.client.patch(nodes, { name: 'n1' }, { type: 'merge', body }, subresource ? { subresource } : {});
  }

  /** How often pods were tried in vain. */
  async function failures(): Promise<number> {
    const text = await metrics.print();
    return Number(/^scheduler_schedule_attempts_total\{result="unschedulable".*\} (\d+)$/m.exec(text)?.[1]);
  }

  const nodeOf2Cpu: Draft<Node> = {
    ...nodeDraft('n1'),
    status: { allocatable: { cpu: '2', memory: '8Gi', pods: '110' } },
  };

  interface Wait {
    readonly node?: Draft<Node>;
    readonly spec?: Partial<PodSpec>;
    readonly cpu?: string;
  }
  const forRoom: Wait = { node: nodeOf2Cpu, cpu: '3' };
  const forLabel: Wait = { spec: { nodeSelector: { disk: 'ssd' } } };
  const forTaint: Wait = { node: { ...nodeDraft('n1'), spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } } };
  const forCordon: Wait = { node: { ...nodeDraft('n1'), spec: { unschedulable: true } } };
  const removeHog = async () => {
    await plane.client.delete(pods, { namespace: 'default', name: 'hog' }, { gracePeriodSeconds: 0 });
  };
  const endHog = async () => {
    const body = { status: { phase: 'Succeeded' } };
    await plane.client.patch(
      pods,
      { namespace: 'default', name: 'hog' },
      { type: 'merge', body },
      { subresource: 'status' },
    );
  };
  const grow = (cpu: string) => patchNode({ status: { allocatable: { cpu } } }, 'status');
  const label = (labels: object) => patchNode({ metadata: { labels } });
  const tolerate = async () => {
    const tolerations = [...((await pod('waiting'))?.spec.tolerations ?? []), { key: 'a', operator: 'Exists' }];
    await plane.client.patch(
      pods,
      { namespace: 'default', name: 'waiting' },
      { type: 'merge', body: { spec: { tolerations } } },
    );
  };

  it.each<[string, Wait, () => Promise<unknown>, 'placed' | 'tried' | 'left alone']>([
    ['room: the node grows', forRoom, () => grow('4'), 'placed'],
    ['room: the node grows too little', forRoom, () => grow('2500m'), 'left alone'],
    ['room: another node comes', forRoom, () => plane.client.create(nodes, nodeDraft('n2')), 'placed'],
    [
      'room: another node comes that is too small',
      forRoom,
      () => plane.client.create(nodes, { ...nodeOf2Cpu, metadata: { name: 'n2' } }),
      'left alone',
    ],
    ['room: a pod is deleted', { cpu: '3' }, removeHog, 'placed'],
    ['room: a pod ends', { cpu: '3' }, endHog, 'placed'],
    ['room: the node gets a label', forRoom, () => label({ disk: 'ssd' }), 'left alone'],
    ['a label: it comes', forLabel, () => label({ disk: 'ssd' }), 'placed'],
    ['a label: another comes', forLabel, () => label({ disk: 'hdd' }), 'left alone'],
    ['a label: a pod is deleted', forLabel, removeHog, 'left alone'],
    ['a label: the node grows', forLabel, () => grow('64'), 'left alone'],
    ['a taint: it goes', forTaint, () => patchNode({ spec: { taints: null } }), 'placed'],
    [
      'a taint: another comes',
      forTaint,
      () => patchNode({ spec: { taints: [{ key: 'b', effect: 'NoSchedule' }] } }),
      'left alone',
    ],
    ['a taint: the pod learns to bear it', forTaint, tolerate, 'placed'],
    ['a cordon: it is lifted', forCordon, () => patchNode({ spec: { unschedulable: false } }), 'placed'],
    [
      'a cordon: the node reports conditions',
      forCordon,
      () => patchNode({ status: { conditions: [{ type: 'Ready', status: 'True' }] } }, 'status'),
      'left alone',
    ],
  ])('[H10] waits for %s', async (_what, { node = nodeDraft('n1'), spec, cpu }, change, expected) => {
    await start();
    await plane.client.create(nodes, node);
    await createPod('hog', { tolerations: [{ operator: 'Exists' }] }, cpu === '3' && node === nodeOf2Cpu ? '0' : '2');
    await createPod('waiting', spec, cpu);
    await plane.clock.advance(20_000);
    const before = await failures();
    await change();
    await plane.clock.advance(5000);
    const outcome = (await nodeOf('waiting')) ? 'placed' : (await failures()) > before ? 'tried' : 'left alone';
    expect(outcome).toBe(expected);
  });

  it('[rel-L14] a thousand pods that fit nowhere keep no other waiting', async () => {
    await start();
    await plane.client.create(nodes, nodeDraft('n1'));
    for (let i = 0; i < 1000; i++) {
      const draft = podDraft(`stuck-${i}`);
      await plane.client.create(pods, { ...draft, spec: { ...draft.spec, nodeSelector: { disk: 'ssd' } } });
    }
    await plane.clock.advance(1000);
    const before = await failures();
    const startMs = plane.clock.now();
    await createPod('healthy');
    expect([await nodeOf('healthy'), plane.clock.now() - startMs, (await failures()) - before]).toEqual(['n1', 0, 0]);
    expect(await metrics.print()).toContain('scheduler_pending_pods{queue="unschedulable"} 1000');
  });

  it('[rel-L12] writes nothing while a thousand pods wait for nothing that happens', async () => {
    await start();
    await plane.client.create(nodes, nodeDraft('n1'));
    for (let i = 0; i < 1000; i++) {
      const draft = podDraft(`stuck-${i}`);
      await plane.client.create(pods, { ...draft, spec: { ...draft.spec, nodeSelector: { disk: 'ssd' } } });
    }
    await plane.clock.advance(30_000);
    const revision = async () => (await plane.client.list(nodes)).resourceVersion;
    const before = await revision();
    await plane.clock.advance(4 * 60_000);
    expect(await revision()).toBe(before);
  });

  it('[rel-L14] pods that every deletion may help are tried after their back-offs, behind a new one', async () => {
    await start();
    await plane.client.create(nodes, nodeOf2Cpu);
    for (let i = 0; i < 100; i++) await createPod(`large-${i}`, {}, '3');
    await plane.clock.advance(20_000);
    await createPod('small', {}, '1');
    const before = await failures();
    for (let i = 0; i < 20; i++) {
      await plane.client.delete(pods, { namespace: 'default', name: 'small' }, { gracePeriodSeconds: 0 });
      await createPod('small', {}, '1');
      expect(await nodeOf('small')).toBe('n1');
    }
    expect((await failures()) - before).toBeLessThanOrEqual(100);
  });

  it('holds a pod with gates back without a word, and places it when they are gone', async () => {
    await start();
    await plane.client.create(nodes, nodeDraft('n1'));
    await createPod('gated', { schedulingGates: [{ name: 'example.com/one' }, { name: 'example.com/two' }] });
    expect((await pod('gated'))?.status?.conditions).toEqual([
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ]);
    const open = (schedulingGates: object[] | null) =>
      plane.client.patch(
        pods,
        { namespace: 'default', name: 'gated' },
        { type: 'merge', body: { spec: { schedulingGates } } },
      );
    await open([{ name: 'example.com/two' }]);
    await plane.clock.advance(10 * 60_000);
    expect([await nodeOf('gated'), await plane.eventsOf('gated')]).toEqual([undefined, []]);
    await open(null);
    await plane.clock.settle();
    expect(await nodeOf('gated')).toBe('n1');
  });

  it('takes only pods that name it', async () => {
    await start(undefined, 'mine');
    await plane.client.create(nodes, nodeDraft('n1'));
    await createPod('ours', { schedulerName: 'mine' });
    await createPod('theirs', { schedulerName: 'other' });
    await createPod('nobodys');
    await plane.clock.advance(6 * 60_000);
    expect(await Promise.all(['ours', 'theirs', 'nobodys'].map(nodeOf))).toEqual(['n1', undefined, undefined]);
    expect([...(await plane.eventsOf('theirs')), ...(await plane.eventsOf('nobodys'))]).toEqual([]);
  });

  it('[rel-L2] places a pod whose binding was refused once, and gives its room back meanwhile', async () => {
    const seeing = plane.clientOf('scheduler');
    let refusals = 1;
    const client: Client = {
      ...seeing,
      createSubresource: async (...call) => {
        if (refusals-- > 0) throw new TypeError('refused by the test');
        return await seeing.createSubresource(...call);
      },
    };
    await start(client);
    await plane.client.create(nodes, nodeOf2Cpu);
    await createPod('first', {}, '2');
    await createPod('second', {}, '1');
    expect([await nodeOf('first'), await nodeOf('second')]).toEqual([undefined, 'n1']);
    expect(await plane.eventsOf('first')).toEqual([
      'Warning FailedScheduling running Bind plugin "DefaultBinder": refused by the test',
    ]);
    expect((await pod('first'))?.status?.conditions?.[0]).toMatchObject({
      type: 'PodScheduled',
      reason: 'SchedulerError',
    });
    await plane.client.delete(pods, { namespace: 'default', name: 'second' }, { gracePeriodSeconds: 0 });
    await plane.clock.advance(10_000);
    expect(await nodeOf('first')).toBe('n1');
  });

  it('forgets a pod that is deleted while it waits, and takes one of the same name', async () => {
    await start();
    await plane.client.create(nodes, nodeDraft('n1'));
    await createPod('a', { nodeSelector: { disk: 'ssd' } });
    await plane.client.delete(pods, { namespace: 'default', name: 'a' });
    await plane.clock.settle();
    expect(await metrics.print()).toContain('scheduler_pending_pods{queue="unschedulable"} 0');
    await createPod('a');
    expect(await nodeOf('a')).toBe('n1');
  });

  it('[U1][rel-H4] a more important pod takes a ReadWriteOncePod claim from a lesser one', async () => {
    await start();
    await plane.client.create(priorityClasses, { metadata: { name: 'high' }, value: 1000 });
    for (const name of ['n1', 'n2']) await plane.client.create(nodes, nodeDraft(name));
    const volume = volumeDraft('v', 'x');
    await plane.client.create(persistentVolumes, {
      ...volume,
      spec: { ...volume.spec, accessModes: ['ReadWriteOncePod'] },
    });
    const claim = claimDraft('data', 'x');
    const annotations = { 'pv.kubernetes.io/bind-completed': 'yes' };
    await plane.client.create(persistentVolumeClaims, {
      metadata: { ...claim.metadata, annotations },
      spec: { ...claim.spec, accessModes: ['ReadWriteOncePod'], volumeName: 'v' },
    });
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
    await createPod('lesser', { volumes });
    expect(await nodeOf('lesser')).toBeDefined();
    await createPod('equal', { volumes });
    const inUse =
      'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';
    expect(await plane.eventsOf('equal')).toEqual([
      `Warning FailedScheduling 0/2 nodes are available: 2 ${inUse}. preemption: 0/2 nodes are available: ` +
        '2 No preemption victims found for incoming pod.',
    ]);
    await createPod('greater', { volumes, priorityClassName: 'high' });
    expect((await pod('lesser'))?.metadata.deletionTimestamp).toBeDefined();
    expect((await pod('greater'))?.status?.nominatedNodeName).toBe(await nodeOf('lesser'));
    await plane.client.delete(pods, { namespace: 'default', name: 'lesser' }, { gracePeriodSeconds: 0 });
    await plane.clock.advance(1000);
    expect([await nodeOf('greater'), await nodeOf('equal')]).toEqual([expect.any(String), undefined]);
  });

  it('counts attempts, waiting pods and how long they took', async () => {
    await start();
    await plane.client.create(nodes, nodeDraft('n1'));
    await createPod('one');
    await createPod('two', { nodeSelector: { disk: 'ssd' } });
    const text = await metrics.print();
    for (const line of [
      'scheduler_schedule_attempts_total{result="scheduled",profile="default-scheduler"} 1',
      'scheduler_schedule_attempts_total{result="unschedulable",profile="default-scheduler"} 1',
      'scheduler_scheduling_attempt_duration_seconds_count{result="scheduled",profile="default-scheduler"} 1',
      'scheduler_pod_scheduling_sli_duration_seconds_count{attempts="1"} 1',
      'scheduler_pending_pods{queue="unschedulable"} 1',
      'scheduler_pending_pods{queue="active"} 0',
      'scheduler_queue_incoming_pods_total{queue="active",event="UnscheduledPodAdd"} 2',
      'scheduler_queue_incoming_pods_total{queue="unschedulable",event="ScheduleAttemptFailure"} 1',
      'scheduler_preemption_attempts_total 1',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });
});
