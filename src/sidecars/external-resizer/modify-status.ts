/** What a claim's status tells of a change of its VolumeAttributesClass. Pure: a claim in, the claim to write out. */
import type { PersistentVolumeClaim } from '../../api/index.ts';
import { type Clock, timestamp } from '../../base/index.ts';

export type ModifyStatus = 'Pending' | 'InProgress' | 'Infeasible';

interface ModifyCondition {
  readonly type: 'ModifyingVolume' | 'ModifyVolumeError';
  readonly message: string;
}

const modifyConditions: ReadonlySet<string> = new Set<ModifyCondition['type']>([
  'ModifyingVolume',
  'ModifyVolumeError',
]);

/** The one condition about modification that the claim has from now on. */
function withCondition(
  claim: PersistentVolumeClaim,
  { type, message }: ModifyCondition,
  clock: Clock,
): PersistentVolumeClaim {
  const others = (claim.status?.conditions ?? []).filter((condition) => !modifyConditions.has(condition.type));
  const condition = { type, status: 'True', lastTransitionTime: timestamp(clock), message };
  return { ...claim, status: { ...claim.status, conditions: [...others, condition] } };
}

function withStatus(claim: PersistentVolumeClaim, status: ModifyStatus, target: string | undefined) {
  const name = target === undefined ? {} : { targetVolumeAttributesClassName: target };
  return { ...claim, status: { ...claim.status, modifyVolumeStatus: { ...name, status } } };
}

export function withPendingModify(claim: PersistentVolumeClaim, className: string): PersistentVolumeClaim {
  return withStatus(claim, 'Pending', className);
}

export function withBegunModify(claim: PersistentVolumeClaim, className: string, clock: Clock): PersistentVolumeClaim {
  const message = 'ModifyVolume operation in progress.';
  return withCondition(withStatus(claim, 'InProgress', className), { type: 'ModifyingVolume', message }, clock);
}

/** `isInfeasible`: the driver will not accept this class however often it is asked. */
export function withFailedModify(
  claim: PersistentVolumeClaim,
  error: string,
  isInfeasible: boolean,
  clock: Clock,
): PersistentVolumeClaim {
  const target = claim.status?.modifyVolumeStatus?.targetVolumeAttributesClassName;
  const marked = isInfeasible ? withStatus(claim, 'Infeasible', target) : claim;
  const message = `ModifyVolume failed with error: ${error}. Waiting for retry.`;
  return withCondition(marked, { type: 'ModifyVolumeError', message }, clock);
}

/** Nothing is on its way any more. With a class name: the volume has that class now. */
export function withEndedModify(claim: PersistentVolumeClaim, className?: string): PersistentVolumeClaim {
  const { modifyVolumeStatus: _ended, conditions = [], ...status } = claim.status ?? {};
  const others = conditions.filter(({ type }) => !modifyConditions.has(type));
  const current = className === undefined ? {} : { currentVolumeAttributesClassName: className };
  return { ...claim, status: { ...status, conditions: others, ...current } };
}
