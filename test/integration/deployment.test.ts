import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Deployment,
  type Draft,
  deployments,
  type Pod,
  type PodTemplateSpec,
  pods,
  type ReplicaSet,
  replicaSets,
} from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startDeploymentController, startReplicaSetController } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { laggingClient, mortalClient, startOn } from './support/controllers.ts';
import { PodAgent } from './support/pod-agent.ts';

const component = 'deployment-controller';
const key = { namespace: 'default', name: 'web' };

function template(image: string, more: object = {}): PodTemplateSpec {
  // Templates carry no identity; the type asks for more than the server does.
  return { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image }], ...more } } as never;
}

function draft(spec: Partial<Deployment['spec']> = {}): Draft<Deployment> {
  return {
    metadata: key,
    spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: template('busybox:1'), ...spec },
  };
}

describe('the Deployment controller', () => {
  let plane: ControlPlane;
  let agent: PodAgent;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    agent = await PodAgent.start(plane);
    await startOn(plane, 'replicaset-controller', startReplicaSetController);
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = (client?: Client) => startOn(plane, component, startDeploymentController, client);
  const create = async (spec: Partial<Deployment['spec']> = {}) => {
    await plane.client.create(deployments, draft(spec));
    await plane.clock.settle();
  };
  const patch = async (body: object) => {
    await plane.client.patch(deployments, key, { type: 'merge', body });
    await plane.clock.settle();
  };
  const setImage = (image: string) =>
    patch({ spec: { template: { spec: { containers: [{ name: 'main', image }] } } } });
  const deployment = () => plane.client.get(deployments, key);
  const sets = async () => (await plane.client.list(replicaSets)).items;
  const imageOf = ({ spec }: ReplicaSet) => spec.template?.spec?.containers[0]?.image;
  const setOf = async (image: string): Promise<ReplicaSet> => {
    const found = (await sets()).find((set) => imageOf(set) === image);
    if (!found) throw new TypeError(`no set of ${image}`);
    return found;
  };
  const sizes = async () => Object.fromEntries((await sets()).map((set) => [imageOf(set), set.spec.replicas]));
  const podList = async () => (await plane.client.list(pods)).items;
  const images = async () => (await podList()).map(({ spec }) => spec.containers[0]?.image).sort();
  const condition = async (type: string) => (await deployment()).status?.conditions?.find((one) => one.type === type);
  const revisions = async () =>
    Object.fromEntries(
      (await sets()).map((set) => [imageOf(set), set.metadata.annotations?.['deployment.kubernetes.io/revision']]),
    );
  /** Pods of this image come up only when the test says so. */
  const holdBack = (image: string) => {
    agent.isStuck = ({ spec, metadata }: Pod) => spec.containers[0]?.image === image && !metadata.deletionTimestamp;
  };

  it('[U1] makes a ReplicaSet of its template, named and labelled by the hash, and says how it went', async () => {
    await start();
    await create();
    const [set] = await sets();
    const hash = set?.metadata.labels?.['pod-template-hash'] ?? '';
    expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]+$/);
    expect(set?.metadata).toMatchObject({
      name: `web-${hash}`,
      labels: { app: 'web', 'pod-template-hash': hash },
      annotations: {
        'deployment.kubernetes.io/revision': '1',
        'deployment.kubernetes.io/desired-replicas': '3',
        'deployment.kubernetes.io/max-replicas': '4',
      },
    });
    expect(set?.spec.selector).toEqual({ matchLabels: { app: 'web', 'pod-template-hash': hash } });
    expect(set?.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'Deployment', name: 'web', controller: true });
    const names = (await podList()).map(({ metadata }) => metadata.name);
    expect(names).toHaveLength(3);
    for (const name of names) expect(name).toMatch(new RegExp(`^web-${hash}-.{5}$`));

    const { metadata, status } = await deployment();
    expect(metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' });
    const { conditions, ...counts } = status ?? {};
    expect(counts).toEqual({
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      terminatingReplicas: 0,
    });
    expect(conditions?.map(({ type, status: value, reason, message }) => [type, value, reason, message])).toEqual([
      ['Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.'],
      ['Progressing', 'True', 'NewReplicaSetAvailable', `ReplicaSet "web-${hash}" has successfully progressed.`],
    ]);
    expect(await plane.eventsOf('web')).toEqual([
      `Normal ScalingReplicaSet Scaled up replica set web-${hash} from 0 to 3`,
    ]);
  });

  it('[U1] is not available while too few pods are, and counts those that are missing', async () => {
    holdBack('busybox:1');
    await start();
    await create({ replicas: 4 });
    expect((await deployment()).status).toMatchObject({ replicas: 4, updatedReplicas: 4, unavailableReplicas: 4 });
    expect(await condition('Available')).toMatchObject({
      status: 'False',
      reason: 'MinimumReplicasUnavailable',
      message: 'Deployment does not have minimum availability.',
    });
    expect(await condition('Progressing')).toMatchObject({ status: 'True', reason: 'ReplicaSetUpdated' });
  });

  describe('a rolling update', () => {
    /** The fewest available and the most active pods at any moment. */
    function watchExtremes() {
      const extremes = { fewest: Number.POSITIVE_INFINITY, most: 0 };
      const informer = plane.informers.informer(pods);
      const look = () => {
        const active = informer.list().filter(({ metadata }) => !metadata.deletionTimestamp);
        const ready = active.filter(({ status }) => status?.phase === 'Running');
        extremes.fewest = Math.min(extremes.fewest, ready.length);
        extremes.most = Math.max(extremes.most, active.length);
      };
      return { extremes, informer, look };
    }

    it.each([
      ['25%', '25%', 3, 5],
      [0, 1, 4, 5],
      [1, 0, 3, 4],
      ['100%', '0%', 0, 4],
      [0, '100%', 4, 8],
    ])(
      '[U1] with maxUnavailable %s and maxSurge %s of 4 pods keeps %i, and has %i at most',
      async (maxUnavailable, maxSurge, fewest, most) => {
        await start();
        const strategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge } };
        await create({ replicas: 4, strategy });
        const { extremes, informer, look } = watchExtremes();
        await plane.run();
        informer.addHandler({ onAdd: look, onUpdate: look, onDelete: look });
        await setImage('busybox:2');
        expect(await images()).toEqual(Array.from({ length: 4 }, () => 'busybox:2'));
        expect(await sizes()).toEqual({ 'busybox:1': 0, 'busybox:2': 4 });
        expect(extremes.fewest).toBeGreaterThanOrEqual(fewest);
        expect(extremes.most).toBeLessThanOrEqual(most);
        expect(await revisions()).toEqual({ 'busybox:1': '1', 'busybox:2': '2' });
        expect((await deployment()).metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '2' });
        expect(await condition('Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
      },
    );

    it('[U1] says each step', async () => {
      await start();
      await create({ replicas: 2, strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } });
      await setImage('busybox:2');
      const [before, after] = [(await setOf('busybox:1')).metadata.name, (await setOf('busybox:2')).metadata.name];
      expect(await plane.eventsOf('web')).toEqual([
        `Normal ScalingReplicaSet Scaled up replica set ${before} from 0 to 2`,
        `Normal ScalingReplicaSet Scaled up replica set ${after} from 0 to 1`,
        `Normal ScalingReplicaSet Scaled down replica set ${before} from 2 to 1`,
        `Normal ScalingReplicaSet Scaled up replica set ${after} from 1 to 2`,
        `Normal ScalingReplicaSet Scaled down replica set ${before} from 1 to 0`,
      ]);
    });

    it('[U1] waits for new pods to be available, for minReadySeconds each', async () => {
      await start();
      await create({
        replicas: 2,
        minReadySeconds: 10,
        strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      });
      await plane.clock.advance(11_000);
      await setImage('busybox:2');
      expect(await sizes()).toEqual({ 'busybox:1': 2, 'busybox:2': 1 });
      await plane.clock.advance(11_000);
      expect(await sizes()).toEqual({ 'busybox:1': 1, 'busybox:2': 2 });
      await plane.clock.advance(11_000);
      expect(await sizes()).toEqual({ 'busybox:1': 0, 'busybox:2': 2 });
    });

    it('[U1] first takes old pods that do not run anyway', async () => {
      holdBack('busybox:1');
      await start();
      await create({ replicas: 4, strategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } } });
      await setImage('busybox:2');
      expect(await images()).toEqual(Array.from({ length: 4 }, () => 'busybox:2'));
    });

    it('[U1] stops where new pods do not come up, and counts as failed after its deadline until it moves again', async () => {
      await start();
      await create({ replicas: 4, progressDeadlineSeconds: 60 });
      holdBack('busybox:2');
      await setImage('busybox:2');
      await plane.clock.advance(1000);
      expect(await sizes()).toEqual({ 'busybox:1': 3, 'busybox:2': 2 });
      await plane.clock.advance(70_000);
      const { metadata } = await setOf('busybox:2');
      expect(await condition('Progressing')).toMatchObject({
        status: 'False',
        reason: 'ProgressDeadlineExceeded',
        message: `ReplicaSet "${metadata.name}" has timed out progressing.`,
      });
      holdBack('none');
      await agent.lookAgain();
      expect(await sizes()).toEqual({ 'busybox:1': 0, 'busybox:2': 4 });
      expect(await condition('Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
    });

    it('[U1] gives up one update for the next', async () => {
      await start();
      await create({ replicas: 4 });
      holdBack('busybox:2');
      await setImage('busybox:2');
      await setImage('busybox:3');
      expect(await images()).toEqual(Array.from({ length: 4 }, () => 'busybox:3'));
      expect(await sizes()).toEqual({ 'busybox:1': 0, 'busybox:2': 0, 'busybox:3': 4 });
    });
  });

  it('[U1] recreates: every old pod is gone before the first new one comes', async () => {
    await start();
    await create({ strategy: { type: 'Recreate' } });
    const [slow] = await podList();
    const isSlow = ({ metadata }: Pod) => metadata.name === slow?.metadata.name;
    agent.isStuck = isSlow;
    // A pod that is on a node goes when its agent lets it go.
    agent.nodeName = 'n1';
    await plane.client.createSubresource(pods, { namespace: 'default', name: slow?.metadata.name ?? '' }, 'binding', {
      metadata: { name: slow?.metadata.name },
      target: { kind: 'Node', name: 'n1' },
    });
    await setImage('busybox:2');
    expect((await podList()).map(({ metadata }) => metadata.name)).toEqual([slow?.metadata.name]);
    expect(await sizes()).toEqual({ 'busybox:1': 0 });
    agent.isStuck = () => false;
    await agent.lookAgain();
    expect(await images()).toEqual(['busybox:2', 'busybox:2', 'busybox:2']);
  });

  describe('scaling', () => {
    it('[U1] sizes the one set that has pods', async () => {
      await start();
      await create();
      await patch({ spec: { replicas: 5 } });
      const set = await setOf('busybox:1');
      expect(set.spec.replicas).toBe(5);
      expect(set.metadata.annotations).toMatchObject({
        'deployment.kubernetes.io/desired-replicas': '5',
        'deployment.kubernetes.io/max-replicas': '7',
      });
      await patch({ spec: { replicas: 0 } });
      expect(await podList()).toEqual([]);
      await patch({ spec: { replicas: 1 } });
      expect((await plane.eventsOf('web')).slice(1)).toEqual([
        `Normal ScalingReplicaSet Scaled up replica set ${set.metadata.name} from 3 to 5`,
        `Normal ScalingReplicaSet Scaled down replica set ${set.metadata.name} from 5 to 0`,
        `Normal ScalingReplicaSet Scaled up replica set ${set.metadata.name} from 0 to 1`,
      ]);
    });

    it('[U1] in the middle of a rollout gives every set its share', async () => {
      await start();
      await create({ replicas: 10, strategy: { rollingUpdate: { maxUnavailable: 2, maxSurge: 3 } } });
      holdBack('busybox:2');
      await setImage('busybox:2');
      expect(await sizes()).toEqual({ 'busybox:1': 8, 'busybox:2': 5 });
      await patch({ spec: { replicas: 15 } });
      expect(await sizes()).toEqual({ 'busybox:1': 11, 'busybox:2': 7 });
    });

    it('[U1] does not touch a paused template, but its number', async () => {
      await start();
      await create();
      await patch({ spec: { paused: true } });
      await setImage('busybox:2');
      await patch({ spec: { replicas: 4 } });
      expect(await sizes()).toEqual({ 'busybox:1': 4 });
      expect(await condition('Progressing')).toMatchObject({
        status: 'Unknown',
        reason: 'DeploymentPaused',
        message: 'Deployment is paused',
      });
      await patch({ spec: { paused: false } });
      expect(await sizes()).toEqual({ 'busybox:1': 0, 'busybox:2': 4 });
      expect(await condition('Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
    });
  });

  describe('history', () => {
    it('[U1] goes back to the ReplicaSet of an earlier template, as `kubectl rollout undo` asks', async () => {
      await start();
      await create();
      await patch({ metadata: { annotations: { 'kubernetes.io/change-cause': 'first' } } });
      const first = await setOf('busybox:1');
      await setImage('busybox:2');
      // What kubectl sends: the template of the earlier set without the hash.
      const { labels, ...metadata } = first.spec.template?.metadata ?? {};
      const { 'pod-template-hash': _, ...own } = labels ?? {};
      const earlier = { ...first.spec.template, metadata: { ...metadata, labels: own } };
      const body = [{ op: 'replace', path: '/spec/template', value: earlier }];
      await plane.client.patch(deployments, key, { type: 'json', body });
      await plane.clock.settle();
      expect(await sizes()).toEqual({ 'busybox:1': 3, 'busybox:2': 0 });
      expect(await revisions()).toEqual({ 'busybox:1': '3', 'busybox:2': '2' });
      const again = await setOf('busybox:1');
      expect(again.metadata.uid).toBe(first.metadata.uid);
      expect(again.metadata.annotations).toMatchObject({
        'deployment.kubernetes.io/revision-history': '1',
        'kubernetes.io/change-cause': 'first',
      });
      expect((await deployment()).metadata.annotations).toMatchObject({ 'deployment.kubernetes.io/revision': '3' });
    });

    it('[U1] keeps as many old ReplicaSets as it is told', async () => {
      await start();
      await create({ replicas: 1, revisionHistoryLimit: 1 });
      for (const image of ['busybox:2', 'busybox:3', 'busybox:4']) await setImage(image);
      expect(await revisions()).toEqual({ 'busybox:3': '3', 'busybox:4': '4' });
    });

    it('[U1] rolls out again when `kubectl rollout restart` marks the template', async () => {
      await start();
      await create();
      const before = new Set((await podList()).map(({ metadata }) => metadata.uid));
      await patch({
        spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } } },
      });
      const after = (await podList()).map(({ metadata }) => metadata.uid);
      expect(after).toHaveLength(3);
      expect(after.some((uid) => before.has(uid))).toBe(false);
    });
  });

  it('[U1] takes another name when its own is taken', async () => {
    await start();
    await create({ replicas: 0 });
    const [first] = await sets();
    await plane.client.delete(deployments, key);
    const orphaned = { type: 'merge' as const, body: { metadata: { ownerReferences: null, labels: null } } };
    await plane.client.patch(replicaSets, { namespace: 'default', name: first?.metadata.name ?? '' }, orphaned);
    await create();
    expect(await sets()).toHaveLength(2);
    expect((await deployment()).status).toMatchObject({ collisionCount: 1, readyReplicas: 3 });
  });

  it('[U1] takes up the ReplicaSets and pods that a Deployment of its name left', async () => {
    await start();
    await create();
    const [first] = await sets();
    const before = (await podList()).map(({ metadata }) => metadata.uid).sort();
    await plane.client.delete(deployments, key);
    const orphaned = { type: 'merge' as const, body: { metadata: { ownerReferences: null } } };
    await plane.client.patch(replicaSets, { namespace: 'default', name: first?.metadata.name ?? '' }, orphaned);
    await create();
    expect((await sets()).map(({ metadata }) => metadata.uid)).toEqual([first?.metadata.uid]);
    expect((await podList()).map(({ metadata }) => metadata.uid).sort()).toEqual(before);
    expect(await condition('Progressing')).toMatchObject({ reason: 'NewReplicaSetAvailable' });
  });

  it('[U1] [rel-L13] shows the failure of its ReplicaSet, and takes it back', async () => {
    await start();
    await create({ template: template('busybox:1', { priorityClassName: 'missing' }) });
    expect(await condition('ReplicaFailure')).toMatchObject({ status: 'True', reason: 'FailedCreate' });
    await patch({ spec: { template: { spec: { priorityClassName: null } } } });
    expect(await condition('ReplicaFailure')).toBeUndefined();
    expect((await deployment()).status?.readyReplicas).toBe(3);
  });

  it('[U1] [rel-L12] writes nothing at rest', async () => {
    await start();
    await create();
    await setImage('busybox:2');
    await plane.clock.advance(700_000);
    const { resourceVersion } = await plane.client.list(pods);
    await plane.clock.advance(1_800_000);
    expect((await plane.client.list(pods)).resourceVersion).toBe(resourceVersion);
  });

  it('[U1] rolls out over a cache of ReplicaSets that lags', async () => {
    const { client, hold, release } = laggingClient(plane.clientOf(component), 'ReplicaSet');
    await start(client);
    await create({ replicas: 4 });
    hold();
    await setImage('busybox:2');
    await setImage('busybox:1');
    await setImage('busybox:3');
    release();
    await plane.clock.advance(60_000);
    expect(await images()).toEqual(Array.from({ length: 4 }, () => 'busybox:3'));
    expect((await deployment()).status).toMatchObject({ replicas: 4, updatedReplicas: 4, availableReplicas: 4 });
  });

  describe('killed around any write', () => {
    const plans = Array.from({ length: 12 }, (_, afterWrites) => afterWrites).flatMap((afterWrites) =>
      [false, true].map((lastWriteLands) => ({ afterWrites, lastWriteLands })),
    );
    it.each(plans)('[U1] [rel-L10] ends as if nothing had happened: %o', async (kill) => {
      const mortal = mortalClient(plane.clientOf(component), kill);
      const first = await start(mortal.client);
      await create();
      await setImage('busybox:2');
      expect(mortal.isDead).toBe(true);
      await first[Symbol.asyncDispose]();
      await start();
      expect(await sizes()).toMatchObject({ 'busybox:2': 3 });
      expect(await images()).toEqual(['busybox:2', 'busybox:2', 'busybox:2']);
      expect((await deployment()).status).toMatchObject({ replicas: 3, updatedReplicas: 3, availableReplicas: 3 });
      expect(await condition('Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
    });
  });
});
