import { dirname, join } from 'node:path';
import { createApiServer, openSqliteStore } from '../../apiserver/index.ts';
import { realClock, realFs, realRandom, shellQuote } from '../../base/index.ts';
import { createClient } from '../../client/index.ts';
import { ensureSystemObjects } from '../bootstrap-objects.ts';
import { ensureDirectory } from '../directories.ts';
import { writeKubeconfig } from '../kubeconfig.ts';
import { listenForClients } from '../listen.ts';
import { issueKubeletCertificate } from '../nodes.ts';
import { parseUpFlags, type Surroundings, type UpFlags } from '../options.ts';
import { aborted, guardProcess } from '../process-guard.ts';
import { roleLogger } from './role.ts';

/** `stowage apiserver`: the API and its store alone. Writes the kubeconfig that the other roles are started with. */
export async function runApiserver(flags: UpFlags, surroundings: Surroundings): Promise<void> {
  const options = parseUpFlags(flags, surroundings);
  const logger = roleLogger({ format: options.logFormat, verbosity: options.verbosity }).with({
    component: 'kube-apiserver',
  });
  using guard = guardProcess(logger, realClock);
  const { signal } = guard;
  const services = { clock: realClock, random: realRandom, logger };
  await ensureDirectory(realFs, '--data-dir', options.dataDir);
  await ensureDirectory(realFs, '--kubeconfig', dirname(options.kubeconfig));
  await using store = await openSqliteStore({ ...services, directory: join(options.dataDir, 'store') });
  await using server = await createApiServer({ ...services, store, dataDir: options.dataDir });
  const identity = { user: 'system:apiserver', groups: ['system:masters'] };
  await ensureSystemObjects(createClient({ transport: server.transport(identity), fieldManager: 'kube-apiserver' }));
  const address = await listenForClients(server, options.host, options.port);
  await Promise.all(options.nodeNames.map((name) => issueKubeletCertificate(server, name)));
  await writeKubeconfig(server, options.kubeconfig);
  process.stdout.write(`serving on ${address}: export KUBECONFIG=${shellQuote(options.kubeconfig)}\n`);
  await aborted(signal);
}
