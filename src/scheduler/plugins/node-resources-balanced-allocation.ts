import type { NodeInfo } from '../cache/node-info.ts';
import { podInfoOf } from '../cache/pod-info.ts';
import { maxNodeScore, type Plugin } from '../framework/plugin.ts';
import { skip, success } from '../framework/status.ts';

/** How evenly CPU and memory are used, of 100: the less their shares differ, the more. */
function balance(milliCpu: number, memoryBytes: number, { allocatable }: NodeInfo): number {
  if (allocatable.milliCpu === 0 || allocatable.memoryBytes === 0) return maxNodeScore;
  const cpuShare = Math.min(1, milliCpu / allocatable.milliCpu);
  const memoryShare = Math.min(1, memoryBytes / allocatable.memoryBytes);
  return Math.trunc((1 - Math.abs(cpuShare - memoryShare) / 2) * maxNodeScore);
}

/** Prefers nodes that the pod makes use CPU and memory more evenly than they do. Upstream: balanced_allocation.go. */
export const nodeResourcesBalancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  events: [],
  preScore: (_state, pod) => {
    const { milliCpu, memoryBytes } = podInfoOf(pod).requests;
    return milliCpu === 0 && memoryBytes === 0 ? skip : success;
  },
  score: (_state, pod, node) => {
    const { requests } = podInfoOf(pod);
    const { milliCpu, memoryBytes } = node.requested;
    const without = balance(milliCpu, memoryBytes, node);
    const withPod = balance(milliCpu + requests.milliCpu, memoryBytes + requests.memoryBytes, node);
    return maxNodeScore / 2 + Math.trunc((maxNodeScore / 2 + withPod - without) / 2);
  },
};
