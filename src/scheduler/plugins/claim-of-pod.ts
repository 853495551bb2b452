import type { PersistentVolumeClaim, Pod } from '../../api/index.ts';
import { podUsesClaim } from '../../component-helpers/index.ts';

/** A queueing hint: the claim that came or changed is one that the pod uses. */
export function isClaimOfPod(
  pod: Pod,
  _previous: PersistentVolumeClaim | undefined,
  current: PersistentVolumeClaim | undefined,
): boolean {
  return current?.metadata.namespace === pod.metadata.namespace && podUsesClaim(pod, current.metadata.name);
}
