/** What every translator between a volume type that was built in and the CSI driver that took it over offers. */
import type {
  CSIPersistentVolumeSource,
  PersistentVolume,
  PersistentVolumeSpec,
  StorageClass,
  Volume,
} from '../../api/index.ts';

/** An object that cannot be said in the other's terms; the message names what is wrong, as upstream words it. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** The fields of a volume that drivers took over; pods and volumes call them alike. */
export type InTreeField =
  | 'awsElasticBlockStore'
  | 'gcePersistentDisk'
  | 'cinder'
  | 'azureDisk'
  | 'azureFile'
  | 'vsphereVolume'
  | 'portworxVolume';

/** Pure: what is given is left as it is. Upstream: csi-translation-lib plugins/in_tree_volume.go InTreePlugin. */
export interface Translator {
  /** The built-in plugin's name, which classes give as their provisioner. */
  readonly plugin: string;
  readonly driver: string;
  readonly field: InTreeField;
  readonly translateClass: (storageClass: StorageClass) => StorageClass;
  /** The volume that a pod's volume stands for; its name tells disks apart, for it is part of the staging path. */
  readonly translateInline: (volume: Volume, podNamespace: string) => PersistentVolume;
  readonly translateToCsi: (volume: PersistentVolume) => PersistentVolume;
  readonly translateToInTree: (volume: PersistentVolume) => PersistentVolume;
  /** The handle with what only a node knows filled in; absent when handles are complete. */
  readonly repairVolumeHandle?: (volumeHandle: string, nodeId: string) => string;
}

/** @throws MigrationError when the volume is of another type. */
export function getSource<T>(source: T | undefined, message: string): T {
  if (source === undefined) throw new MigrationError(message);
  return source;
}

/** @throws MigrationError when the volume is not a driver's. */
export function getCsiSource({ spec }: PersistentVolume): CSIPersistentVolumeSource {
  return getSource(spec.csi, 'pv is nil or CSI source not defined on pv');
}

/** The volume with its source exchanged. */
export function withSource(
  volume: PersistentVolume,
  from: InTreeField | 'csi',
  to: Partial<PersistentVolumeSpec>,
): PersistentVolume {
  const { [from]: _, ...rest } = volume.spec;
  return { ...volume, spec: { ...rest, ...to } };
}

export function inlineVolume(
  name: string,
  csi: CSIPersistentVolumeSource,
  accessMode = 'ReadWriteOnce',
): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, uid: '', resourceVersion: '', creationTimestamp: '' },
    spec: { accessModes: [accessMode], csi, volumeMode: 'Filesystem' },
  };
}

/** The fields of the kind fsType and readOnly: left out when they say nothing, as on the wire. */
export function fileSystemFields({ fsType, readOnly }: { readonly fsType?: string; readonly readOnly?: boolean }): {
  readonly fsType?: string;
  readonly readOnly?: boolean;
} {
  return { ...(fsType ? { fsType } : {}), ...(readOnly ? { readOnly } : {}) };
}

/** @throws MigrationError when it is not a whole number. */
export function parsePartition(partition: string | undefined): number {
  if (partition === undefined) return 0;
  if (/^[+-]?\d+$/.test(partition)) return Number(partition);
  throw new MigrationError(`failed to convert partition ${partition} to integer`);
}
