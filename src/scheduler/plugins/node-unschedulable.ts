import type { Node, Pod } from '../../api/index.ts';
import { findUntoleratedTaint, taintUnschedulable } from '../../component-helpers/index.ts';
import { on, type Plugin } from '../framework/plugin.ts';
import { success, unresolvable } from '../framework/status.ts';

const cordon = [{ key: taintUnschedulable, effect: 'NoSchedule' }];
const refused = unresolvable('node(s) were unschedulable');

function isClosed(pod: Pod, node: Node): boolean {
  return node.spec.unschedulable === true && !!findUntoleratedTaint(cordon, pod.spec.tolerations, ['NoSchedule']);
}

/** Keeps pods off nodes that are cordoned, unless they tolerate it. */
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  events: [
    ...on(
      ['NodeAdd', 'UpdateNodeTaint'],
      (pod, previous, current) => !!current && !isClosed(pod, current) && (!previous || isClosed(pod, previous)),
    ),
    ...on(['PodUpdate']),
  ],
  filter: (_state, pod, { node }) => (isClosed(pod, node) ? refused : success),
};
