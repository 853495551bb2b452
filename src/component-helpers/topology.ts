/** Which nodes can reach a volume, and what zones mean. */
import {
  type Labels,
  nodeSelectorMatches,
  type PersistentVolume,
  type SelectableNode,
  type TopologySelectorTerm,
} from '../api/index.ts';

/** Whether the node satisfies the volume's node affinity. A volume without one is reachable from everywhere. */
export function volumeMatchesNode(volume: PersistentVolume, node: SelectableNode): boolean {
  const required = volume.spec.nodeAffinity?.required;
  return required === undefined || nodeSelectorMatches(required, node);
}

/** Whether a node's labels satisfy a class's allowedTopologies: any term, all expressions of it. No terms allow every node. */
export function topologyTermsMatch(
  terms: readonly TopologySelectorTerm[] | undefined,
  labels: Labels | undefined,
): boolean {
  if (!terms || terms.length === 0) return true;
  return terms.some((term) =>
    (term.matchLabelExpressions ?? []).every(({ key, values }) => {
      const value = labels?.[key];
      return value !== undefined && values.includes(value);
    }),
  );
}

/** The zones of a volume's zone or region label: several are joined by `__`. */
export function zoneSet(label: string): ReadonlySet<string> {
  return new Set(
    label
      .split('__')
      .map((zone) => zone.trim())
      .filter((zone) => zone !== ''),
  );
}
