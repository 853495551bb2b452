/** The nodes of this machine: one kubelet each, under a directory of its own, with one container runtime for all. */
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { persistentVolumeClaims, persistentVolumes } from '../api/index.ts';
import type { ApiServer } from '../apiserver/index.ts';
import { type Clock, type Logger, type Random, realExec, realFs } from '../base/index.ts';
import { type Client, createInformerFactory, type InformerFactory } from '../client/index.ts';
import { createProcessRuntime, type Kubelet, startKubelet } from '../kubelet/index.ts';
import { createMounter } from '../mount/index.ts';
import type { ClusterOptions } from './options.ts';

export interface NodesEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly client: (component: string) => Client;
  readonly server: ApiServer;
  /** Of the whole cluster. */
  readonly informers: InformerFactory;
}

export interface Nodes extends AsyncDisposable {
  /** Where drivers register with each node's kubelet. */
  readonly registrationDirs: ReadonlyMap<string, string>;
}

/** Every node of this machine is reached here; its pods share the machine's network. */
const nodeIp = '127.0.0.1';

export async function startNodes(options: ClusterOptions, environment: NodesEnvironment): Promise<Nodes> {
  await mkdir(options.rootDir, { recursive: true, mode: 0o750 });
  await using starting = new AsyncDisposableStack();
  const kubelets = await Promise.all(
    options.nodeNames.map(async (name) => {
      const kubelet = starting.use(await startNode(options, environment, name));
      return [name, kubelet.registrationDir] as const;
    }),
  );
  const running = starting.move();
  return { registrationDirs: new Map(kubelets), [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function startNode(options: ClusterOptions, environment: NodesEnvironment, nodeName: string): Promise<Kubelet> {
  const { clock, random, logger, server } = environment;
  const fs = realFs;
  await using starting = new AsyncDisposableStack();
  const client = environment.client(`kubelet-${nodeName}`);
  const runtime = starting.use(
    await createProcessRuntime({
      fs,
      clock,
      random,
      logger,
      nodeName,
      directory: join(options.dataDir, 'runtime'),
      imagesDir: join(options.dataDir, 'images'),
      maskedPaths: await maskedPaths(options),
    }),
  );
  const pair = await server.issueCertificate(`kubelet-${nodeName}`, {
    commonName: `system:node:${nodeName}`,
    organizations: ['system:nodes'],
    hosts: [nodeIp, nodeName, 'localhost'],
  });
  const exec = realExec(clock);
  const kubelet = starting.use(
    await startKubelet({
      nodeName,
      nodeIp,
      rootDir: join(options.rootDir, nodeName),
      client,
      informers: starting.use(createInformerFactory({ client, clock, logger, random })),
      runtime,
      claims: {
        claims: environment.informers.informer(persistentVolumeClaims),
        volumes: environment.informers.informer(persistentVolumes),
      },
      clock,
      random,
      fs,
      exec,
      mounter: createMounter({ clock, fs, exec }),
      logger,
      server: { host: nodeIp, port: 0, tls: { cert: pair.certificate, key: pair.key, ca: server.rootCa } },
      stopPods: true,
    }),
  );
  const running = starting.move();
  return { ...kubelet, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** What containers must not see of this machine: our own data, wherever its links lead. */
async function maskedPaths({ dataDir, rootDir }: ClusterOptions): Promise<readonly string[]> {
  const [data, root] = await Promise.all([realpath(dataDir), realpath(rootDir)]);
  return root.startsWith(`${data}/`) ? [data] : [data, root];
}
