import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Draft, type Pod, type PodTemplateSpec, pods, type ReplicaSet, replicaSets } from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startReplicaSetController } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { blindClient, laggingClient, mortalClient, startOn } from './support/controllers.ts';
import { PodAgent } from './support/pod-agent.ts';

const component = 'replicaset-controller';
const key = { namespace: 'default', name: 'web' };

function template(labels: Record<string, string> = { app: 'web' }): PodTemplateSpec {
  // Templates carry no identity; the type asks for more than the server does.
  return { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'busybox:1' }] } } as never;
}

function setDraft(spec: Partial<ReplicaSet['spec']> = {}): Draft<ReplicaSet> {
  return {
    metadata: key,
    spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: template(), ...spec },
  };
}

describe('the ReplicaSet controller', () => {
  let plane: ControlPlane;
  let agent: PodAgent;

  beforeEach(async () => {
    plane = await ControlPlane.start();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = (client?: Client) => startOn(plane, component, startReplicaSetController, client);
  const create = async (spec: Partial<ReplicaSet['spec']> = {}) => {
    const set = await plane.client.create(replicaSets, setDraft(spec));
    await plane.clock.settle();
    return set;
  };
  const set = () => plane.client.get(replicaSets, key);
  const patchSet = async (spec: object) => {
    await plane.client.patch(replicaSets, key, { type: 'merge', body: { spec } });
    await plane.clock.settle();
  };
  const podList = async () => (await plane.client.list(pods)).items;
  const createPod = (name: string, more: Partial<Draft<Pod>['metadata']> = {}) =>
    plane.client.create(pods, {
      metadata: { namespace: 'default', name, labels: { app: 'web' }, ...more },
      spec: { containers: [{ name: 'main', image: 'busybox' }] },
    });

  async function startWithAgent(): Promise<void> {
    agent = await PodAgent.start(plane);
    await start();
  }

  it('[U1] makes its pods, with a generated name, the labels of the template and itself as owner', async () => {
    await startWithAgent();
    const { metadata } = await create();
    const items = await podList();
    expect(items).toHaveLength(3);
    for (const pod of items) {
      expect(pod.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      expect(pod.metadata.labels).toEqual({ app: 'web' });
      const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: metadata.uid };
      expect(pod.metadata.ownerReferences).toEqual([{ ...owner, controller: true, blockOwnerDeletion: true }]);
    }
    expect((await set()).status).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      terminatingReplicas: 0,
      observedGeneration: 1,
    });
    const names = items.map((pod) => pod.metadata.name).sort();
    expect((await plane.eventsOf('web')).sort()).toEqual(
      names.map((name) => `Normal SuccessfulCreate Created pod: ${name}`),
    );
  });

  it('[U1] replaces pods that are deleted and pods that ended', async () => {
    await startWithAgent();
    await create();
    const [first, second] = await podList();
    await plane.client.delete(pods, { namespace: 'default', name: first?.metadata.name ?? '' });
    await plane.clock.settle();
    await agent.end(second?.metadata.name ?? '', 'Failed');
    const active = (await podList()).filter(({ status }) => status?.phase === 'Running');
    expect(active).toHaveLength(3);
    expect(active.map(({ metadata }) => metadata.uid)).not.toContain(first?.metadata.uid);
  });

  it('[U1] scales down by the pods whose loss costs least', async () => {
    await startWithAgent();
    agent.isStuck = () => true;
    await create({ replicas: 4 });
    const [kept, cheap, pending, ready] = (await podList()).map(({ metadata }) => metadata.name);
    agent.isStuck = ({ metadata }) => metadata.name === pending;
    for (const [name, cost] of Object.entries({ [kept ?? '']: '100', [cheap ?? '']: '-5' })) {
      const body = { metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } } };
      await plane.client.patch(pods, { namespace: 'default', name }, { type: 'merge', body });
    }
    await agent.lookAgain();
    const left = async (replicas: number) => {
      await patchSet({ replicas });
      await agent.lookAgain();
      return (await podList()).map(({ metadata }) => metadata.name).sort();
    };
    expect(await left(3)).toEqual([kept, cheap, ready].sort());
    expect(await left(2)).toEqual([kept, ready].sort());
    expect(await left(1)).toEqual([kept]);
    expect(await plane.eventsOf('web')).toContain(`Normal SuccessfulDelete Deleted pod: ${cheap}`);
    expect((await set()).status).toMatchObject({ replicas: 1, readyReplicas: 1, observedGeneration: 4 });
  });

  it('[U1] counts pods as available after minReadySeconds, and says so without an event to wake it', async () => {
    await startWithAgent();
    await create({ minReadySeconds: 10 });
    expect((await set()).status).toMatchObject({ readyReplicas: 3 });
    expect((await set()).status?.availableReplicas).toBeUndefined();
    await plane.clock.advance(10_000);
    expect((await set()).status).toMatchObject({ availableReplicas: 3 });
  });

  it('[U1] takes up orphans that it selects and lets go of pods that it no longer selects', async () => {
    await startWithAgent();
    await createPod('orphan');
    const { metadata } = await create();
    const adopted = await plane.client.get(pods, { namespace: 'default', name: 'orphan' });
    expect(adopted.metadata.ownerReferences?.map(({ uid }) => uid)).toEqual([metadata.uid]);
    expect(await podList()).toHaveLength(3);
    const relabel = { type: 'merge' as const, body: { metadata: { labels: { app: 'debug' } } } };
    await plane.client.patch(pods, { namespace: 'default', name: 'orphan' }, relabel);
    await plane.clock.settle();
    const released = await plane.client.get(pods, { namespace: 'default', name: 'orphan' });
    expect(released.metadata.ownerReferences ?? []).toEqual([]);
    expect(await podList()).toHaveLength(4);
  });

  it('[U1] leaves pods of other owners alone', async () => {
    await startWithAgent();
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'other', uid: 'u', controller: true };
    await createPod('foreign', { ownerReferences: [owner] });
    await create({ replicas: 1 });
    expect(await podList()).toHaveLength(2);
  });

  it('[U1] [rel-L13] tells why it cannot make pods, in an event and a condition, and takes the condition back', async () => {
    await startWithAgent();
    const bad = template();
    await create({ replicas: 5, template: { ...bad, spec: { ...bad.spec, priorityClassName: 'missing' } } as never });
    const condition = (await set()).status?.conditions?.[0];
    expect(condition).toMatchObject({ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' });
    const [event] = await plane.eventsOf('web');
    expect(event).toBe(`Warning FailedCreate Error creating: ${condition?.message}`);
    await patchSet({ template: { spec: { priorityClassName: null } } });
    expect((await set()).status?.conditions).toBeUndefined();
    expect(await podList()).toHaveLength(5);
  });

  it('[U1] does nothing more once it is being deleted', async () => {
    await startWithAgent();
    await plane.client.create(replicaSets, {
      ...setDraft(),
      metadata: { ...key, finalizers: ['example.com/hold'] },
    });
    await plane.clock.settle();
    await plane.client.delete(replicaSets, key);
    await plane.client.deleteCollection(pods, { namespace: 'default' });
    await plane.clock.settle();
    expect(await podList()).toEqual([]);
    expect((await set()).status).toMatchObject({ replicas: 0 });
  });

  it('[U1] [rel-L12] writes nothing at rest', async () => {
    await startWithAgent();
    await create({ minReadySeconds: 5 });
    await plane.clock.advance(120_000);
    const { resourceVersion } = await plane.client.list(pods);
    await plane.clock.advance(1_800_000);
    expect((await plane.client.list(pods)).resourceVersion).toBe(resourceVersion);
  });

  describe('over a cache that lags', () => {
    it('[U1] makes every pod once', async () => {
      const { client, hold, release } = laggingClient(plane.clientOf(component), 'Pod');
      await start(client);
      hold();
      await create();
      await patchSet({ replicas: 4 });
      expect(await podList()).toHaveLength(4);
      await patchSet({ replicas: 2 });
      const terminating = (await podList()).length;
      release();
      await plane.clock.settle();
      expect(terminating).toBe(2);
      expect(await podList()).toHaveLength(2);
    });

    it('[U1] gives up on pods that never show after five minutes', async () => {
      await start(blindClient(plane.clientOf(component), 'Pod'));
      await create({ replicas: 1 });
      await plane.clock.advance(60_000);
      expect(await podList()).toHaveLength(1);
      await plane.clock.advance(5 * 60_000);
      expect(await podList()).toHaveLength(2);
    });
  });

  describe('killed around any write', () => {
    const plans = Array.from({ length: 5 }, (_, afterWrites) => afterWrites).flatMap((afterWrites) =>
      [false, true].map((lastWriteLands) => ({ afterWrites, lastWriteLands })),
    );
    it.each(plans)('[U1] [rel-L10] ends as if nothing had happened: %o', async (kill) => {
      agent = await PodAgent.start(plane);
      await createPod('orphan');
      const mortal = mortalClient(plane.clientOf(component), kill);
      const first = await start(mortal.client);
      await create();
      expect(mortal.isDead).toBe(true);
      await first[Symbol.asyncDispose]();
      await start();
      expect(await podList()).toHaveLength(3);
      expect((await set()).status).toMatchObject({ replicas: 3, readyReplicas: 3 });
    });
  });
});
