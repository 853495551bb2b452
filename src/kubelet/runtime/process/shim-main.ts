/**
 * The process that owns containers, so that they live on when the node agent is replaced. One per runtime directory;
 * started by the first agent that needs it, gone when nothing runs and nobody is connected.
 *
 * Arguments: the runtime directory.
 */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createLogger, realClock, realExec, realFs } from '../../../base/index.ts';
import { createMounter } from '../../../mount/index.ts';
import { prepareEnvironment } from './container-environment.ts';
import { ContainerStore } from './container-store.ts';
import { Shim } from './shim.ts';
import { alreadyServed, readyLine, socketName } from './shim-protocol.ts';
import { ShimServer } from './shim-server.ts';
import { prepareTools } from './tools.ts';

const host = { fs: realFs, clock: realClock, exec: realExec(realClock) };
const logger = createLogger({ format: 'text', verbosity: 2 });

function listen(server: ReturnType<typeof createServer>, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

/** Held for as long as this process lives, by a name that the kernel frees at its death. */
async function lock(directory: string): Promise<void> {
  const { dev, ino } = await host.fs.stat(directory);
  try {
    await listen(createServer(), `\0stowage-shim-${dev}-${ino}`);
  } catch {
    process.exit(alreadyServed);
  }
}

async function main(directory: string): Promise<void> {
  process.umask(0o022);
  await host.fs.mkdir(directory, { recursive: true, mode: 0o700 });
  await lock(directory);
  const store = new ContainerStore({
    ...host,
    mounter: createMounter(host),
    logger,
    directory: join(directory, 'containers'),
  });
  const [tools, environment] = await Promise.all([
    prepareTools(host, join(directory, 'tools')),
    prepareEnvironment(host.fs, directory),
  ]);
  const server = new ShimServer({ clock: realClock, logger, onIdle: () => void end() });
  const shim = new Shim(
    { ...host, logger, store, tools, environment },
    {
      changed: (owner, record) => server.announce(owner, record),
      output: (id, stream, chunk) => server.output(id, stream, chunk),
    },
  );
  await shim.load();
  const socketPath = join(directory, socketName);
  await host.fs.rm(socketPath, { force: true });
  const listener = createServer((socket) => server.accept(socket));
  process.umask(0o077);
  await listen(listener, socketPath);
  process.umask(0o022);
  server.serve(shim);

  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await host.fs.rm(socketPath, { force: true });
    await shim.killAll();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end());
  process.on('SIGHUP', () => {});
  process.stdout.on('error', () => {});
  process.stdout.write(`${readyLine}\n`);
}

const [, , directory] = process.argv;
if (directory) await main(directory);
else process.exitCode = 2;
