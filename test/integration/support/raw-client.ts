/** Plain HTTPS against a server of our own: for tests of what a well-behaved client never sends. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request as tlsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { type ApiServer, createApiServer, createMemoryStore } from '../../../src/apiserver/index.ts';
import { realClock, realRandom, silentLogger } from '../../../src/base/index.ts';

export interface RawAnswer {
  readonly code: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface RawOptions {
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Without: the administrator's certificate. */
  readonly anonymous?: boolean;
}

const basics = { clock: realClock, random: realRandom, logger: silentLogger };

export class RawClient implements AsyncDisposable {
  readonly server: ApiServer;
  readonly port: number;
  readonly #stack: AsyncDisposableStack;
  readonly #admin: Agent;
  readonly #nobody: Agent;

  private constructor(server: ApiServer, port: number, stack: AsyncDisposableStack, admin: Agent, nobody: Agent) {
    this.server = server;
    this.port = port;
    this.#stack = stack;
    this.#admin = admin;
    this.#nobody = nobody;
  }

  static async start(): Promise<RawClient> {
    const stack = new AsyncDisposableStack();
    const dataDir = mkdtempSync(join(tmpdir(), 'stowage-raw-'));
    stack.defer(() => rmSync(dataDir, { recursive: true }));
    const store = stack.use(createMemoryStore(basics));
    const server = stack.use(await createApiServer({ ...basics, store, dataDir }));
    const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
    const { certificate, key } = await server.issueCertificate('test-admin', {
      commonName: 'tester',
      organizations: ['system:masters'],
    });
    const admin = new Agent({ keepAlive: true, ca: server.rootCa, cert: certificate, key });
    const nobody = new Agent({ keepAlive: true, ca: server.rootCa });
    stack.defer(() => admin.destroy());
    stack.defer(() => nobody.destroy());
    const client = new RawClient(server, port, stack, admin, nobody);
    const namespace = JSON.stringify({ metadata: { name: 'default' } });
    await client.send('POST', '/api/v1/namespaces', { body: namespace });
    return client;
  }

  open(method: string, path: string, options: RawOptions = {}): Promise<IncomingMessage> {
    const agent = options.anonymous ? this.#nobody : this.#admin;
    const length = options.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(options.body)) };
    const headers = { 'content-type': 'application/json', ...length, ...options.headers };
    return new Promise((resolve, reject) => {
      const outgoing = tlsRequest({ host: '127.0.0.1', port: this.port, path, method, agent, headers }, resolve);
      outgoing.on('error', reject);
      outgoing.end(options.body);
    });
  }

  async send(method: string, path: string, options: RawOptions = {}): Promise<RawAnswer> {
    const incoming = await this.open(method, path, options);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    return { code: incoming.statusCode ?? 0, headers: incoming.headers, text: Buffer.concat(chunks).toString() };
  }

  async json<T = Record<string, unknown>>(method: string, path: string, options: RawOptions = {}): Promise<T> {
    return JSON.parse((await this.send(method, path, options)).text) as T;
  }

  /** A connection on which the test writes bytes of its own. */
  connect(): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: this.port, ca: this.server.rootCa }, () => resolve(socket));
      socket.on('error', reject);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
