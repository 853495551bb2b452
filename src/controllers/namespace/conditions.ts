/** What a namespace that is being deleted says of what keeps it. Pure. Upstream: namespace/deletion/status_condition_utils.go. */
import type { Namespace, NamespaceCondition } from '../../api/index.ts';

/** What was found, and what went wrong, at one look at the namespace. */
export interface NamespaceContent {
  /** How many objects of each resource (`plural.group`, the dot always) are left. */
  readonly remaining: ReadonlyMap<string, number>;
  /** How many of them each finalizer holds. */
  readonly finalizers: ReadonlyMap<string, number>;
  readonly problems: readonly string[];
}

type Finding = Pick<NamespaceCondition, 'status' | 'reason' | 'message'>;

function findings({ remaining, finalizers, problems }: NamespaceContent): readonly (readonly [string, Finding])[] {
  const resources = [...remaining].sort().map(([name, count]) => `${name} has ${count} resource instances`);
  const holders = [...finalizers].sort().map(([name, count]) => `${name} in ${count} resource instances`);
  const failure = `Failed to delete all resource types, ${problems.length} remaining: ${[...problems].sort().join(', ')}`;
  const fine = (reason: string, message: string): Finding => ({ status: 'False', reason, message });
  const told = (reason: string, message: string): Finding => ({ status: 'True', reason, message });
  return [
    // The kinds are known from the start, so that these two never fail.
    ['NamespaceDeletionDiscoveryFailure', fine('ResourcesDiscovered', 'All resources successfully discovered')],
    [
      'NamespaceDeletionGroupVersionParsingFailure',
      fine('ParsedGroupVersions', 'All legacy kube types successfully parsed'),
    ],
    [
      'NamespaceDeletionContentFailure',
      problems.length > 0
        ? told('ContentDeletionFailed', failure)
        : fine('ContentDeleted', 'All content successfully deleted, may be waiting on finalization'),
    ],
    [
      'NamespaceContentRemaining',
      resources.length > 0
        ? told('SomeResourcesRemain', `Some resources are remaining: ${resources.join(', ')}`)
        : fine('ContentRemoved', 'All content successfully removed'),
    ],
    [
      'NamespaceFinalizersRemaining',
      holders.length > 0
        ? told('SomeFinalizersRemain', `Some content in the namespace has finalizers remaining: ${holders.join(', ')}`)
        : fine('ContentHasNoFinalizers', 'All content-preserving finalizers finished'),
    ],
  ];
}

/** The conditions that are to be written; undefined when the namespace says all of it already. */
export function changedConditions(
  namespace: Namespace,
  content: NamespaceContent,
  now: string,
): readonly NamespaceCondition[] | undefined {
  const known = namespace.status?.conditions ?? [];
  let hasChanged = false;
  const conditions = findings(content).map(([type, finding]) => {
    const before = known.find((condition) => condition.type === type);
    const isSame =
      before?.status === finding.status && before.reason === finding.reason && before.message === finding.message;
    if (before && isSame) return before;
    hasChanged = true;
    const lastTransitionTime = before?.status === finding.status ? before.lastTransitionTime : now;
    return { type, lastTransitionTime: lastTransitionTime ?? now, ...finding };
  });
  if (!hasChanged) return undefined;
  const others = known.filter(({ type }) => !conditions.some((condition) => condition.type === type));
  return [...others, ...conditions];
}
