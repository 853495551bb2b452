/** Which objects a quota with scopes counts. Upstream: podMatchesScopeFunc, pvcMatchesScopeFunc. */
import type {
  PersistentVolumeClaim,
  Pod,
  PodAffinityTerm,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
} from '../gen/core.v1.gen.ts';
import { labelSelectorMatcher } from '../selectors.ts';
import { attributesClassesOf } from './claim-usage.ts';

export type ScopeRequirement = ScopedResourceSelectorRequirement;

/** All of them must hold. */
export function scopeRequirementsOf({ spec }: ResourceQuota): readonly ScopeRequirement[] {
  const plain = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }));
  return [...plain, ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

export function podMatchesScope(requirement: ScopeRequirement, pod: Pod): boolean {
  switch (requirement.scopeName) {
    case 'Terminating':
      return hasDeadline(pod);
    case 'NotTerminating':
      return !hasDeadline(pod);
    case 'BestEffort':
      return pod.status?.qosClass === 'BestEffort';
    case 'NotBestEffort':
      return pod.status?.qosClass !== 'BestEffort';
    case 'PriorityClass':
      return matchesNames(requirement, pod.spec?.priorityClassName ? [pod.spec.priorityClassName] : []);
    case 'CrossNamespacePodAffinity':
      return looksIntoOtherNamespaces(pod);
    default:
      return false;
  }
}

export function claimMatchesScope(requirement: ScopeRequirement, claim: PersistentVolumeClaim): boolean {
  return requirement.scopeName === 'VolumeAttributesClass' && matchesNames(requirement, attributesClassesOf(claim));
}

/** Whether one of the names satisfies the requirement, or that there is none does. */
function matchesNames({ scopeName, operator, values = [] }: ScopeRequirement, names: readonly string[]): boolean {
  if (operator === 'Exists') return names.length > 0;
  const selector = labelSelectorMatcher({ matchExpressions: [{ key: scopeName, operator, values }] });
  if (names.length === 0) return selector.matches({});
  return names.some((name) => selector.matches({ [scopeName]: name }));
}

function hasDeadline({ spec }: Pod): boolean {
  return spec?.activeDeadlineSeconds !== undefined && Number(spec.activeDeadlineSeconds) >= 0;
}

function looksIntoOtherNamespaces({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  return [podAffinity, podAntiAffinity].some((affinity) => {
    const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return [...required, ...preferred.map(({ podAffinityTerm }) => podAffinityTerm)].some(isCrossNamespace);
  });
}

function isCrossNamespace(term: PodAffinityTerm | undefined): boolean {
  return (term?.namespaces?.length ?? 0) > 0 || term?.namespaceSelector !== undefined;
}
