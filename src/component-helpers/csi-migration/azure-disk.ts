/** Managed disks of Azure. Upstream: csi-translation-lib plugins/azure_disk.go. */
import type { AzureDiskVolumeSource, CSIPersistentVolumeSource, StorageClass } from '../../api/index.ts';
import { translateZoneParameters } from './class-topology.ts';
import { getCsiSource, getSource, inlineVolume, MigrationError, type Translator, withSource } from './translator.ts';

const driver = 'disk.csi.azure.com';

export const azureDiskTopologyKey = 'topology.disk.csi.azure.com/zone';

const managedKind = 'Managed';
const managedDiskPath = /.*\/subscriptions\/(?:.*)\/resourceGroups\/(?:.*)\/providers\/Microsoft.Compute\/disks\/(.+)/;
const unmanagedDiskPath = /http(?:.*):\/\/(?:.*)\/vhds\/(.+)/;

export const azureDiskTranslator: Translator = {
  plugin: 'kubernetes.io/azure-disk',
  driver,
  field: 'azureDisk',
  translateClass: (storageClass) => withoutFailureDomains(translateZoneParameters(storageClass, azureDiskTopologyKey)),
  translateInline: ({ azureDisk }) => {
    const source = getSource(azureDisk, 'volume is nil or Azure Disk not defined on volume');
    // No caching mode and an empty one are the same for a pod's volume.
    const cachingMode = source.cachingMode || undefined;
    return inlineVolume(source.diskURI, csiSource(source, cachingMode));
  },
  translateToCsi: (volume) => {
    const source = getSource(volume.spec.azureDisk, 'pv is nil or Azure Disk source not defined on pv');
    return withSource(volume, 'azureDisk', { csi: csiSource(source, source.cachingMode) });
  },
  translateToInTree: (volume) => withSource(volume, 'csi', { azureDisk: inTreeSource(getCsiSource(volume)) }),
};

function csiSource(source: AzureDiskVolumeSource, cachingmode: string | undefined): CSIPersistentVolumeSource {
  const { diskURI, fsType, kind, readOnly } = source;
  if (kind !== undefined && kind.toLowerCase() !== managedKind.toLowerCase()) {
    throw new MigrationError(`kind(${kind}) is not supported in csi migration`);
  }
  return {
    driver,
    volumeHandle: diskURI,
    ...(fsType ? { fsType } : {}),
    ...(readOnly ? { readOnly } : {}),
    volumeAttributes: {
      kind: managedKind,
      ...(cachingmode === undefined ? {} : { cachingmode }),
      ...(fsType === undefined ? {} : { fstype: fsType }),
    },
  };
}

function inTreeSource(source: CSIPersistentVolumeSource): AzureDiskVolumeSource {
  const attributes = Object.entries(source.volumeAttributes ?? {}).filter(([, value]) => value !== '');
  const findAttribute = (name: string) => attributes.findLast(([key]) => key.toLowerCase() === name)?.[1];
  const cachingMode = findAttribute('cachingmode');
  return {
    diskName: azureDiskName(source.volumeHandle),
    diskURI: source.volumeHandle,
    fsType: findAttribute('fstype') ?? source.fsType ?? '',
    readOnly: source.readOnly ?? false,
    kind: managedKind,
    ...(cachingMode === undefined ? {} : { cachingMode }),
  };
}

/** Whether the disk is Azure's to manage, and not a blob that is used as one. */
export function isManagedDisk(diskUri: string): boolean {
  return diskUri.length <= 4 || !diskUri.toLowerCase().startsWith('http');
}

/** @throws MigrationError when the disk's path is of no known form. */
export function azureDiskName(diskUri: string): string {
  const path = isManagedDisk(diskUri) ? managedDiskPath : unmanagedDiskPath;
  const name = path.exec(diskUri)?.[1];
  if (name !== undefined) return name;
  const format = path.source.replaceAll('\\/', '/');
  throw new MigrationError(`could not get disk name from ${diskUri}, correct format: ${format}`);
}

/** Regions without zones called their failure domains `0`, `1`…; the driver's zone there is ''. */
function withoutFailureDomains(storageClass: StorageClass): StorageClass {
  const { allowedTopologies } = storageClass;
  if (!allowedTopologies) return storageClass;
  const terms = allowedTopologies.map(({ matchLabelExpressions }) => ({
    matchLabelExpressions: (matchLabelExpressions ?? []).map(({ key, values }) => ({
      key,
      values: values.map((value) => (key === azureDiskTopologyKey && /^[0-9]+$/.test(value) ? '' : value)),
    })),
  }));
  return { ...storageClass, allowedTopologies: terms };
}
