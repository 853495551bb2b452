/** Which changes may make a pod schedulable that VolumeRestrictions refused. Upstream: EventsToRegister there. */
import type { Pod } from '../../../api/index.ts';
import { podClaims } from '../../../component-helpers/index.ts';
import { type ClusterEventWithHint, on } from '../../framework/plugin.ts';
import { isClaimOfPod } from '../claim-of-pod.ts';
import { podsConflict } from './disk-conflict.ts';

export const volumeRestrictionsEvents: readonly ClusterEventWithHint[] = [
  ...on(['AssignedPodDelete'], afterPodDelete),
  ...on(['NodeAdd']),
  ...on(['PersistentVolumeClaimAdd'], isClaimOfPod),
];

/** The pod that left had a disk or a claim of this one. Disks are not bound to a namespace; upstream takes them to be. */
export function afterPodDelete(pod: Pod, deleted: Pod | undefined): boolean {
  if (!deleted) return false;
  if (podsConflict(pod, deleted)) return true;
  if (deleted.metadata.namespace !== pod.metadata.namespace) return false;
  const released = new Set(podClaims(deleted).map(({ claimName }) => claimName));
  return podClaims(pod).some(({ claimName }) => released.has(claimName));
}
