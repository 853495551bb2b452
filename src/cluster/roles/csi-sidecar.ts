import { realFs, UsageError } from '../../base/index.ts';
import { parseEndpoint } from '../../csi/index.ts';
import { connectToDriver, startDriverRoles, startRegistrars } from '../driver-roles.ts';
import { type GivenFlags, idleFlagsGiven, readFlags } from '../flags/flag-table.ts';
import { csiSidecarFlags, idleCsiSidecarFlags } from '../flags/other-role-flags.ts';
import { runRole, whileLeading } from './role.ts';
import { connectionOptions, type Environment, leaderElectionSettings, logSettings } from './role-options.ts';

/**
 * `stowage csi-sidecar`: every sidecar role of one driver in one process. The driver is registered with its kubelet at
 * once; only what works on the whole cluster waits for the lease.
 */
export async function runCsiSidecar(given: GivenFlags, env: Environment): Promise<void> {
  const flags = readFlags(csiSidecarFlags, given);
  const endpoint = flags['kubelet-registration-path'];
  const registrationDir = flags['plugin-registration-path'];
  if ((endpoint === '') !== (registrationDir === '')) {
    throw new UsageError('--kubelet-registration-path and --plugin-registration-path: each needs the other');
  }
  const socket = parseEndpoint(flags['csi-address']);
  const idle = idleFlagsGiven(idleCsiSidecarFlags, given);
  const options = { connection: connectionOptions(flags, env), log: logSettings(flags), idle };
  // Checked before anything starts; the name that is missing here is the driver's.
  leaderElectionSettings({ ...flags, 'leader-elect-resource-name': 'checked' });
  await runRole('csi-sidecar', options, async (running) => {
    const environment = { ...running, fs: realFs };
    const driver = running.stack.use(await connectToDriver(environment, socket, running.signal));
    const nodeSockets = endpoint === '' ? [] : [{ endpoint, registrationDir }];
    running.stack.use(await startRegistrars(environment, driver, nodeSockets));
    const name = flags['leader-elect-resource-name'] || driver.name.replaceAll('/', '-');
    const election = leaderElectionSettings({ ...flags, 'leader-elect-resource-name': name });
    await whileLeading(running, election, async (role) => {
      role.stack.use(startDriverRoles({ ...role, fs: realFs }, driver));
      role.informers.start();
    });
  });
}
