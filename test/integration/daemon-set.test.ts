import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  controllerRevisions,
  type DaemonSet,
  type Draft,
  daemonSets,
  nodes,
  type Pod,
  type PodTemplateSpec,
  pods,
} from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startDaemonSetController } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { laggingClient, mortalClient, startOn } from './support/controllers.ts';
import { nodeDraft } from './support/objects.ts';
import { PodAgent } from './support/pod-agent.ts';

const component = 'daemonset-controller';
const key = { namespace: 'default', name: 'agent' };

function template(image: string, spec: object = {}): PodTemplateSpec {
  // Templates carry no identity; the type asks for more than the server does.
  return { metadata: { labels: { app: 'agent' } }, spec: { containers: [{ name: 'main', image }], ...spec } } as never;
}

function draft(spec: Partial<DaemonSet['spec']> = {}): Draft<DaemonSet> {
  return {
    metadata: key,
    spec: { selector: { matchLabels: { app: 'agent' } }, template: template('busybox:1'), ...spec },
  };
}

describe('the DaemonSet controller', () => {
  let plane: ControlPlane;
  let agent: PodAgent;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    agent = await PodAgent.start(plane);
    for (const name of ['n1', 'n2', 'n3']) await plane.client.create(nodes, nodeDraft(name));
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = (client?: Client) => startOn(plane, component, startDaemonSetController, client);
  const create = async (spec: Partial<DaemonSet['spec']> = {}) => {
    await plane.client.create(daemonSets, draft(spec));
    await plane.clock.settle();
  };
  const patchSet = async (spec: object) => {
    await plane.client.patch(daemonSets, key, { type: 'merge', body: { spec } });
    await plane.clock.settle();
  };
  const setImage = (image: string) => patchSet({ template: { spec: { containers: [{ name: 'main', image }] } } });
  const patchNode = async (name: string, body: object) => {
    await plane.client.patch(nodes, { name }, { type: 'merge', body });
    await plane.clock.settle();
  };
  const set = () => plane.client.get(daemonSets, key);
  const podList = async () => (await plane.client.list(pods)).items;
  const podOn = async (node: string): Promise<Pod> => {
    const found = (await podList()).find(({ spec }) => spec.nodeName === node);
    if (!found) throw new TypeError(`no pod on ${node}`);
    return found;
  };
  const placement = async () =>
    Object.fromEntries((await podList()).map(({ spec }) => [spec.nodeName, spec.containers[0]?.image]));
  const names = async () => (await podList()).map(({ metadata }) => metadata.name).sort();

  it('[U1] puts one pod on every node, by an affinity that the scheduler follows, and tolerates a sick node', async () => {
    await start();
    await create();
    const [revision] = (await plane.client.list(controllerRevisions)).items;
    const hash = revision?.metadata.labels?.['controller-revision-hash'] ?? '';
    expect(revision?.metadata.name).toBe(`agent-${hash}`);
    expect(await placement()).toEqual({ n1: 'busybox:1', n2: 'busybox:1', n3: 'busybox:1' });
    const { metadata, spec } = await podOn('n2');
    expect(metadata.name).toMatch(/^agent-.{5}$/);
    expect(metadata.labels).toEqual({ app: 'agent', 'controller-revision-hash': hash });
    expect(metadata.ownerReferences?.[0]).toMatchObject({ kind: 'DaemonSet', name: 'agent', controller: true });
    const terms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n2'] }] }];
    expect(spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms).toEqual(
      terms,
    );
    expect(spec.tolerations?.map(({ key: taint, effect }) => `${taint}:${effect}`)).toEqual([
      'node.kubernetes.io/not-ready:NoExecute',
      'node.kubernetes.io/unreachable:NoExecute',
      'node.kubernetes.io/disk-pressure:NoSchedule',
      'node.kubernetes.io/memory-pressure:NoSchedule',
      'node.kubernetes.io/pid-pressure:NoSchedule',
      'node.kubernetes.io/unschedulable:NoSchedule',
    ]);
    expect((await set()).status).toEqual({
      currentNumberScheduled: 3,
      desiredNumberScheduled: 3,
      numberMisscheduled: 0,
      numberReady: 3,
      numberAvailable: 3,
      updatedNumberScheduled: 3,
      observedGeneration: 1,
    });
    expect((await plane.eventsOf('agent')).sort()).toEqual(
      (await names()).map((name) => `Normal SuccessfulCreate Created pod: ${name}`),
    );
  });

  it('[U1] follows nodes that come and go, and that change', async () => {
    await start();
    await create({ template: template('busybox:1', { nodeSelector: { disk: 'ssd' } }) });
    expect(await placement()).toEqual({});
    expect((await set()).status).toMatchObject({ desiredNumberScheduled: 0, observedGeneration: 1 });
    await patchNode('n1', { metadata: { labels: { disk: 'ssd' } } });
    await plane.client.create(nodes, nodeDraft('n4', { disk: 'ssd' }));
    await plane.clock.settle();
    expect(await placement()).toEqual({ n1: 'busybox:1', n4: 'busybox:1' });
    await patchNode('n1', { metadata: { labels: { disk: 'hdd' } } });
    await agent.lookAgain();
    expect(await placement()).toEqual({ n4: 'busybox:1' });
  });

  it('[U1] keeps off tainted nodes, stays under NoSchedule and leaves under NoExecute', async () => {
    await patchNode('n1', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } });
    await patchNode('n2', {
      spec: { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] },
    });
    await start();
    await create();
    expect(Object.keys(await placement()).sort()).toEqual(['n2', 'n3']);
    await patchNode('n2', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } });
    expect(Object.keys(await placement()).sort()).toEqual(['n2', 'n3']);
    expect((await set()).status).toMatchObject({ desiredNumberScheduled: 1, numberMisscheduled: 1 });
    await patchNode('n2', { spec: { taints: [{ key: 'gpu', effect: 'NoExecute' }] } });
    expect(Object.keys(await placement())).toEqual(['n3']);
  });

  it('[U1] makes a pod anew that failed, with growing patience, and one that ended at once', async () => {
    await start();
    await create();
    const uids = new Set<string>();
    const failOn = async (node: string) => {
      const pod = await podOn(node);
      uids.add(pod.metadata.uid);
      await agent.end(pod.metadata.name, 'Failed');
      return `Warning FailedDaemonPod Found failed daemon pod default/${pod.metadata.name} on node ${node}, will try to kill it`;
    };
    const first = await failOn('n1');
    expect(uids.has((await podOn('n1')).metadata.uid)).toBe(false);
    await failOn('n1');
    expect((await podOn('n1')).status?.phase).toBe('Failed');
    await plane.clock.advance(1000);
    expect((await podOn('n1')).status?.phase).toBe('Running');
    const ended = await podOn('n2');
    await agent.end(ended.metadata.name, 'Succeeded');
    expect((await podOn('n2')).metadata.uid).not.toBe(ended.metadata.uid);
    const events = await plane.eventsOf('agent');
    expect(events).toContain(first);
    const succeeded = `Found succeeded daemon pod default/${ended.metadata.name} on node n2, will try to delete it`;
    expect(events).toContain(`Normal SucceededDaemonPod ${succeeded}`);
  });

  it('[U1] deletes pods that wait for a node that is gone', async () => {
    agent.isStuck = ({ metadata }) => !metadata.deletionTimestamp;
    await start();
    await create();
    expect(await names()).toHaveLength(3);
    await plane.client.delete(nodes, { name: 'n3' });
    await plane.clock.settle();
    expect(await names()).toHaveLength(2);
  });

  describe('an update', () => {
    it('[U1] replaces one pod after the other', async () => {
      await start();
      await create();
      agent.isStuck = ({ spec, metadata }) => spec.containers[0]?.image === 'busybox:2' && !metadata.deletionTimestamp;
      await setImage('busybox:2');
      const images = (await podList()).map(({ spec }) => spec.containers[0]?.image).sort();
      expect(images).toEqual(['busybox:1', 'busybox:1', 'busybox:2']);
      expect((await set()).status).toMatchObject({
        updatedNumberScheduled: 1,
        numberAvailable: 2,
        numberUnavailable: 1,
      });
      agent.isStuck = () => false;
      await agent.lookAgain();
      expect(await placement()).toEqual({ n1: 'busybox:2', n2: 'busybox:2', n3: 'busybox:2' });
    });

    it('[U1] replaces pods that do not run first, without counting them', async () => {
      agent.isStuck = ({ spec, metadata }) =>
        spec.containers[0]?.image === 'busybox:1' && Boolean(spec.nodeName) && !metadata.deletionTimestamp;
      await start();
      await create();
      await setImage('busybox:2');
      expect(await placement()).toEqual({ n1: 'busybox:2', n2: 'busybox:2', n3: 'busybox:2' });
    });

    it('[U1] surges: a new pod comes up beside the old one before that goes', async () => {
      await start();
      const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
      await create({ updateStrategy });
      let fewest = 3;
      const informer = plane.informers.informer(pods);
      const look = () => {
        const isUp = ({ status, metadata }: Pod) => status?.phase === 'Running' && !metadata.deletionTimestamp;
        fewest = Math.min(fewest, informer.list().filter(isUp).length);
      };
      await plane.run();
      informer.addHandler({ onAdd: look, onUpdate: look, onDelete: look });
      await setImage('busybox:2');
      expect(await placement()).toEqual({ n1: 'busybox:2', n2: 'busybox:2', n3: 'busybox:2' });
      expect(await names()).toHaveLength(3);
      expect(fewest).toBe(3);
    });

    it('[U1] waits for users to delete pods under OnDelete', async () => {
      await start();
      await create({ updateStrategy: { type: 'OnDelete' } });
      await setImage('busybox:2');
      await plane.client.delete(pods, { namespace: 'default', name: (await podOn('n1')).metadata.name });
      await plane.clock.settle();
      expect(await placement()).toEqual({ n1: 'busybox:2', n2: 'busybox:1', n3: 'busybox:1' });
    });

    it('[U1] goes back to an earlier revision, and forgets what nobody needs', async () => {
      await start();
      await create({ revisionHistoryLimit: 1 });
      for (const image of ['busybox:2', 'busybox:1', 'busybox:3', 'busybox:4']) await setImage(image);
      const { items } = await plane.client.list(controllerRevisions);
      expect(items.map(({ revision }) => revision).sort()).toEqual([4, 5]);
    });
  });

  it('[U1] [rel-L12] writes nothing at rest, whatever nodes report', async () => {
    await start();
    await create({ minReadySeconds: 5 });
    await plane.clock.advance(10_000);
    await plane.client.patch(
      nodes,
      { name: 'n1' },
      { type: 'merge', body: { status: { volumesInUse: ['x'] } } },
      { subresource: 'status' },
    );
    const { resourceVersion } = await plane.client.list(pods);
    await plane.clock.advance(1_800_000);
    expect((await plane.client.list(pods)).resourceVersion).toBe(resourceVersion);
    expect((await set()).status).toMatchObject({ numberAvailable: 3 });
  });

  it('[U1] makes every pod once over a cache that lags', async () => {
    const { client, hold, release } = laggingClient(plane.clientOf(component), 'Pod');
    await start(client);
    hold();
    await create();
    await plane.client.create(nodes, nodeDraft('n4'));
    await plane.clock.settle();
    expect(await names()).toHaveLength(4);
    release();
    await plane.clock.settle();
    expect(Object.keys(await placement()).sort()).toEqual(['n1', 'n2', 'n3', 'n4']);
    expect(await names()).toHaveLength(4);
  });

  describe('killed around any write', () => {
    const plans = Array.from({ length: 9 }, (_, afterWrites) => afterWrites).flatMap((afterWrites) =>
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
      expect(await placement()).toEqual({ n1: 'busybox:2', n2: 'busybox:2', n3: 'busybox:2' });
      expect(await names()).toHaveLength(3);
      expect((await set()).status).toMatchObject({ numberAvailable: 3, updatedNumberScheduled: 3 });
    });
  });
});
