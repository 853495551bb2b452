/** Which changes may let a pod in that PodTopologySpread has refused. */
import { isEqual, type Labels, type Node, type Pod } from '../../../api/index.ts';
import type { ObjectChange } from '../object-change.ts';
import { hasAllTopologies, type SpreadConstraint } from './spread-constraints.ts';

interface Waiting {
  readonly pod: Pod;
  readonly constraints: readonly SpreadConstraint[];
}

function matchesAll(constraints: readonly SpreadConstraint[], labels: Labels | undefined): boolean {
  return constraints.every(({ selector }) => selector.matches(labels));
}

/** Whether the coming, change or end of a pod that has a node may help. */
export function podChangeMayHelp({ pod, constraints }: Waiting, { previous, current }: ObjectChange<Pod>): boolean {
  if ((current ?? previous)?.metadata.namespace !== pod.metadata.namespace) return false;
  if (!previous || !current) return matchesAll(constraints, (current ?? previous)?.metadata.labels);
  return constraints.some(
    ({ selector }) => selector.matches(previous.metadata.labels) !== selector.matches(current.metadata.labels),
  );
}

/** Whether a change of the waiting pod itself may help. */
export function ownChangeMayHelp({ constraints }: Waiting, { previous, current }: ObjectChange<Pod>): boolean {
  if (!previous || !current) return true;
  const tolerationsChanged = !isEqual(current.spec.tolerations, previous.spec.tolerations);
  if (tolerationsChanged && constraints.some(({ honorsNodeTaints }) => honorsNodeTaints)) return true;
  return !isEqual(current.metadata.labels, previous.metadata.labels);
}

/** Whether a node that came, changed or went may have changed the domains. */
export function nodeChangeMayHelp({ constraints }: Waiting, { previous, current }: ObjectChange<Node>): boolean {
  const before = previous?.metadata.labels;
  const now = current?.metadata.labels;
  const matched = previous !== undefined && hasAllTopologies(before, constraints);
  const matches = current !== undefined && hasAllTopologies(now, constraints);
  if (!previous || !current) return matched || matches;
  if (matched !== matches) return true;
  if (!matches) return false;
  const moved = constraints.some(({ topologyKey }) => before?.[topologyKey] !== now?.[topologyKey]);
  return moved || !isEqual(previous.spec.taints, current.spec.taints);
}
