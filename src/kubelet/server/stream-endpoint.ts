/** exec and attach: joins a client's streams with a command in a container, or with the container's own. */

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Status } from '../../api/index.ts';
import { type Logger, messageOf } from '../../base/index.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import { connectChannels, exitStatus, finish, type StreamTarget } from './channels.ts';
import { serveRemoteStreams } from './remote-streams.ts';
import { isSet, type Route } from './routes.ts';
import type { KubeletServerOptions } from './server-options.ts';

export type StreamHost = Pick<KubeletServerOptions, 'runtime' | 'findContainer'> & { readonly logger: Logger };

interface OpenTarget extends StreamTarget, Disposable {
  readonly ended: Promise<Status>;
}

interface Wanted {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

function wantedStreams(params: URLSearchParams): Wanted {
  const tty = isSet(params, 'tty');
  return {
    tty,
    stdin: isSet(params, 'stdin', 'input'),
    stdout: isSet(params, 'stdout', 'output'),
    // A terminal has one output.
    stderr: isSet(params, 'stderr', 'error') && !tty,
  };
}

function failure(thrown: unknown): Status {
  return { status: 'Failure', reason: 'InternalError', message: messageOf(thrown), code: 500 };
}

function notFound(route: Route): Status {
  const message = `container not found ("${route.query.containerName}")`;
  return { status: 'Failure', reason: 'NotFound', message, code: 404 };
}

async function open(host: StreamHost, route: Route, container: ContainerRecord): Promise<OpenTarget> {
  const { params } = route;
  const { stdin, tty } = wantedStreams(params);
  if (route.action === 'attach') {
    const session = await host.runtime.attach(container.id);
    const ended = once(session.stdout, 'close').then((): Status => ({ status: 'Success' }));
    return { ...session, stdin: stdin ? session.stdin : undefined, ended, [Symbol.dispose]: session[Symbol.dispose] };
  }
  const session = await host.runtime.exec(container.id, { command: params.getAll('command'), stdin, tty });
  return { ...session, ended: session.exitCode.then(exitStatus), [Symbol.dispose]: () => session.kill() };
}

export async function serveWebSocket(host: StreamHost, route: Route, socket: WebSocket): Promise<void> {
  const container = host.findContainer(route.query);
  if (!container) {
    finish(socket, notFound(route));
    return;
  }
  const wanted = wantedStreams(route.params);
  try {
    // What the client says meanwhile must find a listener.
    socket.pause();
    using target = await open(host, route, container).finally(() => socket.resume());
    const gone = once(socket, 'close');
    if (!wanted.stdout) target.stdout?.resume();
    if (!wanted.stderr) target.stderr?.resume();
    const outputs = connectChannels(socket, {
      stdin: target.stdin,
      stdout: wanted.stdout ? target.stdout : undefined,
      stderr: wanted.stderr ? target.stderr : undefined,
      resize: (size) => target.resize(size),
    });
    const status = await Promise.race([gone, Promise.all([target.ended, outputs]).then(([ended]) => ended)]);
    if ('status' in status) finish(socket, status);
  } catch (thrown) {
    finish(socket, failure(thrown));
  }
}

/** The same over SPDY, for clients that cannot speak WebSocket. */
export async function serveStreams(host: StreamHost, route: Route, transport: Duplex): Promise<void> {
  const wanted = wantedStreams(route.params);
  const closed = once(transport, 'close');
  await serveRemoteStreams(transport, { ...wanted, resize: wanted.tty }, async (streams) => {
    const container = host.findContainer(route.query);
    if (!container) {
      streams.finish(notFound(route));
      return;
    }
    try {
      using target = await open(host, route, container);
      if (target.stdin) streams.stdin?.pipe(target.stdin);
      const outputs = Promise.all([passOn(target.stdout, streams.stdout), passOn(target.stderr, streams.stderr)]);
      streams.onResize((size) => target.resize(size));
      const status = await Promise.race([closed, Promise.all([target.ended, outputs]).then(([ended]) => ended)]);
      if ('status' in status) streams.finish(status);
    } catch (thrown) {
      streams.finish(failure(thrown));
    }
  });
}

async function passOn(from: StreamTarget['stdout'], to: Duplex | undefined): Promise<void> {
  if (!from) return;
  if (!to) {
    from.resume();
    return;
  }
  from.pipe(to, { end: false });
  await once(from, 'end');
}
