/**
 * How objects of a kind are charged to quotas: the same for the server, which admits them, and for the controller,
 * which counts them. Upstream: pkg/quota/v1/evaluator, apiserver/pkg/quota/v1/generic.
 */
import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../gen/core.v1.gen.ts';
import { groupResourceOf, type KubernetesObject, type ResourceType } from '../meta/resource-type.ts';
import { attributesClassesOf, claimResourceNames, claimUsage } from './claim-usage.ts';
import { missingAmounts, podResourceNames, podUsage } from './pod-usage.ts';
import { equalLists, type ResourceList } from './resource-list.ts';
import { claimMatchesScope, podMatchesScope, type ScopeRequirement, scopeRequirementsOf } from './scopes.ts';

export interface QuotaEvaluator {
  /** Those of the names that such objects are charged under. */
  resourceNames(names: readonly string[]): readonly string[];
  usage(object: KubernetesObject, nowMs: number): ResourceList;
  matchesScope(requirement: ScopeRequirement, object: KubernetesObject): boolean;
  /** Tells objects apart that scopes may tell apart, as far as an update can change it. */
  scopeKey?(object: KubernetesObject): string;
  /** What the object fails to say although a quota of these names needs it. */
  missing?(names: readonly string[], object: KubernetesObject): string | undefined;
}

/** Counted under a name of their own from before there was `count/`. */
const plainNames: ReadonlySet<string> = new Set(['configmaps', 'secrets', 'resourcequotas', 'replicationcontrollers']);

const podEvaluator: QuotaEvaluator = {
  resourceNames: podResourceNames,
  usage: (pod, nowMs) => podUsage(pod as Pod, nowMs),
  matchesScope: (requirement, pod) => podMatchesScope(requirement, pod as Pod),
  scopeKey: (pod) => String((pod as Pod).spec?.activeDeadlineSeconds),
  missing: (names, pod) => missingAmounts(names, pod as Pod),
};

const claimEvaluator: QuotaEvaluator = {
  resourceNames: claimResourceNames,
  usage: (claim) => claimUsage(claim as PersistentVolumeClaim),
  matchesScope: (requirement, claim) => claimMatchesScope(requirement, claim as PersistentVolumeClaim),
  scopeKey: (claim) => attributesClassesOf(claim as PersistentVolumeClaim).join(),
};

const serviceNames = ['services', 'count/services', 'services.nodeports', 'services.loadbalancers'];

const serviceEvaluator: QuotaEvaluator = {
  resourceNames: (names) => names.filter((name) => serviceNames.includes(name)),
  usage: (service) => serviceUsage(service as Service),
  matchesScope: () => false,
};

function serviceUsage({ spec }: Service): ResourceList {
  const isBalanced = spec?.type === 'LoadBalancer';
  const ports = spec?.ports ?? [];
  const allocated =
    isBalanced && spec?.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort) : ports;
  const nodePorts = isBalanced || spec?.type === 'NodePort' ? allocated.length : 0;
  return {
    services: '1',
    'count/services': '1',
    'services.nodeports': String(nodePorts),
    'services.loadbalancers': isBalanced ? '1' : '0',
  };
}

function countEvaluator(groupResource: string): QuotaEvaluator {
  const names = [`count/${groupResource}`, ...(plainNames.has(groupResource) ? [groupResource] : [])];
  const usage = Object.fromEntries(names.map((name) => [name, '1']));
  return {
    resourceNames: (given) => given.filter((name) => names.includes(name)),
    usage: () => usage,
    matchesScope: () => false,
  };
}

const evaluators = new Map<string, QuotaEvaluator>([
  ['pods', podEvaluator],
  ['persistentvolumeclaims', claimEvaluator],
  ['services', serviceEvaluator],
]);

/** Undefined for kinds that no quota counts: those outside namespaces, and events. */
export function quotaEvaluatorOf(type: ResourceType): QuotaEvaluator | undefined {
  if (!type.namespaced || type.plural === 'events') return undefined;
  const groupResource = groupResourceOf(type);
  let evaluator = evaluators.get(groupResource);
  if (!evaluator) {
    evaluator = countEvaluator(groupResource);
    evaluators.set(groupResource, evaluator);
  }
  return evaluator;
}

/** Whether the quota counts the object, when it has one of the limits given. */
export function quotaCounts(
  quota: ResourceQuota,
  limits: ResourceList,
  { evaluator, object }: { readonly evaluator: QuotaEvaluator; readonly object: KubernetesObject },
): boolean {
  if (evaluator.resourceNames(Object.keys(limits)).length === 0) return false;
  return scopeRequirementsOf(quota).every((requirement) => evaluator.matchesScope(requirement, object));
}

/** Whether quotas count two states of an object as the same. */
export function isCountedAlike(
  evaluator: QuotaEvaluator,
  [left, right]: readonly [KubernetesObject, KubernetesObject],
  nowMs: number,
): boolean {
  if (!equalLists(evaluator.usage(left, nowMs), evaluator.usage(right, nowMs))) return false;
  return evaluator.scopeKey?.(left) === evaluator.scopeKey?.(right);
}
