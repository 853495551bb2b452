import { realFs, UsageError } from '../../base/index.ts';
import { type Client, createClient, createHttpTransport, discoverNamespacedTypes } from '../../client/index.ts';
import { parseEndpoint } from '../../csi/index.ts';
import { lookUpOwner } from '../../sidecars/index.ts';
import { connectToDriver, flagsOnNode, type SidecarFlags, startDriverRoles, startRegistrars } from '../driver-roles.ts';
import { type CapacitySettings, capacitySettings } from '../flags/capacity-flags.ts';
import {
  httpAddress,
  idleCsiSidecarFlags,
  leaseLabels,
  readSidecarFlags,
  sidecarFlags,
} from '../flags/csi-sidecar-flags.ts';
import { type GivenFlags, idleFlagsGiven } from '../flags/flag-table.ts';
import { aborted } from '../process-guard.ts';
import { type Role, runRole, whileLeading } from './role.ts';
import { connectionOptions, type Environment, leaderElectionSettings, logSettings } from './role-options.ts';
import { serveOver } from './serve-over.ts';

/**
 * `stowage csi-sidecar`: every sidecar role of one driver in one process. The driver is registered with its kubelet at
 * once; only what works on the whole cluster waits for the lease.
 */
export async function runCsiSidecar(given: GivenFlags, env: Environment): Promise<void> {
  const flags = readSidecarFlags(given);
  const namespace = flags['leader-elect-resource-namespace'];
  const driverFlags = { ...sidecarFlags(flags, env.NODE_NAME), namespace };
  const capacity = capacitySettings(flags, env);
  const labels = leaseLabels(flags['leader-election-labels']);
  const address = httpAddress(flags['http-endpoint']);
  const endpoint = flags['kubelet-registration-path'];
  const registrationDir = flags['plugin-registration-path'];
  if ((endpoint === '') !== (registrationDir === '')) {
    throw new UsageError('--kubelet-registration-path and --plugin-registration-path: each needs the other');
  }
  const socket = parseEndpoint(flags['csi-address']);
  const idle = idleFlagsGiven(idleCsiSidecarFlags, given);
  const options = {
    connection: connectionOptions(flags, env),
    log: logSettings(flags),
    idle,
    gates: flags['feature-gates'],
  };
  // Checked before anything starts; the name that is missing here is the driver's.
  leaderElectionSettings({ ...flags, 'leader-elect-resource-name': 'checked' });
  await runRole('csi-sidecar', options, async (running) => {
    const environment = { ...running, fs: realFs };
    if (address) await serveOver(running, address, flags['metrics-path']);
    const nodeSockets = endpoint === '' ? [] : [{ endpoint, registrationDir }];
    const nodeSocketWillDo = nodeSockets.length > 0 && driverFlags.nodeDeployment === undefined;
    const driver = running.stack.use(await connectToDriver(environment, socket, running.signal, { nodeSocketWillDo }));
    running.stack.use(await startRegistrars(environment, driver, nodeSockets));
    if (driver.controllerElsewhere) {
      // The lease is for those that reach the controller: whoever held it here would keep them all from work.
      running.logger.info('no controller service at this socket: the driver is registered, and nothing else', {
        socket,
      });
      return await aborted(running.signal);
    }
    const name = flags['leader-elect-resource-name'] || driver.name.replaceAll('/', '-');
    const election = leaderElectionSettings({ ...flags, 'leader-elect-resource-name': name });
    await whileLeading(running, election && { ...election, ...(labels ? { labels } : {}) }, async (role) => {
      const published = capacity ? await publication(role, capacity) : {};
      const roleFlags = await flagsOnNode({ ...driverFlags, ...published.flags }, driver, role.signal);
      role.stack.use(startDriverRoles({ ...role, ...published.environment, fs: realFs }, driver, roleFlags));
      role.informers.start();
    });
  });
}

interface PublicationParts {
  readonly flags?: Pick<SidecarFlags, 'capacity'>;
  readonly environment?: { readonly capacityClient: Client };
}

/** What publishing capacity needs beside the flags: who owns the objects, and a client with a rate limit of its own. */
async function publication(role: Role, { flags, owner, rateLimit }: CapacitySettings): Promise<PublicationParts> {
  const { clock, connection, metrics, signal, stack } = role;
  const discover = (asking: AbortSignal) => discoverNamespacedTypes(role.getDocument, asking);
  const question = owner && { ...owner, namespace: flags.namespace, discover };
  const reference = question && (await lookUpOwner(role.client('external-provisioner'), question, signal));
  const capacity = { ...flags, owner: reference };
  if (!rateLimit) return { flags: { capacity } };
  const options = { ...connection, clock, metrics, userAgent: 'stowage-csi-sidecar', rateLimit };
  const transport = stack.use(createHttpTransport(options));
  return {
    flags: { capacity },
    environment: { capacityClient: createClient({ transport, fieldManager: 'external-provisioner' }) },
  };
}
