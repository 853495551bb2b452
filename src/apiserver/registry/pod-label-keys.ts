/** What matchLabelKeys and mismatchLabelKeys of a new pod stand for, written into the selectors beside them. */
import type { LabelSelector, Pod, PodAffinity, PodSpec } from '../../api/index.ts';

type Labels = Readonly<Record<string, string>> | undefined;

interface LabelKeys {
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
  readonly labelSelector?: LabelSelector;
}

/** A term without a selector means no pod, whatever keys it has. */
function merged<T extends LabelKeys>(term: T, labels: Labels): T {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = term;
  if (!labelSelector || matchLabelKeys.length + mismatchLabelKeys.length === 0) return term;
  const requirements = (keys: readonly string[], operator: string) =>
    keys.flatMap((key) => {
      const value = labels?.[key];
      return value === undefined ? [] : [{ key, operator, values: [value] }];
    });
  const matchExpressions = [
    ...(labelSelector.matchExpressions ?? []),
    ...requirements(matchLabelKeys, 'In'),
    ...requirements(mismatchLabelKeys, 'NotIn'),
  ];
  return { ...term, labelSelector: { ...labelSelector, matchExpressions } };
}

function mergedAffinity(affinity: PodAffinity, labels: Labels): PodAffinity {
  const required = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  const preferred = affinity.preferredDuringSchedulingIgnoredDuringExecution;
  return {
    ...affinity,
    ...(required && { requiredDuringSchedulingIgnoredDuringExecution: required.map((term) => merged(term, labels)) }),
    ...(preferred && {
      preferredDuringSchedulingIgnoredDuringExecution: preferred.map((weighted) => ({
        ...weighted,
        podAffinityTerm: merged(weighted.podAffinityTerm, labels),
      })),
    }),
  };
}

/** Upstream: registry/core/pod/strategy.go mutatePodAffinity, mutateTopologySpreadConstraints. */
export function withLabelKeysMerged(pod: Pod): Pod {
  const { affinity, topologySpreadConstraints } = pod.spec ?? {};
  const { podAffinity, podAntiAffinity } = affinity ?? {};
  if (!podAffinity && !podAntiAffinity && !topologySpreadConstraints) return pod;
  const { labels } = pod.metadata;
  const spec: PodSpec = {
    ...pod.spec,
    ...(affinity && {
      affinity: {
        ...affinity,
        ...(podAffinity && { podAffinity: mergedAffinity(podAffinity, labels) }),
        ...(podAntiAffinity && { podAntiAffinity: mergedAffinity(podAntiAffinity, labels) }),
      },
    }),
    ...(topologySpreadConstraints && {
      topologySpreadConstraints: topologySpreadConstraints.map((constraint) => merged(constraint, labels)),
    }),
  };
  return { ...pod, spec };
}
