/** Which changes may make a pod schedulable that NodeVolumeLimits refused. Upstream: csi.go EventsToRegister. */
import { annMigratedPlugins, type CSINode, type Pod, type VolumeAttachment } from '../../../api/index.ts';
import { findInlineMigration, podClaims } from '../../../component-helpers/index.ts';
import { type ClusterEventWithHint, on } from '../../framework/plugin.ts';
import { isClaimOfPod } from '../claim-of-pod.ts';
import { hasMigratedInlineVolumes } from './csi-volumes.ts';

export const nodeVolumeLimitsEvents: readonly ClusterEventWithHint[] = [
  ...on(['CSINodeAdd']),
  ...on(['CSINodeUpdate'], afterCSINodeUpdate),
  ...on(['CSIDriverUpdate', 'CSIDriverDelete']),
  ...on(['AssignedPodDelete'], afterPodDelete),
  ...on(['PersistentVolumeClaimAdd'], isClaimOfPod),
  ...on(['VolumeAttachmentDelete'], afterAttachmentDelete),
];

/** A driver came to the node, or takes more volumes than before. */
export function afterCSINodeUpdate(_pod: Pod, previous: CSINode | undefined, current: CSINode | undefined): boolean {
  if (!previous || !current) return true;
  if (previous.metadata.annotations?.[annMigratedPlugins] !== current.metadata.annotations?.[annMigratedPlugins]) {
    return true;
  }
  const before = limits(previous);
  const now = limits(current);
  const isLifted = [...before].some(([driver, limit]) => (now.get(driver) ?? Number.POSITIVE_INFINITY) > limit);
  return isLifted || [...now.keys()].some((driver) => !before.has(driver));
}

function limits(csiNode: CSINode): ReadonlyMap<string, number> {
  return new Map(
    csiNode.spec.drivers.map(({ name, allocatable }) => [name, allocatable?.count ?? Number.POSITIVE_INFINITY]),
  );
}

/** A pod with volumes left its node. */
export function afterPodDelete(_pod: Pod, deleted: Pod | undefined): boolean {
  return deleted?.spec.nodeName !== undefined && (podClaims(deleted).length > 0 || hasMigratedInlineVolumes(deleted));
}

/** A volume left its node, and the pod has claims that may take its place, or a volume of its own for that driver. */
export function afterAttachmentDelete(pod: Pod, deleted: VolumeAttachment | undefined): boolean {
  if (podClaims(pod).length > 0) return true;
  return (pod.spec.volumes ?? []).some(
    (volume) => deleted && findInlineMigration(volume)?.driver === deleted.spec.attacher,
  );
}
