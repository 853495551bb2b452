/** The affinity terms of a pod that is to be placed, asked of the pods that are there. */
import type { LabelMatcher, Labels, Pod } from '../../../api/index.ts';
import { type AffinityTerm, affinityTermMatches, type PodAffinityTerms } from '../../cache/affinity-terms.ts';

/** Which namespaces there are and how they are labelled. */
export interface NamespaceLabels {
  labelsOf(namespace: string): Labels | undefined;
  matching(selector: LabelMatcher): readonly string[];
}

const matchesNone: LabelMatcher = { requirements: undefined, matches: () => false };

/** The term with its namespace selector answered, so that asking it of many pods needs no namespaces. */
function resolveTerm<T extends AffinityTerm>(term: T, namespaces: NamespaceLabels): T {
  const { namespaceSelector } = term;
  const { requirements } = namespaceSelector;
  // An empty selector selects every namespace, those included whose object has not been seen yet.
  if (requirements === undefined || requirements.length === 0) return term;
  const selected = namespaces.matching(namespaceSelector);
  return { ...term, namespaces: new Set([...term.namespaces, ...selected]), namespaceSelector: matchesNone };
}

export function incomingTerms(terms: PodAffinityTerms, namespaces: NamespaceLabels): PodAffinityTerms {
  const resolve = <T extends AffinityTerm>(list: readonly T[]) => list.map((term) => resolveTerm(term, namespaces));
  return {
    requiredAffinity: resolve(terms.requiredAffinity),
    requiredAntiAffinity: resolve(terms.requiredAntiAffinity),
    preferredAffinity: resolve(terms.preferredAffinity),
    preferredAntiAffinity: resolve(terms.preferredAntiAffinity),
  };
}

/** Whether an incoming pod's term means the pod. */
export function meansPod(term: AffinityTerm, pod: Pod): boolean {
  return affinityTermMatches(term, pod, undefined);
}

/** Whether one pod satisfies all terms of an incoming pod. No terms are satisfied by no pod. */
export function meansPodInAll(terms: readonly AffinityTerm[], pod: Pod): boolean {
  return terms.length > 0 && terms.every((term) => meansPod(term, pod));
}

/** The same text for terms that mean the same pods. */
export function termsText(terms: readonly AffinityTerm[]): string {
  const parts = terms.map(({ namespaces, namespaceSelector, selector, topologyKey }) => [
    [...namespaces].sort(),
    namespaceSelector.requirements ?? null,
    selector.requirements ?? null,
    topologyKey,
  ]);
  return JSON.stringify(parts);
}
