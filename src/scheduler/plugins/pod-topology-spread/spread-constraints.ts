/** The topology spread constraints of a pod, or those that every pod has when it names none. Upstream: podtopologyspread/common.go. */
import {
  type LabelMatcher,
  type Labels,
  labelHostname,
  labelSelectorMatcher,
  labelZone,
  type Node,
  type Pod,
} from '../../../api/index.ts';
import { findUntoleratedTaint, podMatchesNode } from '../../../component-helpers/index.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { NodeMemo } from '../node-memo.ts';

type RawConstraint = NonNullable<Pod['spec']['topologySpreadConstraints']>[number];
type RawSelector = RawConstraint['labelSelector'];

export type UnsatisfiableAction = 'DoNotSchedule' | 'ScheduleAnyway';

export interface SpreadConstraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly selector: LabelMatcher;
  readonly minDomains: number;
  /** Nodes that the pod's selector and affinity exclude form no domains. */
  readonly honorsNodeAffinity: boolean;
  /** Nodes with taints that the pod does not tolerate form no domains. */
  readonly honorsNodeTaints: boolean;
}

/** One for pods that name none of their own. Their selector is that of what owns the pod. */
export interface DefaultConstraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly whenUnsatisfiable: UnsatisfiableAction;
}

/** For pods that name none of their own: spread over nodes and zones as far as it is easy. */
export const systemDefaultConstraints: readonly DefaultConstraint[] = [
  { topologyKey: labelHostname, maxSkew: 3, whenUnsatisfiable: 'ScheduleAnyway' },
  { topologyKey: labelZone, maxSkew: 5, whenUnsatisfiable: 'ScheduleAnyway' },
];

/** The selector, narrowed to pods that have the same values under these keys as the pod. */
function withMatchLabelKeys(selector: RawSelector, keys: readonly string[], labels: Labels | undefined): RawSelector {
  const matchLabels = keys.flatMap((key) => (labels?.[key] === undefined ? [] : [[key, labels[key]] as const]));
  if (matchLabels.length === 0) return selector;
  const same = matchLabels.map(([key, value]) => ({ key, operator: 'In', values: [value] }));
  return { ...selector, matchExpressions: [...(selector?.matchExpressions ?? []), ...same] };
}

function parseConstraint(constraint: RawConstraint, labels: Labels | undefined): SpreadConstraint {
  const selector = withMatchLabelKeys(constraint.labelSelector, constraint.matchLabelKeys ?? [], labels);
  return {
    maxSkew: constraint.maxSkew,
    topologyKey: constraint.topologyKey,
    selector: labelSelectorMatcher(selector),
    minDomains: constraint.minDomains ?? 1,
    honorsNodeAffinity: (constraint.nodeAffinityPolicy ?? 'Honor') === 'Honor',
    honorsNodeTaints: (constraint.nodeTaintsPolicy ?? 'Ignore') === 'Honor',
  };
}

export function hasOwnConstraints(pod: Pod): boolean {
  return (pod.spec.topologySpreadConstraints?.length ?? 0) > 0;
}

/** The pod's own constraints of one kind. Throws a SelectorError for what validation keeps out of the API. */
export function ownConstraints(pod: Pod, action: UnsatisfiableAction): readonly SpreadConstraint[] {
  return (pod.spec.topologySpreadConstraints ?? [])
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action)
    .map((constraint) => parseConstraint(constraint, pod.metadata.labels));
}

/** The constraints of pods without their own, counted over the pods that the selector selects. */
export function defaultConstraintsOver(
  selector: LabelMatcher | undefined,
  defaults: readonly DefaultConstraint[],
): readonly SpreadConstraint[] {
  if (!selector) return [];
  const rest = { selector, minDomains: 1, honorsNodeAffinity: true, honorsNodeTaints: false };
  return defaults.map(({ topologyKey, maxSkew }) => ({ topologyKey, maxSkew, ...rest }));
}

/** Whether the node has all the labels that the constraints spread over. */
export function hasAllTopologies(labels: Labels | undefined, constraints: readonly SpreadConstraint[]): boolean {
  return constraints.every(({ topologyKey }) => labels?.[topologyKey] !== undefined);
}

/** Whether the node counts as a place that the pod could spread to. */
export function isIncluded(constraint: SpreadConstraint, pod: Pod, node: Node): boolean {
  if (constraint.honorsNodeAffinity && !podMatchesNode(pod, node)) return false;
  return !(
    constraint.honorsNodeTaints &&
    findUntoleratedTaint(node.spec.taints, pod.spec.tolerations, ['NoSchedule', 'NoExecute'])
  );
}

/** Whether a pod counts for the constraint. One that is going away no longer does. */
export function countsFor({ selector }: SpreadConstraint, existing: Pod, namespace: string | undefined): boolean {
  const { metadata } = existing;
  if (metadata.deletionTimestamp || metadata.namespace !== namespace) return false;
  return selector.matches(metadata.labels);
}

function countPods(constraint: SpreadConstraint, { pods }: NodeInfo, namespace: string | undefined): number {
  let count = 0;
  for (const { pod } of pods.values()) if (countsFor(constraint, pod, namespace)) count++;
  return count;
}

/** Counts the pods on nodes that one constraint of a pod counts. */
export type PodCounter = (constraint: SpreadConstraint) => (node: NodeInfo) => number;

export function podCounter(memo: NodeMemo<number>, namespace: string | undefined): PodCounter {
  return (constraint) => {
    const question = `${namespace}/${JSON.stringify(constraint.selector.requirements)}`;
    return memo.about(question, (node) => countPods(constraint, node, namespace));
  };
}
