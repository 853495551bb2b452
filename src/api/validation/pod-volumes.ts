/** The volumes of a pod [A14]. */

import type { CSIVolumeSource, EphemeralVolumeSource, Volume } from '../gen/core.v1.gen.ts';
import type { ObjectMeta } from '../gen/meta.v1.gen.ts';
import { checkDnsLabel, checkDnsSubdomain } from '../names.ts';
import { compareQuantities } from '../quantity.ts';
import { validateClaimSpec } from './claim-spec.ts';
import type { FieldErrors } from './field-error.ts';
import type { FieldPath } from './field-path.ts';
import { validateDescendingPath } from './local-paths.ts';
import { validateAnnotations, validateLabels } from './object-meta.ts';
import {
  validateConfigMapVolume,
  validateDownwardVolume,
  validateProjectedVolume,
  validateSecretVolume,
} from './projected-volume.ts';
import * as sources from './volume-sources.ts';

type SourceName = Exclude<keyof Volume, 'name'>;
type Rules = {
  readonly [K in SourceName]: (errors: FieldErrors, path: FieldPath, source: NonNullable<Volume[K]>) => void;
};

/** Requires the named fields and nothing else. */
function requires(...names: readonly string[]) {
  return (errors: FieldErrors, path: FieldPath, source: object) => sources.requireFields(errors, path, source, names);
}

function validateCsi(errors: FieldErrors, path: FieldPath, source: CSIVolumeSource): void {
  sources.validateDriverName(errors, path.child('driver'), source.driver);
  const secret = source.nodePublishSecretRef;
  if (!secret) return;
  if (!secret.name) errors.required(path.child('nodePublishSecretRef', 'name'));
  else errors.invalidEach(path.child('name'), secret.name, checkDnsSubdomain(secret.name));
}

/** Only labels and annotations of the template's metadata reach the claim: anything else would be lost. */
function validateEphemeral(errors: FieldErrors, path: FieldPath, source: EphemeralVolumeSource): void {
  const template = source.volumeClaimTemplate;
  const at = path.child('volumeClaimTemplate');
  if (!template) {
    errors.required(at);
    return;
  }
  const { labels, annotations, ...others } = template.metadata ?? ({} as Partial<ObjectMeta>);
  validateAnnotations(errors, at.child('metadata', 'annotations'), annotations);
  validateLabels(errors, at.child('metadata', 'labels'), labels);
  for (const name of Object.keys(others)) errors.forbidden(at.child('metadata', name), 'cannot be set');
  validateClaimSpec(errors, at.child('spec'), template.spec ?? {});
}

/** In the order of the checks: with two sources, it is the later one that is refused. */
const rules: Rules = {
  emptyDir: (errors, path, source) => {
    if (source.sizeLimit !== undefined && compareQuantities(source.sizeLimit, '0') < 0) {
      errors.forbidden(path.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity');
    }
  },
  hostPath: sources.validateHostPath,
  gitRepo: (errors, path, source) => {
    sources.requireFields(errors, path, source, ['repository']);
    validateDescendingPath(errors, path.child('directory'), source.directory ?? '');
  },
  gcePersistentDisk: sources.validateGcePersistentDisk,
  awsElasticBlockStore: sources.validateAwsElasticBlockStore,
  secret: validateSecretVolume,
  nfs: sources.validateNfs,
  iscsi: sources.validateIscsi,
  glusterfs: requires('endpoints', 'path'),
  flocker: validateFlocker,
  persistentVolumeClaim: requires('claimName'),
  rbd: requires('monitors', 'image'),
  cinder: (errors, path, source) => {
    sources.requireFields(errors, path, source, ['volumeID']);
    sources.validateNamedSecret(errors, path, source, false);
  },
  cephfs: requires('monitors'),
  quobyte: sources.validateQuobyte,
  downwardAPI: validateDownwardVolume,
  fc: sources.validateFc,
  flexVolume: sources.validateFlex,
  configMap: validateConfigMapVolume,
  azureFile: requires('secretName', 'shareName'),
  vsphereVolume: requires('volumePath'),
  photonPersistentDisk: requires('pdID'),
  portworxVolume: requires('volumeID'),
  azureDisk: sources.validateAzureDisk,
  storageos: (errors, path, source) => sources.validateStorageOs(errors, path, source, false),
  projected: validateProjectedVolume,
  scaleIO: requires('gateway', 'system', 'volumeName'),
  csi: validateCsi,
  ephemeral: validateEphemeral,
  image: (errors, path, source) => {
    sources.requireFields(errors, path, source, ['reference']);
    const policies = ['Always', 'IfNotPresent', 'Never'];
    if (source.pullPolicy && !policies.includes(source.pullPolicy)) {
      errors.unsupported(path.child('pullPolicy'), source.pullPolicy, policies);
    }
  },
};
const sourceNames = Object.keys(rules) as readonly SourceName[];

function validateFlocker(errors: FieldErrors, path: FieldPath, source: NonNullable<Volume['flocker']>): void {
  const { datasetName, datasetUUID } = source;
  if (!datasetName && !datasetUUID) errors.required(path, 'one of datasetName and datasetUUID is required');
  if (datasetName && datasetUUID) {
    errors.invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously');
  }
  if (datasetName?.includes('/')) errors.invalid(path.child('datasetName'), datasetName, "must not contain '/'");
}

function applyRule<K extends SourceName>(errors: FieldErrors, path: FieldPath, volume: Volume, name: K): void {
  const source = volume[name];
  if (source !== undefined && source !== null) rules[name](errors, path.child(name), source as NonNullable<Volume[K]>);
}

function validateSource(errors: FieldErrors, path: FieldPath, volume: Volume, podName: string | undefined): void {
  const given = sourceNames.filter((name) => volume[name] !== undefined);
  const [first, ...others] = given;
  if (first === undefined) errors.required(path, 'must specify a volume type');
  else applyRule(errors, path, volume, first);
  for (const other of others) errors.forbidden(path.child(other), 'may not specify more than 1 volume type');
  if (volume.iscsi && sources.iscsiNameTooLong(volume.name, volume.iscsi)) {
    errors.invalid(path.child('name'), volume.name, sources.iscsiNameDetail);
  }
  if (first === 'ephemeral' && podName && volume.name) {
    const claimName = `${podName}-${volume.name}`;
    const problems = checkDnsSubdomain(claimName).map((problem) => `PVC name ${JSON.stringify(claimName)}: ${problem}`);
    errors.invalidEach(path.child('name'), volume.name, problems);
  }
}

export type VolumesByName = ReadonlyMap<string, Volume>;

/** Returns the volumes that may be mounted; those with errors of their own are left out. */
export function validateVolumes(
  errors: FieldErrors,
  path: FieldPath,
  volumes: readonly Volume[],
  podName: string | undefined,
): VolumesByName {
  const valid = new Map<string, Volume>();
  const createdClaims = new Set(
    volumes.filter((volume) => podName && volume.ephemeral).map((volume) => `${podName}-${volume.name}`),
  );
  for (const [index, volume] of volumes.entries()) {
    const at = path.index(index);
    const before = errors.list.length;
    validateSource(errors, at, volume, podName);
    const name = volume.name ?? '';
    if (name === '') errors.required(at.child('name'));
    else errors.invalidEach(at.child('name'), name, checkDnsLabel(name));
    if (valid.has(name)) errors.duplicate(at.child('name'), name);
    if (errors.list.length === before) valid.set(name, volume);
    const claimName = volume.persistentVolumeClaim?.claimName;
    if (claimName !== undefined && createdClaims.has(claimName)) {
      const detail = 'must not reference a PVC that gets created for an ephemeral volume';
      errors.invalid(at.child('persistentVolumeClaim', 'claimName'), claimName, detail);
    }
  }
  return valid;
}
