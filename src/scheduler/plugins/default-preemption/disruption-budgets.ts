import { type Pod, type PodDisruptionBudget, SelectorError, storedSelectorMatcher } from '../../../api/index.ts';

function covers({ metadata, spec, status }: PodDisruptionBudget, pod: Pod): boolean {
  if (metadata.namespace !== pod.metadata.namespace) return false;
  // Somebody is removing it already, and it has been counted.
  if (status?.disruptedPods?.[pod.metadata.name] !== undefined) return false;
  try {
    const matcher = storedSelectorMatcher(spec?.selector);
    // Of a budget's selectors an empty one selects nothing here, as upstream.
    return (matcher.requirements?.length ?? 0) > 0 && matcher.matches(pod.metadata.labels);
  } catch (thrown) {
    if (thrown instanceof SelectorError) return false;
    throw thrown;
  }
}

/**
 * Splits pods that would all be removed, in their order, by whether that takes more than a PodDisruptionBudget allows.
 * Upstream: filterPodsWithPDBViolation.
 */
export function splitByBudgets<T extends { readonly pod: Pod }>(
  infos: readonly T[],
  budgets: readonly PodDisruptionBudget[],
): { violating: T[]; nonViolating: T[] } {
  const left = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0);
  const violating: T[] = [];
  const nonViolating: T[] = [];
  for (const info of infos) {
    let violates = false;
    const hasLabels = Object.keys(info.pod.metadata.labels ?? {}).length > 0;
    for (const [i, budget] of hasLabels ? budgets.entries() : []) {
      if (!covers(budget, info.pod)) continue;
      const remaining = (left[i] ?? 0) - 1;
      left[i] = remaining;
      violates ||= remaining < 0;
    }
    (violates ? violating : nonViolating).push(info);
  }
  return { violating, nonViolating };
}
