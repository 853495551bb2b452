/** Which changes may let a pod in that InterPodAffinity has refused. */
import type { Labels, Node, Pod } from '../../../api/index.ts';
import { affinityTermMatches, type PodAffinityTerms } from '../../cache/affinity-terms.ts';
import { podInfoOf } from '../../cache/pod-info.ts';
import type { ObjectChange } from '../object-change.ts';
import { meansPod, meansPodInAll, type NamespaceLabels } from './incoming-terms.ts';

interface Waiting {
  readonly pod: Pod;
  /** With their namespace selectors answered. */
  readonly terms: PodAffinityTerms;
}

/**
 * Whether the coming, change or end of a pod that has a node may help. Beyond upstream, a pod that goes or changes counts too
 * when its own anti-affinity kept the waiting pod away, so that no pod waits for the five minutes' safety net.
 */
export function podChangeMayHelp(
  { pod, terms }: Waiting,
  { previous, current }: ObjectChange<Pod>,
  namespaces: NamespaceLabels,
): boolean {
  const attracts = (other: Pod | undefined) => other !== undefined && meansPodInAll(terms.requiredAffinity, other);
  const repels = (other: Pod | undefined) =>
    other !== undefined &&
    (terms.requiredAntiAffinity.some((term) => meansPod(term, other)) || keepsAway(other, pod, namespaces));
  return (attracts(current) && !attracts(previous)) || (repels(previous) && !repels(current));
}

function keepsAway(existing: Pod, pod: Pod, namespaces: NamespaceLabels): boolean {
  const labels = namespaces.labelsOf(pod.metadata.namespace ?? '');
  return podInfoOf(existing).affinity.requiredAntiAffinity.some((term) => affinityTermMatches(term, pod, labels));
}

function differs(previous: Labels | undefined, current: Labels | undefined, key: string): boolean {
  return previous?.[key] !== current?.[key];
}

/**
 * Whether a new node, or one with other labels, may help. A pod without terms of its own was refused for those of
 * others, whose topology keys are not known here: every new node and every change of labels counts for it.
 */
export function nodeChangeMayHelp({ terms }: Waiting, { previous, current }: ObjectChange<Node>): boolean {
  if (!current) return false;
  const { requiredAffinity, requiredAntiAffinity } = terms;
  const now = current.metadata.labels;
  if (!previous) {
    return (
      requiredAffinity.length === 0 || requiredAffinity.some(({ topologyKey }) => now?.[topologyKey] !== undefined)
    );
  }
  const before = previous.metadata.labels;
  if (requiredAffinity.length === 0 && requiredAntiAffinity.length === 0) return !sameLabels(before, now);
  return (
    requiredAffinity.some(({ topologyKey: key }) => now?.[key] !== undefined && differs(before, now, key)) ||
    requiredAntiAffinity.some(({ topologyKey: key }) => before?.[key] !== undefined && differs(before, now, key))
  );
}

function sameLabels(a: Labels | undefined, b: Labels | undefined): boolean {
  const keys = new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})]);
  return [...keys].every((key) => a?.[key] === b?.[key]);
}
