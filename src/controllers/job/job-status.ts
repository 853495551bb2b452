/** Conditions of a Job, and reading its end off them. Pure. */
import type { Job, JobCondition, JobStatus } from '../../api/index.ts';

export function findCondition(status: JobStatus | undefined, type: string): JobCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** The condition that ended the Job, if one did. */
export function endOf({ status }: Job): JobCondition | undefined {
  return status?.conditions?.find(
    ({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True',
  );
}

export type ConditionChange = Pick<JobCondition, 'type' | 'status' | 'reason' | 'message'>;

/** The status with the condition; the status itself when it has it. From nothing to False is no news. */
export function withCondition(status: JobStatus, change: ConditionChange, now: string): JobStatus {
  const conditions = status.conditions ?? [];
  const known = findCondition(status, change.type);
  if (!known && change.status === 'False') return status;
  if (known?.status === change.status && known.reason === change.reason && known.message === change.message)
    return status;
  const condition = { ...change, lastProbeTime: now, lastTransitionTime: now };
  const replaced = conditions.map((other) => (other.type === change.type ? condition : other));
  return { ...status, conditions: known ? replaced : [...conditions, condition] };
}
