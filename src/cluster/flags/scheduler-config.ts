/**
 * The file of `stowage scheduler --config`: a KubeSchedulerConfiguration. A field that has no effect here is refused by
 * its name, or told when nobody can be misled by it. Upstream: pkg/scheduler/apis/config/v1, validation.go.
 */
import { UsageError } from '../../base/index.ts';
import { defaultSchedulerName, type SchedulerProfile } from '../../scheduler/index.ts';
import {
  boolOf,
  duplicate,
  type Fields,
  fieldsOf,
  integerOf,
  invalid,
  listOf,
  nameOf,
  unsupported,
} from './config-fields.ts';
import { type FeatureGates, parseFeatureGates } from './feature-gates.ts';
import type { IdleFlag } from './flag-table.ts';
import { kubernetesGates } from './kubernetes-gates.ts';
import { gatedArguments, parsePluginConfig } from './scheduler-arguments-config.ts';
import { parsePlugins } from './scheduler-plugins-config.ts';

export interface SchedulerConfig {
  readonly profiles: readonly SchedulerProfile[];
  /** Of pods that fitted nowhere. */
  readonly backoff: { readonly initialMs: number; readonly maxMs: number };
  /** Flags that the file sets in their place, by name. */
  readonly flags: ReadonlyMap<string, string>;
  /** Fields that were given and do nothing here. */
  readonly idle: readonly IdleFlag[];
}

const defaultGates = parseFeatureGates(kubernetesGates, '');

const apiVersion = 'kubescheduler.config.k8s.io/v1';

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

/** Fields that change nothing here, and why. */
const idleFields: Readonly<Record<string, string>> = {
  parallelism: 'pods are placed one by one',
  enableProfiling: 'profiles are taken with the tools of Node.js',
  enableContentionProfiling: 'profiles are taken with the tools of Node.js',
  delayCacheUntilActive: 'nothing is watched before this process leads',
};
const idleConnectionFields: Readonly<Record<string, string>> = {
  acceptContentTypes: 'requests are JSON over HTTP/1.1',
  contentType: 'requests are JSON over HTTP/1.1',
};

function flagsOf(fields: Fields, names: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(fields).flatMap(([field, given]) => {
    const flag = names[field];
    return flag === undefined ? [] : [[flag, String(given)]];
  });
}

function idleOf(fields: Fields, path: string, reasons: Readonly<Record<string, string>>): IdleFlag[] {
  return Object.entries(reasons).flatMap(([field, reason]) => {
    return fields[field] === undefined ? [] : [{ flag: `--config: ${path}${field}`, reason }];
  });
}

function parseBackoff(config: Fields): SchedulerConfig['backoff'] {
  const positive = { atLeast: 1, why: 'must be greater than 0' };
  const initial = integerOf(config.podInitialBackoffSeconds, 'podInitialBackoffSeconds', positive) ?? 1;
  const why = 'must be greater than or equal to PodInitialBackoffSeconds';
  const max = integerOf(config.podMaxBackoffSeconds, 'podMaxBackoffSeconds', { atLeast: initial, why }) ?? 10;
  if (max < initial) throw invalid('podMaxBackoffSeconds', max, why);
  return { initialMs: initial * 1000, maxMs: max * 1000 };
}

function percentageOf(fields: Fields, path: string): number | undefined {
  const range = { atLeast: 0, atMost: 100, why: 'not in valid range [0-100]' };
  return integerOf(fields.percentageOfNodesToScore, `${path}percentageOfNodesToScore`, range);
}

function parseProfiles(config: Fields, gates: FeatureGates): readonly SchedulerProfile[] {
  const given = listOf(config.profiles, 'profiles');
  const common = percentageOf(config, '');
  const profiles = (given.length === 0 ? [{}] : given).map((entry, index, all): SchedulerProfile => {
    const path = `profiles[${index}]`;
    const known = ['schedulerName', 'plugins', 'pluginConfig', 'percentageOfNodesToScore'];
    const fields = fieldsOf(entry, path, known);
    // Upstream's defaulting names a profile that is the only one.
    const name = fields.schedulerName ?? (all.length === 1 ? defaultSchedulerName : undefined);
    const plugins = parsePlugins(fields.plugins, `${path}.plugins`);
    const percentage = percentageOf(fields, `${path}.`) ?? common;
    return {
      schedulerName: nameOf(name, `${path}.schedulerName`),
      arguments: parsePluginConfig(fields.pluginConfig, `${path}.pluginConfig`, gates),
      ...(plugins ? { plugins } : {}),
      ...(percentage === undefined ? {} : { percentageOfNodesToScore: percentage }),
    };
  });
  profiles.forEach(({ schedulerName }, index) => {
    if (profiles.findIndex((other) => other.schedulerName === schedulerName) !== index)
      throw duplicate(`profiles[${index}].schedulerName`, schedulerName);
  });
  return profiles;
}

/** Without a file. */
export function defaultProfile(gates: FeatureGates): SchedulerProfile {
  return { schedulerName: defaultSchedulerName, arguments: gatedArguments(gates) };
}

const fieldsKnown = [
  'apiVersion',
  'kind',
  'clientConnection',
  'leaderElection',
  'profiles',
  'extenders',
  'percentageOfNodesToScore',
  'podInitialBackoffSeconds',
  'podMaxBackoffSeconds',
  ...Object.keys(idleFields),
];

/** Throws a UsageError that names the field. */
export async function parseSchedulerConfig(text: string, gates: FeatureGates = defaultGates): Promise<SchedulerConfig> {
  const { parseDocument } = await import('../yaml.ts');
  const document = parseDocument(text, { prettyErrors: false });
  if (document.errors.length > 0) throw new UsageError('--config: the file is not YAML');
  const config = fieldsOf(document.toJS(), '', fieldsKnown);
  if (config.apiVersion !== apiVersion || config.kind !== 'KubeSchedulerConfiguration')
    throw new UsageError(`--config: the file must be a KubeSchedulerConfiguration of ${apiVersion}`);
  checkIdle(config);
  if (listOf(config.extenders, 'extenders').length > 0) throw unsupported('extenders');
  const connectionFields = [...Object.keys(connectionFlags), ...Object.keys(idleConnectionFields)];
  const connection = fieldsOf(config.clientConnection, 'clientConnection', connectionFields);
  const election = fieldsOf(config.leaderElection, 'leaderElection', Object.keys(electionFlags));
  return {
    profiles: parseProfiles(config, gates),
    backoff: parseBackoff(config),
    flags: new Map([...flagsOf(connection, connectionFlags), ...flagsOf(election, electionFlags)]),
    idle: [...idleOf(config, '', idleFields), ...idleOf(connection, 'clientConnection.', idleConnectionFields)],
  };
}

/** A mistake in them is told today, not with the next version. */
function checkIdle(config: Fields): void {
  integerOf(config.parallelism, 'parallelism', { atLeast: 1, why: 'should be an integer value greater than zero' });
  boolOf(config.enableProfiling, 'enableProfiling');
  boolOf(config.enableContentionProfiling, 'enableContentionProfiling');
  boolOf(config.delayCacheUntilActive, 'delayCacheUntilActive');
}
