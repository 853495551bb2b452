/** Which volumes of CSI drivers a pod or an attachment stands for. Upstream: csi.go filterAttachableVolumes. */
import {
  keyOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type StorageClass,
  type VolumeAttachment,
} from '../../../api/index.ts';
import type { Lister } from '../../../client/index.ts';
import { getClaimClass, notOwnerMessage, podClaims, podIsOwner } from '../../../component-helpers/index.ts';

export interface CsiVolumeListers {
  readonly claims: Lister<PersistentVolumeClaim>;
  readonly volumes: Lister<PersistentVolume>;
  readonly classes: Lister<StorageClass>;
}

/** Unique volumes to the names of their drivers: a volume that several pods use counts once. */
export type CsiVolumes = Map<string, string>;

export interface PodVolumesSeen {
  readonly volumes: CsiVolumes;
  /** Why the pod's claims do not tell; undefined when they do. A pod that runs is counted as far as they do. */
  readonly problem?: string;
}

/** A name that no driver's handle can have. */
const unbound = '\0unbound/';

function uniqueName(driver: string, handle: string): string {
  return `${driver}/${handle}`;
}

/** The volumes of a pod, as they are served on a node with this CSINode. */
export function csiVolumesOf(pod: Pod, listers: CsiVolumeListers): PodVolumesSeen {
  const volumes: CsiVolumes = new Map();
  let problem: string | undefined;
  for (const { claimName, ephemeral } of podClaims(pod)) {
    const key = `${pod.metadata.namespace}/${claimName}`;
    const claim = listers.claims.get(key);
    if (!claim) problem ??= `looking up PVC ${key}: persistentvolumeclaim "${claimName}" not found`;
    else if (ephemeral && !podIsOwner(pod, claim)) problem ??= notOwnerMessage(pod, claim);
    else addClaim(claim, listers, volumes);
  }
  return problem === undefined ? { volumes } : { volumes, problem };
}

function addClaim(claim: PersistentVolumeClaim, listers: CsiVolumeListers, into: CsiVolumes): void {
  const volume = listers.volumes.get(claim.spec.volumeName ?? '');
  if (volume) {
    const source = volume.spec.csi;
    if (source) into.set(uniqueName(source.driver, source.volumeHandle), source.driver);
    return;
  }
  // Its volume is yet to be made by the driver of its class, and counts from now on.
  const driver = listers.classes.get(getClaimClass(claim))?.provisioner;
  if (driver) into.set(uniqueName(driver, `${unbound}${keyOf(claim)}`), driver);
}

/** Adds what is attached. A volume that nobody knows any more still has its place on the node. */
export function addAttachment(attachment: VolumeAttachment, listers: CsiVolumeListers, into: CsiVolumes): void {
  const { attacher, source } = attachment.spec;
  const { persistentVolumeName, inlineVolumeSpec } = source;
  const csi = inlineVolumeSpec?.csi ?? listers.volumes.get(persistentVolumeName ?? '')?.spec.csi;
  const handle = csi?.volumeHandle ?? `\0attachment/${attachment.metadata.name}`;
  into.set(uniqueName(attacher, handle), attacher);
}
