import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Draft, nodes, type Pod, type PodSpec, pods } from '../../src/api/index.ts';
import { type Client, createInformerFactory } from '../../src/client/index.ts';
import { parseSchedulerConfig } from '../../src/cluster/flags/scheduler-config.ts';
import { Scheduler } from '../../src/scheduler/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { nodeDraft, podDraft } from './support/objects.ts';
import { slowClient } from './support/slow-client.ts';

const head = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n';

describe('several schedulers', () => {
  let plane: ControlPlane;

  beforeEach(async () => {
    plane = await ControlPlane.start();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function start(config: string, client: Client = plane.clientOf('scheduler')): Promise<void> {
    const { clock, random, logger } = plane;
    const informers = plane.use(createInformerFactory({ client, clock, logger, random }));
    const recorder = plane.recorder('default-scheduler');
    const { profiles, backoff } = await parseSchedulerConfig(head + config);
    const named = profiles.map((profile) => ({ ...profile, recorder: plane.recorder(profile.schedulerName) }));
    const options = { client, informers, recorder, clock, logger, backoff, profiles: named };
    const scheduler = plane.use(new Scheduler(options));
    informers.start();
    await clock.advance(10_000);
    scheduler.start();
  }

  async function createNode(name: string, cpu: string, spec: object = {}): Promise<void> {
    const status = { allocatable: { cpu, memory: '8Gi', pods: '110' } };
    await plane.client.create(nodes, { ...nodeDraft(name), spec, status });
  }

  async function createPod(name: string, schedulerName?: string, cpu = '1'): Promise<void> {
    const draft = podDraft(name);
    const containers = draft.spec.containers.map((each) => ({ ...each, resources: { requests: { cpu } } }));
    const named: Partial<PodSpec> = schedulerName === undefined ? {} : { schedulerName };
    await plane.client.create(pods, { ...draft, spec: { ...draft.spec, containers, ...named } } satisfies Draft<Pod>);
    await plane.clock.settle();
  }

  const nodeOf = async (name: string) => (await plane.get(pods, { namespace: 'default', name }))?.spec.nodeName;

  const packing = `
profiles:
- schedulerName: default-scheduler
- schedulerName: packing
  plugins:
    multiPoint: { disabled: [{ name: NodeResourcesBalancedAllocation }, { name: TaintToleration }] }
  pluginConfig:
  - name: NodeResourcesFit
    args: { scoringStrategy: { type: MostAllocated, resources: [{ name: cpu, weight: 1 }] } }
`;

  it('place their pods in one process by plugins and arguments of their own', async () => {
    await start(packing);
    await createNode('large', '16');
    await createNode('small', '4');
    await createPod('spread');
    await createPod('packed', 'packing');
    expect([await nodeOf('spread'), await nodeOf('packed')]).toEqual(['large', 'small']);
  });

  it('leave a plugin out for their own pods only', async () => {
    await start(packing);
    await createNode('tainted', '4', { taints: [{ key: 'a', effect: 'NoSchedule' }] });
    await createPod('heedful');
    await createPod('heedless', 'packing');
    expect([await nodeOf('heedful'), await nodeOf('heedless')]).toEqual([undefined, 'tainted']);
    const { items } = await plane.client.list(pods);
    expect(items.find(({ metadata }) => metadata.name === 'heedful')?.status?.conditions?.[0]?.reason).toBe(
      'Unschedulable',
    );
  });

  it('know of each other what they have taken', async () => {
    await start(packing);
    await createNode('only', '3');
    await createPod('first', 'packing', '2');
    await createPod('second', undefined, '2');
    expect([await nodeOf('first'), await nodeOf('second')]).toEqual(['only', undefined]);
    expect(await plane.eventsOf('second')).toEqual([
      expect.stringContaining('Warning FailedScheduling 0/1 nodes are available: 1 Insufficient cpu.'),
    ]);
    await plane.client.delete(pods, { namespace: 'default', name: 'first' }, { gracePeriodSeconds: 0 });
    await plane.clock.advance(1_000);
    expect(await nodeOf('second')).toBe('only');
  });

  it('leave pods alone that name none of them', async () => {
    await start('profiles: [{ schedulerName: a }, { schedulerName: b }]');
    await createNode('n', '9');
    for (const name of ['a', 'b', 'c']) await createPod(name, name);
    expect(await Promise.all(['a', 'b', 'c'].map(nodeOf))).toEqual(['n', 'n', undefined]);
  });

  it('[rel-L2] say nothing when another was first', async () => {
    const { clock, random } = plane;
    await using stack = new AsyncDisposableStack();
    const ended = new AbortController();
    stack.defer(() => ended.abort());
    const seeing = plane.clientOf('scheduler');
    let attempts = 0;
    const late: Client = {
      ...slowClient(seeing, { clock, random, signal: ended.signal, callMs: 1, watchMs: 5_000 }),
      createSubresource: async (type, name, key, body, options) => {
        attempts++;
        const binding = { metadata: { name: 'raced' }, target: { kind: 'Node', name: 'theirs' } };
        if (attempts === 1) await plane.client.createSubresource(type, name, key, binding as typeof body);
        return await seeing.createSubresource(type, name, key, body, options);
      },
    };
    await createNode('theirs', '9');
    await createNode('ours', '90');
    await start('', late);
    await clock.advance(60_000);
    await createPod('raced');
    await clock.advance(60_000);
    expect(await nodeOf('raced')).toBe('theirs');
    expect(await plane.eventsOf('raced')).toEqual([]);
    await createPod('next', undefined, '80');
    await clock.advance(60_000);
    expect(await nodeOf('next')).toBe('ours');
  });
});
