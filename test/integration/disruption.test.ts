import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ApiStatusError,
  type Draft,
  podDisruptionBudgets,
  pods,
  type ReplicaSet,
  replicaSets,
} from '../../src/api/index.ts';
import { startDisruptionController, startReplicaSetController } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { podDraft } from './support/objects.ts';
import { PodAgent } from './support/pod-agent.ts';

const key = { namespace: 'default', name: 'web' };
const web = { app: 'web' };
const selector = { matchLabels: web };

function setDraft(replicas: number): Draft<ReplicaSet> {
  // Templates carry no identity; the type asks for more than the server does.
  const template = { metadata: { labels: web }, spec: { containers: [{ name: 'main', image: 'busybox' }] } } as never;
  return { metadata: key, spec: { replicas, selector, template } };
}

describe('the disruption controller', () => {
  let plane: ControlPlane;
  let agent: PodAgent;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    agent = await PodAgent.start(plane);
    agent.nodeName = 'n1';
    await startOn(plane, 'replicaset-controller', startReplicaSetController);
    await startOn(plane, 'controllermanager', startDisruptionController);
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const budget = () => plane.client.get(podDisruptionBudgets, key);
  const names = async () => (await plane.client.list(pods)).items.map(({ metadata }) => metadata.name);
  const evict = (name: string) =>
    plane.client.createSubresource(pods, { namespace: 'default', name }, 'eviction', {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { namespace: 'default', name },
    } as never);

  async function createBudget(spec: object): Promise<void> {
    await plane.client.create(podDisruptionBudgets, { metadata: key, spec: { selector, ...spec } });
    await plane.clock.settle();
  }

  it('[U1] says how many pods may go, and follows them', async () => {
    await plane.client.create(replicaSets, setDraft(3));
    await plane.clock.settle();
    await createBudget({ maxUnavailable: 1 });
    expect((await budget()).status).toMatchObject({
      currentHealthy: 3,
      desiredHealthy: 2,
      expectedPods: 3,
      disruptionsAllowed: 1,
      observedGeneration: 1,
      conditions: [{ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', observedGeneration: 1 }],
    });
    const [first = ''] = await names();
    agent.isStuck = () => true;
    await agent.end(first, 'Failed');
    expect((await budget()).status).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 0 });
    agent.isStuck = () => false;
    await agent.lookAgain();
    expect((await budget()).status).toMatchObject({ currentHealthy: 3, disruptionsAllowed: 1 });
  });

  it('[U1] lets one pod be evicted, and the next one when its successor is ready', async () => {
    await plane.client.create(replicaSets, setDraft(2));
    await plane.clock.settle();
    await createBudget({ minAvailable: 1 });
    agent.isStuck = () => true;
    const [first = '', second = ''] = await names();
    await evict(first);
    await plane.clock.settle();
    expect((await plane.client.get(pods, { namespace: 'default', name: first })).status?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'EvictionByEvictionAPI',
        message: 'Eviction API: evicting',
      }),
    );
    const refusal = await evict(second).catch((thrown: unknown) => thrown);
    expect(refusal).toBeInstanceOf(ApiStatusError);
    const { status } = refusal as ApiStatusError;
    expect(status).toMatchObject({
      code: 429,
      reason: 'TooManyRequests',
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      details: {
        causes: [
          {
            reason: 'DisruptionBudget',
            message: 'The disruption budget web needs 1 healthy pods and has 1 currently',
          },
        ],
      },
    });
    agent.isStuck = () => false;
    await agent.lookAgain();
    await plane.clock.settle();
    expect((await budget()).status).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 1 });
    await evict(second);
    await plane.clock.settle();
    expect(await names()).not.toContain(second);
  });

  it('[U1] allows nothing for pods whose number is not known, and says so', async () => {
    await createBudget({ maxUnavailable: 1 });
    expect(await plane.eventsOf('web')).toEqual(['Normal NoPods No matching pods found']);
    const { metadata, spec } = podDraft('bare');
    await plane.client.create(pods, { metadata: { ...metadata, labels: web }, spec });
    await plane.clock.settle();
    expect((await budget()).status).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0 });
    expect((await plane.eventsOf('web')).at(-1)).toBe(
      'Warning UnmanagedPods Pods selected by this PodDisruptionBudget (selector: ' +
        '&LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},}) ' +
        'were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may ' +
        'result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB ' +
        'to an integer value.',
    );
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'job', uid: 'u', controller: true };
    await plane.client.create(pods, {
      metadata: { namespace: 'default', name: 'of-job', labels: web, ownerReferences: [owner] },
      spec,
    });
    await plane.clock.settle();
    const message = 'jobs.batch does not implement the scale subresource';
    expect((await budget()).status?.conditions).toMatchObject([{ status: 'False', reason: 'SyncFailed', message }]);
    expect((await plane.eventsOf('web')).at(-1)).toBe(
      `Warning CalculateExpectedPodCountFailed Failed to calculate the number of expected pods: ${message}`,
    );
  });

  it('[U1] takes a promised eviction back that did not happen, and the mark off the pod', async () => {
    await plane.client.create(replicaSets, setDraft(2));
    await plane.clock.settle();
    await createBudget({ minAvailable: 1 });
    const [first = ''] = await names();
    const before = await budget();
    const now = `${new Date(plane.clock.now()).toISOString().slice(0, 19)}Z`;
    const disruptedPods = { [first]: now };
    await plane.client.updateStatus(podDisruptionBudgets, {
      ...before,
      status: { ...before.status, disruptionsAllowed: 0, disruptedPods },
    });
    const mark = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', lastTransitionTime: now };
    await plane.client.patch(
      pods,
      { namespace: 'default', name: first },
      { type: 'strategic', body: { status: { conditions: [mark] } } },
      { subresource: 'status' },
    );
    await plane.clock.settle();
    expect((await budget()).status).toMatchObject({ currentHealthy: 1, disruptionsAllowed: 0 });
    await plane.clock.advance(121_000);
    expect((await budget()).status).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 1 });
    expect((await budget()).status?.disruptedPods).toBeUndefined();
    expect(await plane.eventsOf(first)).toContain(
      "Warning NotDeleted Pod was expected by PDB default/web to be deleted but it wasn't",
    );
    const { status } = await plane.client.get(pods, { namespace: 'default', name: first });
    const condition = status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
    expect(condition?.status).toBe('False');
    expect(condition?.reason).toBeUndefined();
  });
});
