/** Which pods nobody will ever end: their node is gone, fenced, or there never was one. Pure. Upstream: podgc/gc_controller.go. */
import type { Lease, Node, Pod } from '../../api/index.ts';
import { taintOutOfService } from '../../component-helpers/index.ts';
import { readyStatusOf } from '../common/node-condition.ts';

/** A node that vanished may come back under its name. Upstream: quarantineTime. */
export const quarantineMs = 40_000;
/**
 * A pod on a fenced node is as old as this when it goes. A scheduler that has not heard of the fence yet would put its
 * successor there again at once, and so on without a pause; upstream looks every 20 s only.
 */
const youngMs = 10_000;
/** How long a silent agent counts as alive. Upstream: node-monitor-grace-period. */
const agentGraceMs = 50_000;

export interface PodSurroundings {
  readonly node: Node | undefined;
  /** What the node's agent renews while it lives. */
  readonly lease: Lease | undefined;
  /** How long the node has been missing; 0 when it is there. */
  readonly nodeMissingForMs: number;
  readonly nowMs: number;
}

export type CollectDecision =
  | { readonly kind: 'keep' }
  /** It may have to go, and nothing may tell when. */
  | { readonly kind: 'lookAgain'; readonly delayMs: number }
  | { readonly kind: 'forceDelete'; readonly cause: 'node-gone' | 'out-of-service' | 'never-scheduled' };

export function decidePod(pod: Pod, surroundings: PodSurroundings): CollectDecision {
  const { node, nowMs } = surroundings;
  const { creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  // Deleted with no time left: what holds it now are finalizers.
  if (deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0) return { kind: 'keep' };
  if (!pod.spec.nodeName) {
    return deletionTimestamp === undefined ? { kind: 'keep' } : { kind: 'forceDelete', cause: 'never-scheduled' };
  }
  if (!node) return decideOrphan(surroundings);
  const isFenced = node.spec.taints?.some(({ key }) => key === taintOutOfService) ?? false;
  if (deletionTimestamp === undefined || !isFenced || readyStatusOf(node) === 'True') return { kind: 'keep' };
  const youngForMs = youngMs - (nowMs - Date.parse(creationTimestamp));
  return youngForMs > 0 ? { kind: 'lookAgain', delayMs: youngForMs } : { kind: 'forceDelete', cause: 'out-of-service' };
}

/** Containers of an agent that lives may still run, although somebody deleted its node: only its silence ends that. */
function decideOrphan({ lease, nodeMissingForMs, nowMs }: PodSurroundings): CollectDecision {
  const renewTime = lease?.spec?.renewTime;
  const aliveForMs = renewTime === undefined ? 0 : agentGraceMs - (nowMs - Date.parse(renewTime));
  const delayMs = Math.max(quarantineMs - nodeMissingForMs, aliveForMs);
  return delayMs > 0 ? { kind: 'lookAgain', delayMs } : { kind: 'forceDelete', cause: 'node-gone' };
}
