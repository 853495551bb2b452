import type { Pod } from '../../api/index.ts';

/** What pods ask for that name no scheduler. */
export const defaultSchedulerName = 'default-scheduler';

/** The profile that is to place the pod. */
export function schedulerNameOf(pod: Pod): string {
  return pod.spec.schedulerName ?? defaultSchedulerName;
}
