/** Which volumes a pod wants attached to its node. Pure. Upstream: attachdetach/util/util.go. */
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttachmentSource } from '../../api/index.ts';
import {
  annControllerManagedAttach,
  isExclusiveVolume,
  isPodTerminated,
  podClaims,
  podIsOwner,
} from '../../component-helpers/index.ts';
import { type CsiVolume, csiUniqueVolumeName, csiVolumeOf } from '../../volume-plugins/index.ts';

export interface PodVolumeWorld {
  node(name: string): Node | undefined;
  claim(key: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  attachRequired(driver: string): boolean;
}

export interface WantedVolume {
  /** As nodes list it: `kubernetes.io/csi/<driver>^<handle>`. */
  readonly volumeName: string;
  /** What users know the volume by. */
  readonly name: string;
  /** What an attachment of it names. */
  readonly source: VolumeAttachmentSource;
  /** Whether it must be on one node at a time. */
  readonly exclusive: boolean;
}

const annKeepTerminatedPodVolumes = 'volumes.kubernetes.io/keep-terminated-pod-volumes';

/** Nodes that opt in have their volumes attached by the controller; on others the agent does it. */
export function isManagedNode(node: Node): boolean {
  return node.metadata.annotations?.[annControllerManagedAttach] !== undefined;
}

/**
 * The volumes that must be attached to the pod's node for its sake; none when it has ended. A pod whose Node object was
 * deleted still wants what it has: it may run, and is taken away by the pod garbage collector.
 */
export function wantedVolumes(pod: Pod, world: PodVolumeWorld): readonly WantedVolume[] {
  if (!pod.spec.nodeName || !needsVolumes(pod, world.node(pod.spec.nodeName))) return [];
  const wanted: WantedVolume[] = [];
  for (const { source, volume } of podSources(pod, world)) {
    if (!world.attachRequired(source.driver)) continue;
    const { name } = volume.metadata;
    const volumeName = csiUniqueVolumeName(source);
    if (wanted.some((known) => known.volumeName === volumeName)) continue;
    wanted.push({
      volumeName,
      name,
      source: { persistentVolumeName: name },
      exclusive: isExclusiveVolume(volume.spec),
    });
  }
  return wanted;
}

/** The drivers of the volumes that a pod on a node uses, attached by whomever. */
export function driversUsed(pod: Pod, world: PodVolumeWorld): readonly string[] {
  return pod.spec.nodeName ? podSources(pod, world).map(({ source }) => source.driver) : [];
}

interface PodSource {
  readonly volume: PersistentVolume;
  readonly source: CsiVolume;
}

function podSources(pod: Pod, world: PodVolumeWorld): readonly PodSource[] {
  const sources: PodSource[] = [];
  for (const { claimName, ephemeral } of podClaims(pod)) {
    const claim = world.claim(`${pod.metadata.namespace}/${claimName}`);
    if (!claim || (ephemeral && !podIsOwner(pod, claim))) continue;
    const volume = boundVolume(claim, world);
    const source = volume && csiVolumeOf(volume.spec);
    if (source) sources.push({ volume, source });
  }
  return sources;
}

function needsVolumes(pod: Pod, node: Node | undefined): boolean {
  if (node && !isManagedNode(node)) return false;
  // For debugging: the volumes of a pod that ended stay until the pod is gone.
  return !isPodTerminated(pod) || node?.metadata.annotations?.[annKeepTerminatedPodVolumes] === 'true';
}

/** Both sides must agree: a claim that merely names a volume may be an impostor. */
function boundVolume(claim: PersistentVolumeClaim, world: PodVolumeWorld): PersistentVolume | undefined {
  if (claim.status?.phase !== 'Bound' || !claim.spec.volumeName) return undefined;
  const volume = world.volume(claim.spec.volumeName);
  return volume?.spec.claimRef?.uid === claim.metadata.uid ? volume : undefined;
}
