/**
 * Which VolumeAttributesClass a volume is to be given next. Pure. Upstream: external-resizer modify_volume.go.
 */
import type { PersistentVolumeClaim } from '../../api/index.ts';

export type ModifyDecision =
  | { readonly kind: 'settled' }
  /** The claim went back to the class it has before the driver did anything: what was begun is given up. */
  | { readonly kind: 'cancel' }
  /** The class is not there, or another driver's. */
  | { readonly kind: 'pending'; readonly className: string }
  /** `isBegun`: the claim's status aims at this class already. */
  | { readonly kind: 'modify'; readonly className: string; readonly isBegun: boolean };

export function decideModify(
  { spec, status }: PersistentVolumeClaim,
  isOurs: (className: string) => boolean,
): ModifyDecision {
  if (status?.phase !== 'Bound' || !spec.volumeName) return { kind: 'settled' };
  const wanted = spec.volumeAttributesClassName ?? '';
  const current = status.currentVolumeAttributesClassName ?? '';
  const progress = status.modifyVolumeStatus;
  if (wanted === current) {
    if (!progress) return { kind: 'settled' };
    // What is in progress the driver may have carried out: it is asked to go back, or forward where no way leads back.
    if (progress.status !== 'InProgress') return { kind: 'cancel' };
    if (wanted === '')
      return { kind: 'modify', className: progress.targetVolumeAttributesClassName ?? '', isBegun: true };
  }
  if (wanted === '') return { kind: 'settled' };
  if (!isOurs(wanted)) return { kind: 'pending', className: wanted };
  const isBegun = progress?.status === 'InProgress' && progress.targetVolumeAttributesClassName === wanted;
  return { kind: 'modify', className: wanted, isBegun };
}
