/** Persistent disks of Google Compute Engine. Upstream: csi-translation-lib plugins/gce_pd.go. */
import {
  type CSIPersistentVolumeSource,
  type GCEPersistentDiskVolumeSource,
  labelBetaZone,
  labelZone,
  type PersistentVolume,
} from '../../api/index.ts';
import { translateFsTypeParameter, translateZoneParameters } from './class-topology.ts';
import {
  fileSystemFields,
  getCsiSource,
  getSource,
  inlineVolume,
  MigrationError,
  parsePartition,
  type Translator,
  withSource,
} from './translator.ts';
import { commonRegion, translateTopologyToCsi, translateTopologyToInTree, zoneDelimiter } from './volume-topology.ts';

const driver = 'pd.csi.storage.gke.io';

export const gcePdTopologyKey = 'topology.gke.io/zone';

/** Stands in a handle for what the volume does not say; the node's id tells it. */
const unspecified = 'UNSPECIFIED';

/** Of `projects/<project>/zones/<zone>/disks/<disk>`, or with regions; nodes end in `instances/<node>`. */
const handleParts = 6;

export const gcePdTranslator: Translator = {
  plugin: 'kubernetes.io/gce-pd',
  driver,
  field: 'gcePersistentDisk',
  translateClass: (storageClass) => translateFsTypeParameter(translateZoneParameters(storageClass, gcePdTopologyKey)),
  translateInline: ({ gcePersistentDisk }) => {
    const source = getSource(gcePersistentDisk, 'volume is nil or GCE PD not defined on volume');
    const handle = zonalHandle(unspecified, unspecified, source.pdName);
    const accessMode = source.readOnly ? 'ReadOnlyMany' : 'ReadWriteOnce';
    return inlineVolume(`${driver}-${source.pdName}`, csiSource(source, handle), accessMode);
  },
  translateToCsi: (volume) => {
    const message = 'pv is nil or GCE Persistent Disk source not defined on pv';
    const source = getSource(volume.spec.gcePersistentDisk, message);
    const csi = csiSource(source, handleOf(volume, source.pdName));
    const accessModes = compatibleAccessModes(volume.spec.accessModes);
    const translated = translateTopologyToCsi(volume, gcePdTopologyKey);
    return withSource(translated, 'gcePersistentDisk', { csi, ...(accessModes ? { accessModes } : {}) });
  },
  translateToInTree: (volume) => {
    const gcePersistentDisk = inTreeSource(getCsiSource(volume));
    const translated = translateTopologyToInTree(volume, gcePdTopologyKey, gceRegionOfZones);
    return withSource(translated, 'csi', { gcePersistentDisk });
  },
  repairVolumeHandle,
};

function zonalHandle(project: string, zone: string, disk: string): string {
  return `projects/${project}/zones/${zone}/disks/${disk}`;
}

function regionalHandle(project: string, region: string, disk: string): string {
  return `projects/${project}/regions/${region}/disks/${disk}`;
}

/** A disk in several zones is its region's. */
function handleOf({ metadata: { labels } }: PersistentVolume, disk: string): string {
  const zones = (labels?.[labelBetaZone] || labels?.[labelZone] || '').split(zoneDelimiter);
  if (zones.length > 1) return regionalHandle(unspecified, regionOfLabel(zones), disk);
  return zonalHandle(unspecified, zones[0] || unspecified, disk);
}

function regionOfLabel(zones: readonly string[]): string {
  try {
    return gceRegionOfZones(zones);
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    throw new MigrationError(`failed to get region from zones: ${error.message}`, { cause: error });
  }
}

function csiSource(source: GCEPersistentDiskVolumeSource, volumeHandle: string): CSIPersistentVolumeSource {
  const partition = source.partition ? String(source.partition) : '';
  return { driver, volumeHandle, ...fileSystemFields(source), volumeAttributes: { partition } };
}

function inTreeSource(source: CSIPersistentVolumeSource): GCEPersistentDiskVolumeSource {
  const pdName = handleElements(source.volumeHandle)[5];
  if (pdName === undefined) {
    const count = source.volumeHandle.split('/').length;
    const message = `failed to get id components.Got: ${count}, wanted ${handleParts} components or more. `;
    throw new MigrationError(message);
  }
  const partition = parsePartition(source.volumeAttributes?.partition || undefined);
  return { pdName, ...fileSystemFields(source), ...(partition ? { partition } : {}) };
}

/**
 * The built-in plugin attached every disk for one writer whatever its modes said; the driver refuses what it cannot
 * do, so that the modes become what was done.
 */
export function compatibleAccessModes(accessModes: readonly string[] | undefined): readonly string[] | undefined {
  if (!accessModes) return undefined;
  const isWritten = accessModes.includes('ReadWriteOnce') || accessModes.includes('ReadWriteMany');
  return [accessModes.includes('ReadOnlyMany') && !isWritten ? 'ReadOnlyMany' : 'ReadWriteOnce'];
}

function handleElements(handle: string): readonly string[] {
  const elements = handle.split('/');
  return elements.length < handleParts ? [] : elements;
}

/** @throws MigrationError when either is not of the form that the driver gives it. */
function repairVolumeHandle(volumeHandle: string, nodeId: string): string {
  const [, project, kind, place, , disk] = getElements(volumeHandle, 'volume');
  if (project !== unspecified) return volumeHandle;
  const [, nodeProject = '', , nodeZone = ''] = getElements(nodeId, 'node');
  const isPlaceKnown = place !== undefined && place !== unspecified;
  switch (kind) {
    case 'zones':
      return zonalHandle(nodeProject, isPlaceKnown ? place : nodeZone, disk ?? '');
    case 'regions':
      return regionalHandle(nodeProject, isPlaceKnown ? place : gceRegionOfZones([nodeZone]), disk ?? '');
    default:
      throw new MigrationError(`expected volume handle to have zones or regions regionality value, got: ${kind}`);
  }
}

function getElements(handle: string, whose: 'volume' | 'node'): readonly string[] {
  const elements = handleElements(handle);
  if (elements.length > 0) return elements;
  const count = handle.split('/').length;
  const message = `${whose} handle has wrong number of elements; got ${count}, wanted ${handleParts} or more`;
  throw new MigrationError(message);
}

/** @throws MigrationError when a zone is not `<place>-<region>-<zone>` or they lie in several regions. */
export function gceRegionOfZones(zones: readonly string[]): string {
  return commonRegion(zones, (zone) => {
    const parts = zone.split('-');
    if (parts.length === 3) return parts.slice(0, 2).join('-');
    const message = `zone in unexpected format, expected: {locale}-{region}-{zone}, got: ${zone}`;
    throw new MigrationError(message);
  });
}
