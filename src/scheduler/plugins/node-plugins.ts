/** The plugins that look at a node's own fields: name, cordon, taints, affinity, resources. */
import { findUntoleratedTaint, podMatchesNode, taintUnschedulable } from '../../component-helpers/index.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import { podRequests } from '../cache/resources.ts';
import type { Plugin } from '../framework/plugin.ts';
import { skip, success, unresolvable, unschedulable } from '../framework/status.ts';

export const nodeName: Plugin = {
  name: 'NodeName',
  events: ['NodeAdd'],
  filter: (_state, pod, node) =>
    !pod.spec.nodeName || pod.spec.nodeName === node.name
      ? success
      : unresolvable("node(s) didn't match the requested node name"),
};

const unschedulableTaint = { key: taintUnschedulable, effect: 'NoSchedule' };

export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  events: ['NodeAdd', 'NodeUpdate'],
  filter: (_state, pod, { node }) =>
    node.spec.unschedulable && findUntoleratedTaint([unschedulableTaint], pod.spec.tolerations, ['NoSchedule'])
      ? unresolvable('node(s) were unschedulable')
      : success,
};

export const taintToleration: Plugin = {
  name: 'TaintToleration',
  events: ['NodeAdd', 'NodeUpdate'],
  filter: (_state, pod, { node }) => {
    const taint = findUntoleratedTaint(node.spec.taints, pod.spec.tolerations, ['NoSchedule', 'NoExecute']);
    return taint ? unresolvable(`node(s) had untolerated taint(s)`) : success;
  },
};

export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  events: ['NodeAdd', 'NodeUpdate'],
  preFilter: (_state, pod) => ({
    status: pod.spec.nodeSelector || pod.spec.affinity?.nodeAffinity ? success : skip,
  }),
  filter: (_state, pod, node) =>
    podMatchesNode(pod, node.node) ? success : unresolvable("node(s) didn't match Pod's node affinity/selector"),
};

/** What a pod without requests is taken to use when nodes are compared, as upstream: 100m of CPU, 200 MiB. */
const assumedPerPod = { cpu: 100, memory: 200 * 1024 * 1024 * 1000 };

function freeShare(node: NodeInfo, resource: 'cpu' | 'memory'): number {
  const allocatable = node.allocatable.get(resource) ?? 0;
  if (allocatable <= 0) return 0;
  const used = (node.requested.get(resource) ?? 0) + node.pods.size * assumedPerPod[resource];
  return Math.max(0, (allocatable - used) / allocatable);
}

export const nodeResourcesFit: Plugin = {
  name: 'NodeResourcesFit',
  events: ['NodeAdd', 'NodeUpdate', 'PodDelete'],
  filter: (_state, pod, node) => {
    const reasons: string[] = [];
    const podLimit = (node.allocatable.get('pods') ?? Number.POSITIVE_INFINITY) / 1000;
    if (node.pods.size + 1 > podLimit) reasons.push('Too many pods');
    let possible = true;
    for (const [resource, amount] of podRequests(pod)) {
      const allocatable = node.allocatable.get(resource) ?? 0;
      if (amount > allocatable) possible = false;
      if (amount > 0 && amount > allocatable - (node.requested.get(resource) ?? 0)) {
        reasons.push(`Insufficient ${resource}`);
      }
    }
    if (reasons.length === 0) return success;
    return possible ? unschedulable(...reasons) : unresolvable(...reasons);
  },
  /** Least allocated first. */
  score: (_state, _pod, node) => ((freeShare(node, 'cpu') + freeShare(node, 'memory')) / 2) * 100,
};
