/** The flags of `stowage snapshot-controller`: those of the snapshot-controller of kubernetes-csi. */
import { UsageError } from '../../base/index.ts';
import type { SnapshotControllerSettings } from '../../controllers/index.ts';
import { connectionFlags, leaderElectionFlags, loggingFlags } from './common-flags.ts';
import { featureGates } from './feature-gates.ts';
import { bool, duration, type FlagValues, type GivenFlags, type IdleFlags, integer, text } from './flag-table.ts';
import { snapshotControllerGates } from './sidecar-gates.ts';
import { readSpelledFlags, spelledFlags } from './sidecar-spellings.ts';

const { 'leader-elect-resource-lock': _lock, ...leaderElection } = leaderElectionFlags('snapshot-controller-leader');

export const snapshotControllerFlags = {
  ...connectionFlags,
  ...leaderElection,
  ...loggingFlags,
  ...spelledFlags,
  'feature-gates': featureGates(snapshotControllerGates),
  'worker-threads': integer(10, 'snapshots and contents worked on at a time', { atLeast: 1 }),
  'resync-period': duration('15m', 'when everything is looked at again although nothing changed', { above: 0 }),
  'retry-interval-start': duration('1s', 'the first wait after a failure', { above: 0 }),
  'retry-interval-max': duration('5m', 'the longest wait after failures', { above: 0 }),
  'retry-crd-interval-max': duration('30s', 'the longest wait between looks for the kinds of snapshots', { above: 0 }),
  'enable-distributed-snapshotting': bool(
    false,
    'name the node whose snapshotter takes the snapshot of a local volume',
  ),
  'prevent-volume-mode-conversion': bool(true, 'note the mode of the volume, so that nobody restores it in another'),
};

export const idleSnapshotControllerFlags: IdleFlags = {
  'requests are JSON over HTTP/1.1': { 'kube-api-content-type': text('', 'ignored') },
  'group snapshots are not taken': { 'enable-volume-group-snapshots': bool(false, 'ignored') },
};

type Values = FlagValues<typeof snapshotControllerFlags>;

/** Throws a UsageError that begins with the flag's name. */
export function readSnapshotControllerFlags(given: GivenFlags): Values {
  return readSpelledFlags(snapshotControllerFlags, given);
}

export function snapshotControllerSettings(flags: Values): SnapshotControllerSettings {
  const retryIntervalStartMs = flags['retry-interval-start'];
  const retryIntervalMaxMs = flags['retry-interval-max'];
  if (retryIntervalMaxMs < retryIntervalStartMs)
    throw new UsageError('--retry-interval-max: must not be less than --retry-interval-start');
  return {
    workerThreads: flags['worker-threads'],
    resyncPeriodMs: flags['resync-period'],
    retryIntervalStartMs,
    retryIntervalMaxMs,
    distributedSnapshotting: flags['enable-distributed-snapshotting'],
    preventVolumeModeConversion: flags['prevent-volume-mode-conversion'],
  };
}
