/**
 * `pluginConfig` of a profile. An argument that has no effect here is refused by its name, unless it says what is so
 * anyway. Upstream: apis/config/validation/validation_pluginargs.go.
 */
import { UsageError } from '../../base/index.ts';
import {
  type DefaultConstraint,
  defaultShape,
  type PluginArguments,
  type ScoringStrategy,
  type UtilizationShapePoint,
} from '../../scheduler/index.ts';
import {
  boolOf,
  duplicate,
  type Fields,
  fieldsOf,
  integerOf,
  invalid,
  listOf,
  nameOf,
  required,
  unsupported,
} from './config-fields.ts';
import type { FeatureGates } from './feature-gates.ts';

type Parser = (args: Fields, path: string, gates: FeatureGates) => PluginArguments;

interface Arguments {
  readonly fields: readonly string[];
  readonly parse: Parser;
}

/** By plugin. */
const known: Readonly<Record<string, Arguments>> = {
  VolumeBinding: { fields: ['bindTimeoutSeconds', 'shape'], parse: parseVolumeBinding },
  NodeResourcesFit: { fields: ['ignoredResources', 'ignoredResourceGroups', 'scoringStrategy'], parse: parseFit },
  NodeResourcesBalancedAllocation: { fields: ['resources'], parse: parseBalance },
  InterPodAffinity: {
    fields: ['hardPodAffinityWeight', 'ignorePreferredTermsOfExistingPods'],
    parse: parseInterPodAffinity,
  },
  PodTopologySpread: { fields: ['defaultConstraints', 'defaultingType'], parse: parseSpread },
  NodeAffinity: { fields: ['addedAffinity'], parse: parseNodeAffinity },
  DefaultPreemption: {
    fields: ['minCandidateNodesPercentage', 'minCandidateNodesAbsolute'],
    parse: parsePreemption,
  },
};

/** Complete: what a gate sets without being asked is in it, too. */
export function parsePluginConfig(value: unknown, path: string, gates: FeatureGates): PluginArguments {
  const seen = new Set<string>();
  const all = listOf(value, path).map((entry, index) => {
    const at = `${path}[${index}]`;
    const { name: given, args } = fieldsOf(entry, at, ['name', 'args']);
    const name = nameOf(given, `${at}.name`);
    const plugin = known[name];
    if (!plugin) throw new UsageError(`--config: ${at}: arguments of ${name} are not supported`);
    if (seen.has(name)) throw duplicate(at, name);
    seen.add(name);
    const fields = fieldsOf(args, `${at}.args`, ['apiVersion', 'kind', ...plugin.fields]);
    if (fields.kind !== undefined && fields.kind !== `${name}Args`)
      throw invalid(`${at}.args.kind`, fields.kind, `must be ${name}Args`);
    return plugin.parse(fields, `${at}.args`, gates);
  });
  return Object.assign(gatedArguments(gates), ...all);
}

/** What plugins do that are told nothing. Upstream: apis/config/v1/defaults.go. */
export function gatedArguments(gates: FeatureGates): PluginArguments {
  return gates.isEnabled('StorageCapacityScoring') ? { shape: defaultShape } : {};
}

function parseVolumeBinding(args: Fields, path: string, gates: FeatureGates): PluginArguments {
  const why = 'invalid BindTimeoutSeconds, should not be a negative value';
  const seconds = integerOf(args.bindTimeoutSeconds, `${path}.bindTimeoutSeconds`, { atLeast: 0, why });
  const shape = parseVolumeShape(args.shape, `${path}.shape`, gates);
  return { ...(seconds === undefined ? {} : { bindTimeoutMs: seconds * 1000 }), ...(shape ? { shape } : {}) };
}

/** A shape that is empty is the default. */
function parseVolumeShape(value: unknown, path: string, gates: FeatureGates): PluginArguments['shape'] {
  if (value === undefined) return undefined;
  if (gates.isEnabled('StorageCapacityScoring')) {
    return listOf(value, path).length === 0 ? undefined : parseShape(value, path);
  }
  const why = 'unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring';
  throw invalid(path, value, why);
}

function parseShape(value: unknown, path: string): readonly UtilizationShapePoint[] {
  const points = listOf(value, path).map((entry, index) => {
    const at = `${path}[${index}]`;
    const fields = fieldsOf(entry, at, ['utilization', 'score']);
    const range = (atMost: number) => ({ atLeast: 0, atMost, why: `not in valid range [0-${atMost}]` });
    return {
      utilization: integerOf(fields.utilization, `${at}.utilization`, range(100)) ?? 0,
      score: integerOf(fields.score, `${at}.score`, range(10)) ?? 0,
    };
  });
  if (points.length === 0) throw required(path, 'at least one point must be specified');
  points.forEach(({ utilization }, index) => {
    const before = points[index - 1];
    if (before && before.utilization >= utilization)
      throw invalid(
        `${path}[${index}].utilization`,
        utilization,
        'utilization values must be sorted in increasing order',
      );
  });
  return points;
}

function parseFit(args: Fields, path: string): PluginArguments {
  for (const field of ['ignoredResources', 'ignoredResourceGroups'])
    if (listOf(args[field], `${path}.${field}`).length > 0) throw unsupported(`${path}.${field}`);
  if (args.scoringStrategy === undefined) return {};
  const at = `${path}.scoringStrategy`;
  const { type = 'LeastAllocated', resources } = fieldsOf(args.scoringStrategy, at, ['type', 'resources']);
  if (type === 'RequestedToCapacityRatio') throw unsupported(`${at}.type RequestedToCapacityRatio`);
  if (type !== 'LeastAllocated' && type !== 'MostAllocated')
    throw invalid(`${at}.type`, type, 'must be LeastAllocated or MostAllocated');
  return { scoringStrategy: { type, resources: parseResources(resources, `${at}.resources`) } };
}

const cpuAndMemory = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
];

function parseResources(value: unknown, path: string): ScoringStrategy['resources'] {
  const resources = listOf(value, path).map((entry, index) => {
    const at = `${path}[${index}]`;
    const fields = fieldsOf(entry, at, ['name', 'weight']);
    const why = 'resource weight not in valid range [1-100]';
    // Upstream's defaulting: a weight that is not given, or 0, is 1.
    const weight = integerOf(fields.weight || 1, `${at}.weight`, { atLeast: 1, atMost: 100, why }) ?? 1;
    return { name: nameOf(fields.name, `${at}.name`), weight };
  });
  return resources.length === 0 ? cpuAndMemory : resources;
}

function parseBalance(args: Fields, path: string): PluginArguments {
  const resources = parseResources(args.resources, `${path}.resources`);
  const names = resources.map(({ name }) => name).sort();
  if (names.join() !== 'cpu,memory') throw invalid(`${path}.resources`, names, 'only cpu and memory are compared');
  return {};
}

function parseInterPodAffinity(args: Fields, path: string): PluginArguments {
  const range = { atLeast: 0, atMost: 100, why: 'not in valid range [0-100]' };
  const hardPodAffinityWeight = integerOf(args.hardPodAffinityWeight, `${path}.hardPodAffinityWeight`, range);
  const field = 'ignorePreferredTermsOfExistingPods';
  const ignored = boolOf(args[field], `${path}.${field}`);
  return {
    interPodAffinity: {
      ...(hardPodAffinityWeight === undefined ? {} : { hardPodAffinityWeight }),
      ...(ignored === undefined ? {} : { ignorePreferredTermsOfExistingPods: ignored }),
    },
  };
}

function parseSpread({ defaultConstraints, defaultingType = 'System' }: Fields, path: string): PluginArguments {
  const constraints = listOf(defaultConstraints, `${path}.defaultConstraints`);
  if (defaultingType === 'System') {
    if (constraints.length > 0)
      throw invalid(
        `${path}.defaultingType`,
        defaultingType,
        'when .defaultConstraints are specified, it must be "List"',
      );
    return {};
  }
  if (defaultingType !== 'List') throw invalid(`${path}.defaultingType`, defaultingType, 'must be System or List');
  const spread = constraints.map((entry, index) => parseConstraint(entry, `${path}.defaultConstraints[${index}]`));
  spread.forEach(({ topologyKey, whenUnsatisfiable }, index) => {
    const first = spread.findIndex(
      (other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable,
    );
    if (first !== index)
      throw duplicate(`${path}.defaultConstraints[${index}]`, `{${topologyKey}, ${whenUnsatisfiable}}`);
  });
  return { spread };
}

function parseConstraint(entry: unknown, path: string): DefaultConstraint {
  const fields = fieldsOf(entry, path, ['maxSkew', 'topologyKey', 'whenUnsatisfiable', 'labelSelector']);
  if (fields.labelSelector !== undefined)
    throw invalid(
      `${path}.labelSelector`,
      fields.labelSelector,
      'constraint must not define a selector, as they deduced for each pod',
    );
  const maxSkew = integerOf(fields.maxSkew, `${path}.maxSkew`, { atLeast: 1, why: 'must be greater than zero' });
  if (maxSkew === undefined) throw required(`${path}.maxSkew`);
  const topologyKey = nameOf(fields.topologyKey, `${path}.topologyKey`);
  const { whenUnsatisfiable } = fields;
  if (whenUnsatisfiable !== 'DoNotSchedule' && whenUnsatisfiable !== 'ScheduleAnyway')
    throw invalid(`${path}.whenUnsatisfiable`, whenUnsatisfiable ?? '', 'must be DoNotSchedule or ScheduleAnyway');
  return { maxSkew, topologyKey, whenUnsatisfiable };
}

function parseNodeAffinity({ addedAffinity }: Fields, path: string): PluginArguments {
  if (addedAffinity !== undefined && addedAffinity !== null) throw unsupported(`${path}.addedAffinity`);
  return {};
}

function parsePreemption(args: Fields, path: string): PluginArguments {
  const ofAll = { atLeast: 0, atMost: 100, why: 'not in valid range [0, 100]' };
  const percentage = integerOf(args.minCandidateNodesPercentage, `${path}.minCandidateNodesPercentage`, ofAll);
  const some = { atLeast: 0, why: 'not in valid range [0, inf)' };
  const absolute = integerOf(args.minCandidateNodesAbsolute, `${path}.minCandidateNodesAbsolute`, some);
  if (percentage === 0 && absolute === 0)
    throw invalid(
      `${path}.minCandidateNodesPercentage`,
      percentage,
      'cannot be zero at the same time as minCandidateNodesAbsolute',
    );
  return {
    preemption: {
      ...(percentage === undefined ? {} : { minCandidatesPercentage: percentage }),
      ...(absolute === undefined ? {} : { minCandidates: absolute }),
    },
  };
}
