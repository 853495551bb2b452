/** What a volume is to be used as, in the words of CSI. Pure. */
import type { PersistentVolumeSpec } from '../../api/index.ts';
import { AccessMode, toCsiAccessMode } from '../../csi/index.ts';

export interface CapabilityInput {
  readonly accessModes: readonly string[];
  readonly isBlock: boolean;
  /** '' leaves the choice to the driver. */
  readonly fsType: string;
  readonly mountFlags: readonly string[];
  readonly singleNodeMultiWriter: boolean;
}

type AccessType =
  | { case: 'block'; value: Record<string, never> }
  | { case: 'mount'; value: { fsType: string; mountFlags: string[] } };

function accessType({ isBlock, fsType, mountFlags }: CapabilityInput): AccessType {
  return isBlock ? { case: 'block', value: {} } : { case: 'mount', value: { fsType, mountFlags: [...mountFlags] } };
}

/** One capability per access mode, as CreateVolume wants them. */
export function volumeCapabilities(input: CapabilityInput) {
  return input.accessModes.map((accessMode) => ({
    accessType: accessType(input),
    accessMode: { mode: toCsiAccessMode(accessMode, input.singleNodeMultiWriter) ?? AccessMode.UNKNOWN },
  }));
}

/**
 * The one capability of an existing volume, as ControllerPublishVolume wants it: the mode that is shared most widely
 * counts. Upstream: external-attacher GetVolumeCapabilities.
 */
export function volumeCapabilityOf(
  spec: PersistentVolumeSpec,
  options: { readonly defaultFsType: string; readonly singleNodeMultiWriter: boolean },
) {
  const widestFirst = ['ReadWriteMany', 'ReadOnlyMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
  const modes = spec.accessModes ?? [];
  const accessMode = widestFirst.find((mode) => modes.includes(mode)) ?? 'ReadWriteOnce';
  const [capability] = volumeCapabilities({
    accessModes: [accessMode],
    isBlock: spec.volumeMode === 'Block',
    fsType: spec.csi?.fsType ?? options.defaultFsType,
    mountFlags: spec.mountOptions ?? [],
    singleNodeMultiWriter: options.singleNodeMultiWriter,
  });
  return capability ?? {};
}
