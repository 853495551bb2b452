/** What a role that runs as a process of its own is told about the world around it, complete. */
import { type Logger, UsageError } from '../../base/index.ts';
import type { connectionFlags, leaderElectionFlags, loggingFlags } from '../flags/common-flags.ts';
import type { FeatureGates } from '../flags/feature-gates.ts';
import type { FlagValues, IdleFlag } from '../flags/flag-table.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConnectionOptions {
  /** Files, `:` between them; '' for those of the environment, or the cluster that the process runs in. */
  readonly kubeconfig: string;
  /** In place of the address in the kubeconfig; '' for that one. */
  readonly master: string;
  /** Requests per second; undefined: as many as the server takes. */
  readonly rateLimit: { readonly qps: number; readonly burst: number } | undefined;
  /** KUBECONFIG, and what a pod is given to find its cluster. */
  readonly env: Environment;
}

export interface LeaderElectionSettings {
  readonly lease: { readonly namespace: string; readonly name: string };
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  /** Of the lease. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface LogSettings {
  readonly format: 'text' | 'json';
  readonly verbosity: number;
}

export interface RoleOptions {
  readonly connection: ConnectionOptions;
  readonly log: LogSettings;
  readonly idle?: readonly IdleFlag[];
  readonly gates: FeatureGates;
}

export function connectionOptions(flags: FlagValues<typeof connectionFlags>, env: Environment): ConnectionOptions {
  const { kubeconfig, master, 'kube-api-qps': qps, 'kube-api-burst': burst } = flags;
  const rateLimit = qps > 0 ? { qps, burst: burst || Math.ceil(2 * qps) } : undefined;
  return { kubeconfig, master, rateLimit, env };
}

/** Upstream: client-go leaderelection.go NewLeaderElector, which checks the same. */
const jitterFactor = 1.2;

/** undefined: the role works at once, beside others of its kind. */
export function leaderElectionSettings(
  flags: FlagValues<Omit<ReturnType<typeof leaderElectionFlags>, 'leader-elect-resource-lock'>>,
): LeaderElectionSettings | undefined {
  if (!flags['leader-elect']) return undefined;
  const leaseDurationMs = flags['leader-elect-lease-duration'];
  const renewDeadlineMs = flags['leader-elect-renew-deadline'];
  const retryPeriodMs = flags['leader-elect-retry-period'];
  const name = flags['leader-elect-resource-name'];
  const namespace = flags['leader-elect-resource-namespace'];
  if (leaseDurationMs <= renewDeadlineMs)
    throw new UsageError('--leader-elect-lease-duration: must be greater than --leader-elect-renew-deadline');
  if (renewDeadlineMs <= jitterFactor * retryPeriodMs)
    throw new UsageError('--leader-elect-renew-deadline: must be greater than 1.2 times --leader-elect-retry-period');
  if (name === '') throw new UsageError('--leader-elect-resource-name: is empty');
  if (namespace === '') throw new UsageError('--leader-elect-resource-namespace: is empty');
  return { lease: { namespace, name }, leaseDurationMs, renewDeadlineMs, retryPeriodMs };
}

export function logSettings(flags: FlagValues<typeof loggingFlags>): LogSettings {
  return { format: flags['logging-format'], verbosity: flags.v };
}

/** One line for each flag that was given and does nothing here. */
export function tellIdleFlags(idle: readonly IdleFlag[], logger: Logger): void {
  for (const { flag, reason } of idle) logger.info('flag without effect', { flag, reason });
}
