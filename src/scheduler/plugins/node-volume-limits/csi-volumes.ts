/** Which volumes of CSI drivers a pod or an attachment stands for. Upstream: csi.go filterAttachableVolumes. */
import {
  type CSINode,
  type CSIPersistentVolumeSource,
  keyOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type StorageClass,
  type Volume,
  type VolumeAttachment,
} from '../../../api/index.ts';
import { messageOf } from '../../../base/index.ts';
import type { Lister } from '../../../client/index.ts';
import {
  findInlineMigration,
  findMigratedDriver,
  findMigration,
  getClaimClass,
  MigrationError,
  notOwnerMessage,
  podClaims,
  podIsOwner,
  translateInlineVolumeToCsi,
} from '../../../component-helpers/index.ts';
import { isServedByDriver, translated } from '../migrated-volumes.ts';

export interface CsiVolumeListers {
  readonly claims: Lister<PersistentVolumeClaim>;
  readonly volumes: Lister<PersistentVolume>;
  readonly classes: Lister<StorageClass>;
}

/** Unique volumes to the names of their drivers: a volume that several pods use counts once. */
export type CsiVolumes = Map<string, string>;

export interface PodVolumesSeen {
  readonly volumes: CsiVolumes;
  /** Why the pod's volumes do not tell; undefined when they do. A pod that runs is counted as far as they do. */
  problem?: string;
  /** Whether another node may serve the same volumes in another way. */
  dependsOnNode: boolean;
}

/** A name that no driver's handle can have. */
const unbound = '\0unbound/';

function uniqueName(driver: string, handle: string): string {
  return `${driver}/${handle}`;
}

/** Whether the pod has volumes of its own whose type a CSI driver took over. */
export function hasMigratedInlineVolumes(pod: Pod): boolean {
  return (pod.spec.volumes ?? []).some((volume) => findInlineMigration(volume) !== undefined);
}

/** The volumes of a pod, as they are served on a node with this CSINode. */
export function csiVolumesOf(pod: Pod, csiNode: CSINode | undefined, listers: CsiVolumeListers): PodVolumesSeen {
  const seen: PodVolumesSeen = { volumes: new Map(), dependsOnNode: false };
  for (const { claimName, ephemeral } of podClaims(pod)) {
    const key = `${pod.metadata.namespace}/${claimName}`;
    const claim = listers.claims.get(key);
    if (!claim) seen.problem ??= `looking up PVC ${key}: persistentvolumeclaim "${claimName}" not found`;
    else if (ephemeral && !podIsOwner(pod, claim)) seen.problem ??= notOwnerMessage(pod, claim);
    else addClaim(claim, csiNode, listers, seen);
  }
  for (const volume of pod.spec.volumes ?? []) addInline(volume, pod, csiNode, seen);
  return seen;
}

function addClaim(
  claim: PersistentVolumeClaim,
  csiNode: CSINode | undefined,
  listers: CsiVolumeListers,
  seen: PodVolumesSeen,
): void {
  const volume = listers.volumes.get(claim.spec.volumeName ?? '');
  if (volume) {
    const migration = volume.spec.csi ? undefined : findMigration(volume);
    if (migration) seen.dependsOnNode = true;
    const source = csiSourceOf(volume, csiNode);
    if (source) seen.volumes.set(uniqueName(source.driver, source.volumeHandle), source.driver);
    return;
  }
  // Its volume is yet to be made by the driver of its class, and counts from now on.
  const provisioner = listers.classes.get(getClaimClass(claim))?.provisioner;
  if (!provisioner) return;
  const successor = findMigratedDriver(provisioner);
  if (successor !== undefined) seen.dependsOnNode = true;
  const driver =
    successor === undefined || isServedByDriver(provisioner, csiNode) ? (successor ?? provisioner) : undefined;
  if (driver !== undefined) seen.volumes.set(uniqueName(driver, `${unbound}${keyOf(claim)}`), driver);
}

function addInline(volume: Volume, pod: Pod, csiNode: CSINode | undefined, seen: PodVolumesSeen): void {
  const migration = findInlineMigration(volume);
  if (!migration) return;
  seen.dependsOnNode = true;
  if (!isServedByDriver(migration.plugin, csiNode)) return;
  try {
    const handle = translateInlineVolumeToCsi(volume, pod.metadata.namespace ?? '').spec.csi?.volumeHandle;
    if (handle !== undefined) seen.volumes.set(uniqueName(migration.driver, handle), migration.driver);
  } catch (thrown) {
    if (!(thrown instanceof MigrationError)) throw thrown;
    seen.problem ??= `converting volume(${volume.name}) from inline to csi: ${messageOf(thrown)}`;
  }
}

/** What the driver knows of the volume on the node; undefined when no driver serves it, or it cannot be translated. */
function csiSourceOf(volume: PersistentVolume, csiNode: CSINode | undefined): CSIPersistentVolumeSource | undefined {
  if (volume.spec.csi) return volume.spec.csi;
  const migration = findMigration(volume);
  if (!migration || !isServedByDriver(migration.plugin, csiNode)) return undefined;
  try {
    return translated(volume).spec.csi;
  } catch (thrown) {
    if (thrown instanceof MigrationError) return undefined;
    throw thrown;
  }
}

/** Adds what is attached. A volume that nobody knows any more still has its place on the node. */
export function addAttachment(
  { metadata, spec: { attacher, source } }: VolumeAttachment,
  csiNode: CSINode | undefined,
  listers: CsiVolumeListers,
  into: CsiVolumes,
): void {
  const volume = listers.volumes.get(source.persistentVolumeName ?? '');
  const csi = source.inlineVolumeSpec?.csi ?? (volume && csiSourceOf(volume, csiNode));
  into.set(uniqueName(attacher, csi?.volumeHandle ?? `\0attachment/${metadata.name}`), attacher);
}
