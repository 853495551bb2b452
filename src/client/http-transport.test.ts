import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  configMaps,
  type KubernetesObject,
  namespaces,
  persistentVolumeClaims,
  storageClasses,
  type WatchEvent,
} from '../api/index.ts';
import { VirtualClock } from '../base/index.ts';
import { MetricsRegistry } from '../metrics/index.ts';
import { type Client, createClient } from './client.ts';
import { createHttpTransport, type HttpTransport } from './http-transport.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let seen: Seen[];
let handlers: Handler[];
let clock: VirtualClock;
let transport: HttpTransport;
let client: Client;

const json =
  (body: unknown, code = 200, headers: Record<string, string | string[]> = {}): Handler =>
  (_, response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };

const refusal = (code: number, reason: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
  message: `no: ${reason}`,
});

/** The last handler serves all requests after it. */
function serve(...given: Handler[]): void {
  handlers = given;
}

beforeEach(async () => {
  seen = [];
  clock = new VirtualClock();
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    seen.push({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    });
    const handler = handlers.length > 1 ? handlers.shift() : handlers[0];
    handler?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  transport = createHttpTransport({ server: `http://127.0.0.1:${port}`, clock, userAgent: 'test/1' });
  client = createClient({ transport, fieldManager: 'manager' });
});

afterEach(async () => {
  await transport[Symbol.asyncDispose]();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(clock.pendingTimers).toBe(0);
});

const map = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'a', uid: 'u', resourceVersion: '5', creationTimestamp: '2026-01-01T00:00:00Z' },
});

describe('requests', () => {
  it('go where the API serves the resource, with the options as the query', async () => {
    serve(json(map('x')));
    const draft = { metadata: { name: 'x', namespace: 'a b' } };
    await client.get(configMaps, { namespace: 'a', name: 'x' });
    await client.get(storageClasses, { name: 'fast' });
    await client.create(configMaps, draft, { dryRun: true, fieldValidation: 'Strict' });
    await client.updateStatus(namespaces, map('x') as never);
    await client.list(configMaps, { namespace: 'a', labelSelector: 'a=b,c!=d', limit: 5, continue: 't/k=' });
    await client.createSubresource(persistentVolumeClaims, { namespace: 'a', name: 'x' }, 'scale', {});
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /api/v1/namespaces/a/configmaps/x',
      'GET /apis/storage.k8s.io/v1/storageclasses/fast',
      'POST /api/v1/namespaces/a%20b/configmaps?fieldManager=manager&fieldValidation=Strict&dryRun=All',
      'PUT /api/v1/namespaces/x/status?fieldManager=manager',
      'GET /api/v1/namespaces/a/configmaps?labelSelector=a%3Db%2Cc%21%3Dd&limit=5&continue=t%2Fk%3D',
      'POST /api/v1/namespaces/a/persistentvolumeclaims/x/scale?fieldManager=manager',
    ]);
    expect(seen[0]?.headers).toMatchObject({ accept: 'application/json', 'user-agent': 'test/1' });
    expect(JSON.parse(seen[2]?.body ?? '')).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', ...draft });
  });

  it('say what kind of patch they carry', async () => {
    serve(json(map('x')));
    for (const type of ['json', 'merge', 'strategic', 'apply'] as const) {
      await client.patch(configMaps, { namespace: 'a', name: 'x' }, { type, body: [] }, { force: true });
    }
    expect(seen.map(({ headers }) => headers['content-type'])).toEqual([
      'application/json-patch+json',
      'application/merge-patch+json',
      'application/strategic-merge-patch+json',
      'application/apply-patch+yaml',
    ]);
    expect(seen[0]?.url).toContain('force=true');
  });

  it('send the options of a deletion as its body', async () => {
    serve(json({ kind: 'Status', apiVersion: 'v1', status: 'Success' }));
    await client.delete(configMaps, { namespace: 'a', name: 'x' }, { preconditions: { uid: 'u' } });
    await client.deleteCollection(configMaps, { namespace: 'a', labelSelector: 'a=b' }, { gracePeriodSeconds: 0 });
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'DELETE /api/v1/namespaces/a/configmaps/x',
      'DELETE /api/v1/namespaces/a/configmaps?labelSelector=a%3Db',
    ]);
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid: 'u' },
    });
  });

  it('bring back what they do not know: fields of a newer server outlive an update', async () => {
    const managedFields = [
      { manager: 'kubectl', operation: 'Update', fieldsType: 'FieldsV1', fieldsV1: { 'f:x': {} } },
    ];
    const newer = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'c', namespace: 'a', uid: 'u', resourceVersion: '7', managedFields, newerMeta: 1 },
      spec: { accessModes: ['ReadWriteOnce'], newerSpec: { deep: [1, { of: 'it' }] } },
      status: { newerStatus: true },
      newerTop: 'kept',
    };
    serve(json(newer), json(newer));
    const claim = await client.get(persistentVolumeClaims, { namespace: 'a', name: 'c' });
    const metadata = { ...claim.metadata, annotations: { touched: 'yes' } };
    await client.update(persistentVolumeClaims, { ...claim, metadata });
    expect(JSON.parse(seen[1]?.body ?? '')).toEqual({
      ...newer,
      metadata: { ...newer.metadata, annotations: { touched: 'yes' } },
    });
  });

  it('read documents that are no resources', async () => {
    serve(json({ groups: [] }));
    expect(await transport.getDocument('/apis')).toEqual({ groups: [] });
    expect(seen[0]).toMatchObject({ method: 'GET', url: '/apis' });
  });

  it('are counted by method and code', async () => {
    const metrics = new MetricsRegistry();
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    await using counted = createHttpTransport({ server: url, clock, userAgent: 'test', metrics });
    const own = createClient({ transport: counted, fieldManager: 'test' });
    serve(json(refusal(404, 'NotFound'), 404));
    await own.get(namespaces, { name: 'x' }).catch(() => {});
    expect(await metrics.print()).toContain(
      `rest_client_requests_total{code="404",method="GET",host="127.0.0.1:${port}"} 1\n`,
    );
  });

  it('forget a token that the server does not believe', async () => {
    const { port } = server.address() as AddressInfo;
    let tokens = 0;
    let known: string | undefined;
    await using own = createHttpTransport({
      server: `http://127.0.0.1:${port}`,
      clock,
      userAgent: 'test',
      token: async () => {
        known ??= `token-${++tokens}`;
        return known;
      },
      forgetToken: () => {
        known = undefined;
      },
    });
    const calls = createClient({ transport: own, fieldManager: 'test' });
    serve(json(refusal(401, 'Unauthorized'), 401), json({ metadata: { name: 'x' } }));
    await calls.get(namespaces, { name: 'x' }).catch(() => {});
    await calls.get(namespaces, { name: 'x' });
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('go through a proxy when there is one', async () => {
    const { port } = server.address() as AddressInfo;
    const proxy = { HTTP_PROXY: `http://127.0.0.1:${port}` };
    await using own = createHttpTransport({ server: 'http://far.example', clock, userAgent: 'test', proxy });
    serve(json({ metadata: { name: 'x' } }));
    await createClient({ transport: own, fieldManager: 'test' }).get(namespaces, { name: 'x' });
    expect(seen[0]?.url).toBe('http://far.example/api/v1/namespaces/x');
  });

  it('are limited to a rate when one is given', async () => {
    const { port } = server.address() as AddressInfo;
    const options = { server: `http://127.0.0.1:${port}`, clock, userAgent: 'test/1', rateLimit: { qps: 2, burst: 1 } };
    await using slow = createHttpTransport(options);
    serve(json(map('x')));
    const get = () => slow.request({ verb: 'get', resource: configMaps, namespace: 'a', name: 'x' });
    const all = Promise.all([get(), get(), get()]);
    await clock.until(() => seen.length === 3);
    await all;
    expect(clock.monotonic()).toBe(1000);
  });
});

describe('answers', () => {
  it('are frozen, and items of lists say what they are', async () => {
    const { apiVersion: _, kind: __, ...item } = map('x');
    serve(
      json({
        kind: 'ConfigMapList',
        apiVersion: 'v1',
        metadata: { resourceVersion: '9', continue: 't' },
        items: [item],
      }),
    );
    const list = await client.list(configMaps);
    expect(list).toEqual({ items: [map('x')], resourceVersion: '9', continue: 't' });
    expect(Object.isFrozen(list.items[0]?.metadata)).toBe(true);
  });

  it('tell created objects and warnings', async () => {
    serve(json(map('x'), 201, { warning: ['299 - "first, with a comma"', '299 - "second \\"quoted\\""'] }));
    const object = {};
    const response = await transport.request({
      verb: 'create',
      resource: configMaps,
      namespace: 'a',
      object,
      options: {},
    });
    expect(response).toMatchObject({ created: true, warnings: ['first, with a comma', 'second "quoted"'] });
  });

  it('that are a Status are thrown as ApiStatusError', async () => {
    serve(json(refusal(409, 'Conflict'), 409));
    const thrown: unknown = await client
      .get(configMaps, { namespace: 'a', name: 'x' })
      .catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: 'ApiStatusError', code: 409, reason: 'Conflict', message: 'no: Conflict' });
  });

  it('of a proxy become a status, too', async () => {
    serve((_, response) => {
      response.writeHead(503, { 'retry-after': '3' });
      response.end('<html>down</html>');
    });
    const thrown: unknown = await client
      .get(configMaps, { namespace: 'a', name: 'x' })
      .catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      reason: 'ServiceUnavailable',
      message: '<html>down</html>',
      status: { details: { retryAfterSeconds: 3 } },
    });
  });

  it('[rel-F-AP5] that name a time to come back at are waited for', async () => {
    serve(json(refusal(429, 'TooManyRequests'), 429, { 'retry-after': '4' }), json(map('x')));
    const answer = client.get(configMaps, { namespace: 'a', name: 'x' });
    await clock.until(() => seen.length === 2);
    expect(await answer).toEqual(map('x'));
    expect(clock.monotonic()).toBe(4000);
  });

  it('that never come are given up when the signal aborts', async () => {
    serve(() => {});
    const aborted = new AbortController();
    const answer = client.get(configMaps, { namespace: 'a', name: 'x' }, { signal: aborted.signal });
    while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    aborted.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('[rel-F-AP2] that break off are transport errors, and a write is not repeated', async () => {
    serve((request) => request.socket.destroy());
    const draft = { metadata: { name: 'x', namespace: 'a' } };
    await expect(client.create(configMaps, draft)).rejects.toMatchObject({ name: 'TransportError' });
    expect(seen.length).toBe(1);
  });

  it('[rel-F-AP2] are read again when the server closed an idle connection', async () => {
    serve(json(map('x')), (request) => request.socket.destroy(), json(map('y')));
    await client.get(configMaps, { namespace: 'a', name: 'x' });
    const second = await client.get(configMaps, { namespace: 'a', name: 'x' });
    expect(second.metadata.name).toBe('y');
  });
});

describe('a watch', () => {
  const event = (name: string, type = 'ADDED') => JSON.stringify({ type, object: map(name) });

  async function collectEvents(stream: AsyncIterable<WatchEvent>): Promise<string[]> {
    const names: string[] = [];
    for await (const { type, object } of stream) names.push(`${type} ${object.metadata.name}`);
    return names;
  }

  it('asks for what the options say', async () => {
    serve((_, response) => response.end());
    const options = { resourceVersion: '7', allowWatchBookmarks: true, sendInitialEvents: false, timeoutSeconds: 9 };
    await using stream = await client.watch(configMaps, { namespace: 'a', ...options });
    void stream;
    expect(seen[0]?.url).toBe(
      '/api/v1/namespaces/a/configmaps?watch=true&resourceVersion=7&allowWatchBookmarks=true&sendInitialEvents=false&timeoutSeconds=9',
    );
  });

  it('yields events however the bytes are cut, and ends with the server', async () => {
    const bytes = Buffer.from(`${event('ä')}\n${event('b', 'MODIFIED')}\n\n${event('c', 'DELETED')}\n`);
    serve((_, response) => {
      response.flushHeaders();
      for (let i = 0; i < bytes.length; i += 7) response.write(bytes.subarray(i, i + 7));
      response.end();
    });
    const stream = await client.watch(configMaps, {});
    expect(await collectEvents(stream)).toEqual(['ADDED ä', 'MODIFIED b', 'DELETED c']);
  });

  it('[rel-F-AP3] drops an event that was cut and tells that the connection broke', async () => {
    serve((request, response) => {
      response.write(`${event('a')}\n${event('b').slice(0, 20)}`, () => request.socket.destroy());
    });
    const stream = await client.watch(configMaps, {});
    const names: string[] = [];
    const reading = (async () => {
      for await (const { object } of stream) names.push(object.metadata.name);
    })();
    await expect(reading).rejects.toMatchObject({ name: 'TransportError' });
    expect(names).toEqual(['a']);
  });

  it('that is refused throws the status', async () => {
    serve(json(refusal(410, 'Expired'), 410));
    await expect(client.watch(configMaps, { resourceVersion: '1' })).rejects.toMatchObject({
      reason: 'Expired',
      code: 410,
    });
  });

  it('ends without an error when its signal aborts or it is disposed', async () => {
    serve((_, response) => response.write(`${event('a')}\n`));
    const controller = new AbortController();
    const stream = await client.watch(configMaps, { signal: controller.signal });
    const names: string[] = [];
    for await (const { object } of stream) {
      names.push(object.metadata.name);
      controller.abort();
    }
    expect(names).toEqual(['a']);
    const other = await client.watch(configMaps, {});
    for await (const _ of other) await other[Symbol.asyncDispose]();
  });

  it('of a server that cannot be reached is a transport error', async () => {
    await using lost = createHttpTransport({ server: 'http://127.0.0.1:1', clock, userAgent: 'test/1' });
    const options = { verb: 'watch' as const, resource: configMaps, options: {} };
    await expect(lost.watch(options)).rejects.toMatchObject({
      name: 'TransportError',
      message: expect.stringContaining('cannot reach http://127.0.0.1:1'),
    });
  });
});
