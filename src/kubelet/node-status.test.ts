import { describe, expect, it } from 'vitest';
import { ApiStatusError, leases, type Node, nodes, type Patch, type ResourceType } from '../api/index.ts';
import { silentLogger, VirtualClock } from '../base/index.ts';
import type { Client } from '../client/index.ts';
import { NodeStatusManager } from './node-status.ts';
import { boundaryFs } from './volumemanager/testing/boundary-fs.ts';

/** Nodes and leases as far as the node's own writes go, and a list of those. */
class NodeApi {
  node: Node | undefined;
  lease: { spec: { renewTime: string; holderIdentity: string } } | undefined;
  readonly statusWrites: object[] = [];
  annotationWrites = 0;
  renewals = 0;
  fails = false;

  readonly client = {
    get: async (type: ResourceType, { name }: { name: string }) => {
      if (this.fails) throw new Error('down');
      if (!this.node) throw ApiStatusError.notFound(type, name);
      return this.node;
    },
    create: async (type: ResourceType, draft: object) => {
      if (type === (leases as ResourceType)) {
        this.lease = draft as NodeApi['lease'];
        this.renewals++;
        return draft;
      }
      this.node = { ...draft, status: { volumesAttached: [{ name: 'v', devicePath: '' }] } } as unknown as Node;
      return this.node;
    },
    patch: async (type: ResourceType, key: { name: string }, patch: Patch) => {
      if (this.fails) throw new Error('down');
      if (type === (leases as ResourceType)) {
        if (!this.lease) throw ApiStatusError.notFound(type, key.name);
        this.lease = { ...this.lease, ...(patch.body as NodeApi['lease']) } as NodeApi['lease'];
        this.renewals++;
        return this.lease;
      }
      expect(type).toBe(nodes);
      const { metadata } = patch.body as { metadata?: { annotations: Record<string, string | null> } };
      if (metadata && this.node) {
        const merged = Object.entries({ ...this.node.metadata.annotations, ...metadata.annotations });
        const annotations = Object.fromEntries(merged.filter(([, value]) => value !== null)) as Record<string, string>;
        this.annotationWrites++;
        this.node = { ...this.node, metadata: { ...this.node.metadata, annotations } };
        return this.node;
      }
      const { status } = patch.body as { status: object };
      this.statusWrites.push(status);
      if (this.node) this.node = { ...this.node, status: { ...this.node.status, ...status } };
      return this.node;
    },
  } as unknown as Client;
}

function setUp(options: { readonly controllerAttachDetach?: boolean; readonly node?: Node } = {}) {
  const clock = new VirtualClock();
  const api = new NodeApi();
  api.node = options.node;
  const state = { inUse: undefined as readonly string[] | undefined, problem: 'not yet' as string | undefined };
  const reported: (readonly string[])[] = [];
  const manager = new NodeStatusManager({
    client: api.client,
    clock,
    fs: boundaryFs(clock),
    logger: silentLogger,
    nodeName: 'n1',
    nodeIp: '127.0.0.1',
    kubeletPort: 10_250,
    rootDir: '/',
    runtimeVersion: 'process://1',
    controllerAttachDetach: options.controllerAttachDetach ?? true,
    volumesInUse: () => state.inUse,
    onReported: (names) => reported.push(names),
    notReadyReason: () => state.problem,
  });
  manager.start();
  return { clock, api, state, reported, manager };
}

describe('NodeStatusManager', () => {
  const annotation = 'volumes.kubernetes.io/controller-managed-attach-detach';
  const registered = (annotations: Record<string, string>): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1', uid: 'u', resourceVersion: '1', creationTimestamp: '', annotations },
    spec: {},
  });
  it.each([
    ['is absent on a new node that is told so', false, undefined, {}],
    [
      'is taken from a node that had it',
      false,
      registered({ [annotation]: 'true', other: 'stays' }),
      { other: 'stays' },
    ],
    [
      'is given to a node that had none',
      true,
      registered({ other: 'stays' }),
      { other: 'stays', [annotation]: 'true' },
    ],
    ['is left on a node that has it', true, registered({ [annotation]: 'true' }), { [annotation]: 'true' }],
  ])('[D2] the annotation for attach/detach %s', async (_, controllerAttachDetach, node, expected) => {
    const { clock, api, manager } = setUp({ controllerAttachDetach, ...(node ? { node } : {}) });
    await clock.advance(600_000);
    expect(api.node?.metadata.annotations).toEqual(expected);
    const changed =
      node !== undefined && (node.metadata.annotations?.[annotation] === 'true') !== controllerAttachDetach;
    expect(api.annotationWrites).toBe(changed ? 1 : 0);
    await manager[Symbol.asyncDispose]();
  });

  it('registers the node with its labels and the annotation for attach/detach', async () => {
    const { clock, api, manager } = setUp();
    await clock.settle();
    expect(api.node?.metadata).toMatchObject({
      labels: { 'kubernetes.io/hostname': 'n1', 'kubernetes.io/os': 'linux' },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    });
    expect(api.statusWrites[0]).toMatchObject({
      addresses: [
        { type: 'InternalIP', address: '127.0.0.1' },
        { type: 'Hostname', address: 'n1' },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
    });
    await manager[Symbol.asyncDispose]();
    expect(clock.pendingTimers).toBe(0);
  });

  it('[I20][rel-E15] publishes no volumes in use before they are known, and leaves volumesAttached alone', async () => {
    const { clock, api, state, reported, manager } = setUp();
    await clock.settle();
    expect(api.statusWrites[0]).not.toHaveProperty('volumesInUse');
    expect(reported).toEqual([]);
    state.inUse = ['a', 'b'];
    manager.changed();
    await clock.settle();
    expect(api.statusWrites[1]).toMatchObject({ volumesInUse: ['a', 'b'] });
    expect(api.statusWrites[1]).not.toHaveProperty('volumesAttached');
    expect(api.node?.status?.volumesAttached).toEqual([{ name: 'v', devicePath: '' }]);
    await manager[Symbol.asyncDispose]();
  });

  it('[I26] is not Ready before the CSINode is there', async () => {
    const { clock, api, state, manager } = setUp();
    const ready = () => api.node?.status?.conditions?.find(({ type }) => type === 'Ready');
    await clock.settle();
    expect(ready()).toMatchObject({ status: 'False', message: 'not yet' });
    state.problem = undefined;
    manager.changed();
    await clock.settle();
    expect(ready()).toMatchObject({ status: 'True', reason: 'KubeletReady' });
    await manager[Symbol.asyncDispose]();
  });

  it('[rel-L12] renews the lease every 10 s and writes an unchanged status every 5 min', async () => {
    const { clock, api, manager } = setUp();
    await clock.settle();
    await clock.advance(60_000);
    expect(api.renewals).toBe(7);
    expect(api.statusWrites).toHaveLength(1);
    await clock.advance(245_000);
    await clock.settle();
    expect(api.statusWrites).toHaveLength(2);
    expect(api.lease?.spec.holderIdentity).toBe('n1');
    await manager[Symbol.asyncDispose]();
  });

  it('keeps trying while the API server is away', async () => {
    const { clock, api, manager } = setUp();
    api.fails = true;
    await clock.advance(5_000);
    expect(api.statusWrites).toEqual([]);
    api.fails = false;
    await clock.advance(2_000);
    await clock.settle();
    expect(api.node).toBeDefined();
    await manager[Symbol.asyncDispose]();
  });

  it('[rel-L9] says again how the node is when nobody had heard of it for a while', async () => {
    const { clock, api, state, manager } = setUp();
    state.problem = undefined;
    await clock.advance(1_000);
    api.fails = true;
    await clock.advance(60_000);
    const { node } = api;
    const conditions = node?.status?.conditions?.map((condition) => ({ ...condition, status: 'Unknown' }));
    if (node) api.node = { ...node, status: { ...node.status, conditions: conditions ?? [] } };
    api.fails = false;
    await clock.advance(10_000);
    expect(api.node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
    await manager[Symbol.asyncDispose]();
  });
});
