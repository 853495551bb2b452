import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { leases, type Node, namespaces, nodes, type Pod, pods } from '../../src/api/index.ts';
import { microTimestamp, timestamp } from '../../src/base/index.ts';
import type { Client } from '../../src/client/index.ts';
import {
  startNodeLifecycleController,
  startPodGarbageCollector,
  startTaintEvictionController,
} from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { laggingClient, mortalClient, startOn } from './support/controllers.ts';
import { nodeDraft, podDraft } from './support/objects.ts';

const leaseNamespace = 'kube-node-lease';
const zone = (name: string) => ({ 'topology.kubernetes.io/zone': name });

describe('the life of nodes', () => {
  let plane: ControlPlane;
  /** Nodes whose agent lives. */
  let alive: Set<string>;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    alive = new Set();
    await plane.client.create(namespaces, { metadata: { name: leaseNamespace }, spec: {} });
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const startLifecycle = (client?: Client) => startOn(plane, 'node-controller', startNodeLifecycleController, client);
  const startEviction = (client?: Client) =>
    startOn(plane, 'taint-eviction-controller', startTaintEvictionController, client);
  const startGarbage = (client?: Client) => startOn(plane, 'pod-gc', startPodGarbageCollector, client);
  async function startAll(): Promise<void> {
    await startLifecycle();
    await startEviction();
    await startGarbage();
  }

  const node = (name: string) => plane.client.get(nodes, { name });
  const taints = async (name: string) =>
    (await node(name)).spec.taints?.map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`) ??
    [];
  const ready = async (name: string) => {
    const condition = (await node(name)).status?.conditions?.find(({ type }) => type === 'Ready');
    return condition && `${condition.status} ${condition.reason}`;
  };
  const pod = (name: string) => plane.get(pods, { namespace: 'default', name });

  async function setReady(name: string, status: string): Promise<void> {
    const current = await node(name);
    const now = timestamp(plane.clock);
    const condition = {
      type: 'Ready',
      status,
      reason: 'KubeletReady',
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    };
    await plane.client.updateStatus(nodes, { ...current, status: { ...current.status, conditions: [condition] } });
    await plane.clock.settle();
  }

  async function join(name: string, labels: Record<string, string> = {}): Promise<void> {
    alive.add(name);
    await plane.client.create(nodes, nodeDraft(name, labels));
    await plane.client.create(leases, {
      metadata: { namespace: leaseNamespace, name },
      spec: { holderIdentity: name },
    });
    await setReady(name, 'True');
  }

  /** Lets time pass while the agents that live renew their leases. */
  async function pass(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= 10) {
      for (const name of alive) {
        const patch = { type: 'merge' as const, body: { spec: { renewTime: microTimestamp(plane.clock) } } };
        await plane.client.patch(leases, { namespace: leaseNamespace, name }, patch);
      }
      await plane.clock.advance(Math.min(10, left) * 1000);
    }
  }

  async function lose(name: string): Promise<void> {
    alive.delete(name);
    await pass(60);
  }

  async function runOn(nodeName: string, name: string, spec: Partial<Pod['spec']> = {}): Promise<void> {
    const draft = podDraft(name);
    const created = await plane.client.create(pods, { ...draft, spec: { ...draft.spec, ...spec, nodeName } });
    const now = timestamp(plane.clock);
    const conditions = [
      { type: 'PodScheduled', status: 'True', lastTransitionTime: now },
      { type: 'Ready', status: 'True', lastTransitionTime: now },
    ];
    await plane.client.updateStatus(pods, { ...created, status: { ...created.status, phase: 'Running', conditions } });
    await plane.clock.settle();
  }

  describe('a silent agent', () => {
    it('[U1] loses its word after 50 s: conditions are unknown, pods are not ready, nothing is placed there', async () => {
      await startAll();
      await join('n1');
      await join('n2');
      await runOn('n1', 'web');
      await pass(200);
      expect(await ready('n1')).toBe('True KubeletReady');
      alive.delete('n1');
      await pass(40);
      expect(await ready('n1')).toBe('True KubeletReady');
      await pass(20);
      expect(await ready('n1')).toBe('Unknown NodeStatusUnknown');
      const { conditions = [] } = (await node('n1')).status ?? {};
      expect(conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual([
        'Ready Unknown NodeStatusUnknown',
        'MemoryPressure Unknown NodeStatusNeverUpdated',
        'DiskPressure Unknown NodeStatusNeverUpdated',
        'PIDPressure Unknown NodeStatusNeverUpdated',
      ]);
      expect(conditions[0]?.message).toBe('Kubelet stopped posting node status.');
      expect(await taints('n1')).toEqual(['unreachable:NoSchedule', 'unreachable:NoExecute']);
      expect(await taints('n2')).toEqual([]);
      expect((await pod('web'))?.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('False');
      expect(await plane.eventsOf('n1')).toEqual([
        'Normal RegisteredNode Node n1 event: Registered Node n1 in Controller',
        'Normal NodeNotReady Node n1 status is now: NodeNotReady',
      ]);
      expect(await plane.eventsOf('web')).toContain('Warning NodeNotReady Node is not ready');
    });

    it('[U1] [rel-L9] gets it back when it speaks again', async () => {
      await startAll();
      await join('n1');
      await join('n2');
      await runOn('n1', 'web');
      await lose('n1');
      await pass(60);
      alive.add('n1');
      await setReady('n1', 'True');
      expect(await taints('n1')).toEqual([]);
      await pass(400);
      expect((await pod('web'))?.metadata.deletionTimestamp).toBeUndefined();
    });

    it('[U1] that never said that it was ready has 60 s', async () => {
      await startAll();
      await join('n2');
      await plane.client.create(nodes, nodeDraft('n1'));
      await pass(60);
      expect(await taints('n1')).toEqual([]);
      await pass(10);
      expect(await ready('n1')).toBe('Unknown NodeStatusNeverUpdated');
      expect(await taints('n1')).toEqual(['unreachable:NoSchedule', 'unreachable:NoExecute']);
    });

    it('[U1] whose clock is wrong counts as alive while it renews its lease', async () => {
      await startAll();
      await join('n1');
      await join('n2');
      alive.delete('n1');
      for (let second = 0; second < 120; second += 10) {
        const renewTime = new Date(Date.UTC(2020, 0, 1) + second * 1000).toISOString().replace('Z', '000Z');
        await plane.client.patch(
          leases,
          { namespace: leaseNamespace, name: 'n1' },
          { type: 'merge', body: { spec: { renewTime } } },
        );
        await pass(10);
      }
      expect(await ready('n1')).toBe('True KubeletReady');
    });
  });

  it('[U1] taints nodes by what they say of themselves', async () => {
    await startAll();
    await join('n1');
    await join('n2');
    await setReady('n1', 'False');
    expect(await taints('n1')).toEqual(['not-ready:NoSchedule', 'not-ready:NoExecute']);
    await setReady('n1', 'Unknown');
    expect(await taints('n1')).toEqual(['unreachable:NoSchedule', 'unreachable:NoExecute']);
    await setReady('n1', 'True');
    expect(await taints('n1')).toEqual([]);
    await plane.client.patch(nodes, { name: 'n1' }, { type: 'merge', body: { spec: { unschedulable: true } } });
    const conditions = [{ type: 'DiskPressure', status: 'True' }];
    await plane.client.patch(
      nodes,
      { name: 'n1' },
      { type: 'strategic', body: { status: { conditions } } },
      { subresource: 'status' },
    );
    await plane.clock.settle();
    expect((await taints('n1')).sort()).toEqual(['disk-pressure:NoSchedule', 'unschedulable:NoSchedule']);
    await plane.client.patch(nodes, { name: 'n1' }, { type: 'merge', body: { spec: { unschedulable: null } } });
    await setReady('n1', 'True');
    expect(await taints('n1')).toEqual([]);
  });

  it('[U1] leaves taints of others alone', async () => {
    await startAll();
    await join('n1');
    await join('n2');
    const mine = [
      { key: 'gpu', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' },
    ];
    await plane.client.patch(nodes, { name: 'n1' }, { type: 'merge', body: { spec: { taints: mine } } });
    await setReady('n1', 'False');
    await setReady('n1', 'True');
    expect(await taints('n1')).toEqual(['gpu:NoSchedule', 'out-of-service:NoExecute']);
  });

  describe('when many nodes fail', () => {
    const evicting = async (names: readonly string[]) => {
      const all = await Promise.all(
        names.map(async (name) => (await taints(name)).some((taint) => taint.endsWith('NoExecute'))),
      );
      return all.filter(Boolean).length;
    };

    it('[U1] empties them one every 10 s', async () => {
      await startAll();
      for (const name of ['n1', 'n2', 'n3', 'n4', 'n5']) await join(name);
      for (const name of ['n1', 'n2']) await setReady(name, 'False');
      expect(await evicting(['n1', 'n2'])).toBe(1);
      await pass(11);
      expect(await evicting(['n1', 'n2'])).toBe(2);
    });

    it('[U1] empties none of a small zone of which most failed', async () => {
      await startAll();
      for (const name of ['n1', 'n2', 'n3', 'n4']) await join(name, zone('a'));
      await join('n5', zone('b'));
      for (const name of ['n1', 'n2', 'n3']) await setReady(name, 'False');
      await pass(60);
      // The first was let go before anybody could know.
      expect(await evicting(['n1', 'n2', 'n3'])).toBeLessThanOrEqual(2);
    });

    it('[U1] [rel-D2] empties none at all, and takes back what it began, when nobody is left', async () => {
      await startAll();
      await join('n1');
      await join('n2');
      await runOn('n1', 'web');
      await setReady('n1', 'False');
      expect(await evicting(['n1', 'n2'])).toBe(1);
      await setReady('n2', 'False');
      expect(await evicting(['n1', 'n2'])).toBe(0);
      expect(await taints('n1')).toEqual(['not-ready:NoSchedule']);
      await pass(400);
      expect((await pod('web'))?.metadata.deletionTimestamp).toBeUndefined();
      await setReady('n2', 'True');
      await pass(10);
      expect(await evicting(['n1', 'n2'])).toBe(1);
    });
  });

  describe('a NoExecute taint', () => {
    const taint = async (name: string, key: string, effect = 'NoExecute') => {
      const timeAdded = timestamp(plane.clock);
      await plane.client.patch(
        nodes,
        { name },
        { type: 'merge', body: { spec: { taints: [{ key, effect, timeAdded }] } } },
      );
      await plane.clock.settle();
    };
    const isLeaving = async (name: string) => (await pod(name))?.metadata.deletionTimestamp !== undefined;

    it('[U1] makes pods leave that do not tolerate it, at once', async () => {
      await startAll();
      await join('n1');
      await runOn('n1', 'web');
      await runOn('n1', 'tolerant', { tolerations: [{ key: 'gone', operator: 'Exists' }] });
      await taint('n1', 'gone', 'NoSchedule');
      expect(await isLeaving('web')).toBe(false);
      await taint('n1', 'gone');
      expect([await isLeaving('web'), await isLeaving('tolerant')]).toEqual([true, false]);
      expect((await pod('web'))?.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
        status: 'True',
        reason: 'DeletionByTaintManager',
        message: 'Taint manager: deleting due to NoExecute taint',
      });
      expect(await plane.eventsOf('web')).toContain('Normal TaintManagerEviction Marking for deletion Pod default/web');
    });

    it('[U1] is tolerated for as long as the pod says: 300 s by default when the node is lost', async () => {
      await startAll();
      await join('n1');
      await join('n2');
      await runOn('n1', 'web');
      await lose('n1');
      await pass(280);
      expect(await isLeaving('web')).toBe(false);
      await pass(30);
      expect(await isLeaving('web')).toBe(true);
    });

    it('[U1] [rel-L10] is not tolerated for longer because the controller was started again', async () => {
      const first = await startEviction();
      await startLifecycle();
      await join('n1');
      await join('n2');
      await runOn('n1', 'web');
      await lose('n1');
      await pass(200);
      await first[Symbol.asyncDispose]();
      await startEviction();
      await pass(110);
      expect(await isLeaving('web')).toBe(true);
    });

    it('[U1] that goes in time changes nothing', async () => {
      await startAll();
      await join('n1');
      await runOn('n1', 'web', {
        tolerations: [{ key: 'gone', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }],
      });
      await taint('n1', 'gone');
      await pass(20);
      await plane.client.patch(nodes, { name: 'n1' }, { type: 'merge', body: { spec: { taints: null } } });
      await pass(60);
      expect(await isLeaving('web')).toBe(false);
      expect(await plane.eventsOf('web')).toEqual([
        'Normal TaintManagerEviction Cancelling deletion of Pod default/web',
      ]);
    });

    it('[U1] that the cache still shows although it is gone evicts nobody', async () => {
      const { client, hold, release } = laggingClient(plane.clientOf('taint-eviction-controller'), 'Node');
      await startEviction(client);
      await join('n1');
      await runOn('n1', 'web', {
        tolerations: [{ key: 'gone', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }],
      });
      await taint('n1', 'gone');
      hold();
      await plane.client.patch(nodes, { name: 'n1' }, { type: 'merge', body: { spec: { taints: null } } });
      await pass(60);
      expect(await isLeaving('web')).toBe(false);
      release();
    });
  });

  describe('pods that nobody ends', () => {
    const outOfService = {
      spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }] },
    };

    it('[U1] [D4] [rel-L8] are removed from a node that is fenced and silent', async () => {
      await startAll();
      await join('n1');
      await join('n2');
      await runOn('n1', 'web');
      await lose('n1');
      await plane.client.patch(nodes, { name: 'n1' }, { type: 'strategic', body: outOfService });
      await plane.clock.settle();
      expect(await pod('web')).toBeUndefined();
    });

    it('[U1] [rel-D2] stay while their node is ready, whatever its taints say', async () => {
      await startAll();
      await join('n1');
      await join('n2');
      await runOn('n1', 'web');
      await plane.client.patch(nodes, { name: 'n1' }, { type: 'merge', body: outOfService });
      await pass(120);
      expect((await pod('web'))?.metadata.deletionTimestamp).toBeDefined();
    });

    it('[U1] [rel-L3] are removed when their node has been gone for 40 s, and count as failed', async () => {
      await startAll();
      await join('n1');
      await runOn('n1', 'web');
      alive.delete('n1');
      await plane.client.delete(leases, { namespace: leaseNamespace, name: 'n1' });
      await plane.client.delete(nodes, { name: 'n1' });
      const last: Pod[] = [];
      plane.informers.informer(pods).addHandler({ onDelete: (gone) => last.push(gone) });
      await plane.run();
      await pass(30);
      expect(await pod('web')).toBeDefined();
      await pass(20);
      expect(await pod('web')).toBeUndefined();
      expect(last[0]?.status).toMatchObject({ phase: 'Failed' });
      expect(last[0]?.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
        reason: 'DeletionByPodGC',
        message: 'PodGC: node no longer exists',
      });
    });

    it('[U1] [rel-D1] stay while the agent of a deleted node still lives', async () => {
      await startAll();
      await join('n1');
      await runOn('n1', 'web');
      await plane.client.delete(nodes, { name: 'n1' });
      await pass(200);
      expect(await pod('web')).toBeDefined();
      alive.delete('n1');
      await pass(70);
      expect(await pod('web')).toBeUndefined();
    });

    it('[U1] stay when their node comes back', async () => {
      await startAll();
      await join('n1');
      await runOn('n1', 'web');
      await plane.client.delete(leases, { namespace: leaseNamespace, name: 'n1' });
      await plane.client.delete(nodes, { name: 'n1' });
      alive.delete('n1');
      await pass(20);
      await join('n1');
      await pass(200);
      expect(await pod('web')).toBeDefined();
    });
  });

  it('[U1] removes pods that have ended when there are too many of them: evicted ones first, then the oldest', async () => {
    await startOn(plane, 'pod-gc', (options) => startPodGarbageCollector({ ...options, endedPodThreshold: 2 }));
    await join('n1');
    const end = async (name: string, status: Partial<Pod['status']>) => {
      await runOn('n1', name);
      const current = await plane.client.get(pods, { namespace: 'default', name });
      await plane.client.updateStatus(pods, { ...current, status: { ...current.status, ...status } });
      await plane.clock.advance(1_000);
    };
    await end('first', { phase: 'Succeeded' });
    await end('second', { phase: 'Failed' });
    await runOn('n1', 'running');
    await end('evicted', { phase: 'Failed', reason: 'Evicted' });
    const names = async () => (await plane.client.list(pods)).items.map(({ metadata }) => metadata.name);
    expect((await names()).length).toBe(4);
    await pass(30);
    expect(await names()).toEqual(['first', 'running', 'second']);
    await end('third', { phase: 'Succeeded' });
    await pass(30);
    expect(await names()).toEqual(['running', 'second', 'third']);
  });

  it('[U1] [rel-L12] writes nothing about nodes that live and nodes that are lost', async () => {
    await startAll();
    await join('n1');
    await join('n2');
    await runOn('n1', 'web', { tolerations: [{ operator: 'Exists' }] });
    await lose('n1');
    await pass(60);
    const versions = async () => {
      const lists = await Promise.all([plane.client.list(nodes), plane.client.list(pods)]);
      return lists.flatMap(({ items }: { items: readonly (Node | Pod)[] }) =>
        items.map(({ metadata }) => metadata.resourceVersion),
      );
    };
    const before = await versions();
    await pass(1200);
    expect(await versions()).toEqual(before);
  });

  describe('killed around any write', () => {
    const plans = [0, 1, 2].flatMap((afterWrites) =>
      [false, true].map((lastWriteLands) => ({ afterWrites, lastWriteLands })),
    );
    it.each(plans)('[U1] [rel-L10] the lifecycle controller ends as if nothing had happened: %o', async (kill) => {
      await join('n1');
      await join('n2');
      await runOn('n1', 'web');
      const mortal = mortalClient(plane.clientOf('node-controller'), kill);
      const first = await startLifecycle(mortal.client);
      await lose('n1');
      expect(mortal.isDead).toBe(true);
      await first[Symbol.asyncDispose]();
      await startLifecycle();
      await pass(60);
      expect(await taints('n1')).toEqual(['unreachable:NoSchedule', 'unreachable:NoExecute']);
      expect((await pod('web'))?.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('False');
    });

    it.each(plans.slice(0, 4))(
      '[U1] [rel-L10] the eviction of a pod ends as if nothing had happened: %o',
      async (kill) => {
        await join('n1');
        await runOn('n1', 'web');
        const mortal = mortalClient(plane.clientOf('taint-eviction-controller'), kill);
        const first = await startEviction(mortal.client);
        const taint = { key: 'gone', effect: 'NoExecute', timeAdded: timestamp(plane.clock) };
        await plane.client.patch(nodes, { name: 'n1' }, { type: 'merge', body: { spec: { taints: [taint] } } });
        await plane.clock.settle();
        expect(mortal.isDead).toBe(true);
        await first[Symbol.asyncDispose]();
        await startEviction();
        const left = await pod('web');
        expect(left?.metadata.deletionTimestamp).toBeDefined();
        const disruption = left?.status?.conditions?.filter(({ type }) => type === 'DisruptionTarget');
        expect(disruption?.map(({ reason }) => reason)).toEqual(['DeletionByTaintManager']);
      },
    );

    it.each(plans.slice(0, 4))(
      '[U1] [rel-L10] the removal of a pod ends as if nothing had happened: %o',
      async (kill) => {
        await join('n1');
        await runOn('n1', 'web');
        alive.delete('n1');
        const gone: Pod[] = [];
        plane.informers.informer(pods).addHandler({ onDelete: (last) => gone.push(last) });
        await plane.run();
        const mortal = mortalClient(plane.clientOf('pod-gc'), kill);
        const first = await startGarbage(mortal.client);
        await plane.client.delete(leases, { namespace: leaseNamespace, name: 'n1' });
        await plane.client.delete(nodes, { name: 'n1' });
        await pass(60);
        expect(mortal.isDead).toBe(true);
        await first[Symbol.asyncDispose]();
        await startGarbage();
        await pass(60);
        expect(gone.map(({ status }) => status?.phase)).toEqual(['Failed']);
      },
    );
  });
});
