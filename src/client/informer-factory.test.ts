import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiStatusError, type ConfigMap, configMaps, keyOf, volumeAttributesClasses } from '../api/index.ts';
import { silentLogger, VirtualClock } from '../base/index.ts';
import { createClient } from './client.ts';
import type { Informer, InformerFactory } from './informer.ts';
import { createInformerFactory } from './informer-factory.ts';
import { ScriptedServer } from './scripted-server.ts';

let clock: VirtualClock;
let server: ScriptedServer;
let factory: InformerFactory;
let informer: Informer<ConfigMap>;
let calls: string[];

beforeEach(() => {
  clock = new VirtualClock();
  server = new ScriptedServer();
  const client = createClient({ transport: server, fieldManager: 'test' });
  factory = createInformerFactory({ client, clock, logger: silentLogger });
  informer = factory.informer(configMaps);
  calls = [];
  informer.addHandler({
    onAdd: (object, initial) => calls.push(`add ${object.metadata.name}${initial ? ' initially' : ''}`),
    onUpdate: (previous, current) =>
      calls.push(`update ${current.metadata.name} ${previous.data?.v ?? '-'}>${current.data?.v ?? '-'}`),
    onDelete: (last) => calls.push(`delete ${last.metadata.name} ${last.metadata.uid}`),
  });
});

afterEach(async () => {
  await factory[Symbol.asyncDispose]();
  expect(clock.pendingTimers).toBe(0);
});

async function started(): Promise<void> {
  factory.start();
  await factory.waitForSync();
  calls.length = 0;
}

function verbs(): string[] {
  return server.requests.map((request) => request.verb);
}

/** Cuts every watch and lets time pass until the informer watches again. */
async function cutAndReturn(): Promise<void> {
  server.cut();
  await clock.until(() => server.watches.size > 0);
}

describe('the first state', () => {
  it('[A2] comes as initial events of one watch', async () => {
    server.put('a', 'one');
    server.put('a', 'two');
    factory.start();
    await factory.waitForSync();
    expect(informer.hasSynced).toBe(true);
    expect(calls).toEqual(['add one initially', 'add two initially']);
    expect(verbs()).toEqual(['watch']);
    expect(server.requests[0]?.verb === 'watch' && server.requests[0].options).toMatchObject({
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: true,
    });
  });

  it('[A2] comes from a list when the server refuses initial events', async () => {
    server.refuseWatchList = true;
    server.put('a', 'one');
    factory.start();
    await clock.until(() => informer.hasSynced);
    expect(verbs()).toEqual(['watch', 'list', 'watch']);
    await clock.until(() => server.watches.size > 0);
    server.put('a', 'two');
    await clock.settle();
    expect(calls).toEqual(['add one initially', 'add two']);
  });

  it('[A2] comes from a list when the server ignores the wish for initial events', async () => {
    server.ignoreWatchList = true;
    server.put('a', 'one');
    factory.start();
    await clock.until(() => informer.hasSynced);
    expect(verbs()).toEqual(['watch', 'list', 'watch']);
  });

  it('comes in pages, or whole when the pages expire while they are read', async () => {
    server.refuseWatchList = true;
    for (let i = 0; i < 1200; i++) server.put('a', `c${i}`);
    server.failures.push(undefined, undefined, ApiStatusError.of('Expired', 'continue token is too old'));
    factory.start();
    await clock.until(() => informer.hasSynced);
    expect(informer.list().length).toBe(1200);
    const limits = server.requests.map((request) => request.verb === 'list' && request.options.limit);
    expect(limits.slice(1, 4)).toEqual([500, 500, undefined]);
  });

  it('is empty where the server does not have the kind, until it does', async () => {
    server.failures.push(ApiStatusError.of('NotFound', 'the server could not find the requested resource'));
    const classes = factory.informer(volumeAttributesClasses);
    factory.start();
    await clock.until(() => classes.hasSynced);
    expect(classes.list()).toEqual([]);
    const asked = server.requests.length;
    await clock.advance(31_000);
    expect(server.requests.length).toBeGreaterThan(asked);
  });

  it('is waited for where a kind that every server has is not found', async () => {
    server.failures.push(ApiStatusError.of('NotFound', 'a proxy does not know that path'));
    factory.start();
    await clock.settle();
    expect(informer.hasSynced).toBe(false);
    await clock.until(() => informer.hasSynced);
  });

  it('is waited for through failures with growing back-off', async () => {
    const refusal = ApiStatusError.of('ServiceUnavailable', 'starting');
    for (let i = 0; i < 6; i++) server.failures.push(refusal);
    factory.start();
    await clock.until(() => informer.hasSynced);
    expect(clock.monotonic()).toBe(50 + 100 + 200 + 400 + 800 + 1600);
  });

  it('[rel-F-AP5] waits as long as Retry-After says', async () => {
    server.failures.push(ApiStatusError.of('TooManyRequests', 'slow down', { retryAfterSeconds: 7 }));
    factory.start();
    await clock.until(() => informer.hasSynced);
    expect(clock.monotonic()).toBe(7000);
  });

  it('ends the wait when the signal aborts', async () => {
    server.ignoreWatchList = true;
    factory.start();
    const controller = new AbortController();
    const wait = factory.waitForSync(controller.signal);
    controller.abort();
    await expect(wait).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('changes', () => {
  it('reach the cache first, then every handler in order', async () => {
    await started();
    const seen: string[] = [];
    informer.addHandler({ onAdd: (object) => seen.push(`first ${informer.get(keyOf(object))?.metadata.name}`) });
    informer.addHandler({ onAdd: () => seen.push('second') });
    server.put('a', 'one', { data: { v: '1' } });
    server.put('a', 'one', { data: { v: '2' } });
    server.remove('a', 'one');
    await clock.settle();
    expect(calls).toEqual(['add one', 'update one 1>2', 'delete one uid-101']);
    expect(seen).toEqual(['first one', 'second']);
    expect(informer.list()).toEqual([]);
  });

  it('[rel-A15] are frozen to the leaves', async () => {
    await started();
    server.put('a', 'one', { data: { v: '1' } });
    await clock.settle();
    const cached = informer.get('a/one');
    expect(Object.isFrozen(cached)).toBe(true);
    expect(Object.isFrozen(cached?.data)).toBe(true);
  });

  it('reach the other handlers when one throws', async () => {
    await started();
    informer.addHandler({
      onAdd: () => {
        throw new TypeError('broken handler');
      },
    });
    let reached = false;
    informer.addHandler({
      onAdd: () => {
        reached = true;
      },
    });
    server.put('a', 'one');
    await clock.settle();
    expect(reached).toBe(true);
  });

  it('no longer reach a handler that was taken back', async () => {
    const seen: string[] = [];
    const registration = informer.addHandler({ onAdd: (object) => seen.push(object.metadata.name) });
    await started();
    server.put('a', 'one');
    await clock.settle();
    registration[Symbol.dispose]();
    server.put('a', 'two');
    await clock.settle();
    expect(seen).toEqual(['one']);
  });

  it('are told at once to a handler that comes late', async () => {
    server.put('a', 'one');
    await started();
    const seen: string[] = [];
    informer.addHandler({ onAdd: (object, initial) => seen.push(`${object.metadata.name} ${initial}`) });
    expect(seen).toEqual(['one true']);
  });

  it('keep the indexes current', async () => {
    informer.addIndex('v', (object) => (object.data?.v ? [object.data.v] : []));
    server.put('a', 'one', { data: { v: '1' } });
    server.put('a', 'two', { data: { v: '1' } });
    await started();
    expect(informer.byIndex('v', '1').map(keyOf)).toEqual(['a/one', 'a/two']);
    server.put('a', 'one', { data: { v: '2' } });
    server.remove('a', 'two');
    await clock.settle();
    expect(informer.byIndex('v', '1')).toEqual([]);
    expect(informer.byIndex('v', '2').map(keyOf)).toEqual(['a/one']);
  });
});

describe('a broken watch', () => {
  it('[rel-L11] resumes where it ended without listing', async () => {
    server.put('a', 'one');
    await started();
    server.cut();
    server.put('a', 'two');
    await clock.until(() => informer.list().length === 2);
    expect(calls).toEqual(['add two']);
    expect(server.requests.at(-1)).toMatchObject({ verb: 'watch', options: { resourceVersion: '101' } });
  });

  it('resumes from the last bookmark', async () => {
    await started();
    server.revision = 500;
    server.bookmark();
    await clock.settle();
    await cutAndReturn();
    expect(server.requests.at(-1)).toMatchObject({ options: { resourceVersion: '500' } });
  });

  it('[A2] lists anew after 410 and computes the deletions that were missed', async () => {
    server.put('a', 'gone');
    server.put('a', 'same');
    server.put('a', 'reborn');
    await started();
    server.cut();
    server.remove('a', 'gone');
    server.remove('a', 'reborn');
    server.put('a', 'reborn');
    server.put('a', 'new');
    server.compact();
    await clock.until(() => calls.length > 0);
    expect(calls).toEqual(['update same ->-', 'delete reborn uid-103', 'add reborn', 'add new', 'delete gone uid-101']);
  });

  it('[rel-L11] lists anew at once when the first answer of a server that was away for long is 410', async () => {
    await started();
    // So many failures that the wait between two tries is at its longest.
    server.failures.push(...Array.from({ length: 20 }, () => new TypeError('connection refused')));
    server.cut();
    await clock.until(() => server.failures.length === 0);
    const answeredAtMs = clock.now();
    server.put('a', 'new');
    server.compact();
    await clock.until(() => calls.length > 0);
    expect(clock.now() - answeredAtMs).toBeLessThan(5_000);
  });

  it('pauses between lists while the server calls each of them too old to be watched', async () => {
    server.refuseWatchList = true;
    factory.start();
    await clock.until(() => server.watches.size > 0);
    const lists = () => verbs().filter((verb) => verb === 'list').length;
    const cutAtMs = clock.now();
    server.compacted = Number.POSITIVE_INFINITY;
    server.cut();
    await clock.until(() => lists() > 10);
    expect(clock.now() - cutAtMs).toBeGreaterThan(5_000);
  });

  it('lists anew after an ERROR event that tells 410', async () => {
    await started();
    const { status } = ApiStatusError.of('Expired', 'too old resource version');
    for (const watch of server.watches) watch.push({ type: 'ERROR', object: status as never });
    server.watches.clear();
    await clock.until(() => server.watches.size > 0);
    expect(server.requests.at(-1)).toMatchObject({ verb: 'watch', options: { sendInitialEvents: true } });
  });

  it('[rel-F-AP3] is given up after a silence and resumed', async () => {
    await started();
    for (const watch of server.watches) watch.silent = true;
    server.put('a', 'one');
    await clock.until(() => informer.list().length === 1, 181_000);
    expect(calls).toEqual(['add one']);
  });

  it('[rel-F-AP4] never goes back: a state older than the last is refused until the server has caught up', async () => {
    server.put('a', 'one');
    await started();
    const two = server.put('a', 'two');
    await clock.settle();
    calls.length = 0;
    // A replica that lags: it has neither the second object nor the place where the watch ended.
    server.objects.delete('a/two');
    server.revision = 101;
    server.compacted = 200;
    server.cut();
    await clock.advance(20_000);
    expect(calls).toEqual([]);
    expect(informer.list().length).toBe(2);
    server.objects.set('a/two', two);
    server.revision = 300;
    await clock.until(() => calls.length > 0);
    expect(calls).toEqual(['update one ->-', 'update two ->-']);
  });

  it('[rel-A15] keeps the newest version of an object when a list shows an older one', async () => {
    const old = server.put('a', 'one', { data: { v: '1' } });
    const newest = server.put('a', 'one', { data: { v: '2' } });
    await started();
    server.objects.set('a/one', old);
    server.revision = 200;
    server.compacted = 200;
    server.cut();
    await clock.advance(20_000);
    expect(calls).toEqual([]);
    expect(informer.get('a/one')).toEqual(newest);
  });

  it('[rel-A7] drops events that the server replays, of objects that are gone too', async () => {
    const old = server.put('a', 'one', { data: { v: '1' } });
    server.put('a', 'one', { data: { v: '2' } });
    const gone = server.put('a', 'gone');
    await started();
    server.remove('a', 'gone');
    await clock.settle();
    calls.length = 0;
    for (const watch of server.watches) {
      watch.push({ type: 'MODIFIED', object: old });
      watch.push({ type: 'ADDED', object: gone });
    }
    await clock.settle();
    expect(calls).toEqual([]);
    expect(informer.list().length).toBe(1);
  });

  it('that ends at once every time is retried with back-off, not in a hot loop', async () => {
    await started();
    server.requests.length = 0;
    for (let i = 0; i < 60; i++) {
      server.cut();
      await clock.advance(1000);
    }
    expect(server.requests.length).toBeLessThan(70);
  });
});

describe('the factory', () => {
  it('shares one informer per kind and options', () => {
    expect(factory.informer(configMaps)).toBe(informer);
    expect(factory.informer(configMaps, { namespace: 'a' })).not.toBe(informer);
  });

  it('starts later informers with a later start', async () => {
    await started();
    const other = factory.informer(configMaps, { namespace: 'a' });
    await clock.settle();
    expect(other.hasSynced).toBe(false);
    factory.start();
    await factory.waitForSync();
    expect(other.hasSynced).toBe(true);
  });

  it('ends its watches when it is disposed', async () => {
    await started();
    await factory[Symbol.asyncDispose]();
    server.put('a', 'one');
    await clock.settle();
    expect(calls).toEqual([]);
    await expect(factory.waitForSync()).rejects.toMatchObject({ name: 'AbortError' });
  });
});
