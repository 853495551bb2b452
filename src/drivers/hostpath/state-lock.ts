import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { type Clock, errnoOf, UsageError } from '../../base/index.ts';

/** A driver that was killed with its parent may need this long to be gone. */
const waitMs = 5_000;
const retryMs = 20;

function tryListen(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => (errnoOf(error) === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(`\0${name}`, () => resolve(server));
  });
}

/**
 * Makes sure that one process at a time writes the state directory. The lock is a socket name in the kernel, so it
 * ends with its process, however that dies. A UsageError when another process keeps it.
 */
export async function lockStateDirectory(clock: Clock, realDirectory: string): Promise<AsyncDisposable> {
  const name = `stowage-hostpath-${createHash('sha256').update(realDirectory).digest('hex')}`;
  const untilMs = clock.monotonic() + waitMs;
  for (;;) {
    const server = await tryListen(name);
    if (server) {
      server.unref();
      return { [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
    }
    if (clock.monotonic() >= untilMs) throw new UsageError(`${realDirectory} is in use by another hostpath driver`);
    await clock.sleep(retryMs);
  }
}
