/** The rules of single volume sources, as pods and PersistentVolumes share them. */
import type {
  AWSElasticBlockStoreVolumeSource,
  AzureDiskVolumeSource,
  FCVolumeSource,
  FlexVolumeSource,
  GCEPersistentDiskVolumeSource,
  HostPathVolumeSource,
  ISCSIVolumeSource,
  LocalVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
  SecretReference,
} from '../gen/core.v1.gen.ts';
import { byteLength, checkDnsLabel, checkDnsSubdomain, inclusiveRange } from '../names.ts';
import type { FieldErrors } from './field-error.ts';
import type { FieldPath } from './field-path.ts';
import { validateNoBacksteps } from './local-paths.ts';

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
export const maxDriverNameBytes = 63;

/** Requires string fields to be there and not empty. */
export function requireFields(errors: FieldErrors, path: FieldPath, source: object, names: readonly string[]): void {
  for (const name of names) {
    const value: unknown = Reflect.get(source, name);
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) {
      errors.required(path.child(name));
    }
  }
}

/** A reference to a secret in a namespace, whose two names must be valid. */
export function validateSecretReference(
  errors: FieldErrors,
  path: FieldPath,
  reference: SecretReference | undefined,
): void {
  if (!reference) return;
  const { name, namespace } = reference;
  if (!name) errors.required(path.child('name'));
  else errors.invalidEach(path.child('name'), name, checkDnsSubdomain(name));
  if (!namespace) errors.required(path.child('namespace'));
  else errors.invalidEach(path.child('namespace'), namespace, checkDnsLabel(namespace));
}

export function validateDriverName(errors: FieldErrors, path: FieldPath, driver: string | undefined): void {
  const name = driver ?? '';
  if (name === '') errors.required(path);
  if (byteLength(name) > maxDriverNameBytes) errors.tooLong(path, maxDriverNameBytes);
  errors.invalidEach(path, name, checkDnsSubdomain(name.toLowerCase()));
}

export function validateHostPath(errors: FieldErrors, path: FieldPath, source: HostPathVolumeSource): void {
  if (!source.path) {
    errors.required(path.child('path'));
    return;
  }
  validateNoBacksteps(errors, path.child('path'), source.path);
  if (source.type !== undefined && !hostPathTypes.includes(source.type)) {
    errors.unsupported(path.child('type'), source.type, hostPathTypes);
  }
}

export function validateLocal(errors: FieldErrors, path: FieldPath, source: LocalVolumeSource): void {
  if (!source.path) errors.required(path.child('path'));
  else validateNoBacksteps(errors, path.child('path'), source.path);
}

export function validateNfs(errors: FieldErrors, path: FieldPath, source: NFSVolumeSource): void {
  requireFields(errors, path, source, ['server', 'path']);
  const target = source.path ?? '';
  if (!target.startsWith('/')) errors.invalid(path.child('path'), target, 'must be an absolute path');
}

const initiatorForms: Readonly<Record<string, RegExp>> = {
  iqn: /^iqn\.\d{4}-\d{2}\.([\w\-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui\.[0-9A-Fa-f]{16}$/,
  naa: /^naa\.[0-9A-Fa-f]{32}$/,
};

function validateInitiator(errors: FieldErrors, path: FieldPath, name: string): void {
  const form = initiatorForms[name.slice(0, 3)];
  if (!form) errors.invalid(path, name, 'must be valid format starting with iqn, eui, or naa');
  else if (!form.test(name)) errors.invalid(path, name, 'must be valid format');
}

type IscsiSource = Omit<ISCSIVolumeSource, 'secretRef'> & { readonly secretRef?: { readonly name?: string } };

export function validateIscsi(errors: FieldErrors, path: FieldPath, source: IscsiSource): void {
  requireFields(errors, path, source, ['targetPortal', 'iqn']);
  if (source.iqn) validateInitiator(errors, path.child('iqn'), source.iqn);
  const lun = source.lun ?? 0;
  if (lun < 0 || lun > 255) errors.invalid(path.child('lun'), lun, inclusiveRange(0, 255));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) {
    errors.required(path.child('secretRef'));
  }
  if (source.secretRef && !source.secretRef.name) errors.required(path.child('secretRef', 'name'));
  if (source.initiatorName !== undefined) {
    validateInitiator(errors, path.child('initiatorname'), source.initiatorName);
  }
}

export const iscsiNameDetail =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';

export function iscsiNameTooLong(volumeName: string, source: IscsiSource): boolean {
  return source.initiatorName !== undefined && byteLength(`${volumeName}:${source.targetPortal ?? ''}`) > 64;
}

export function validateFc(errors: FieldErrors, path: FieldPath, source: FCVolumeSource): void {
  const names = source.targetWWNs ?? [];
  const ids = source.wwids ?? [];
  if (names.length === 0 && ids.length === 0) {
    errors.required(path.child('targetWWNs'), 'must specify either targetWWNs or wwids, but not both');
  }
  if (names.length > 0 && ids.length > 0) {
    const detail = 'targetWWNs and wwids can not be specified simultaneously';
    errors.invalid(path.child('targetWWNs'), names, detail);
  }
  if (names.length === 0) return;
  if (source.lun === undefined) errors.required(path.child('lun'), 'lun is required if targetWWNs is specified');
  else if (source.lun < 0 || source.lun > 255) {
    errors.invalid(path.child('lun'), source.lun, inclusiveRange(0, 255));
  }
}

type FlexSource = Pick<FlexVolumeSource, 'driver' | 'options'>;

export function validateFlex(errors: FieldErrors, path: FieldPath, source: FlexSource): void {
  requireFields(errors, path, source, ['driver']);
  for (const key of Object.keys(source.options ?? {})) {
    const slash = key.indexOf('/');
    const namespace = `.${(slash < 0 ? key : key.slice(0, slash)).toLowerCase()}`;
    if (namespace.endsWith('.kubernetes.io') || namespace.endsWith('.k8s.io')) {
      errors.invalid(path.child('options').key(key), key, 'kubernetes.io and k8s.io namespaces are reserved');
    }
  }
}

function validatePartition(errors: FieldErrors, path: FieldPath, partition: number | undefined): void {
  if (partition !== undefined && (partition < 0 || partition > 255)) {
    errors.invalid(path.child('partition'), partition, inclusiveRange(0, 255));
  }
}

export function validateGcePersistentDisk(
  errors: FieldErrors,
  path: FieldPath,
  source: GCEPersistentDiskVolumeSource,
): void {
  requireFields(errors, path, source, ['pdName']);
  validatePartition(errors, path, source.partition);
}

export function validateAwsElasticBlockStore(
  errors: FieldErrors,
  path: FieldPath,
  source: AWSElasticBlockStoreVolumeSource,
): void {
  requireFields(errors, path, source, ['volumeID']);
  validatePartition(errors, path, source.partition);
}

const cachingModes = ['None', 'ReadOnly', 'ReadWrite'];
const diskKinds = ['Dedicated', 'Managed', 'Shared'];
const managedDiskUri =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const blobDiskUri = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

export function validateAzureDisk(errors: FieldErrors, path: FieldPath, source: AzureDiskVolumeSource): void {
  requireFields(errors, path, source, ['diskName', 'diskURI']);
  const { cachingMode, kind, diskURI = '' } = source;
  if (cachingMode !== undefined && !cachingModes.includes(cachingMode)) {
    errors.unsupported(path.child('cachingMode'), cachingMode, cachingModes);
  }
  if (kind === undefined) return;
  if (!diskKinds.includes(kind)) errors.unsupported(path.child('kind'), kind, diskKinds);
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/')) {
    errors.unsupported(path.child('diskURI'), diskURI, [managedDiskUri]);
  }
  if (kind !== 'Managed' && !diskURI.startsWith('https://')) {
    errors.unsupported(path.child('diskURI'), diskURI, [blobDiskUri]);
  }
}

export function validateQuobyte(errors: FieldErrors, path: FieldPath, source: QuobyteVolumeSource): void {
  const detail = 'must be a host:port pair or multiple pairs separated by commas';
  const registry = source.registry ?? '';
  if (registry === '') errors.required(path.child('registry'), detail);
  else if ((source.tenant ?? '').length >= 65) {
    errors.required(path.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters');
  } else if (!registry.split(',').every((pair) => /^(\[.*\]|[^:]*):[^:]*$/.test(pair))) {
    errors.invalid(path.child('registry'), registry, detail);
  }
  requireFields(errors, path, source, ['volume']);
}

interface NamedSecret {
  readonly secretRef?: { readonly name?: string; readonly namespace?: string };
}

/** A secret reference that must have a name, and a namespace where the volume itself has none. */
export function validateNamedSecret(
  errors: FieldErrors,
  path: FieldPath,
  source: NamedSecret,
  needsNamespace: boolean,
): void {
  if (!source.secretRef) return;
  requireFields(errors, path.child('secretRef'), source.secretRef, needsNamespace ? ['name', 'namespace'] : ['name']);
}

interface StorageOsNames extends NamedSecret {
  readonly volumeName?: string;
  readonly volumeNamespace?: string;
}

export function validateStorageOs(
  errors: FieldErrors,
  path: FieldPath,
  source: StorageOsNames,
  needsNamespace: boolean,
): void {
  const { volumeName, volumeNamespace } = source;
  if (!volumeName) errors.required(path.child('volumeName'));
  else errors.invalidEach(path.child('volumeName'), volumeName, checkDnsLabel(volumeName));
  if (volumeNamespace) {
    errors.invalidEach(path.child('volumeNamespace'), volumeNamespace, checkDnsLabel(volumeNamespace));
  }
  validateNamedSecret(errors, path, source, needsNamespace);
}
