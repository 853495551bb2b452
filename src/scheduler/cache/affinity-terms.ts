/** The terms of a pod's affinity and anti-affinity to other pods, with their selectors parsed. */
import {
  type LabelMatcher,
  type Labels,
  type Pod,
  type PodAffinityTerm,
  SelectorError,
  storedSelectorMatcher,
  type WeightedPodAffinityTerm,
} from '../../api/index.ts';

export interface AffinityTerm {
  /** The namespaces named; the pod's own when the term names none and selects none. */
  readonly namespaces: ReadonlySet<string>;
  readonly namespaceSelector: LabelMatcher;
  readonly selector: LabelMatcher;
  readonly topologyKey: string;
}

export interface WeightedAffinityTerm extends AffinityTerm {
  readonly weight: number;
}

export interface PodAffinityTerms {
  readonly requiredAffinity: readonly AffinityTerm[];
  readonly requiredAntiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly WeightedAffinityTerm[];
  readonly preferredAntiAffinity: readonly WeightedAffinityTerm[];
}

const none: PodAffinityTerms = {
  requiredAffinity: [],
  requiredAntiAffinity: [],
  preferredAffinity: [],
  preferredAntiAffinity: [],
};

/** Whether the term means the pod; `namespaceLabels` are those of the pod's namespace. */
export function affinityTermMatches(term: AffinityTerm, pod: Pod, namespaceLabels: Labels | undefined): boolean {
  const { namespace, labels } = pod.metadata;
  if (!term.namespaces.has(namespace ?? '') && !term.namespaceSelector.matches(namespaceLabels)) return false;
  return term.selector.matches(labels);
}

export function podAffinityTerms(pod: Pod): PodAffinityTerms {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  if (!podAffinity && !podAntiAffinity) return none;
  try {
    return {
      requiredAffinity: termsOf(pod, podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
      requiredAntiAffinity: termsOf(pod, podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
      preferredAffinity: weightedOf(pod, podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
      preferredAntiAffinity: weightedOf(pod, podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    };
  } catch (thrown) {
    // Validation keeps such selectors out; a foreign API server may not have.
    if (thrown instanceof SelectorError) return none;
    throw thrown;
  }
}

function termsOf(pod: Pod, terms: readonly PodAffinityTerm[] | undefined): AffinityTerm[] {
  return (terms ?? []).map((term) => termOf(pod, term));
}

function weightedOf(pod: Pod, terms: readonly WeightedPodAffinityTerm[] | undefined): WeightedAffinityTerm[] {
  return (terms ?? []).map(({ podAffinityTerm, weight }) => ({ ...termOf(pod, podAffinityTerm), weight }));
}

function termOf(pod: Pod, term: PodAffinityTerm): AffinityTerm {
  const own = !term.namespaces?.length && !term.namespaceSelector;
  return {
    namespaces: new Set(own ? [pod.metadata.namespace ?? ''] : term.namespaces),
    namespaceSelector: storedSelectorMatcher(term.namespaceSelector),
    selector: storedSelectorMatcher(term.labelSelector),
    topologyKey: term.topologyKey,
  };
}
