/** Keeps a pod off nodes that have not enough left of what it asks for, and prefers those with the most left. */
import type { Node, Pod } from '../../api/index.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import { podInfoOf } from '../cache/pod-info.ts';
import { amountOf, Resource, type ResourceAmounts } from '../cache/resource.ts';
import { maxNodeScore, on, type Plugin } from '../framework/plugin.ts';
import { type Status, success, unresolvable, unschedulable } from '../framework/status.ts';

export const tooManyPods = 'Too many pods';

interface Shortage {
  readonly reason: string;
  /** The empty node would not be enough either. */
  readonly isFinal: boolean;
}

function isZero(requests: ResourceAmounts): boolean {
  return (
    requests.milliCpu === 0 &&
    requests.memoryBytes === 0 &&
    requests.ephemeralStorageBytes === 0 &&
    requests.scalars.size === 0
  );
}

/** What the node has too little of. Upstream: fitsRequest. */
function findShortages(requests: ResourceAmounts, node: NodeInfo): Shortage[] {
  const shortages: Shortage[] = [];
  if (node.pods.size + 1 > node.allowedPods) shortages.push({ reason: tooManyPods, isFinal: false });
  if (isZero(requests)) return shortages;
  const { allocatable, requested } = node;
  const compare = (name: string, wanted: number, most: number, used: number) => {
    if (wanted > 0 && wanted > most - used) {
      shortages.push({ reason: `Insufficient ${name}`, isFinal: wanted > most });
    }
  };
  compare('cpu', requests.milliCpu, allocatable.milliCpu, requested.milliCpu);
  compare('memory', requests.memoryBytes, allocatable.memoryBytes, requested.memoryBytes);
  compare(
    'ephemeral-storage',
    requests.ephemeralStorageBytes,
    allocatable.ephemeralStorageBytes,
    requested.ephemeralStorageBytes,
  );
  for (const [name, wanted] of requests.scalars) {
    compare(name, wanted, allocatable.scalars.get(name) ?? 0, requested.scalars.get(name) ?? 0);
  }
  return shortages;
}

/** Whether nothing is short, without a word about what. */
function fits(requests: ResourceAmounts, { allocatable, requested, pods, allowedPods }: NodeInfo): boolean {
  return (
    pods.size < allowedPods &&
    requests.scalars.size === 0 &&
    (requests.milliCpu === 0 || requests.milliCpu <= allocatable.milliCpu - requested.milliCpu) &&
    (requests.memoryBytes === 0 || requests.memoryBytes <= allocatable.memoryBytes - requested.memoryBytes) &&
    (requests.ephemeralStorageBytes === 0 ||
      requests.ephemeralStorageBytes <= allocatable.ephemeralStorageBytes - requested.ephemeralStorageBytes)
  );
}

function statusOf(shortages: readonly Shortage[]): Status {
  if (shortages.length === 0) return success;
  const reasons = shortages.map(({ reason }) => reason);
  return shortages.some(({ isFinal }) => isFinal) ? unresolvable(...reasons) : unschedulable(...reasons);
}

/** The share of the capacity that is left, of 100. Upstream: leastRequestedScore. */
function leastRequestedScore(requested: number, capacity: number): number {
  return requested > capacity ? 0 : Math.trunc(((capacity - requested) * maxNodeScore) / capacity);
}

/** Whether an empty node of this size would do. */
function couldHold(requests: ResourceAmounts, node: Node): boolean {
  const { pods, ...resources } = node.status?.allocatable ?? {};
  if (pods === undefined || amountOf('pods', pods) < 1) return false;
  const most = Resource.of(resources);
  if (requests.milliCpu > most.milliCpu || requests.memoryBytes > most.memoryBytes) return false;
  if (requests.ephemeralStorageBytes > most.ephemeralStorageBytes) return false;
  for (const [name, wanted] of requests.scalars) if (wanted > (most.scalars.get(name) ?? 0)) return false;
  return true;
}

/** Whether any resource that the pod asks for, or the room for pods, became more. */
function hasGrown(requests: ResourceAmounts, previous: Node, current: Node): boolean {
  const before = Resource.of(previous.status?.allocatable);
  const after = Resource.of(current.status?.allocatable);
  if ((after.scalars.get('pods') ?? 0) > (before.scalars.get('pods') ?? 0)) return true;
  if (requests.milliCpu > 0 && after.milliCpu > before.milliCpu) return true;
  if (requests.memoryBytes > 0 && after.memoryBytes > before.memoryBytes) return true;
  if (requests.ephemeralStorageBytes > 0 && after.ephemeralStorageBytes > before.ephemeralStorageBytes) return true;
  for (const name of requests.scalars.keys()) {
    if ((after.scalars.get(name) ?? 0) > (before.scalars.get(name) ?? 0)) return true;
  }
  return false;
}

/** Whether a pod that has a node asks for less than before. */
function asksForLess(previous: Pod, current: Pod): boolean {
  const before = podInfoOf(previous).requests;
  const after = podInfoOf(current).requests;
  if (after.milliCpu < before.milliCpu || after.memoryBytes < before.memoryBytes) return true;
  if (after.ephemeralStorageBytes < before.ephemeralStorageBytes) return true;
  for (const [name, amount] of before.scalars) if ((after.scalars.get(name) ?? 0) < amount) return true;
  return false;
}

export const nodeResourcesFit: Plugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  events: [
    ...on(['AssignedPodDelete', 'PodUpdate']),
    ...on(
      ['AssignedPodUpdate'],
      (_pod, previous, current) => !!previous && !!current && asksForLess(previous, current),
    ),
    ...on(['NodeAdd', 'UpdateNodeAllocatable'], (pod, previous, current) => {
      const { requests } = podInfoOf(pod);
      return !!current && couldHold(requests, current) && (!previous || hasGrown(requests, previous, current));
    }),
  ],
  filter: (_state, pod, node) => {
    const { requests } = podInfoOf(pod);
    return fits(requests, node) ? success : statusOf(findShortages(requests, node));
  },
  /** LeastAllocated over CPU and memory. */
  score: (_state, pod, { allocatable, nonZeroRequested }) => {
    const own = podInfoOf(pod).nonZeroRequests;
    let sum = 0;
    let resources = 0;
    if (allocatable.milliCpu > 0) {
      sum += leastRequestedScore(nonZeroRequested.milliCpu + own.milliCpu, allocatable.milliCpu);
      resources++;
    }
    if (allocatable.memoryBytes > 0) {
      sum += leastRequestedScore(nonZeroRequested.memoryBytes + own.memoryBytes, allocatable.memoryBytes);
      resources++;
    }
    return resources === 0 ? 0 : Math.trunc(sum / resources);
  },
};
