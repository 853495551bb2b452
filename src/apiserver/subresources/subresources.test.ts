import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  deployments,
  type KubernetesObject,
  podDisruptionBudgets,
  pods,
  serviceAccounts,
  statefulSets,
} from '../../api/index.ts';
import { Harness, refusalOf } from '../test-harness.ts';
import { pod } from '../test-objects.ts';
import { selfSubjectAccessReviews, selfSubjectReviews, tokenReviews } from './reviews.ts';

let harness: Harness;
const key = (name: string) => ({ namespace: 'default', name });

beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

const bind = (name: string, binding: object) => harness.createSubresource(pods, key(name), 'binding', binding);

describe('pods/binding', () => {
  it('gives a pod its node and notes that it is scheduled', async () => {
    await harness.create(pods, pod('p'));
    const metadata = { annotations: { a: 'b' } };
    const answer = await bind('p', { metadata, target: { kind: 'Node', name: 'n' } });
    expect(answer).toMatchObject({ kind: 'Status', status: 'Success' });
    const bound = await harness.get(pods, key('p'));
    expect(bound.spec?.nodeName).toBe('n');
    expect(bound.metadata).toMatchObject({ annotations: { a: 'b' }, generation: 1 });
    expect(bound.status?.conditions).toEqual([
      { type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 1 },
    ]);
  });

  it('happens once, to the pod that is meant, and to none that is going', async () => {
    const target = { kind: 'Node', name: 'n' };
    await harness.create(pods, pod('p'));
    expect((await refusalOf(bind('p', { metadata: { uid: 'other' }, target }))).reason).toBe('Conflict');
    await bind('p', { target });
    const twice = await refusalOf(bind('p', { target: { kind: 'Node', name: 'm' } }));
    expect(twice.message).toBe(
      'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n"',
    );
    await harness.create(pods, pod('gated', { schedulingGates: [{ name: 'example.com/wait' }] }));
    expect((await refusalOf(bind('gated', { target }))).message).toContain('has non-empty .spec.schedulingGates');
    expect((await refusalOf(bind('none', { target }))).reason).toBe('NotFound');
    expect((await refusalOf(bind('p', { target: { kind: 'Node' } }))).code).toBe(422);
  });
});

describe('scale', () => {
  const scaled = { group: 'autoscaling', kind: 'Scale' };

  beforeEach(async () => {
    const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const spec = { replicas: 2, serviceName: 'a', selector: { matchLabels: { app: 'a' } }, template };
    await harness.create(statefulSets, { metadata: key('a'), spec } as never);
  });

  it('shows the replicas and the selector of what it scales', async () => {
    const { object } = await harness.send({ verb: 'get', resource: statefulSets, ...key('a'), subresource: 'scale' });
    expect(object).toMatchObject({
      apiVersion: 'autoscaling/v1',
      kind: scaled.kind,
      spec: { replicas: 2 },
      status: { replicas: 0, selector: 'app=a' },
    });
  });

  it('changes the replicas, and nothing else', async () => {
    const scale = { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: key('a'), spec: { replicas: 5 } };
    await harness.update(statefulSets, scale as never, { subresource: 'scale' });
    const set = await harness.get(statefulSets, key('a'));
    expect(set.spec?.replicas).toBe(5);
    expect(set.metadata.generation).toBe(2);
    await harness.patch(
      statefulSets,
      key('a'),
      { type: 'merge', body: { spec: { replicas: 1 } } },
      { subresource: 'scale' },
    );
    expect((await harness.get(statefulSets, key('a'))).spec?.replicas).toBe(1);
    const { resourceVersion } = set.metadata;
    const stale = { ...scale, metadata: { ...key('a'), resourceVersion } };
    expect((await refusalOf(harness.update(statefulSets, stale as never, { subresource: 'scale' }))).reason).toBe(
      'Conflict',
    );
    const negative = { ...scale, spec: { replicas: -1 } };
    expect((await refusalOf(harness.update(statefulSets, negative as never, { subresource: 'scale' }))).message).toBe(
      'Scale.autoscaling "a" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    );
    const missing = harness.patch(deployments, key('none'), { type: 'merge', body: {} }, { subresource: 'scale' });
    expect((await refusalOf(missing)).reason).toBe('NotFound');
  });
});

describe('pods/eviction', () => {
  const evict = (name: string) => harness.createSubresource(pods, key(name), 'eviction', { deleteOptions: {} });

  async function running(name: string, ready = 'True', phase = 'Running'): Promise<void> {
    await harness.create(pods, { ...pod(name), metadata: { ...key(name), labels: { app: 'a' } } });
    const body = { status: { phase, conditions: [{ type: 'Ready', status: ready }] } };
    await harness.patch(pods, key(name), { type: 'merge', body }, { subresource: 'status' });
  }

  it('[U1] refuses an Eviction of another name', async () => {
    await running('p');
    const body = { metadata: { name: 'q' } };
    const refusal = await refusalOf(harness.createSubresource(pods, key('p'), 'eviction', body));
    expect(refusal.message).toBe('name in URL does not match name in Eviction object');
  });

  it('deletes a pod that no budget protects', async () => {
    await running('p');
    await evict('p');
    expect(await harness.exists(pods, key('p'))).toBe(false);
  });

  it('charges the budget, and is refused when it is spent', async () => {
    await running('p');
    await running('q');
    const budget = await harness.create(podDisruptionBudgets, {
      metadata: key('b'),
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'a' } } },
    });
    expect((await refusalOf(evict('p'))).code).toBe(429);
    const status = {
      disruptionsAllowed: 1,
      currentHealthy: 2,
      desiredHealthy: 1,
      expectedPods: 2,
      observedGeneration: 1,
    };
    await harness.update(podDisruptionBudgets, { ...budget, status }, { subresource: 'status' });
    await evict('p');
    expect((await harness.get(podDisruptionBudgets, key('b'))).status).toMatchObject({
      disruptionsAllowed: 0,
      disruptedPods: { p: '2026-01-01T00:00:00Z' },
    });
    const spent = await refusalOf(evict('q'));
    expect(spent.message).toBe("Cannot evict pod as it would violate the pod's disruption budget.");
    expect(await harness.exists(pods, key('q'))).toBe(true);
  });

  async function budgetWith(status: object, spec: object = {}): Promise<void> {
    const budget = await harness.create(podDisruptionBudgets, {
      metadata: key('b'),
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'a' } }, ...spec },
    });
    const counts = { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 2 };
    await harness.update(
      podDisruptionBudgets,
      { ...budget, status: { ...counts, observedGeneration: 1, ...status } },
      { subresource: 'status' },
    );
  }

  it.each<[string, object, object, [string, string]]>([
    ['that is not ready while there are enough that are', {}, {}, ['False', 'Running']],
    [
      'that is not ready if such pods may always go',
      { currentHealthy: 0 },
      { unhealthyPodEvictionPolicy: 'AlwaysAllow' },
      ['False', 'Running'],
    ],
    ['that has ended', {}, {}, ['False', 'Succeeded']],
    ['that has not begun', {}, {}, ['False', 'Pending']],
  ])('[U1] does not charge the budget for a pod %s', async (_, status, spec, [ready, phase]) => {
    await running('p', ready, phase);
    await budgetWith(status, spec);
    await evict('p');
    expect(await harness.exists(pods, key('p'))).toBe(false);
    expect((await harness.get(podDisruptionBudgets, key('b'))).status?.disruptedPods).toBeUndefined();
  });

  const failed = { type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'no scale' };
  it.each<[string, object, number, string]>([
    [
      'a pod that is not ready while too few are',
      { currentHealthy: 0 },
      429,
      'The disruption budget b needs 1 healthy pods and has 0 currently',
    ],
    [
      'a pod whose budget was not looked at since it changed',
      { observedGeneration: 0, currentHealthy: 0 },
      429,
      'The disruption budget b is still being processed by the server.',
    ],
    [
      'a pod whose budget cannot be worked out',
      { desiredHealthy: 0, conditions: [{ ...failed, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
      429,
      'The disruption budget b does not allow evicting pods currently because it failed sync: no scale',
    ],
  ])('[U1] refuses %s', async (_, status, code, detail) => {
    await running('p', 'False');
    await budgetWith(status);
    const refusal = await refusalOf(evict('p'));
    expect(refusal.code).toBe(code);
    expect(refusal.status.details?.causes).toEqual([{ reason: 'DisruptionBudget', message: detail }]);
  });
});

describe('reviews', () => {
  const ask = async (resource: typeof tokenReviews, object: object) =>
    (await harness.send({ verb: 'create', resource, object, options: {} })).object as KubernetesObject;

  it('tell who asks and what he may do', async () => {
    expect(await ask(selfSubjectReviews, {})).toMatchObject({
      status: { userInfo: { username: 'admin', groups: ['system:masters'] } },
    });
    const spec = { resourceAttributes: { verb: 'list', resource: 'pods' } };
    expect(await ask(selfSubjectAccessReviews, { spec })).toMatchObject({ status: { allowed: true } });
    expect((await refusalOf(ask(selfSubjectAccessReviews, { spec: {} }))).code).toBe(400);
    expect((await refusalOf(ask(selfSubjectAccessReviews, {}))).code).toBe(400);
  });

  it('tell whose token it is', async () => {
    await harness.create(serviceAccounts, { metadata: key('robot') });
    const { status } = await harness.createSubresource<{ status: { token: string } }>(
      serviceAccounts,
      key('robot'),
      'token',
      { spec: {} },
    );
    expect(await ask(tokenReviews, { spec: { token: status.token } })).toMatchObject({
      status: { authenticated: true, user: { username: 'system:serviceaccount:default:robot' } },
    });
    const bad = await ask(tokenReviews, { spec: { token: 'nonsense' } });
    expect(bad).toMatchObject({ status: { authenticated: false } });
  });

  it('are only asked, never stored', async () => {
    const list = harness.send({ verb: 'list', resource: tokenReviews, options: {} });
    expect((await refusalOf(list)).code).toBe(405);
  });
});
