/** Volumes whose files come from the API: secrets, config maps, the downward API, and projections of several. */
import type {
  ClusterTrustBundleProjection,
  ConfigMapVolumeSource,
  DownwardAPIVolumeFile,
  DownwardAPIVolumeSource,
  KeyToPath,
  ObjectFieldSelector,
  ProjectedVolumeSource,
  ResourceFieldSelector,
  SecretVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../gen/core.v1.gen.ts';
import { checkLabelKey } from '../names.ts';
import type { FieldErrors } from './field-error.ts';
import type { FieldPath } from './field-path.ts';
import { validateFileMode, validateNonReservedPath } from './local-paths.ts';
import { validateLabelSelector } from './object-meta.ts';
import { requireFields } from './volume-sources.ts';

const minTokenSeconds = 600;
const maxTokenSeconds = 2 ** 32;
const volumeFieldPaths = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];
const resourceNames = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
/** Every field path that pods have a label for, whether or not it may be used here. */
const convertibleFieldPaths = new Set([
  ...volumeFieldPaths,
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.serviceAccountName',
  'spec.schedulerName',
  'status.phase',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
  'spec.host',
]);

export function validateFieldSelector(
  errors: FieldErrors,
  path: FieldPath,
  selector: ObjectFieldSelector,
  allowed: readonly string[],
): void {
  if (!selector.apiVersion) {
    errors.required(path.child('apiVersion'));
    return;
  }
  const fieldPath = selector.fieldPath ?? '';
  if (fieldPath === '') {
    errors.required(path.child('fieldPath'));
    return;
  }
  const subscript = /^(metadata\.(?:labels|annotations))\['(.*)'\]$/s.exec(fieldPath);
  if (subscript) {
    const [, base, key = ''] = subscript;
    const spelled = base === 'metadata.annotations' ? key.toLowerCase() : key;
    errors.invalidEach(path, spelled, checkLabelKey(spelled));
  } else if (!convertibleFieldPaths.has(fieldPath)) {
    const detail = `error converting fieldPath: field label not supported: ${fieldPath}`;
    errors.invalid(path.child('fieldPath'), fieldPath, detail);
  } else if (!allowed.includes(fieldPath)) {
    errors.unsupported(path.child('fieldPath'), fieldPath, allowed);
  }
}

export function validateResourceSelector(
  errors: FieldErrors,
  path: FieldPath,
  selector: ResourceFieldSelector,
  needsContainer: boolean,
): void {
  const resource = selector.resource ?? '';
  if (needsContainer && !selector.containerName) errors.required(path.child('containerName'));
  else if (resource === '') errors.required(path.child('resource'));
  else if (!resourceNames.includes(resource) && !/^(requests|limits)\.hugepages-/.test(resource)) {
    errors.unsupported(path.child('resource'), resource, resourceNames);
  }
}

function validateKeyToPath(errors: FieldErrors, path: FieldPath, item: KeyToPath): void {
  requireFields(errors, path, item, ['key', 'path']);
  validateNonReservedPath(errors, path.child('path'), item.path ?? '');
  validateFileMode(errors, path.child('mode'), item.mode);
}

function validateItems(errors: FieldErrors, path: FieldPath, items: readonly KeyToPath[] | undefined): void {
  for (const [index, item] of (items ?? []).entries())
    validateKeyToPath(errors, path.child('items').index(index), item);
}

export function validateSecretVolume(errors: FieldErrors, path: FieldPath, source: SecretVolumeSource): void {
  requireFields(errors, path, source, ['secretName']);
  validateFileMode(errors, path.child('defaultMode'), source.defaultMode);
  validateItems(errors, path, source.items);
}

export function validateConfigMapVolume(errors: FieldErrors, path: FieldPath, source: ConfigMapVolumeSource): void {
  requireFields(errors, path, source, ['name']);
  validateFileMode(errors, path.child('defaultMode'), source.defaultMode);
  validateItems(errors, path, source.items);
}

function validateDownwardFile(errors: FieldErrors, path: FieldPath, file: DownwardAPIVolumeFile): void {
  requireFields(errors, path, file, ['path']);
  validateNonReservedPath(errors, path.child('path'), file.path ?? '');
  if (file.fieldRef) {
    validateFieldSelector(errors, path.child('fieldRef'), file.fieldRef, volumeFieldPaths);
    if (file.resourceFieldRef) {
      errors.invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously');
    }
  } else if (file.resourceFieldRef) {
    validateResourceSelector(errors, path.child('resourceFieldRef'), file.resourceFieldRef, true);
  } else {
    errors.required(path, 'one of fieldRef and resourceFieldRef is required');
  }
  validateFileMode(errors, path.child('mode'), file.mode);
}

export function validateDownwardVolume(errors: FieldErrors, path: FieldPath, source: DownwardAPIVolumeSource): void {
  validateFileMode(errors, path.child('defaultMode'), source.defaultMode);
  for (const file of source.items ?? []) validateDownwardFile(errors, path, file);
}

function validateToken(errors: FieldErrors, path: FieldPath, token: ServiceAccountTokenProjection): void {
  const seconds = token.expirationSeconds ?? 3600;
  const at = path.child('expirationSeconds');
  if (seconds < minTokenSeconds) errors.invalid(at, seconds, 'may not specify a duration less than 10 minutes');
  if (seconds > maxTokenSeconds) errors.invalid(at, seconds, 'may not specify a duration larger than 2^32 seconds');
  if (!token.path) errors.required(path.child('path'));
  else validateNonReservedPath(errors, path.child('path'), token.path);
}

function validateTrustBundle(errors: FieldErrors, path: FieldPath, bundle: ClusterTrustBundleProjection): void {
  const { name, signerName } = bundle;
  if (name !== undefined && signerName !== undefined) {
    errors.invalid(path, bundle, 'only one of name and signerName may be used');
  } else if (name === undefined && signerName === undefined) {
    errors.required(path, 'either name or signerName must be specified');
  } else if (name !== undefined) {
    if (name === '') errors.required(path.child('name'), 'must be a valid object name');
    if (bundle.labelSelector) {
      const detail = 'labelSelector must be unset if name is specified';
      errors.invalid(path.child('labelSelector'), bundle.labelSelector, detail);
    }
  } else {
    if (signerName === '') errors.required(path.child('signerName'), 'must be a valid signer name');
    validateLabelSelector(errors, path.child('labelSelector'), bundle.labelSelector);
  }
  if (!bundle.path) errors.required(path.child('path'));
  else validateNonReservedPath(errors, path.child('path'), bundle.path);
}

/** The files that one projection makes. */
function projectedPaths(projection: VolumeProjection): string[] {
  const items = [
    ...(projection.secret?.items ?? []),
    ...(projection.configMap?.items ?? []),
    ...(projection.downwardAPI?.items ?? []),
  ];
  const paths = items.map((item) => item.path);
  if (projection.clusterTrustBundle) paths.push(projection.clusterTrustBundle.path);
  return paths.filter(Boolean);
}

function validateProjection(errors: FieldErrors, path: FieldPath, projection: VolumeProjection): void {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = projection;
  if (secret) {
    requireFields(errors, path.child('secret'), secret, ['name']);
    validateItems(errors, path.child('secret'), secret.items);
  }
  if (configMap) {
    requireFields(errors, path.child('configMap'), configMap, ['name']);
    validateItems(errors, path.child('configMap'), configMap.items);
  }
  for (const file of downwardAPI?.items ?? []) validateDownwardFile(errors, path.child('downwardAPI'), file);
  if (serviceAccountToken) validateToken(errors, path.child('serviceAccountToken'), serviceAccountToken);
  if (clusterTrustBundle) validateTrustBundle(errors, path.child('clusterTrustBundle'), clusterTrustBundle);
  const kinds = [secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate];
  if (kinds.filter((kind) => kind !== undefined).length > 1) {
    errors.forbidden(path, 'may not specify more than 1 volume type per source');
  }
}

export function validateProjectedVolume(errors: FieldErrors, path: FieldPath, source: ProjectedVolumeSource): void {
  validateFileMode(errors, path.child('defaultMode'), source.defaultMode);
  const seen = new Set<string>();
  for (const [index, projection] of (source.sources ?? []).entries()) {
    validateProjection(errors, path.child('sources').index(index), projection);
    for (const file of projectedPaths(projection)) {
      if (seen.has(file)) errors.invalid(path, file, 'conflicting duplicate paths');
      seen.add(file);
    }
  }
}
