/** The nodes of this machine: one kubelet each, under a directory of its own. */
import { join } from 'node:path';
import { persistentVolumeClaims, persistentVolumes } from '../api/index.ts';
import type { ApiServer } from '../apiserver/index.ts';
import type { Clock, Logger, Random } from '../base/index.ts';
import type { Client, InformerFactory } from '../client/index.ts';
import type { Kubelet } from '../kubelet/index.ts';
import type { FlexDrivers } from '../volume-plugins/index.ts';
import { startNode } from './node.ts';
import type { ClusterOptions } from './options.ts';

export interface NodesEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly client: (component: string) => Client;
  readonly server: ApiServer;
  /** Of the whole cluster. */
  readonly informers: InformerFactory;
  readonly flexDrivers: FlexDrivers;
}

export interface Nodes extends AsyncDisposable {
  /** Where drivers register with each node's kubelet. */
  readonly registrationDirs: ReadonlyMap<string, string>;
}

/** Every node of this machine is reached here; its pods share the machine's network. */
export const localNodeIp = '127.0.0.1';

/** The certificate that a kubelet serves with, kept in the server's data directory as `pki/kubelet-<node>.crt`. */
export function issueKubeletCertificate(server: ApiServer, nodeName: string) {
  return server.issueCertificate(`kubelet-${nodeName}`, {
    commonName: `system:node:${nodeName}`,
    organizations: ['system:nodes'],
    hosts: [localNodeIp, nodeName, 'localhost'],
  });
}

export async function startNodes(options: ClusterOptions, environment: NodesEnvironment): Promise<Nodes> {
  await using starting = new AsyncDisposableStack();
  const kubelets = await Promise.all(
    options.nodeNames.map(async (name) => {
      const kubelet = starting.use(await startOne(options, environment, name));
      return [name, kubelet.registrationDir] as const;
    }),
  );
  const running = starting.move();
  return { registrationDirs: new Map(kubelets), [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function startOne(options: ClusterOptions, environment: NodesEnvironment, nodeName: string): Promise<Kubelet> {
  const { server, informers } = environment;
  const { certificate: cert, key } = await issueKubeletCertificate(server, nodeName);
  return startNode({
    ...environment,
    nodeName,
    nodeIp: localNodeIp,
    rootDir: join(options.rootDir, nodeName),
    dataDir: options.dataDir,
    client: environment.client(`kubelet-${nodeName}`),
    server: { host: localNodeIp, port: 0, tls: { cert, key, ca: server.rootCa } },
    claims: { claims: informers.informer(persistentVolumeClaims), volumes: informers.informer(persistentVolumes) },
  });
}
