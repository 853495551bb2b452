import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { realFs, UsageError } from '../../base/index.ts';
import { ensureDirectory } from '../directories.ts';
import { type FlagValues, type GivenFlags, idleFlagsGiven, readFlags } from '../flags/flag-table.ts';
import { idleKubeletFlags, kubeletFlags } from '../flags/other-role-flags.ts';
import { startFlexDrivers } from '../flex-drivers.ts';
import { startNode } from '../node.ts';
import { requireRoot } from '../options.ts';
import { aborted } from '../process-guard.ts';
import { runRole } from './role.ts';
import { connectionOptions, type Environment, logSettings } from './role-options.ts';

type KubeletFlags = FlagValues<typeof kubeletFlags>;

/** `stowage kubelet`: this machine as a node of any cluster. Without certificates it serves no logs and no exec. */
export async function runKubelet(given: GivenFlags, env: Environment, uid: number): Promise<void> {
  requireRoot('kubelet', uid);
  const flags = readFlags(kubeletFlags, given);
  const idle = idleFlagsGiven(idleKubeletFlags, given);
  const rootDir = resolve(flags['root-dir']);
  const nodeIp = flags['node-ip'];
  const options = {
    connection: connectionOptions(flags, env),
    log: logSettings(flags),
    idle,
    gates: flags['feature-gates'],
  };
  await runRole('kubelet', options, async ({ client, clock, random, logger, signal, stack }) => {
    await ensureDirectory(realFs, '--root-dir', rootDir);
    const tls = await readTls(flags);
    if (!tls)
      logger.info('without --tls-cert-file, --tls-private-key-file and --client-ca-file no logs and exec are served');
    const flexDrivers = stack.use(startFlexDrivers(resolve(flags['volume-plugin-dir']), { clock, logger }));
    stack.use(
      await startNode({
        nodeName: flags['node-name'] || hostname(),
        nodeIp,
        rootDir,
        dataDir: resolve(flags['data-dir'] || join(rootDir, 'stowage')),
        client: client('kubelet'),
        clock,
        random,
        logger,
        flexDrivers,
        controllerAttachDetach: flags['enable-controller-attach-detach'],
        ...(tls ? { server: { host: nodeIp, port: flags.port, tls } } : {}),
      }),
    );
    logger.info('running');
    await aborted(signal);
  });
}

async function readTls(flags: KubeletFlags) {
  const files = [flags['tls-cert-file'], flags['tls-private-key-file'], flags['client-ca-file']];
  if (files.every((file) => file === '')) return undefined;
  if (files.includes(''))
    throw new UsageError('--tls-cert-file, --tls-private-key-file and --client-ca-file: each needs the others');
  const [cert = '', key = '', ca = ''] = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return { cert, key, ca };
}
