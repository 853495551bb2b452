import { hash } from 'node:crypto';

export interface AttachmentTarget {
  readonly volumeHandle: string;
  readonly driver: string;
  readonly node: string;
}

/** The name of the VolumeAttachment for a CSI volume on a node. The same three always give the same name. */
export function volumeAttachmentName({ volumeHandle, driver, node }: AttachmentTarget): string {
  return `csi-${hash('sha256', `${volumeHandle}${driver}${node}`)}`;
}
