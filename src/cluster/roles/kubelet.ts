import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { realFs, UsageError } from '../../base/index.ts';
import { ensureDirectory } from '../directories.ts';
import { startNode } from '../node.ts';
import { requireRoot } from '../options.ts';
import { type RoleFlags, runRole } from './role.ts';

export interface KubeletFlags extends RoleFlags {
  readonly nodeName?: string;
  readonly nodeIp?: string;
  readonly rootDir?: string;
  readonly dataDir?: string;
  readonly port?: string;
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  readonly clientCaFile?: string;
  /** The user that this process runs as. */
  readonly uid: number;
}

const defaultRootDir = '/var/lib/kubelet';
const defaultPort = '10250';

/** `stowage kubelet`: this machine as a node of any cluster. Without certificates it serves no logs and no exec. */
export function runKubelet(flags: KubeletFlags): Promise<void> {
  requireRoot('kubelet', flags.uid);
  const rootDir = resolve(flags.rootDir ?? defaultRootDir);
  const nodeIp = flags.nodeIp ?? '127.0.0.1';
  const port = Number(flags.port ?? defaultPort);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`--port: "${flags.port}" is not a port`);
  return runRole('kubelet', { ...flags, leaderElect: false }, async ({ client, clock, random, logger, stack }) => {
    await ensureDirectory(realFs, '--root-dir', rootDir);
    const tls = await readTls(flags);
    const nodeName = flags.nodeName ?? hostname();
    stack.use(
      await startNode({
        nodeName,
        nodeIp,
        rootDir,
        dataDir: resolve(flags.dataDir ?? join(rootDir, 'stowage')),
        client: client('kubelet'),
        clock,
        random,
        logger,
        ...(tls ? { server: { host: nodeIp, port, tls } } : {}),
      }),
    );
  });
}

async function readTls({ tlsCertFile, tlsPrivateKeyFile, clientCaFile }: KubeletFlags) {
  const files = [tlsCertFile, tlsPrivateKeyFile, clientCaFile].filter((file) => file !== undefined);
  if (files.length === 0) return undefined;
  const [cert, key, ca] = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  if (cert === undefined || key === undefined || ca === undefined) {
    throw new UsageError('--tls-cert-file, --tls-private-key-file and --client-ca-file: each needs the others');
  }
  return { cert, key, ca };
}
