import { volumeSnapshotClasses, volumeSnapshotContents, volumeSnapshots } from '../../api/index.ts';
import { untilServed } from '../../client/index.ts';
import { snapshotControllerName } from '../../controllers/index.ts';
import { httpAddress, leaseLabels } from '../flags/csi-sidecar-flags.ts';
import { type GivenFlags, idleFlagsGiven } from '../flags/flag-table.ts';
import {
  idleSnapshotControllerFlags,
  readSnapshotControllerFlags,
  snapshotControllerSettings,
} from '../flags/snapshot-controller-flags.ts';
import { startSnapshots } from '../snapshots.ts';
import { runRole, whileLeading } from './role.ts';
import { connectionOptions, type Environment, leaderElectionSettings, logSettings } from './role-options.ts';
import { serveOver } from './serve-over.ts';

const kinds = [volumeSnapshotClasses, volumeSnapshotContents, volumeSnapshots];

/** `stowage snapshot-controller`: the contents of snapshots, on any API server that has their kinds, or will have. */
export async function runSnapshotController(given: GivenFlags, env: Environment): Promise<void> {
  const flags = readSnapshotControllerFlags(given);
  const settings = snapshotControllerSettings(flags);
  const labels = leaseLabels(flags['leader-election-labels']);
  const address = httpAddress(flags['http-endpoint']);
  const election = leaderElectionSettings(flags);
  const idle = idleFlagsGiven(idleSnapshotControllerFlags, given);
  const options = {
    connection: connectionOptions(flags, env),
    log: logSettings(flags),
    idle,
    gates: flags['feature-gates'],
  };
  const maxMs = flags['retry-crd-interval-max'];
  await runRole(snapshotControllerName, options, async (running) => {
    if (address) await serveOver(running, address, flags['metrics-path']);
    await whileLeading(running, election && { ...election, ...(labels ? { labels } : {}) }, async (role) => {
      const { clock, logger, stack, signal } = role;
      await untilServed(role.client(snapshotControllerName), kinds, { clock, logger, signal, maxMs });
      stack.use(startSnapshots(role, settings));
      role.informers.start();
    });
  });
}
