/**
 * The file of `stowage scheduler --config`: a KubeSchedulerConfiguration. A field that has no effect here is refused by
 * its name, so that nobody believes in a setting that is not there. Upstream: pkg/scheduler/apis/config/v1.
 */
import { UsageError } from '../../base/index.ts';
import { parseDuration } from './values.ts';

export interface SchedulerConfig {
  /** Pods that name another scheduler are left alone. */
  readonly schedulerName: string | undefined;
  /** How long a pod's volumes may take to be bound. */
  readonly bindTimeoutMs: number | undefined;
  /** Flags that the file sets in their place, by name. */
  readonly flags: ReadonlyMap<string, string>;
}

type Fields = Readonly<Record<string, unknown>>;

const apiVersion = 'kubescheduler.config.k8s.io/v1';

/** Of lists, the path of an element: `profiles[0]`. */
function fieldsOf(value: unknown, path: string, known: readonly string[]): Fields {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new UsageError(`--config: ${path} must hold fields`);
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--config: ${path === '' ? '' : `${path}.`}${unknown} is not supported`);
  return value as Fields;
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new UsageError(`--config: ${path} must be a list`);
  return value;
}

/** Which flag each of these fields is. */
const electionFlags: Readonly<Record<string, string>> = {
  leaderElect: 'leader-elect',
  leaseDuration: 'leader-elect-lease-duration',
  renewDeadline: 'leader-elect-renew-deadline',
  retryPeriod: 'leader-elect-retry-period',
  resourceLock: 'leader-elect-resource-lock',
  resourceName: 'leader-elect-resource-name',
  resourceNamespace: 'leader-elect-resource-namespace',
};
const connectionFlags: Readonly<Record<string, string>> = {
  kubeconfig: 'kubeconfig',
  qps: 'kube-api-qps',
  burst: 'kube-api-burst',
};

function flagsOf(value: unknown, path: string, names: Readonly<Record<string, string>>): [string, string][] {
  const fields = fieldsOf(value, path, Object.keys(names));
  return Object.entries(fields).flatMap(([field, given]) => {
    const flag = names[field];
    return flag === undefined ? [] : [[flag, String(given)]];
  });
}

/** `bindTimeoutSeconds` of the VolumeBinding plugin's arguments. */
function bindTimeoutOf(profile: Fields): number | undefined {
  let timeoutMs: number | undefined;
  listOf(profile.pluginConfig, 'profiles[0].pluginConfig').forEach((entry, index) => {
    const path = `profiles[0].pluginConfig[${index}]`;
    const { name, args } = fieldsOf(entry, path, ['name', 'args']);
    if (name !== 'VolumeBinding')
      throw new UsageError(`--config: ${path}: arguments of ${String(name)} are not supported`);
    const { bindTimeoutSeconds } = fieldsOf(args, `${path}.args`, ['apiVersion', 'kind', 'bindTimeoutSeconds']);
    if (bindTimeoutSeconds === undefined) return;
    if (!Number.isInteger(bindTimeoutSeconds) || Number(bindTimeoutSeconds) < 0)
      throw new UsageError(`--config: ${path}.args.bindTimeoutSeconds must be a whole number of seconds`);
    timeoutMs = parseDuration(`${Number(bindTimeoutSeconds)}s`);
  });
  return timeoutMs;
}

/** Throws a UsageError that names the field. */
export async function parseSchedulerConfig(text: string): Promise<SchedulerConfig> {
  const { parseDocument } = await import('../yaml.ts');
  const document = parseDocument(text, { prettyErrors: false });
  if (document.errors.length > 0) throw new UsageError('--config: the file is not YAML');
  const config = fieldsOf(document.toJS(), '', [
    'apiVersion',
    'kind',
    'clientConnection',
    'leaderElection',
    'profiles',
  ]);
  if (config.apiVersion !== apiVersion || config.kind !== 'KubeSchedulerConfiguration')
    throw new UsageError(`--config: the file must be a KubeSchedulerConfiguration of ${apiVersion}`);
  const profiles = listOf(config.profiles, 'profiles');
  if (profiles.length > 1) throw new UsageError('--config: profiles: more than one is not supported');
  const profile = fieldsOf(profiles[0], 'profiles[0]', ['schedulerName', 'pluginConfig']);
  const { schedulerName } = profile;
  if (schedulerName !== undefined && (typeof schedulerName !== 'string' || schedulerName === ''))
    throw new UsageError('--config: profiles[0].schedulerName must be a name');
  const flags = [
    ...flagsOf(config.clientConnection, 'clientConnection', connectionFlags),
    ...flagsOf(config.leaderElection, 'leaderElection', electionFlags),
  ];
  return { schedulerName, bindTimeoutMs: bindTimeoutOf(profile), flags: new Map(flags) };
}
