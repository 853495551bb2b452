/** One node on this machine: a kubelet with the process runtime, whoever serves the API. */
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { PersistentVolume, PersistentVolumeClaim } from '../api/index.ts';
import { type Clock, type Logger, type Random, realExec, realFs } from '../base/index.ts';
import { type Client, createInformerFactory, type Informer } from '../client/index.ts';
import { createProcessRuntime, type Kubelet, type ServerTls, startKubelet } from '../kubelet/index.ts';
import { createMounter } from '../mount/index.ts';
import type { FlexDrivers } from '../volume-plugins/index.ts';

export interface NodeOptions {
  readonly nodeName: string;
  readonly nodeIp: string;
  /** The kubelet's own files. */
  readonly rootDir: string;
  /** The container runtime's files; nodes of one machine may share them. */
  readonly dataDir: string;
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly flexDrivers?: FlexDrivers;
  /** Whether the attach/detach controller attaches volumes to this node (default) or nobody does. */
  readonly controllerAttachDetach?: boolean;
  /** The endpoint for logs and exec; without it there is none. */
  readonly server?: { readonly host: string; readonly port: number; readonly tls: ServerTls };
  readonly claims?: { readonly claims: Informer<PersistentVolumeClaim>; readonly volumes: Informer<PersistentVolume> };
}

export async function startNode(options: NodeOptions): Promise<Kubelet> {
  const { clock, random, logger, nodeName, client, dataDir, rootDir } = options;
  const fs = realFs;
  await Promise.all([dataDir, rootDir].map((path) => mkdir(path, { recursive: true, mode: 0o750 })));
  await using starting = new AsyncDisposableStack();
  const runtime = starting.use(
    await createProcessRuntime({
      fs,
      clock,
      random,
      logger,
      nodeName,
      directory: join(dataDir, 'runtime'),
      imagesDir: join(dataDir, 'images'),
      maskedPaths: await maskedPaths(dataDir, rootDir),
    }),
  );
  const exec = realExec(clock);
  const kubelet = starting.use(
    await startKubelet({
      ...options,
      client,
      informers: starting.use(createInformerFactory({ client, clock, logger, random })),
      runtime,
      fs,
      exec,
      mounter: createMounter({ clock, fs, exec }),
      stopPods: true,
    }),
  );
  const running = starting.move();
  return { ...kubelet, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** What containers must not see of this machine: our own data, wherever its links lead. */
async function maskedPaths(dataDir: string, rootDir: string): Promise<readonly string[]> {
  const [data, root] = await Promise.all([realpath(dataDir), realpath(rootDir)]);
  return root.startsWith(`${data}/`) ? [data] : [data, root];
}
