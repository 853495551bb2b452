import type { FlexPersistentVolumeSource, FlexVolumeSource, SecretReference } from '../../api/index.ts';
import { sourceOf, type VolumeSpec } from '../volume-spec.ts';

/** A FlexVolume as pods and PersistentVolumes name it. */
export interface FlexSource {
  /** `vendor/driver`, or `driver`. */
  readonly driver: string;
  readonly fsType: string;
  readonly readOnly: boolean;
  readonly options: Readonly<Record<string, string>>;
  /** Without a namespace: in that of the pod. */
  readonly secretRef: SecretReference | undefined;
}

/** Undefined for volumes of other kinds. */
export function findFlexSource(spec: VolumeSpec): FlexSource | undefined {
  const source: FlexVolumeSource | FlexPersistentVolumeSource | undefined = sourceOf(spec, 'flexVolume');
  if (!source) return undefined;
  // The reference in a pod names no namespace, whatever is written there.
  const secretRef = spec.kind === 'inline' ? { name: source.secretRef?.name ?? '' } : source.secretRef;
  return {
    driver: source.driver,
    fsType: source.fsType ?? '',
    readOnly: spec.kind === 'inline' ? (source.readOnly ?? false) : spec.readOnly,
    options: source.options ?? {},
    secretRef: secretRef?.name ? secretRef : undefined,
  };
}
