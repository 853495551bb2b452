import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RawClient } from './support/raw-client.ts';

let client: RawClient;
let kubelet: Server;
let seen: { url: string; user: string | undefined; headers: IncomingMessage['headers'] }[];
let refuses = false;
const pods = '/api/v1/namespaces/default/pods';

function note(request: IncomingMessage): void {
  const { socket, url = '', headers } = request;
  const subject = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate().subject : undefined;
  seen.push({ url, user: subject && String(subject.CN), headers });
}

/** Shouts everything back that comes after the handshake. */
function upgrade(request: IncomingMessage, socket: Duplex): void {
  note(request);
  if (refuses) {
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
    return;
  }
  const protocol = request.headers['sec-websocket-protocol'] ?? '';
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
  );
  socket.on('data', (chunk: Buffer) => socket.write(chunk.toString().toUpperCase()));
  socket.on('end', () => socket.end());
  socket.on('error', () => socket.destroy());
}

async function startKubelet(nodeName: string): Promise<Server> {
  const { certificate, key } = await client.server.issueCertificate(`kubelet-${nodeName}`, {
    commonName: `system:node:${nodeName}`,
    hosts: [nodeName, '127.0.0.1'],
  });
  const ca = client.server.rootCa;
  const server = createServer({ cert: certificate, key, ca, requestCert: true }, (request, response) => {
    note(request);
    response.writeHead(200, { 'Content-Type': 'text/plain' });
    response.end('line one\nline two\n');
  });
  server.on('upgrade', upgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function createNode(name: string, port = (kubelet.address() as AddressInfo).port): Promise<void> {
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  expect(
    (await client.send('POST', '/api/v1/nodes', { body: JSON.stringify({ metadata: { name }, status }) })).code,
  ).toBe(201);
}

async function createPod(name: string, nodeName: string | undefined, containers: readonly string[]): Promise<void> {
  const spec = { containers: containers.map((container) => ({ name: container, image: 'i' })) };
  expect((await client.send('POST', pods, { body: JSON.stringify({ metadata: { name }, spec }) })).code).toBe(201);
  if (nodeName === undefined) return;
  const target = JSON.stringify({ target: { kind: 'Node', name: nodeName } });
  expect((await client.send('POST', `${pods}/${name}/binding`, { body: target })).code).toBe(201);
}

beforeAll(async () => {
  client = await RawClient.start();
  kubelet = await startKubelet('n');
  await createNode('n');
  await createNode('impostor');
  await createNode('silent', 0);
  await createPod('one', 'n', ['c']);
  await createPod('two', 'n', ['c', 'd']);
  await createPod('nowhere', undefined, ['c']);
  await createPod('deceived', 'impostor', ['c']);
  await createPod('unheard', 'silent', ['c']);
});
beforeEach(() => {
  seen = [];
  refuses = false;
});
afterAll(async () => {
  kubelet.closeAllConnections();
  await new Promise((resolve) => kubelet.close(resolve));
  await client[Symbol.asyncDispose]();
});

async function messageOf(path: string): Promise<string> {
  return (await client.json<{ message: string }>('GET', path)).message;
}

describe('logs', () => {
  it('are what the kubelet of the pod answers, asked with the server’s own certificate', async () => {
    const answer = await client.send('GET', `${pods}/one/log?follow=true&tailLines=5`, {
      headers: { authorization: 'Bearer secret' },
    });
    expect(answer).toMatchObject({ code: 200, text: 'line one\nline two\n' });
    expect(seen[0]?.url).toBe('/containerLogs/default/one/c?follow=true&tailLines=5');
    expect(seen[0]?.user).toBe('stowage-apiserver-kubelet-client');
    expect(seen[0]?.headers.authorization).toBeUndefined();
  });

  it('need to know the container, in the words of upstream', async () => {
    expect(await messageOf(`${pods}/two/log`)).toBe(
      'a container name must be specified for pod two, choose one of: [c d]',
    );
    expect(await messageOf(`${pods}/two/log?container=x`)).toBe('container x is not valid for pod two');
    expect(await messageOf(`${pods}/none/log`)).toBe('pods "none" not found');
    expect((await client.send('GET', `${pods}/nowhere/log`)).text).toBe('');
  });

  it('are not to be had from a kubelet without an endpoint, which is said', async () => {
    expect(await messageOf(`${pods}/unheard/log`)).toContain('the kubelet of node silent serves no logs and no exec');
  });

  it('[rel-S-API9] are not asked of a kubelet that cannot show it is that node', async () => {
    expect(await messageOf(`${pods}/deceived/log`)).toContain('error dialing backend');
    expect(seen).toEqual([]);
  });
});

describe('streams', () => {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-protocol': 'v5.channel.k8s.io',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };

  async function open(path: string) {
    const { certificate, key } = await client.server.issueCertificate('test-admin', {
      commonName: 'tester',
      organizations: ['system:masters'],
    });
    const { request } = await import('node:https');
    const outgoing = request({
      host: '127.0.0.1',
      port: client.port,
      path,
      headers,
      ca: client.server.rootCa,
      cert: certificate,
      key,
      agent: false,
    });
    outgoing.end();
    return await new Promise<{ code: number; protocol: string | undefined; socket: Duplex | undefined }>(
      (resolve, reject) => {
        outgoing.on('upgrade', (response, socket) => {
          const protocol = response.headers['sec-websocket-protocol'];
          resolve({ code: response.statusCode ?? 0, protocol, socket });
        });
        outgoing.on('response', (response) => {
          response.resume();
          resolve({ code: response.statusCode ?? 0, protocol: undefined, socket: undefined });
        });
        outgoing.on('error', reject);
      },
    );
  }

  it('are joined with the kubelet byte for byte', async () => {
    const { code, protocol, socket } = await open(
      `${pods}/one/exec?command=sh&command=-c&stdin=true&stdout=true&tty=false`,
    );
    expect(code).toBe(101);
    expect(protocol).toBe('v5.channel.k8s.io');
    expect(seen[0]?.url).toBe('/exec/default/one/c?command=sh&command=-c&input=1&output=1');
    const answered = new Promise<string>((resolve) => socket?.once('data', (chunk) => resolve(String(chunk))));
    socket?.write('hello');
    expect(await answered).toBe('HELLO');
    const closed = new Promise((resolve) => socket?.once('close', resolve));
    socket?.end();
    await closed;
  });

  it('[rel-S-API2] become no tunnel when the kubelet refuses', async () => {
    refuses = true;
    const { code, socket } = await open(`${pods}/one/exec?command=sh`);
    expect(code).toBe(403);
    expect(socket).toBeUndefined();
  });

  it('are for those who may create them, and for pods that run somewhere', async () => {
    expect((await open(`${pods}/nowhere/exec?command=sh`)).code).toBe(400);
    expect((await open(`${pods}/none/attach`)).code).toBe(404);
    const anonymous = await client.send('GET', `${pods}/one/exec?command=sh`, { headers, anonymous: true });
    expect(anonymous.code).toBe(403);
    const plain = await client.send('POST', `${pods}/one/exec?command=sh`);
    expect(plain.code).toBe(400);
  });
});
