/**
 * Compares nodes by how full a pod's volumes would make their storage: the feature StorageCapacityScoring, off unless a
 * shape is given. Pure. Upstream: scorer.go, VolumeBinding.Score.
 */
import {
  claimRequestBytes,
  getClaimClass,
  getVolumeClass,
  volumeCapacityBytes,
} from '../../../component-helpers/index.ts';
import { maxNodeScore } from '../../framework/plugin.ts';
import { freeBytes } from './capacity.ts';
import type { NodeVolumes } from './find-volumes.ts';

/** One corner of the line from utilization to score. */
export interface UtilizationShapePoint {
  /** 0 to 100 percent, rising from point to point. */
  readonly utilization: number;
  /** 0 to 10. */
  readonly score: number;
}

/** Prefers the nodes with most room, as upstream when the feature is on. */
export const defaultShape: readonly UtilizationShapePoint[] = [
  { utilization: 0, score: 10 },
  { utilization: 100, score: 0 },
];

/** Scores of a shape go from 0 to this; those of a node to maxNodeScore. */
const maxShapeScore = 10;
const fullUtilization = 100;

interface ClassUse {
  readonly requestedBytes: bigint;
  readonly capacityBytes: bigint;
}

/** What the pod would use of each class on one node. Existing volumes count before room for new ones. */
export function classUses({ bindings, provisions }: NodeVolumes): ReadonlyMap<string, ClassUse> {
  const uses = new Map<string, ClassUse>();
  const requestedOf = (className: string) => uses.get(className)?.requestedBytes ?? 0n;
  for (const { claim, volume } of bindings) {
    const className = getVolumeClass(volume);
    uses.set(className, {
      requestedBytes: requestedOf(className) + claimRequestBytes(claim),
      capacityBytes: (uses.get(className)?.capacityBytes ?? 0n) + volumeCapacityBytes(volume),
    });
  }
  if (bindings.length > 0) return uses;
  for (const { claim, capacity } of provisions) {
    if (!capacity) continue;
    const className = getClaimClass(claim);
    // The claims of a class share the room of the segment: it is not theirs several times over.
    const requestedBytes = requestedOf(className) + claimRequestBytes(claim);
    uses.set(className, { requestedBytes, capacityBytes: freeBytes(capacity) });
  }
  return uses;
}

/** The score of a node, 0 to 100: the mean over the classes, all of one weight. 0 when there is nothing to compare. */
export function scoreVolumes(shape: readonly UtilizationShapePoint[], volumes: NodeVolumes): number {
  const uses = classUses(volumes);
  if (uses.size === 0) return 0;
  let sum = 0;
  for (const use of uses.values()) sum += scoreAt(shape, utilizationOf(use));
  return Math.round(sum / uses.size);
}

/** Whole percent, rounded down. */
function utilizationOf({ requestedBytes, capacityBytes }: ClassUse): number {
  if (capacityBytes === 0n || requestedBytes > capacityBytes) return fullUtilization;
  return Number((requestedBytes * BigInt(fullUtilization)) / capacityBytes);
}

/** Straight lines between the points, and level outside of them. */
function scoreAt(shape: readonly UtilizationShapePoint[], utilization: number): number {
  const scaled = (point: UtilizationShapePoint) => point.score * (maxNodeScore / maxShapeScore);
  const index = shape.findIndex((point) => utilization <= point.utilization);
  const right = shape[index] ?? shape.at(-1);
  if (!right) return 0;
  const left = shape[index - 1];
  if (!left) return scaled(right);
  const share =
    ((scaled(right) - scaled(left)) * (utilization - left.utilization)) / (right.utilization - left.utilization);
  return scaled(left) + Math.trunc(share);
}
