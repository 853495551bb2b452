/** Status of a claim while its volume grows on the node. Pure: a claim in, the claim to write out. */
import type { PersistentVolumeClaim } from '../../../api/index.ts';
import { type Clock, timestamp } from '../../../base/index.ts';

export type ResizeStatus = 'NodeResizeInProgress' | 'NodeResizeInfeasible';

/** Conditions that an expansion leaves behind. */
const resizeConditions = new Set(['Resizing', 'FileSystemResizePending', 'ControllerResizeError', 'NodeResizeError']);

export function withResizeStatus(claim: PersistentVolumeClaim, status: ResizeStatus): PersistentVolumeClaim {
  const allocatedResourceStatuses = { ...claim.status?.allocatedResourceStatuses, storage: status };
  return { ...claim, status: { ...claim.status, allocatedResourceStatuses } };
}

/** The claim shows its new size and nothing of the way there. */
export function finishedClaim(claim: PersistentVolumeClaim, size: string): PersistentVolumeClaim {
  const { allocatedResourceStatuses, conditions = [], ...status } = claim.status ?? {};
  const { storage: _done, ...otherStatuses } = allocatedResourceStatuses ?? {};
  return {
    ...claim,
    status: {
      ...status,
      capacity: { ...status.capacity, storage: size },
      conditions: conditions.filter(({ type }) => !resizeConditions.has(type)),
      ...(Object.keys(otherStatuses).length > 0 ? { allocatedResourceStatuses: otherStatuses } : {}),
    },
  };
}

export function infeasibleClaim(claim: PersistentVolumeClaim, error: string, clock: Clock): PersistentVolumeClaim {
  const marked = claim.status?.allocatedResourceStatuses?.storage
    ? withResizeStatus(claim, 'NodeResizeInfeasible')
    : claim;
  const others = (claim.status?.conditions ?? []).filter(({ type }) => type !== 'NodeResizeError');
  const now = timestamp(clock);
  const condition = {
    type: 'NodeResizeError',
    status: 'True',
    lastTransitionTime: now,
    message: `failed to expand pvc with ${error}`,
  };
  return { ...marked, status: { ...marked.status, conditions: [...others, condition] } };
}
