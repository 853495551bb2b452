/** GET /containerLogs/<namespace>/<pod>/<container>. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ContainerRecord } from '../runtime/runtime.ts';
import { type LogOptions, readLog } from './log-reader.ts';
import { isSet, numberOf, type Route } from './routes.ts';
import type { KubeletServerOptions } from './server-options.ts';

type Host = Pick<KubeletServerOptions, 'clock' | 'fs' | 'runtime' | 'findContainer'>;

function logOptions({ clock }: Host, params: URLSearchParams): LogOptions {
  const sinceTime = params.get('sinceTime');
  const sinceSeconds = numberOf(params, 'sinceSeconds');
  const fromTime = sinceTime ? Date.parse(sinceTime) : undefined;
  return {
    follow: isSet(params, 'follow'),
    timestamps: isSet(params, 'timestamps'),
    tailLines: numberOf(params, 'tailLines'),
    limitBytes: numberOf(params, 'limitBytes'),
    sinceMs: sinceSeconds === undefined ? fromTime : clock.now() - sinceSeconds * 1000,
  };
}

export async function serveLog(host: Host, { query, params }: Route, response: ServerResponse): Promise<void> {
  const container = host.findContainer(query);
  if (container) return await sendLog(host, params, container, response);
  const { containerName, podName, previous } = query;
  const text = previous
    ? `previous terminated container "${containerName}" in pod "${podName}" not found`
    : `container "${containerName}" in pod "${podName}" is waiting to start: ContainerCreating`;
  response.writeHead(400).end(text);
}

async function sendLog(
  host: Host,
  params: URLSearchParams,
  container: ContainerRecord,
  response: ServerResponse,
): Promise<void> {
  const { clock, fs, runtime } = host;
  const stop = new AbortController();
  response.on('close', () => stop.abort());
  let ended = container.state === 'exited';
  using watching = runtime.onChange((record) => {
    if (record.id === container.id && record.state === 'exited') ended = true;
  });
  void watching;
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  const source = { fs, clock, path: container.logPath, ended: () => ended };
  for await (const text of readLog(source, logOptions(host, params), stop.signal)) {
    if (!response.write(text)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    if (stop.signal.aborted) return;
  }
  response.end();
}
