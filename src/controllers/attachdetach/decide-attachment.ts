/**
 * What to do about one volume on one node. Pure. Upstream: attachdetach/reconciler/reconciler.go, volume/csi/csi_attacher.go.
 */
import type { VolumeAttachment } from '../../api/index.ts';

export interface AttachmentState {
  /** Whether a pod on the node wants the volume. */
  readonly wanted: boolean;
  readonly attachment: VolumeAttachment | undefined;
  /** Whether the attachment was deleted and waits for its attacher. */
  readonly deleting: boolean;
  /** Other nodes that hold the volume, or may still have it mounted. */
  readonly otherHolders: readonly string[];
  /** Whether the volume must not be on two nodes. */
  readonly exclusive: boolean;
  /** Whether the node's agent lists the volume as in use, as far as the cache knows. */
  readonly inUse: boolean;
  /** `gone`: what is there stays until there is evidence that it can go. `unmanaged`: its agent attaches by itself. */
  readonly node: 'managed' | 'unmanaged' | 'gone';
}

export type AttachmentDecision =
  | { readonly kind: 'attach' }
  /** Waits for the attacher. */
  | { readonly kind: 'awaitAttach'; readonly error: string | undefined }
  | { readonly kind: 'attached' }
  /** Waits for other nodes to let go. */
  | { readonly kind: 'blocked'; readonly by: readonly string[] }
  /** Unwanted: to be detached once there is evidence that the node let go. */
  | { readonly kind: 'detach'; readonly attachment: VolumeAttachment }
  /** Unwanted and known to be in use: the node's next report wakes the volume. */
  | { readonly kind: 'awaitUnmount'; readonly attachment: VolumeAttachment }
  | { readonly kind: 'awaitDetach'; readonly error: string | undefined }
  | { readonly kind: 'none' };

export function decideAttachment(state: AttachmentState): AttachmentDecision {
  const { attachment, node, deleting } = state;
  if (node === 'unmanaged') return { kind: 'none' };
  // Also when a pod wants it again: it has to go before a new one can come.
  if (attachment && deleting) return { kind: 'awaitDetach', error: attachment.status?.detachError?.message };
  return state.wanted ? decideWanted(state) : decideUnwanted(state);
}

function decideWanted({ attachment, exclusive, node, otherHolders }: AttachmentState): AttachmentDecision {
  if (attachment?.status?.attached) return { kind: 'attached' };
  if (attachment) return { kind: 'awaitAttach', error: attachment.status?.attachError?.message };
  if (node === 'gone') return { kind: 'none' };
  if (exclusive && otherHolders.length > 0) return { kind: 'blocked', by: otherHolders };
  return { kind: 'attach' };
}

function decideUnwanted({ attachment, inUse }: AttachmentState): AttachmentDecision {
  if (!attachment) return { kind: 'none' };
  return { kind: inUse ? 'awaitUnmount' : 'detach', attachment };
}
