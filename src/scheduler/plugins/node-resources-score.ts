/** NodeResourcesFit with a scoring strategy of the operator's choice. Upstream: least_allocated.go, most_allocated.go. */
import type { Pod } from '../../api/index.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import { podInfoOf } from '../cache/pod-info.ts';
import type { ResourceAmounts } from '../cache/resource.ts';
import { maxNodeScore, type Plugin } from '../framework/plugin.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';

export interface ScoringStrategy {
  /** LeastAllocated: nodes with the most left are best. MostAllocated: those with the least. */
  readonly type: 'LeastAllocated' | 'MostAllocated';
  readonly resources: readonly { readonly name: string; readonly weight: number }[];
}

function amountIn(amounts: ResourceAmounts, name: string): number {
  if (name === 'cpu') return amounts.milliCpu;
  if (name === 'memory') return amounts.memoryBytes;
  if (name === 'ephemeral-storage') return amounts.ephemeralStorageBytes;
  return amounts.scalars.get(name) ?? 0;
}

/** Resources for which a container that asks for nothing counts with an assumed amount. */
const assumed = new Set(['cpu', 'memory']);
const native = new Set([...assumed, 'ephemeral-storage']);

/** What would be used with the pod, and of how much; undefined when the resource says nothing about node and pod. */
function useOf(name: string, pod: Pod, node: NodeInfo): { used: number; capacity: number } | undefined {
  const { requests, nonZeroRequests } = podInfoOf(pod);
  const own = amountIn(assumed.has(name) ? nonZeroRequests : requests, name);
  const capacity = amountIn(node.allocatable, name);
  if (capacity === 0 || (own === 0 && !native.has(name))) return undefined;
  return { used: own + amountIn(assumed.has(name) ? node.nonZeroRequested : node.requested, name), capacity };
}

/** 0 to 100. */
export function scoreAllocation({ type, resources }: ScoringStrategy, pod: Pod, node: NodeInfo): number {
  let sum = 0;
  let weights = 0;
  for (const { name, weight } of resources) {
    const use = useOf(name, pod, node);
    if (!use) continue;
    const used = Math.min(use.used, use.capacity);
    const share = type === 'LeastAllocated' ? use.capacity - used : used;
    sum += weight * Math.trunc((share * maxNodeScore) / use.capacity);
    weights += weight;
  }
  return weights === 0 ? 0 : Math.trunc(sum / weights);
}

export function fitScoredBy(strategy: ScoringStrategy): Plugin {
  return { ...nodeResourcesFit, score: (_state, pod, node) => scoreAllocation(strategy, pod, node) };
}
