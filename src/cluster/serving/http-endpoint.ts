/** The plain HTTP endpoint of CSI sidecars: the health of the leader election, and metrics. Upstream: --http-endpoint. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errnoOf, messageOf, UsageError } from '../../base/index.ts';

export interface HttpEndpointOptions {
  /** Empty: every address. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metricsPath: string;
  readonly metrics: () => Promise<string>;
  /** What is wrong with the leader election; undefined while all is well. */
  readonly leaseProblem: () => string | undefined;
}

export interface HttpEndpoint extends AsyncDisposable {
  readonly port: number;
}

const healthPath = '/healthz/leader-election';
const plain = 'text/plain; charset=utf-8';
const requestTimeoutMs = 30_000;
const maxConnections = 100;

/** Throws a UsageError when the address cannot be taken. */
export async function startHttpEndpoint(options: HttpEndpointOptions): Promise<HttpEndpoint> {
  const { host, port } = options;
  const server = createServer({ requestTimeout: requestTimeoutMs }, async (request, response) => {
    const { status, type, text } = await pageAt(options, (request.url ?? '/').split('?')[0] ?? '/');
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
    response.end(request.method === 'HEAD' ? undefined : text);
  });
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const why = errnoOf(cause) === 'EADDRINUSE' ? `${port} is in use` : messageOf(cause);
      reject(new UsageError(`--http-endpoint: ${why}`, { cause }));
    });
    server.listen({ port, ...(host === '' ? {} : { host }) }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function pageAt(options: HttpEndpointOptions, path: string) {
  if (path === healthPath) {
    const problem = options.leaseProblem();
    return problem === undefined
      ? { status: 200, type: plain, text: 'ok' }
      : { status: 500, type: plain, text: `internal server error: ${problem}\n` };
  }
  if (path !== options.metricsPath) return { status: 404, type: plain, text: '404 page not found\n' };
  const type = 'text/plain; version=0.0.4; charset=utf-8';
  return await options.metrics().then(
    (text) => ({ status: 200, type, text }),
    (thrown: unknown) => ({ status: 500, type: plain, text: `${messageOf(thrown)}\n` }),
  );
}
