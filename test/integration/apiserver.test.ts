import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawClient, type RawOptions } from './support/raw-client.ts';

let client: RawClient;
const configMaps = '/api/v1/namespaces/default/configmaps';

beforeAll(async () => {
  client = await RawClient.start();
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
});

let counter = 0;
const freshName = () => `object-${counter++}`;

async function created(more: object = {}): Promise<string> {
  const name = freshName();
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...more });
  expect((await client.send('POST', configMaps, { body })).code).toBe(201);
  return name;
}

async function refusal(method: string, path: string, options: RawOptions = {}) {
  const answer = await client.send(method, path, options);
  const status = JSON.parse(answer.text) as { kind: string; message: string; reason: string; code: number };
  expect(status.kind).toBe('Status');
  expect(status.code).toBe(answer.code);
  return status;
}

describe('paths and methods', () => {
  it('answers as Kubernetes does to what it does not serve', async () => {
    const missing = await refusal('GET', `${configMaps}/nope`);
    expect(missing).toMatchObject({ code: 404, reason: 'NotFound', message: 'configmaps "nope" not found' });
    expect((await refusal('GET', '/apis/example.com/v1/things')).code).toBe(404);
    expect((await refusal('GET', '/nowhere')).code).toBe(404);
    expect((await refusal('PUT', configMaps, { body: '{}' })).code).toBe(405);
    expect((await refusal('POST', `${configMaps}/x`, { body: '{}' })).code).toBe(405);
    expect((await refusal('GET', `${configMaps}/x/scale`)).code).toBe(404);
  });

  it('[rel-S-API6] keeps what belongs to the cluster and what belongs to a namespace apart', async () => {
    expect((await refusal('GET', '/api/v1/namespaces/default/persistentvolumes')).code).toBe(404);
    expect((await refusal('POST', '/api/v1/configmaps', { body: '{}' })).code).toBe(404);
    expect((await client.send('GET', '/api/v1/configmaps')).code).toBe(200);
  });

  it('[rel-S-API3] takes no path for another', async () => {
    for (const path of [
      '/api/v1/namespaces/../secrets',
      '/api/v1/namespaces/%2e%2e/secrets',
      '/api/v1/namespaces/default%2Fconfigmaps/secrets',
      '/api/v1/namespaces/default/configmaps/a%2Fb',
      '/api/v1/namespaces/default/configmaps/%00',
      '//api/v1/configmaps',
      '/api/v1/./configmaps',
    ]) {
      expect((await refusal('GET', path)).code, path).toBe(404);
    }
    expect((await refusal('GET', '/api/v1/namespaces/%zz/configmaps')).code).toBe(400);
  });

  it('[rel-S-API2] lets nobody leave HTTP but on the paths of streams', async () => {
    const headers = { connection: 'Upgrade', upgrade: 'websocket' };
    for (const path of ['/api/v1/pods', '/version', `${configMaps}/x`, '/api/v1/namespaces/default/pods/p/log']) {
      const answer = await client.send('GET', path, { headers });
      expect(answer.code, path).toBeGreaterThanOrEqual(400);
    }
    const noPod = await client.send('GET', '/api/v1/namespaces/default/pods/p/exec', { headers });
    expect(noPod.code).toBe(404);
  });

  it('tells its health and version to everybody, and the rest to those it knows', async () => {
    for (const path of ['/healthz', '/livez', '/readyz']) {
      expect((await client.send('GET', path, { anonymous: true })).text).toBe('ok');
    }
    const version = await client.json<{ gitVersion: string }>('GET', '/version', { anonymous: true });
    expect(version.gitVersion).toMatch(/^v1\.36\./);
    const refused = JSON.parse((await client.send('GET', '/api/v1/pods', { anonymous: true })).text) as object;
    expect(refused).toMatchObject({
      code: 403,
      message:
        'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope',
    });
    expect((await client.send('GET', '/openapi/v3', { anonymous: true })).code).toBe(403);
  });

  it('counts what it answers', async () => {
    await client.send('GET', `${configMaps}/nope`);
    await client.send('GET', configMaps);
    const { text } = await client.send('GET', '/metrics');
    expect(text).toMatch(
      /^apiserver_request_total\{verb="LIST",group="",version="v1",resource="configmaps",.*code="200"\} \d+$/m,
    );
    expect(text).toMatch(/^apiserver_longrunning_requests 0$/m);
    expect((await client.send('GET', '/metrics', { anonymous: true })).code).toBe(403);
  });

  it('[rel-S-API1] believes no header and no bad token', async () => {
    const get = (headers: Record<string, string>) => client.send('GET', '/api/v1/pods', { anonymous: true, headers });
    expect((await get({ 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' })).code).toBe(403);
    expect((await get({ 'impersonate-user': 'admin', 'impersonate-group': 'system:masters' })).code).toBe(403);
    expect((await get({ authorization: 'Bearer nonsense' })).code).toBe(401);
    expect((await get({ authorization: 'Basic YWRtaW46YWRtaW4=' })).code).toBe(401);
  });
});

describe('bodies', () => {
  it('are JSON, YAML or nothing that is understood', async () => {
    const name = freshName();
    const headers = { 'content-type': 'application/yaml' };
    const body = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata:\n  a: |\n    x\n    y\n`;
    const answer = await client.json('POST', configMaps, { body, headers });
    expect(answer).toMatchObject({ data: { a: 'x\ny\n' } });
    const cbor = await refusal('POST', configMaps, { body: 'x', headers: { 'content-type': 'application/cbor' } });
    expect(cbor.code).toBe(415);
    const patch = await refusal('PATCH', `${configMaps}/${name}`, { body: '{}' });
    expect(patch.code).toBe(415);
    expect(patch.message).toContain('application/strategic-merge-patch+json');
  });

  it('[rel-X2] [rel-X6] are refused when they are malformed', async () => {
    const code = async (body: string | Buffer) => (await refusal('POST', configMaps, { body })).code;
    expect(await code('{')).toBe(400);
    expect(await code('')).toBe(400);
    expect(await code('[]')).toBe(400);
    expect(await code(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBe(400);
    expect(await code(`{"metadata":{"name":"x"},"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)).toBe(400);
    expect(await code(`{"metadata":{"name":"x"},"data":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`)).toBe(400);
    const revisions = '/apis/apps/v1/namespaces/default/controllerrevisions';
    const deep = `{"metadata":{"name":"x"},"revision":1,"data":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`;
    expect((await refusal('POST', revisions, { body: deep })).code).toBe(400);
  });

  it('[rel-X1] are refused above three mebibytes', async () => {
    const body = JSON.stringify({ metadata: { name: freshName() }, data: { a: 'x'.repeat(3 * 1024 * 1024) } });
    const answer = await refusal('POST', configMaps, { body });
    expect(answer).toMatchObject({ code: 413, reason: 'RequestEntityTooLarge' });
  });

  it('[rel-X3] hold no bombs of YAML', async () => {
    const levels = ['a: &a0 [x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 9; i++)
      levels.push(
        `b${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(',')}]`,
      );
    const headers = { 'content-type': 'application/yaml' };
    expect((await refusal('POST', configMaps, { body: levels.join('\n'), headers })).code).toBe(400);
  });

  it('[rel-X4] may call a key whatever they like', async () => {
    const text = '{"metadata":{"name":"keys","labels":{"constructor":"a"}},"data":{"__proto__":"b","toString":"c"}}';
    const { data, metadata } = await client.json<{ data: object; metadata: { labels: object } }>('POST', configMaps, {
      body: text,
    });
    expect(JSON.stringify(data)).toBe('{"__proto__":"b","toString":"c"}');
    expect(JSON.stringify(metadata.labels)).toBe('{"constructor":"a"}');
    expect('polluted' in {}).toBe(false);
  });

  it('[rel-X6] [rel-X7] are searched for unknown and repeated fields as the request asks', async () => {
    const body = `{"metadata":{"name":"${freshName()}","name":"${freshName()}"},"dta":{}}`;
    const strict = await refusal('POST', `${configMaps}?fieldValidation=Strict&dryRun=All`, { body });
    expect(strict.message).toContain('strict decoding error: duplicate field "metadata.name", unknown field "dta"');
    const warned = await client.send('POST', `${configMaps}?dryRun=All`, { body });
    expect(warned.headers.warning).toBe('299 - "duplicate field \\"metadata.name\\"", 299 - "unknown field \\"dta\\""');
    const ignored = await client.send('POST', `${configMaps}?fieldValidation=Ignore&dryRun=All`, { body });
    expect(ignored.headers.warning).toBeUndefined();
    expect((await refusal('POST', `${configMaps}?fieldValidation=Loose`, { body })).code).toBe(422);
    expect((await refusal('POST', `${configMaps}?dryRun=Some`, { body })).code).toBe(422);
  });

  it('[rel-X5] never have a number rounded', async () => {
    const claim = (storage: string) =>
      `{"metadata":{"name":"${freshName()}"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":${storage}}}}}`;
    const path = '/api/v1/namespaces/default/persistentvolumeclaims';
    const answer = await client.json<{ spec: { resources: object } }>('POST', path, {
      body: claim('9007199254740993'),
    });
    expect(answer.spec.resources).toEqual({ requests: { storage: '9007199254740993' } });
    const pod = '{"metadata":{"name":"x"},"spec":{"terminationGracePeriodSeconds":9007199254740993,"containers":[]}}';
    expect((await refusal('POST', '/api/v1/namespaces/default/pods', { body: pod })).code).toBe(400);
  });
});

describe('representations', () => {
  it('[rel-X9] are JSON, YAML, a table or the metadata, and 406 for anything else', async () => {
    const name = await created({ data: { a: 'b' } });
    const as = (accept: string) => client.send('GET', `${configMaps}/${name}`, { headers: { accept } });
    const table = await as('application/json;as=Table;v=v1;g=meta.k8s.io,application/json');
    expect(JSON.parse(table.text)).toMatchObject({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      rows: [{ cells: [name, 1, expect.any(String)], object: { kind: 'PartialObjectMetadata' } }],
    });
    const partial = JSON.parse(
      (await as('application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io')).text,
    ) as object;
    expect(partial).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name } });
    expect(partial).not.toHaveProperty('data');
    const yaml = await as('application/yaml');
    expect(yaml.headers['content-type']).toBe('application/yaml');
    expect(yaml.text).toContain(`name: ${name}`);
    expect((await as('application/vnd.kubernetes.protobuf, application/json')).code).toBe(200);
    expect((await as('image/png')).code).toBe(406);
    expect((await as('x/y,'.repeat(2_000))).code).toBe(406);
  });

  it('of long lists are written in pieces and come out whole', async () => {
    const namespace = JSON.stringify({ metadata: { name: 'many' } });
    await client.send('POST', '/api/v1/namespaces', { body: namespace });
    const path = '/api/v1/namespaces/many/configmaps';
    const bodies = Array.from({ length: 1_200 }, (_, i) => JSON.stringify({ metadata: { name: `n-${i}` } }));
    for (let i = 0; i < bodies.length; i += 50) {
      await Promise.all(bodies.slice(i, i + 50).map((body) => client.send('POST', path, { body })));
    }
    const list = await client.json<{ kind: string; items: unknown[]; metadata: { resourceVersion: string } }>(
      'GET',
      path,
    );
    expect(list.kind).toBe('ConfigMapList');
    expect(list.items).toHaveLength(1_200);
    expect(list.items[0]).not.toHaveProperty('kind');
    const page = await client.json<{ metadata: { continue: string; remainingItemCount: number } }>(
      'GET',
      `${path}?limit=500`,
    );
    expect(page.metadata.remainingItemCount).toBe(700);
    const short = await client.json<{ items: unknown[] }>('GET', `${path}?limit=1`);
    expect(Object.keys(short.items[0] as object)).toEqual(['metadata']);
    expect((await client.send('DELETE', path)).code).toBe(200);
    expect((await client.json<{ items: unknown[] }>('GET', path)).items).toEqual([]);
  });
});

describe('discovery', () => {
  it('lists groups, versions and resources, plain and aggregated', async () => {
    expect(await client.json('GET', '/api')).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    const groups = await client.json<{ groups: { name: string }[] }>('GET', '/apis');
    expect(groups.groups.map((group) => group.name)).toContain('storage.k8s.io');
    const { resources } = await client.json<{ resources: { name: string; verbs: string[] }[] }>('GET', '/api/v1');
    const names = resources.map((resource) => resource.name);
    expect(names).toEqual(expect.arrayContaining(['pods', 'pods/exec', 'pods/log', 'pods/binding', 'pods/eviction']));
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const aggregated = await client.send('GET', '/apis', { headers: { accept } });
    expect(aggregated.headers['content-type']).toBe(
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    );
    const document = JSON.parse(aggregated.text) as { items: { metadata: { name: string }; versions: object[] }[] };
    const apps = document.items.find((item) => item.metadata.name === 'apps');
    expect(apps?.versions[0]).toMatchObject({
      version: 'v1',
      resources: expect.arrayContaining([
        expect.objectContaining({
          resource: 'statefulsets',
          scope: 'Namespaced',
          shortNames: ['sts'],
          subresources: expect.arrayContaining([
            expect.objectContaining({
              subresource: 'scale',
              responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
            }),
          ]),
        }),
      ]),
    });
  });

  it('answers that nothing has changed to those who know it', async () => {
    const first = await client.send('GET', '/apis');
    const etag = String(first.headers.etag);
    const second = await client.send('GET', '/apis', { headers: { 'if-none-match': etag } });
    expect(second).toMatchObject({ code: 304, text: '' });
  });

  it('describes every kind that has a table in OpenAPI, with what kubectl looks for', async () => {
    const { paths } = await client.json<{ paths: Record<string, { serverRelativeURL: string }> }>('GET', '/openapi/v3');
    const url = paths['api/v1']?.serverRelativeURL ?? '';
    expect(url).toMatch(/^\/openapi\/v3\/api\/v1\?hash=/);
    const document = await client.json<{
      paths: Record<string, { patch?: { parameters: { name: string }[] } & Record<string, unknown> }>;
      components: { schemas: Record<string, Record<string, unknown> & { properties?: Record<string, object> }> };
    }>('GET', url);
    const claim = document.components.schemas['io.k8s.api.core.v1.PersistentVolumeClaim'];
    const gvk = { group: '', version: 'v1', kind: 'PersistentVolumeClaim' };
    expect(claim?.['x-kubernetes-group-version-kind']).toEqual([gvk]);
    const patch = document.paths['/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}']?.patch;
    expect(patch?.['x-kubernetes-group-version-kind']).toEqual(gvk);
    expect(patch?.parameters.map((parameter) => parameter.name)).toContain('fieldValidation');
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      for (const reference of JSON.stringify(schema).matchAll(/#\/components\/schemas\/([^"]+)/g)) {
        expect(document.components.schemas, name).toHaveProperty([reference[1] ?? '']);
      }
    }
  });
});

describe('watches', () => {
  it('stream one event per line until the client hangs up', async () => {
    const watch = await client.open('GET', `${configMaps}?watch=1&fieldSelector=metadata.name=watched`);
    const lines = watch.setEncoding('utf8')[Symbol.asyncIterator]();
    await client.send('POST', configMaps, { body: JSON.stringify({ metadata: { name: 'watched' } }) });
    const { value } = (await lines.next()) as { value: string };
    expect(JSON.parse(value)).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'watched' } } });
    watch.destroy();
  });

  it('show tables to those who read tables', async () => {
    const name = await created();
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const path = `${configMaps}?watch=1&fieldSelector=metadata.name=${name}&timeoutSeconds=1`;
    const answer = await client.send('GET', path, { headers: { accept } });
    expect(JSON.parse(answer.text)).toMatchObject({ type: 'ADDED', object: { kind: 'Table', rows: [{}] } });
  });

  it('[rel-A8] [rel-S-API5] are refused like lists', async () => {
    expect((await refusal('GET', `${configMaps}?watch=1&resourceVersion=x`)).code).toBe(400);
    expect((await refusal('GET', `${configMaps}?watch=1&sendInitialEvents=true`)).code).toBe(422);
    expect((await refusal('GET', `${configMaps}?sendInitialEvents=true`)).code).toBe(422);
    const secrets = await client.send('GET', '/api/v1/watch/secrets', { anonymous: true });
    expect(secrets.code).toBe(403);
  });
});

describe('strangers', () => {
  it('[rel-X28] who do not speak HTTP are cut off', async () => {
    for (const text of [
      'nonsense\r\n\r\n',
      'GET / HTTP/0.9\r\n\r\n',
      `GET / HTTP/1.1\r\nX: ${'y'.repeat(70_000)}\r\n\r\n`,
    ]) {
      const socket = await client.connect();
      socket.write(text);
      const answer = await new Promise<string>((resolve) => {
        let received = '';
        socket.on('data', (chunk) => {
          received += String(chunk);
        });
        socket.on('close', () => resolve(received));
      });
      expect(answer).toMatch(/^(HTTP\/1.1 4\d\d|$)/);
    }
    expect((await client.send('GET', '/healthz')).text).toBe('ok');
  });

  it('who say two lengths for one body are cut off', async () => {
    const socket = await client.connect();
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');
    const answer = await new Promise<string>((resolve) => {
      socket.once('data', (chunk) => resolve(String(chunk)));
    });
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    socket.destroy();
  });
});
