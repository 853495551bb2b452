/** The garbage collector on a server whose kinds come and go: widgets, which are ConfigMaps below. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ApiStatusError,
  configMaps,
  type KubernetesObject,
  type OwnerReference,
  type ResourceType,
  secrets,
} from '../../src/api/index.ts';
import { type Client, discoverWatchableTypes } from '../../src/client/index.ts';
import { startGarbageCollector } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
const resource = (name: string, kind: string) => ({
  name,
  singularName: kind.toLowerCase(),
  namespaced: true,
  kind,
  verbs,
});
const resyncMs = 31_000;

/** What a server with a custom resource answers. */
class WidgetServer {
  isServed = false;
  isSilent = false;
  /** Lists that came, by the plural name of the kind. */
  readonly lists: string[] = [];
  canList = true;
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  readonly getDocument = async (path: string): Promise<unknown> => {
    const groups = this.isServed ? [{ name: 'example.com', preferredVersion: { version: 'v1' } }] : [];
    if (path === '/apis') return { groups };
    if (path === '/api/v1') return { resources: [resource('secrets', 'Secret'), resource('secrets/x', 'Secret')] };
    if (this.isSilent) throw ApiStatusError.of('ServiceUnavailable', 'the extension server is down');
    return {
      resources: [resource('widgets', 'Widget'), { ...resource('gauges', 'Gauge'), verbs: ['list', 'delete'] }],
    };
  };

  get client(): Client {
    const below = <T extends KubernetesObject>(type: ResourceType<T>): ResourceType<T> => {
      if (type.group !== 'example.com') return type;
      if (!this.isServed || !this.canList) throw ApiStatusError.of('NotFound', 'the server does not have widgets');
      return configMaps as unknown as ResourceType<T>;
    };
    const client = this.#client;
    return {
      ...client,
      get: async (type, ...rest) => await client.get(below(type), ...rest),
      list: async (type, ...rest) => {
        this.lists.push(type.plural);
        return await client.list(below(type), ...rest);
      },
      watch: async (type, ...rest) => {
        this.lists.push(type.plural);
        return await client.watch(below(type), ...rest);
      },
      patch: async (type, ...rest) => await client.patch(below(type), ...rest),
      delete: async (type, ...rest) => await client.delete(below(type), ...rest),
    };
  }
}

describe('[U1] the garbage collector, with kinds that the server tells it', () => {
  let plane: ControlPlane;
  let server: WidgetServer;
  beforeEach(async () => {
    plane = await ControlPlane.start();
    server = new WidgetServer(plane.clientOf('garbage-collector'));
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const watchableTypes = (signal: AbortSignal) => discoverWatchableTypes(server.getDocument, signal);
  const start = () =>
    startOn(plane, 'gc', (options) => startGarbageCollector({ ...options, watchableTypes }), server.client);
  const metadataOf = (name: string, ownerReferences: OwnerReference[]) => ({
    namespace: 'default',
    name,
    ownerReferences,
  });
  async function createWidget(name: string, ownerReferences: OwnerReference[] = []): Promise<OwnerReference> {
    const made = await plane.client.create(configMaps, { metadata: metadataOf(name, ownerReferences) });
    return { apiVersion: 'example.com/v1', kind: 'Widget', name, uid: made.metadata.uid };
  }
  async function createSecret(name: string, ownerReferences: OwnerReference[] = []): Promise<OwnerReference> {
    const made = await plane.client.create(secrets, { metadata: metadataOf(name, ownerReferences) });
    return { apiVersion: 'v1', kind: 'Secret', name, uid: made.metadata.uid };
  }
  const removeWidget = (name: string) => plane.client.delete(configMaps, { namespace: 'default', name });
  const removeSecret = (name: string, propagationPolicy = 'Background') =>
    plane.client.delete(secrets, { namespace: 'default', name }, { propagationPolicy });
  async function left(): Promise<string[]> {
    await plane.clock.settle();
    const lists = [await plane.client.list(configMaps), await plane.client.list(secrets)];
    return lists.flatMap(({ items }) => items.map(({ metadata }) => metadata.name)).sort();
  }

  it('follows owners and dependents of a custom resource', async () => {
    server.isServed = true;
    await start();
    const widget = await createWidget('widget');
    const secret = await createSecret('of-widget', [widget]);
    await createWidget('of-secret', [secret]);
    expect(await left()).toEqual(['of-secret', 'of-widget', 'widget']);
    await removeWidget('widget');
    expect(await left()).toEqual([]);
  });

  it('holds an owner that goes in the foreground until its custom resource is gone', async () => {
    server.isServed = true;
    await start();
    const owner = await createSecret('owner');
    await createWidget('part', [{ ...owner, blockOwnerDeletion: true }]);
    const body = { metadata: { finalizers: ['example.com/hold'] } };
    await plane.client.patch(configMaps, { namespace: 'default', name: 'part' }, { type: 'merge', body });
    await removeSecret('owner', 'Foreground');
    expect(await left()).toEqual(['owner', 'part']);
    const free = { metadata: { finalizers: null } };
    await plane.client.patch(configMaps, { namespace: 'default', name: 'part' }, { type: 'merge', body: free });
    expect(await left()).toEqual([]);
  });

  it('keeps what names an owner of a kind that nobody knows, until it is served', async () => {
    await createSecret('orphan', [{ apiVersion: 'example.com/v1', kind: 'Widget', name: 'w', uid: 'gone' }]);
    await start();
    await plane.clock.advance(10 * resyncMs);
    expect(await left()).toEqual(['orphan']);
    server.isServed = true;
    await plane.clock.advance(resyncMs);
    expect(await left()).toEqual([]);
  });

  it('follows a kind that is added while it runs, and lets go of it when it is taken away', async () => {
    await start();
    server.isServed = true;
    await plane.clock.advance(resyncMs);
    const widget = await createWidget('widget');
    await createSecret('of-widget', [widget]);
    await removeWidget('widget');
    expect(await left()).toEqual([]);
    const second = await createWidget('second');
    await createSecret('of-second', [second]);
    await left();
    server.isServed = false;
    await plane.clock.advance(resyncMs);
    server.lists.length = 0;
    await plane.clock.advance(20 * resyncMs);
    expect(server.lists.filter((plural) => plural === 'widgets')).toEqual([]);
    await removeWidget('second');
    expect(await left()).toEqual(['of-second']);
  });

  it('is not held up by a kind that cannot be listed', async () => {
    server.isServed = true;
    server.canList = false;
    await start();
    await plane.clock.advance(resyncMs);
    const owner = await createSecret('owner');
    await createSecret('part', [owner]);
    await removeSecret('owner');
    expect(await left()).toEqual([]);
    server.canList = true;
    await plane.clock.advance(3 * resyncMs);
    await createWidget('widget', [owner]);
    expect(await left()).toEqual([]);
  });

  it('keeps what it knows of a group that does not answer', async () => {
    server.isServed = true;
    await start();
    const widget = await createWidget('widget');
    await createSecret('of-widget', [widget]);
    server.isSilent = true;
    await plane.clock.advance(10 * resyncMs);
    expect(server.lists.filter((plural) => plural === 'widgets').length).toBeLessThan(3);
    await removeWidget('widget');
    expect(await left()).toEqual([]);
  });
});
