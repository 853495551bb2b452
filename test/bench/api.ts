/** A bare client for measuring: JSON over TLS with a fixed number of connections. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';

export interface Api {
  call(method: string, path: string, body?: object, contentType?: string): Promise<{ status: number; body: string }>;
  /** Calls the function for each line of a watch until it returns true. */
  watch(path: string, onEvent: (event: WatchLine) => boolean, onOpen?: () => void): Promise<void>;
  close(): void;
}

export interface WatchLine {
  readonly type: string;
  readonly object: {
    readonly metadata: { readonly name: string; readonly resourceVersion: string };
    readonly spec?: { readonly nodeName?: string };
    readonly status?: { readonly phase?: string; readonly volumesAttached?: readonly { readonly name: string }[] };
  };
}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

function decode(text: string | undefined): Buffer {
  return Buffer.from(text ?? '', 'base64');
}

export function connectApi(kubeconfigPath: string, connections: number): Api {
  const config: Kubeconfig = parse(readFileSync(kubeconfigPath, 'utf8'));
  const cluster = config.clusters[0]?.cluster;
  const user = config.users[0]?.user;
  if (!cluster || !user) throw new Error(`${kubeconfigPath} names no cluster or user`);
  const base = new URL(cluster.server);
  const tls = {
    ca: decode(cluster['certificate-authority-data']),
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  };
  const agent = new Agent({ ...tls, keepAlive: true, maxSockets: connections });
  const watchAgent = new Agent({ ...tls, keepAlive: false });
  const target = { host: base.hostname, port: base.port };

  return {
    call: (method, path, body, contentType = 'application/json') =>
      new Promise((resolve, reject) => {
        const text = body === undefined ? undefined : JSON.stringify(body);
        const headers =
          text === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(text) };
        const call = request({ ...target, agent, method, path, headers }, (response) => {
          let answer = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            answer += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: answer }));
          response.on('error', reject);
        });
        call.on('error', reject);
        call.end(text);
      }),
    watch: (path, onEvent, onOpen) =>
      new Promise((resolve, reject) => {
        const call = request({ ...target, agent: watchAgent, method: 'GET', path }, (response) => {
          onOpen?.();
          let rest = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            const lines = (rest + chunk).split('\n');
            rest = lines.pop() ?? '';
            try {
              if (!lines.some((line) => line !== '' && onEvent(JSON.parse(line)))) return;
              resolve();
            } catch (thrown) {
              reject(thrown);
            }
            call.destroy();
          });
          response.on('end', () => reject(new WatchEnded(`the watch of ${path} ended early`)));
        });
        call.on('error', (error) => (call.destroyed ? undefined : reject(error)));
        call.end();
      }),
    close: () => {
      agent.destroy();
      watchAgent.destroy();
    },
  };
}

export class WatchEnded extends Error {}

/** Watches a collection from a revision on until the function returns true, however often the server ends the watch. */
export async function watchFrom(
  api: Api,
  path: string,
  revision: string,
  onEvent: (event: WatchLine) => boolean,
  onOpen?: () => void,
): Promise<void> {
  for (let from = revision; ; ) {
    try {
      const url = `${path}?watch=true&resourceVersion=${from}`;
      const note = (event: WatchLine) => {
        if (event.type === 'ERROR')
          throw new Error(`the watch of ${path} from ${from}: ${JSON.stringify(event.object)}`);
        from = event.object.metadata.resourceVersion;
        return onEvent(event);
      };
      return await api.watch(url, note, onOpen);
    } catch (thrown) {
      if (!(thrown instanceof WatchEnded)) throw thrown;
    }
  }
}

/** Runs the work for 0..count-1 with so many at a time; returns the seconds it took. */
export async function timed(count: number, atOnce: number, work: (index: number) => Promise<void>): Promise<number> {
  const start = performance.now();
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return (performance.now() - start) / 1000;
}
