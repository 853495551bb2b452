/**
 * The flags of `stowage csi-sidecar`: those of external-provisioner, external-attacher, external-resizer and
 * csi-snapshotter.
 */
import { UsageError } from '../../base/index.ts';
import type { SidecarFlags } from '../driver-roles.ts';
import { capacityFlags } from './capacity-flags.ts';
import { connectionFlags, leaderElectionFlags, loggingFlags } from './common-flags.ts';
import { featureGates } from './feature-gates.ts';
import { bool, duration, type FlagValues, type GivenFlags, type IdleFlags, integer, text } from './flag-table.ts';
import { nodeDeploymentFlags, nodeDeploymentSettings } from './node-deployment-flags.ts';
import { sidecarGates } from './sidecar-gates.ts';
import { readSpelledFlags, spelledFlags } from './sidecar-spellings.ts';

const { 'leader-elect-resource-lock': _lock, ...leaderElection } = leaderElectionFlags('');

const ownDefault = '0: as many as the sidecar of upstream';

export const csiSidecarFlags = {
  ...connectionFlags,
  ...leaderElection,
  ...loggingFlags,
  ...capacityFlags,
  ...nodeDeploymentFlags,
  ...spelledFlags,
  'feature-gates': featureGates(sidecarGates),
  'leader-elect-resource-name': text('', "the name of the lease (default: the driver's name)"),
  'csi-address': text('/run/csi/socket', "the driver's socket"),
  'kubelet-registration-path': text('', "the driver's socket as the kubelet sees it"),
  'plugin-registration-path': text('', "the kubelet's registration directory"),
  timeout: duration(
    '0s',
    'how long a call to the driver may take; 0: 1m for snapshots, 15s to attach, 10s for all else',
  ),
  'worker-threads': integer(0, `volumes made, deleted and attached, and snapshots taken at a time; ${ownDefault}`),
  workers: integer(0, `volumes grown and modified at a time; ${ownDefault}`),
  'retry-interval-start': duration('1s', 'the first wait after a failure', { above: 0 }),
  'retry-interval-max': duration('5m', 'the longest wait after failures', { above: 0 }),
  'volume-name-prefix': text('pvc', 'how the names of volumes begin'),
  'volume-name-uuid-length': integer(-1, 'how much of the uid they end with; -1: all of it', {
    atLeast: -1,
    atMost: 32,
  }),
  'controller-publish-readonly': bool(false, 'attach volumes read-only that are only read'),
  'default-fstype': text('', 'the file system of volumes whose class names none'),
  'extra-create-metadata': bool(false, 'tell the driver the names of claim and volume, or of snapshot and content'),
  'extra-modify-metadata': bool(false, 'the same when a volume is modified'),
  'strict-topology': bool(false, 'ask for a volume on the selected node only'),
  'immediate-topology': bool(true, 'tell the driver all topologies when no node is selected'),
  'prevent-volume-mode-conversion': bool(
    true,
    'restore no snapshot as another volume mode unless its content allows it',
  ),
  'snapshot-orphan-sweep-interval': duration('5m', 'between looks for snapshots that are kept for nobody', {
    above: 0,
  }),
  'snapshot-name-prefix': text('snapshot', 'how the names of snapshots begin'),
  'snapshot-name-uuid-length': integer(-1, 'how much of the uid they end with; -1: all of it', {
    atLeast: -1,
    atMost: 32,
  }),
  'handle-volume-inuse-error': bool(true, 'wait with growing a volume in use that the driver cannot grow then'),
};

export const idleCsiSidecarFlags: IdleFlags = {
  'requests are JSON over HTTP/1.1': { 'kube-api-content-type': text('', 'ignored') },
  'every change is seen when it happens': {
    resync: duration('10m', 'ignored'),
    'resync-period': duration('15m', 'ignored'),
    'reconcile-sync': duration('1m', 'ignored'),
  },
  'volumes that are cloned are protected by the same workers': { 'cloning-protection-threads': integer(1, 'ignored') },
  'group snapshots are not taken': {
    'groupsnapshot-name-prefix': text('groupsnapshot', 'ignored'),
    'groupsnapshot-name-uuid-length': integer(-1, 'ignored', { atLeast: -1 }),
  },
};

type Values = FlagValues<typeof csiSidecarFlags>;

/** Throws a UsageError that begins with the flag's name. */
export function readSidecarFlags(given: GivenFlags): Values {
  return readSpelledFlags(csiSidecarFlags, given);
}

/** @param nodeName the node's name as the environment tells it, empty when it does not. */
export function sidecarFlags(flags: Values, nodeName = ''): SidecarFlags {
  const start = flags['retry-interval-start'];
  const max = flags['retry-interval-max'];
  if (max < start) throw new UsageError('--retry-interval-max: must not be less than --retry-interval-start');
  if (flags['volume-name-prefix'] === '') throw new UsageError('--volume-name-prefix: is empty');
  if (flags['volume-name-uuid-length'] === 0) throw new UsageError('--volume-name-uuid-length: "0" is too small');
  const snapshotNaming = snapshotNamingOf(flags);
  const nodeDeployment = nodeDeploymentSettings(flags, nodeName);
  const common = {
    retryIntervalStartMs: start,
    retryIntervalMaxMs: max,
    ...(flags.timeout === 0 ? {} : { timeoutMs: flags.timeout }),
  };
  const threads = flags['worker-threads'] === 0 ? {} : { workerThreads: flags['worker-threads'] };
  const workers = flags.workers === 0 ? {} : { workers: flags.workers };
  return {
    provisioner: {
      ...common,
      ...threads,
      volumeNamePrefix: flags['volume-name-prefix'],
      volumeNameUuidLength: flags['volume-name-uuid-length'],
      controllerPublishReadonly: flags['controller-publish-readonly'],
      defaultFsType: flags['default-fstype'],
      topology: flags['feature-gates'].isEnabled('Topology'),
      strictTopology: flags['strict-topology'],
      immediateTopology: flags['immediate-topology'],
      extraCreateMetadata: flags['extra-create-metadata'],
      preventVolumeModeConversion: flags['prevent-volume-mode-conversion'],
      snapshotOrphanSweepIntervalMs: flags['snapshot-orphan-sweep-interval'],
    },
    attacher: { ...common, ...threads, defaultFsType: flags['default-fstype'] },
    resizer: {
      ...common,
      ...workers,
      handleVolumeInuseError: flags['handle-volume-inuse-error'],
      extraModifyMetadata: flags['extra-modify-metadata'],
    },
    snapshotter: {
      ...common,
      ...threads,
      ...snapshotNaming,
      extraCreateMetadata: flags['extra-create-metadata'],
      ...(nodeDeployment ? { nodeName } : {}),
    },
    ...(nodeDeployment ? { nodeDeployment } : {}),
  };
}

/** Names tell a driver one snapshot from another: they must not be equal for all. */
function snapshotNamingOf(flags: Values) {
  const snapshotNamePrefix = flags['snapshot-name-prefix'];
  const snapshotNameUuidLength = flags['snapshot-name-uuid-length'];
  if (snapshotNamePrefix === '') throw new UsageError('--snapshot-name-prefix: is empty');
  if (snapshotNameUuidLength === 0) throw new UsageError('--snapshot-name-uuid-length: "0" is too small');
  return { snapshotNamePrefix, snapshotNameUuidLength };
}

/** `a=b,c=d`. Throws a UsageError. */
export function leaseLabels(written: string): Readonly<Record<string, string>> | undefined {
  if (written === '') return undefined;
  return Object.fromEntries(
    written.split(',').map((part) => {
      const [name = '', value, ...more] = part.split('=');
      if (name === '' || value === undefined || more.length > 0)
        throw new UsageError(`--leader-election-labels: "${part}" is not NAME=VALUE`);
      return [name, value];
    }),
  );
}

export interface HttpAddress {
  /** Empty: every address. */
  readonly host: string;
  readonly port: number;
}

/** `:8080`, `127.0.0.1:8080`, `[::1]:8080`. Throws a UsageError. */
export function httpAddress(written: string): HttpAddress | undefined {
  if (written === '') return undefined;
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(written);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new UsageError(`--http-endpoint: "${written}" is not HOST:PORT`);
  return { host: match[1] ?? match[2] ?? '', port };
}
