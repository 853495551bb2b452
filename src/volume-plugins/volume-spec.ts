import type { PersistentVolume, PersistentVolumeSpec, Volume } from '../api/index.ts';

/** A volume as plugins see it: a pod's inline source, or the PersistentVolume that a pod's claim is bound to. */
export type VolumeSpec =
  | { readonly kind: 'inline'; readonly name: string; readonly volume: Volume; readonly readOnly: boolean }
  | {
      readonly kind: 'persistent';
      /** The name of the PersistentVolume. */
      readonly name: string;
      readonly persistentVolume: PersistentVolume;
      /** readOnly of the pod's claim source. */
      readonly readOnly: boolean;
    };

export function specFromVolume(volume: Volume): VolumeSpec {
  return { kind: 'inline', name: volume.name, volume, readOnly: false };
}

export function specFromPersistentVolume(persistentVolume: PersistentVolume, readOnly: boolean): VolumeSpec {
  return { kind: 'persistent', name: persistentVolume.metadata.name, persistentVolume, readOnly };
}

/** The source under a key that inline volumes and PersistentVolumes share (`nfs`, `hostPath`, ...), if it is set. */
export function sourceOf<K extends keyof Volume & keyof PersistentVolumeSpec>(
  spec: VolumeSpec,
  key: K,
): Volume[K] | PersistentVolumeSpec[K] | undefined {
  return spec.kind === 'inline' ? spec.volume[key] : spec.persistentVolume.spec[key];
}

export function volumeModeOf(spec: VolumeSpec): 'Filesystem' | 'Block' {
  return spec.kind === 'persistent' && spec.persistentVolume.spec.volumeMode === 'Block' ? 'Block' : 'Filesystem';
}

export function accessModesOf(spec: VolumeSpec): readonly string[] {
  return spec.kind === 'persistent' ? (spec.persistentVolume.spec.accessModes ?? []) : [];
}

/** A PersistentVolume with only what could be read back from disk. Never written to the API. */
export function reconstructedVolume(name: string, spec: PersistentVolumeSpec): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, uid: '', resourceVersion: '', creationTimestamp: '' },
    spec,
  };
}
