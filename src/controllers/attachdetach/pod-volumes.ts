/** Which volumes a pod wants attached to its node. Pure. Upstream: attachdetach/util/util.go. */
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/index.ts';
import { annControllerManagedAttach, isPodTerminated, podClaims, podIsOwner } from '../../component-helpers/index.ts';
import { csiUniqueVolumeName, csiVolumeOf } from '../../volume-plugins/index.ts';

export interface PodVolumeWorld {
  node(name: string): Node | undefined;
  claim(key: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  attachRequired(driver: string): boolean;
}

export interface WantedVolume {
  /** As nodes list it: `kubernetes.io/csi/<driver>^<handle>`. */
  readonly volumeName: string;
  readonly persistentVolume: string;
}

const annKeepTerminatedPodVolumes = 'volumes.kubernetes.io/keep-terminated-pod-volumes';

/** Nodes that opt in have their volumes attached by the controller; on others the agent does it. */
export function isManagedNode(node: Node): boolean {
  return node.metadata.annotations?.[annControllerManagedAttach] !== undefined;
}

/** The volumes that must be attached to the pod's node for its sake; none while it has no node or when it has ended. */
export function wantedVolumes(pod: Pod, world: PodVolumeWorld): readonly WantedVolume[] {
  const node = pod.spec.nodeName ? world.node(pod.spec.nodeName) : undefined;
  if (!node || !isManagedNode(node) || !needsVolumes(pod, node)) return [];
  const wanted: WantedVolume[] = [];
  for (const { claimName, ephemeral } of podClaims(pod)) {
    const claim = world.claim(`${pod.metadata.namespace}/${claimName}`);
    if (!claim || (ephemeral && !podIsOwner(pod, claim))) continue;
    const volume = boundVolume(claim, world);
    const source = volume && csiVolumeOf(volume.spec);
    if (!source || !world.attachRequired(source.driver)) continue;
    wanted.push({ volumeName: csiUniqueVolumeName(source), persistentVolume: volume.metadata.name });
  }
  return wanted;
}

function needsVolumes(pod: Pod, node: Node): boolean {
  if (!isPodTerminated(pod)) return true;
  // For debugging: the volumes of a pod that ended stay until the pod is deleted.
  const kept = node.metadata.annotations?.[annKeepTerminatedPodVolumes] === 'true';
  return kept && pod.metadata.deletionTimestamp === undefined;
}

/** Both sides must agree: a claim that merely names a volume may be an impostor. */
function boundVolume(claim: PersistentVolumeClaim, world: PodVolumeWorld): PersistentVolume | undefined {
  if (claim.status?.phase !== 'Bound' || !claim.spec.volumeName) return undefined;
  const volume = world.volume(claim.spec.volumeName);
  return volume?.spec.claimRef?.uid === claim.metadata.uid ? volume : undefined;
}
