/** Which changes may make a pod schedulable that VolumeZone refused. Upstream: volume_zone.go EventsToRegister. */
import type { PersistentVolume, Pod, StorageClass } from '../../../api/index.ts';
import { type ClusterEventWithHint, on } from '../../framework/plugin.ts';
import { isClaimOfPod } from '../claim-of-pod.ts';
import { topologyLabels } from './zone-limits.ts';

export const volumeZoneEvents: readonly ClusterEventWithHint[] = [
  ...on(['StorageClassAdd'], afterClassAdd),
  ...on(['NodeAdd', 'UpdateNodeLabel']),
  ...on(['PersistentVolumeClaimAdd', 'PersistentVolumeClaimUpdate'], isClaimOfPod),
  ...on(['PersistentVolumeAdd', 'PersistentVolumeUpdate'], afterVolumeChange),
];

/** The class waits for pods to be placed, so its claims no longer stand in the way. */
export function afterClassAdd(
  _pod: Pod,
  _previous: StorageClass | undefined,
  added: StorageClass | undefined,
): boolean {
  return added?.volumeBindingMode === 'WaitForFirstConsumer';
}

/** The volume is new, or its labels name other zones. */
export function afterVolumeChange(
  _pod: Pod,
  previous: PersistentVolume | undefined,
  current: PersistentVolume | undefined,
): boolean {
  if (!previous) return true;
  return topologyLabels.some((label) => previous.metadata.labels?.[label] !== current?.metadata.labels?.[label]);
}
