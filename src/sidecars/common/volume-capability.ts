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

function accessType({ isBlock, fsType, mountFlags }: CapabilityInput) {
  return isBlock
    ? ({ case: 'block', value: {} } as const)
    : ({ case: 'mount', value: { fsType, mountFlags: [...mountFlags] } } as const);
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
