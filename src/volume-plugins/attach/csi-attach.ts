/**
 * What a controller needs to know of CSI volumes to attach them: which volume it is, under which name nodes list it,
 * and which VolumeAttachment stands for it on a node. Upstream: pkg/volume/csi/csi_attacher.go.
 */
import type { VolumeAttachment } from '../../api/index.ts';
import { volumeAttachmentName } from '../../component-helpers/index.ts';

/** A volume as the driver knows it. */
export interface CsiVolume {
  readonly driver: string;
  readonly volumeHandle: string;
}

const namePrefix = 'kubernetes.io/csi/';
/** Between driver and handle in a volume's name; a driver's name cannot hold it. */
const separator = '^';

/** The volume's name in node.status.volumesAttached and volumesInUse. */
export function csiUniqueVolumeName({ driver, volumeHandle }: CsiVolume): string {
  return `${namePrefix}${driver}${separator}${volumeHandle}`;
}

/** Whether the name is that of a CSI volume, well formed or not. */
export function isCsiUniqueVolumeName(name: string): boolean {
  return name.startsWith(namePrefix);
}

/** The volume with this name; undefined for names of other plugins. */
export function parseCsiUniqueVolumeName(name: string): CsiVolume | undefined {
  const at = name.indexOf(separator);
  if (!name.startsWith(namePrefix) || at < 0) return undefined;
  return { driver: name.slice(namePrefix.length, at), volumeHandle: name.slice(at + 1) };
}

/** The name of the VolumeAttachment for the volume on the node. */
export function csiAttachmentName({ driver, volumeHandle }: CsiVolume, node: string): string {
  return volumeAttachmentName({ driver, volumeHandle, node });
}

/** Whether a controller of this kind made the attachment: others may carry any name and are left alone. */
export function isCsiAttachmentName(name: string): boolean {
  return /^csi-[0-9a-f]{64}$/.test(name);
}

/** Whether the attachment stands for this volume: a PersistentVolume that was replaced has another handle. */
export function isAttachmentOf({ metadata, spec }: VolumeAttachment, volume: CsiVolume): boolean {
  return spec.attacher === volume.driver && metadata.name === csiAttachmentName(volume, spec.nodeName);
}
