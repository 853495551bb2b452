/** The node's endpoint over TLS, with a runtime in memory behind it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createAuthority, issueCertificate, type KeyPair } from '../../src/apiserver/auth/certificate-authority.ts';
import { realClock, realFs, realRandom, silentLogger } from '../../src/base/index.ts';
import type { ContainerConfig, ContainerRecord } from '../../src/kubelet/runtime/runtime.ts';
import { FakeRuntime } from '../../src/kubelet/runtime/testing.ts';
import { type KubeletServer, startKubeletServer } from '../../src/kubelet/server/kubelet-server.ts';

const services = { clock: realClock, random: realRandom };

describe('the endpoint of a node', () => {
  let directory: string;
  let authority: KeyPair;
  let admin: KeyPair;
  let server: KubeletServer;
  let runtime: FakeRuntime;
  let record: ContainerRecord;
  let echo: Server;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-endpoint-'));
    authority = await createAuthority('test-ca', services);
    admin = await issueCertificate(authority, { commonName: 'apiserver', organizations: ['system:masters'] }, services);
    const own = await issueCertificate(authority, { commonName: 'node', hosts: ['127.0.0.1'] }, services);
    runtime = new FakeRuntime(realClock);
    const logPath = join(directory, '0.log');
    writeFileSync(logPath, '2026-11-21T10:00:00.0Z stdout F hello\n');
    const identity = { podUid: 'u', podNamespace: 'd', podName: 'p', containerName: 'c', attempt: 0, specHash: '' };
    const config = { id: 'id', identity, imageInfo: { id: '' }, logPath } as ContainerConfig;
    record = await runtime.createAndStart(config);
    runtime.answer = (command) => ({ exitCode: command[0] === 'fail' ? 7 : 0, output: command.join(' ') });
    server = await startKubeletServer({
      ...services,
      host: '127.0.0.1',
      port: 0,
      tls: { cert: own.certificate, key: own.key, ca: authority.certificate },
      runtime,
      findContainer: (query) => (query.podName === 'p' && !query.previous ? record : undefined),
      findPodIp: () => '127.0.0.1',
      listPods: () => [],
      fs: realFs,
      logger: silentLogger,
    });
    echo = createServer((socket) => {
      socket.on('error', () => {});
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await new Promise((resolve) => echo.close(resolve));
    rmSync(directory, { recursive: true, force: true });
  });

  const tlsOf = (client: KeyPair) => ({ ca: authority.certificate, cert: client.certificate, key: client.key });

  function fetchText(path: string, client: KeyPair): Promise<{ code: number | undefined; text: string }> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: server.port, path, agent: false, ...tlsOf(client) };
      get(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ code: response.statusCode, text }));
      }).on('error', reject);
    });
  }

  /** What came on each channel until the other side closed. */
  function talk(path: string, protocol: string, say: (socket: WebSocket) => void = () => {}) {
    return new Promise<Record<number, string>>((resolve, reject) => {
      const url = `wss://127.0.0.1:${server.port}${path}`;
      const socket = new WebSocket(url, protocol, { ...tlsOf(admin), perMessageDeflate: false });
      const heard: Record<number, string> = {};
      socket.on('open', () => say(socket));
      socket.on('message', (data: Buffer) => {
        const [channel = 0] = data;
        heard[channel] = (heard[channel] ?? '') + data.subarray(1).toString('latin1');
      });
      socket.on('close', () => resolve(heard));
      socket.on('error', reject);
    });
  }

  it('shows logs, and says which it does not have', async () => {
    expect(await fetchText('/containerLogs/d/p/c', admin)).toEqual({ code: 200, text: 'hello\n' });
    expect(await fetchText('/containerLogs/d/p/c?previous=true', admin)).toEqual({
      code: 400,
      text: 'previous terminated container "c" in pod "p" not found',
    });
    expect((await fetchText('/nonsense', admin)).code).toBe(404);
    expect((await fetchText('/containerLogs/d/%zz/c', admin)).code).toBe(404);
  });

  it('[rel-J3] lets nobody in who may not do everything', async () => {
    const request = { commonName: 'mallory', organizations: ['developers'] };
    const mallory = await issueCertificate(authority, request, services);
    expect(await fetchText('/containerLogs/d/p/c', mallory)).toMatchObject({ code: 403 });
    const other = await createAuthority('other-ca', services);
    const stranger = await issueCertificate(other, { commonName: 'x', organizations: ['system:masters'] }, services);
    await expect(fetchText('/containerLogs/d/p/c', stranger)).rejects.toThrow();
  });

  it.each(['v5.channel.k8s.io', 'v4.channel.k8s.io'])('[U2] runs a command over %s', async (protocol) => {
    const heard = await talk('/exec/d/p/c?command=ls&command=-l&output=1&error=1', protocol);
    expect(heard[1]).toBe('ls -l');
    expect(JSON.parse(heard[3] ?? '')).toEqual({ metadata: {}, status: 'Success' });
  });

  it('[U2] tells the exit code as Kubernetes does', async () => {
    const heard = await talk('/exec/d/p/c?command=fail&output=1', 'v5.channel.k8s.io');
    expect(JSON.parse(heard[3] ?? '')).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '7' }] },
    });
  });

  it('[U2] says when there is no such container', async () => {
    const heard = await talk('/exec/d/other/c?command=ls', 'v5.channel.k8s.io');
    expect(JSON.parse(heard[3] ?? '')).toMatchObject({ status: 'Failure', reason: 'NotFound' });
  });

  it('[U2] forwards a port over channels', async () => {
    const { port } = echo.address() as { port: number };
    const heard = await talk(`/portForward/d/p?ports=${port}`, 'v4.channel.k8s.io', (socket) => {
      socket.send(Buffer.from('\0ping'));
      socket.on('message', (data: Buffer) => {
        if (data.includes('ping')) socket.close();
      });
    });
    const name = Buffer.alloc(2);
    name.writeUInt16LE(port);
    expect(heard[0]).toBe(`${name.toString('latin1')}ping`);
    expect(heard[1]).toBe(name.toString('latin1'));
  });
});
