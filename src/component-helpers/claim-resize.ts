/**
 * What a claim's status tells of its growth: the size that is aimed at, how far it has come, and conditions. Pure: a
 * claim in, the claim to write out. Upstream: external-resizer resize_status.go, volume/util/resize_util.go.
 */
import { compareQuantities, type PersistentVolumeClaim } from '../api/index.ts';
import { type Clock, timestamp } from '../base/index.ts';

/** Values of status.allocatedResourceStatuses.storage. */
export type ResizeStatus =
  | 'ControllerResizeInProgress'
  | 'ControllerResizeInfeasible'
  | 'NodeResizePending'
  | 'NodeResizeInProgress'
  | 'NodeResizeInfeasible';

export interface ResizeCondition {
  readonly type: 'Resizing' | 'FileSystemResizePending' | 'ControllerResizeError' | 'NodeResizeError';
  readonly message?: string;
}

const resizeConditions: ReadonlySet<string> = new Set<ResizeCondition['type']>([
  'Resizing',
  'FileSystemResizePending',
  'ControllerResizeError',
  'NodeResizeError',
]);

/** Whether a bound claim asks for more than it has. One without a capacity has not been bound long enough. */
export function claimWantsMore({ spec, status }: PersistentVolumeClaim): boolean {
  const requested = spec.resources?.requests?.storage;
  const capacity = status?.capacity?.storage;
  if (status?.phase !== 'Bound' || requested === undefined || requested === capacity) return false;
  return capacity === undefined || compareQuantities(requested, capacity) > 0;
}

export function resizeStatusOf({ status }: PersistentVolumeClaim): ResizeStatus | undefined {
  return status?.allocatedResourceStatuses?.storage as ResizeStatus | undefined;
}

export function withResizeStatus(claim: PersistentVolumeClaim, resizeStatus: ResizeStatus): PersistentVolumeClaim {
  const allocatedResourceStatuses = { ...claim.status?.allocatedResourceStatuses, storage: resizeStatus };
  return { ...claim, status: { ...claim.status, allocatedResourceStatuses } };
}

/** The size that the volume is to have when this attempt is over. */
function withAllocatedSize(claim: PersistentVolumeClaim, size: string): PersistentVolumeClaim {
  const allocatedResources = { ...claim.status?.allocatedResources, storage: size };
  return { ...claim, status: { ...claim.status, allocatedResources } };
}

/** The condition in the place of an older one of its type; `alone`: in the place of all that growth has left. */
export function withResizeCondition(
  claim: PersistentVolumeClaim,
  { type, message }: ResizeCondition,
  clock: Clock,
  { alone }: { readonly alone: boolean },
): PersistentVolumeClaim {
  const conditions = claim.status?.conditions ?? [];
  const known = conditions.find((condition) => condition.type === type);
  const isKnown = known?.status === 'True' && (known.message ?? '') === (message ?? '');
  const condition = {
    type,
    status: 'True',
    lastTransitionTime: (isKnown ? known.lastTransitionTime : undefined) ?? timestamp(clock),
    ...(message === undefined ? {} : { message }),
  };
  const others = conditions.filter((other) => other.type !== type && !(alone && resizeConditions.has(other.type)));
  return { ...claim, status: { ...claim.status, conditions: [...others, condition] } };
}

/** The controller begins to grow the volume to this size. */
export function withBegunResize(claim: PersistentVolumeClaim, size: string, clock: Clock): PersistentVolumeClaim {
  const marked = withResizeStatus(withAllocatedSize(claim, size), 'ControllerResizeInProgress');
  return withResizeCondition(marked, { type: 'Resizing' }, clock, { alone: true });
}

/** The controller's part is done, and the node's is due. */
export function withPendingResize(
  claim: PersistentVolumeClaim,
  clock: Clock,
  { alone }: { readonly alone: boolean },
): PersistentVolumeClaim {
  const message = 'Waiting for user to (re-)start a pod to finish file system resize of volume on node.';
  const marked = withResizeStatus(claim, 'NodeResizePending');
  return withResizeCondition(marked, { type: 'FileSystemResizePending', message }, clock, { alone });
}

/** The claim shows its new size and nothing of the way there. */
export function withFinishedResize(claim: PersistentVolumeClaim, size: string): PersistentVolumeClaim {
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
