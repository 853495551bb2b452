/** Disks of Amazon's Elastic Block Store. Upstream: csi-translation-lib plugins/aws_ebs.go. */
import type { AWSElasticBlockStoreVolumeSource, CSIPersistentVolumeSource, StorageClass } from '../../api/index.ts';
import { mapParameters, translateFsTypeParameter, translateZoneParameters } from './class-topology.ts';
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
import { commonRegion, translateTopologyToCsi, translateTopologyToInTree } from './volume-topology.ts';

const driver = 'ebs.csi.aws.com';

export const awsEbsTopologyKey = 'topology.ebs.csi.aws.com/zone';

export const awsEbsTranslator: Translator = {
  plugin: 'kubernetes.io/aws-ebs',
  driver,
  field: 'awsElasticBlockStore',
  translateClass: (storageClass) =>
    allowIopsIncrease(translateFsTypeParameter(translateZoneParameters(storageClass, awsEbsTopologyKey))),
  translateInline: ({ awsElasticBlockStore }) => {
    const csi = csiSource(getSource(awsElasticBlockStore, 'volume is nil or AWS EBS not defined on volume'));
    return inlineVolume(`${driver}-${csi.volumeHandle}`, csi);
  },
  translateToCsi: (volume) => {
    const csi = csiSource(getSource(volume.spec.awsElasticBlockStore, 'pv is nil or AWS EBS not defined on pv'));
    return withSource(translateTopologyToCsi(volume, awsEbsTopologyKey), 'awsElasticBlockStore', { csi });
  },
  translateToInTree: (volume) => {
    const awsElasticBlockStore = inTreeSource(getCsiSource(volume));
    const translated = translateTopologyToInTree(volume, awsEbsTopologyKey, awsRegionOfZones);
    return withSource(translated, 'csi', { awsElasticBlockStore });
  },
};

/** The built-in plugin raised IOPS that were too few for a small disk; the driver does so only when told. */
function allowIopsIncrease(storageClass: StorageClass): StorageClass {
  return mapParameters(storageClass, (name, value) =>
    name.toLowerCase() === 'iopspergb' ? { [name]: value, allowautoiopspergbincrease: 'true' } : { [name]: value },
  );
}

function csiSource(source: AWSElasticBlockStoreVolumeSource): CSIPersistentVolumeSource {
  return {
    driver,
    volumeHandle: ebsVolumeId(source.volumeID),
    ...fileSystemFields(source),
    volumeAttributes: { partition: String(source.partition ?? 0) },
  };
}

function inTreeSource(source: CSIPersistentVolumeSource): AWSElasticBlockStoreVolumeSource {
  const partition = parsePartition(source.volumeAttributes?.partition);
  return { volumeID: source.volumeHandle, ...fileSystemFields(source), ...(partition ? { partition } : {}) };
}

/**
 * The disk's own id in a volume id: `aws://<zone>/<id>`, `aws:///<id>` or the id alone.
 * @throws MigrationError when the first two hold no disk's id.
 */
export function ebsVolumeId(volumeId: string): string {
  if (!volumeId.startsWith('aws://')) return volumeId;
  const path = volumeId.slice('aws://'.length).replace(/^[^/?#]*/, '');
  const id = path.replace(/[?#].*$/, '').replace(/^\/+|\/+$/g, '');
  if (/^vol-[^/]*$/.test(id)) return id;
  const cause = `Invalid format for AWS volume (${volumeId})`;
  throw new MigrationError(`failed to translate Kubernetes ID to EBS Volume ID ${cause}`);
}

/** @throws MigrationError when a zone's form is unknown or they lie in several regions. */
export function awsRegionOfZones(zones: readonly string[]): string {
  return commonRegion(zones, regionOfZone);
}

/** Zones are called us-west-2a, us-gov-east-1a, us-west-2-lax-1a (local) and us-east-1-wl1-bos-wlz-1 (wavelength). */
function regionOfZone(zone: string): string {
  const parts = zone.split('-');
  const last = parts.at(-1) ?? '';
  if ((parts.length === 3 || parts.length === 4) && last.length === 2) return zone.slice(0, -1);
  if (parts.length === 5 || parts.length === 7) return parts.slice(0, 3).join('-');
  throw new MigrationError(`Unexpected zone format: ${zone} is not a valid AWS zone`);
}
