/** Which changes may make a pod schedulable that VolumeBinding refused. Upstream: volume_binding.go EventsToRegister. */
import {
  annMigratedPlugins,
  type CSIDriver,
  type CSINode,
  type CSIStorageCapacity,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type StorageClass,
} from '../../../api/index.ts';
import type { Lister } from '../../../client/index.ts';
import { getClaimClass, getVolumeClass, podClaims } from '../../../component-helpers/index.ts';
import { type ClusterEventWithHint, on } from '../../framework/plugin.ts';
import { isClaimOfPod } from '../claim-of-pod.ts';
import { volumeLimitBytes } from './capacity.ts';

export function volumeBindingEvents(claims: Lister<PersistentVolumeClaim>): readonly ClusterEventWithHint[] {
  return [
    ...on(['StorageClassAdd', 'StorageClassUpdate'], afterClassChange),
    ...on(['PersistentVolumeClaimAdd', 'PersistentVolumeClaimUpdate'], isClaimOfPod),
    ...on(['PersistentVolumeAdd', 'PersistentVolumeUpdate'], (pod, _previous, current) =>
      afterVolumeChange(claims, pod, current),
    ),
    ...on(['NodeAdd', 'UpdateNodeLabel']),
    ...on(['CSINodeAdd', 'CSINodeUpdate'], afterCSINodeChange),
    ...on(['CSIDriverUpdate', 'CSIDriverDelete'], afterDriverChange),
    ...on(['CSIStorageCapacityAdd', 'CSIStorageCapacityUpdate'], afterCapacityChange),
  ];
}

/** The volume belongs to one of the pod's claims, or to nobody and to the class of one. Upstream wakes every pod. */
export function afterVolumeChange(
  claims: Lister<PersistentVolumeClaim>,
  pod: Pod,
  current: PersistentVolume | undefined,
): boolean {
  if (!current) return false;
  const { claimRef } = current.spec;
  if (claimRef && claimRef.namespace !== pod.metadata.namespace) return false;
  return podClaims(pod).some(({ claimName }) => {
    if (claimRef) return claimRef.name === claimName;
    const claim = claims.get(`${pod.metadata.namespace}/${claimName}`);
    return claim !== undefined && getClaimClass(claim) === getVolumeClass(current);
  });
}

/** A new class, or one that allows other topologies; nothing else of a class that matters can change. */
export function afterClassChange(
  _pod: Pod,
  previous: StorageClass | undefined,
  current: StorageClass | undefined,
): boolean {
  if (!previous) return true;
  return JSON.stringify(previous.allowedTopologies) !== JSON.stringify(current?.allowedTopologies);
}

/** Other plugins are served by CSI drivers on the node now, which moves where their volumes can be. */
export function afterCSINodeChange(_pod: Pod, previous: CSINode | undefined, current: CSINode | undefined): boolean {
  const pluginsOf = (csiNode: CSINode | undefined) => csiNode?.metadata.annotations?.[annMigratedPlugins];
  return !previous || pluginsOf(previous) !== pluginsOf(current);
}

/** The driver no longer asks for its capacity to be obeyed. Upstream looks at inline volumes, which have no capacity. */
export function afterDriverChange(pod: Pod, previous: CSIDriver | undefined, current: CSIDriver | undefined): boolean {
  const isRelieved = previous?.spec.storageCapacity === true && current?.spec.storageCapacity !== true;
  return isRelieved && podClaims(pod).length > 0;
}

/** There is room for larger volumes. */
export function afterCapacityChange(
  _pod: Pod,
  previous: CSIStorageCapacity | undefined,
  current: CSIStorageCapacity | undefined,
): boolean {
  if (!previous || !current) return previous === undefined;
  const before = volumeLimitBytes(previous);
  const now = volumeLimitBytes(current);
  return now !== undefined && (before === undefined || now > before);
}
