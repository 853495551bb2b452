/** The flags of external-provisioner that publish storage capacity, and what they mean with the environment. */
import { UsageError } from '../../base/index.ts';
import type { CapacityFlags } from '../../sidecars/index.ts';
import { bool, duration, type FlagValues, integer, number } from './flag-table.ts';

export const capacityFlags = {
  'enable-capacity': bool(false, 'publish what GetCapacity answers, as CSIStorageCapacity objects'),
  'capacity-ownerref-level': integer(
    1,
    'who owns these objects: 0 the pod POD_NAME, 1 its controller, 2 the controller of that one; -1 nobody',
    { atLeast: -1 },
  ),
  'capacity-threads': integer(1, 'calls of GetCapacity at a time', { atLeast: 1 }),
  'capacity-poll-interval': duration('1m', 'how often the driver is asked anew', { above: 0 }),
  'capacity-for-immediate-binding': bool(false, 'do so for classes that bind at once, too'),
  'kube-api-capacity-qps': number(0, 'requests per second for these objects; 0: as many as the server takes'),
  'kube-api-capacity-burst': integer(0, 'requests at once above that rate; 0: twice the rate'),
};

export interface CapacitySettings {
  readonly flags: Partial<CapacityFlags> & Pick<CapacityFlags, 'namespace'>;
  /** undefined: the objects belong to nobody. */
  readonly owner: { readonly podName: string; readonly level: number } | undefined;
  /** undefined: that of all requests. */
  readonly rateLimit: { readonly qps: number; readonly burst: number } | undefined;
}

interface CommonValues {
  readonly timeout: number;
  readonly 'retry-interval-start': number;
  readonly 'retry-interval-max': number;
}

/** undefined: nothing is published. Throws a UsageError. */
export function capacitySettings(
  flags: FlagValues<typeof capacityFlags> & CommonValues,
  env: Readonly<Record<string, string | undefined>>,
): CapacitySettings | undefined {
  if (!flags['enable-capacity']) return undefined;
  const { NAMESPACE: namespace, POD_NAME: podName } = env;
  if (!namespace) throw new UsageError('--enable-capacity: need NAMESPACE env variable for CSIStorageCapacity objects');
  const level = flags['capacity-ownerref-level'];
  if (level >= 0 && !podName) {
    const message = 'need POD_NAME env variable to determine CSIStorageCapacity owner (-1: they have none)';
    throw new UsageError(`--capacity-ownerref-level: ${message}`);
  }
  const qps = flags['kube-api-capacity-qps'];
  const burst = flags['kube-api-capacity-burst'] || Math.ceil(2 * qps);
  return {
    flags: {
      namespace,
      threads: flags['capacity-threads'],
      pollIntervalMs: flags['capacity-poll-interval'],
      forImmediateBinding: flags['capacity-for-immediate-binding'],
      retryIntervalStartMs: flags['retry-interval-start'],
      retryIntervalMaxMs: flags['retry-interval-max'],
      ...(flags.timeout === 0 ? {} : { timeoutMs: flags.timeout }),
    },
    owner: level >= 0 && podName ? { podName, level } : undefined,
    rateLimit: qps > 0 ? { qps, burst } : undefined,
  };
}
