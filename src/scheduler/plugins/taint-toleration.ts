import type { Node, Pod, Taint } from '../../api/index.ts';
import { findUntoleratedTaint, toleratesTaint } from '../../component-helpers/index.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import { defaultNormalizeScore } from '../framework/normalize-score.ts';
import { on, type Plugin } from '../framework/plugin.ts';
import { skip, success, unresolvable } from '../framework/status.ts';

const keepingOff = ['NoSchedule', 'NoExecute'];
const refused = unresolvable('node(s) had untolerated taint(s)');

function isRepelled(pod: Pod, { spec: { taints } }: Node): boolean {
  return taints !== undefined && findUntoleratedTaint(taints, pod.spec.tolerations, keepingOff) !== undefined;
}

function isDiscouraging({ effect }: Taint): boolean {
  return effect === 'PreferNoSchedule';
}

function anyDiscourages(nodes: readonly NodeInfo[]): boolean {
  for (const { node } of nodes) for (const taint of node.spec.taints ?? []) if (isDiscouraging(taint)) return true;
  return false;
}

/** Keeps pods off nodes with taints they do not tolerate, and prefers nodes without PreferNoSchedule. */
export const taintToleration: Plugin = {
  name: 'TaintToleration',
  weight: 3,
  events: [
    ...on(
      ['NodeAdd', 'UpdateNodeTaint'],
      (pod, previous, current) => !!current && !isRepelled(pod, current) && (!previous || isRepelled(pod, previous)),
    ),
    ...on(['PodUpdate']),
  ],
  filter: (_state, pod, { node }) => (isRepelled(pod, node) ? refused : success),
  preScore: (_state, _pod, nodes) => (anyDiscourages(nodes) ? success : skip),
  /** The number of taints that the pod would rather avoid. */
  score: (_state, pod, { node }) => {
    const tolerations = pod.spec.tolerations?.filter(({ effect }) => !effect || effect === 'PreferNoSchedule') ?? [];
    const isAvoided = (taint: Taint) => isDiscouraging(taint) && !tolerations.some((one) => toleratesTaint(one, taint));
    return node.spec.taints?.filter(isAvoided).length ?? 0;
  },
  normalizeScore: (_state, _pod, scores) => defaultNormalizeScore(scores, true),
};
