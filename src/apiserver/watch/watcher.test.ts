import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configMaps, pods } from '../../api/index.ts';
import { Harness, refusalOf } from '../test-harness.ts';
import { configMap, pod } from '../test-objects.ts';

let harness: Harness;
const inDefault = { namespace: 'default' };
const key = (name: string) => ({ ...inDefault, name });
const setValue = (name: string, v: string) =>
  harness.patch(configMaps, key(name), { type: 'merge', body: { data: { v } } });

beforeEach(async () => {
  harness = await Harness.start({ historyLimits: { events: 100, bytes: 1_000_000, ageMs: 600_000 } });
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

describe('watch', () => {
  it('[rel-A6] [rel-A7] tells every change after a revision once and in order', async () => {
    const first = await harness.create(configMaps, configMap('a'));
    await harness.create(configMaps, configMap('b'));
    const watch = await harness.watch(configMaps, { ...inDefault, resourceVersion: first.metadata.resourceVersion });
    expect(await watch.taken()).toEqual(['ADDED b']);
    await setValue('a', '2');
    await harness.delete(configMaps, key('b'));
    await harness.create(configMaps, configMap('c'));
    expect(await watch.taken()).toEqual(['MODIFIED a', 'DELETED b', 'ADDED c']);
  });

  it('begins with the present state when no revision is named', async () => {
    await harness.create(configMaps, configMap('a'));
    const watch = await harness.watch(configMaps, inDefault);
    expect(await watch.taken()).toEqual(['ADDED a']);
  });

  it('[A2] sends the present state and a bookmark that ends it when asked to', async () => {
    await harness.create(configMaps, configMap('a'));
    const watch = await harness.watch(configMaps, {
      ...inDefault,
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: true,
    });
    await harness.clock.settle();
    const [added, bookmark] = watch.events;
    expect(added?.type).toBe('ADDED');
    expect(bookmark).toMatchObject({
      type: 'BOOKMARK',
      object: {
        kind: 'ConfigMap',
        apiVersion: 'v1',
        metadata: {
          annotations: { 'k8s.io/initial-events-end': 'true' },
          resourceVersion: String(harness.store.revision),
        },
      },
    });
  });

  it('[A2] refuses to send the present state in a way that nobody defined', async () => {
    const watch = (options: object) => refusalOf(harness.watch(configMaps, options));
    expect((await watch({ sendInitialEvents: true })).code).toBe(422);
    expect((await watch({ sendInitialEvents: true, resourceVersionMatch: 'Exact' })).code).toBe(422);
    expect((await watch({ resourceVersionMatch: 'NotOlderThan' })).code).toBe(422);
    expect((await watch({ resourceVersion: 'abc' })).code).toBe(400);
  });

  it('[rel-A6] tells of an object that leaves or enters the selection as deleted or added', async () => {
    const watch = await harness.watch(configMaps, { ...inDefault, labelSelector: 'tier=x' });
    await harness.create(configMaps, { metadata: { ...key('a'), labels: { tier: 'x' } } });
    await harness.create(configMaps, configMap('b'));
    const label = (name: string, tier: string) =>
      harness.patch(configMaps, key(name), { type: 'merge', body: { metadata: { labels: { tier } } } });
    await label('b', 'x');
    await label('a', 'y');
    expect(await watch.taken()).toEqual(['ADDED a', 'ADDED b', 'DELETED a']);
    await harness.delete(configMaps, key('a'));
    expect(await watch.taken()).toEqual([]);
  });

  it('[A21] selects by fields, and follows one object by its name', async () => {
    const byNode = await harness.watch(pods, { fieldSelector: 'spec.nodeName=n' });
    const byName = await harness.watch(pods, { ...inDefault, fieldSelector: 'metadata.name=p' });
    await harness.create(pods, pod('p'));
    await harness.create(pods, pod('pp'));
    expect(await byNode.taken()).toEqual([]);
    await harness.createSubresource(pods, key('p'), 'binding', { target: { kind: 'Node', name: 'n' } });
    expect(await byNode.taken()).toEqual(['ADDED p']);
    expect(await byName.taken()).toEqual(['ADDED p', 'MODIFIED p']);
  });

  it('[rel-A8] is told Gone when what it wants to resume from is forgotten', async () => {
    const first = await harness.create(configMaps, configMap('a'));
    for (let i = 0; i < 120; i++) await setValue('a', `${i}`);
    const watch = await harness.watch(configMaps, { ...inDefault, resourceVersion: first.metadata.resourceVersion });
    await harness.clock.settle();
    expect(watch.events).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }]);
    expect(watch.hasEnded).toBe(true);
  });

  it('[rel-A9] sends a bookmark each minute, after everything up to it, and none while nothing happens', async () => {
    const options = { ...inDefault, allowWatchBookmarks: true, resourceVersion: String(harness.store.revision) };
    const watch = await harness.watch(configMaps, options);
    await harness.clock.advance(120_000);
    expect(await watch.taken()).toEqual([]);
    await harness.create(pods, pod('p'));
    await harness.clock.advance(60_000);
    const [bookmark] = watch.events;
    expect(bookmark?.type).toBe('BOOKMARK');
    expect(bookmark?.object.metadata.resourceVersion).toBe(String(harness.store.revision));
  });

  it('[rel-A9] delivers nothing older than the future revision it waits for', async () => {
    const future = harness.store.revision + 2;
    const watch = await harness.watch(configMaps, { ...inDefault, resourceVersion: String(future) });
    for (const name of ['a', 'b', 'c']) await harness.create(configMaps, configMap(name));
    expect(await watch.taken()).toEqual(['ADDED c']);
  });

  it('ends when its time is up, with a last bookmark', async () => {
    const options = { ...inDefault, allowWatchBookmarks: true, timeoutSeconds: 30 };
    const watch = await harness.watch(configMaps, options);
    await harness.create(pods, pod('p'));
    await harness.clock.advance(30_000);
    expect(watch.events.map((event) => event.type)).toEqual(['BOOKMARK']);
    expect(watch.hasEnded).toBe(true);
  });

  it('[rel-X26] closes a watch whose reader is too slow', async () => {
    const stream = await harness.transport.watch({ verb: 'watch', resource: configMaps, options: {} });
    const writes = Array.from({ length: 10_050 }, (_, i) =>
      harness.store.write({
        key: `configmaps/default/n-${i}`,
        expectedRevision: 0,
        object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `n-${i}`, namespace: 'default' } } as never,
      }),
    );
    await Promise.all(writes);
    const seen: unknown[] = [];
    for await (const event of stream) seen.push(event);
    expect(seen).toEqual([]);
  });

  it('[rel-X26] is refused to a user who has ten thousand of them, until he closes some', async () => {
    const open = () =>
      harness.transport.watch({ verb: 'watch', resource: configMaps, options: { resourceVersion: '1' } });
    const streams = await Promise.all(Array.from({ length: 10_000 }, open));
    expect((await refusalOf(open())).code).toBe(429);
    for (const stream of streams) await stream[Symbol.asyncDispose]();
    await (await open())[Symbol.asyncDispose]();
  });

  it('ends with the server', async () => {
    const watch = await harness.watch(configMaps, inDefault);
    await harness.server[Symbol.asyncDispose]();
    await harness.clock.settle();
    expect(watch.hasEnded).toBe(true);
  });

  it('shares one object among everybody who sees it', async () => {
    const one = await harness.watch(configMaps, inDefault);
    const two = await harness.watch(configMaps, {});
    const created = await harness.create(configMaps, configMap('a'));
    await harness.clock.settle();
    expect(one.events[0]?.object).toBe(created);
    expect(two.events[0]?.object).toBe(created);
  });
});
