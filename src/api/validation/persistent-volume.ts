/** PersistentVolumes, also inlined in a VolumeAttachment [A9, A10]. */
import type {
  CSIPersistentVolumeSource,
  NodeSelectorTerm,
  PersistentVolume,
  PersistentVolumeSpec,
} from '../gen/core.v1.gen.ts';
import { checkDnsLabel } from '../names.ts';
import { validateAccessModes, validateClassName, validatePositive, volumeModes } from './claim-spec.ts';
import { describeChange, isEqual } from './equal.ts';
import { type FieldErrors, immutable } from './field-error.ts';
import { FieldPath } from './field-path.ts';
import { validateNodeSelector } from './node-selector.ts';
import * as sources from './volume-sources.ts';

const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];

/** The properties of a spec that are volume sources, in the order of the checks. */
type SourceName =
  | 'hostPath'
  | 'gcePersistentDisk'
  | 'awsElasticBlockStore'
  | 'glusterfs'
  | 'flocker'
  | 'nfs'
  | 'rbd'
  | 'quobyte'
  | 'cephfs'
  | 'iscsi'
  | 'cinder'
  | 'fc'
  | 'flexVolume'
  | 'azureFile'
  | 'vsphereVolume'
  | 'photonPersistentDisk'
  | 'portworxVolume'
  | 'azureDisk'
  | 'scaleIO'
  | 'local'
  | 'storageos'
  | 'csi';

type Rules = {
  readonly [K in SourceName]: (
    errors: FieldErrors,
    path: FieldPath,
    source: NonNullable<PersistentVolumeSpec[K]>,
  ) => void;
};

function requires(...names: readonly string[]) {
  return (errors: FieldErrors, path: FieldPath, source: object) => sources.requireFields(errors, path, source, names);
}

function validateCsi(errors: FieldErrors, path: FieldPath, source: CSIPersistentVolumeSource): void {
  sources.validateDriverName(errors, path.child('driver'), source.driver);
  sources.requireFields(errors, path, source, ['volumeHandle']);
  const references = [
    'controllerPublishSecretRef',
    'nodeStageSecretRef',
    'controllerExpandSecretRef',
    'nodePublishSecretRef',
    'nodeExpandSecretRef',
  ] as const;
  for (const name of references) sources.validateSecretReference(errors, path.child(name), source[name]);
}

const rules: Rules = {
  hostPath: sources.validateHostPath,
  gcePersistentDisk: sources.validateGcePersistentDisk,
  awsElasticBlockStore: sources.validateAwsElasticBlockStore,
  glusterfs: (errors, path, source) => {
    sources.requireFields(errors, path, source, ['endpoints', 'path']);
    const namespace = source.endpointsNamespace;
    if (namespace !== undefined) {
      errors.invalidEach(path.child('endpointsNamespace'), namespace, checkDnsLabel(namespace));
    }
  },
  flocker: (errors, path, source) => {
    if (!source.datasetName && !source.datasetUUID) {
      errors.required(path, 'one of datasetName and datasetUUID is required');
    }
  },
  nfs: sources.validateNfs,
  rbd: requires('monitors', 'image'),
  quobyte: sources.validateQuobyte,
  cephfs: requires('monitors'),
  iscsi: sources.validateIscsi,
  cinder: (errors, path, source) => {
    sources.requireFields(errors, path, source, ['volumeID']);
    sources.validateNamedSecret(errors, path, source, true);
  },
  fc: sources.validateFc,
  flexVolume: sources.validateFlex,
  azureFile: (errors, path, source) => {
    sources.requireFields(errors, path, source, ['secretName', 'shareName']);
    if (source.secretNamespace === '') errors.required(path.child('secretNamespace'));
  },
  vsphereVolume: requires('volumePath'),
  photonPersistentDisk: requires('pdID'),
  portworxVolume: requires('volumeID'),
  azureDisk: sources.validateAzureDisk,
  scaleIO: requires('gateway', 'system', 'volumeName'),
  local: sources.validateLocal,
  storageos: (errors, path, source) => sources.validateStorageOs(errors, path, source, true),
  csi: validateCsi,
};
const sourceNames = Object.keys(rules) as readonly SourceName[];

function applyRule<K extends SourceName>(
  errors: FieldErrors,
  path: FieldPath,
  spec: PersistentVolumeSpec,
  name: K,
): void {
  const source = spec[name];
  if (source !== undefined) rules[name](errors, path.child(name), source as NonNullable<PersistentVolumeSpec[K]>);
}

function validateSource(errors: FieldErrors, path: FieldPath, spec: PersistentVolumeSpec, name: string): void {
  const [first, ...others] = sourceNames.filter((source) => spec[source] !== undefined);
  if (first === undefined) errors.required(path, 'must specify a volume type');
  else applyRule(errors, path, spec, first);
  for (const other of others) errors.forbidden(path.child(other), 'may not specify more than 1 volume type');
  if (spec.local && spec.nodeAffinity?.required === undefined) {
    errors.required(path.child('nodeAffinity'), 'Local volume requires node affinity');
  }
  if (spec.iscsi && sources.iscsiNameTooLong(name, spec.iscsi)) {
    errors.invalid(path.child('iscsi', 'targetportal'), spec.iscsi.targetPortal, sources.iscsiNameDetail);
  }
}

function validateCapacity(errors: FieldErrors, path: FieldPath, spec: PersistentVolumeSpec): void {
  const capacity = spec.capacity ?? {};
  const names = Object.keys(capacity);
  if (names.length === 0) errors.required(path);
  if (capacity.storage === undefined || names.length > 1) errors.unsupported(path, capacity, ['storage']);
  for (const [name, quantity] of Object.entries(capacity)) validatePositive(errors, path.key(name), quantity);
}

function isRoot(path: string): boolean {
  return path.split('/').every((segment) => segment === '' || segment === '.');
}

/** What may not be said of a volume that has no object of its own. */
function validateInline(errors: FieldErrors, path: FieldPath, spec: PersistentVolumeSpec): void {
  const detail = 'may not be specified in the context of inline volumes';
  for (const name of ['claimRef', 'capacity', 'nodeAffinity'] as const) {
    if (spec[name] !== undefined) errors.forbidden(path.child(name), detail);
  }
  if (spec.storageClassName) errors.forbidden(path.child('storageClassName'), detail);
  if (!spec.csi) errors.required(path.child('csi'), 'has to be specified in the context of inline volumes');
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy && policy !== 'Retain') {
    const at = path.child('persistentVolumeReclaimPolicy');
    errors.forbidden(at, 'may only be Retain in the context of inline volumes');
  }
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Filesystem') {
    const rule = 'may not specify volumeMode other than Filesystem in the context of inline volumes';
    errors.forbidden(path.child('volumeMode'), rule);
  }
}

function validateOwn(errors: FieldErrors, path: FieldPath, spec: PersistentVolumeSpec): void {
  validateCapacity(errors, path.child('capacity'), spec);
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy && !reclaimPolicies.includes(policy)) {
    errors.unsupported(path.child('persistentVolumeReclaimPolicy'), policy, reclaimPolicies);
  }
  if (spec.nodeAffinity) {
    const at = path.child('nodeAffinity', 'required');
    if (!spec.nodeAffinity.required) errors.required(at, 'must specify required node constraints');
    else validateNodeSelector(errors, at, spec.nodeAffinity.required);
  }
  validateClassName(errors, path.child('storageClassName'), spec.storageClassName);
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) {
    errors.unsupported(path.child('volumeMode'), spec.volumeMode, volumeModes);
  }
}

export interface VolumeSpecContext {
  /** Of the PersistentVolume; '' for an inline volume. */
  readonly name: string;
  readonly inline: boolean;
}

export function validateVolumeSpec(
  errors: FieldErrors,
  path: FieldPath,
  spec: PersistentVolumeSpec,
  { name, inline }: VolumeSpecContext,
): void {
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) errors.required(path.child('accessModes'));
  validateAccessModes(errors, path.child('accessModes'), modes);
  if (inline) validateInline(errors, path, spec);
  else validateOwn(errors, path, spec);
  validateSource(errors, path, spec, name);
  if (spec.hostPath?.path && isRoot(spec.hostPath.path) && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const at = path.child('persistentVolumeReclaimPolicy');
    errors.forbidden(at, "may not be 'recycle' for a hostPath mount of '/'");
  }
  const attributesClass = spec.volumeAttributesClassName;
  if (attributesClass === undefined) return;
  if (attributesClass === '') {
    errors.required(path.child('volumeAttributesClassName'), 'an empty string is disallowed');
  }
  validateClassName(errors, path.child('volumeAttributesClassName'), attributesClass);
  if (!spec.csi) errors.required(path.child('csi'), 'has to be specified when using volumeAttributesClassName');
}

export function validatePersistentVolume(errors: FieldErrors, volume: PersistentVolume): void {
  validateVolumeSpec(errors, FieldPath.of('spec'), volume.spec ?? {}, { name: volume.metadata.name, inline: false });
}

/** The sources of a spec, without the expansion secrets if the stored volume has none: those may be added later. */
function sourcesOf(spec: PersistentVolumeSpec, stored: PersistentVolumeSpec): Record<string, unknown> {
  const entries = sourceNames.filter((name) => spec[name] !== undefined).map((name) => [name, spec[name]] as const);
  const result: Record<string, unknown> = Object.fromEntries(entries);
  if (!spec.csi || !stored.csi) return result;
  const { controllerExpandSecretRef, nodeExpandSecretRef, ...csi } = spec.csi;
  result.csi = {
    ...csi,
    ...(stored.csi.controllerExpandSecretRef ? { controllerExpandSecretRef } : {}),
    ...(stored.csi.nodeExpandSecretRef ? { nodeExpandSecretRef } : {}),
  };
  return result;
}

const renamedLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

/** The term with labels by their present names: renaming them changes nothing. */
function modernised(term: NodeSelectorTerm): NodeSelectorTerm {
  if (!term.matchExpressions) return term;
  const expressions = term.matchExpressions.map((expression) => ({
    ...expression,
    key: renamedLabels[expression.key] ?? expression.key,
  }));
  return { ...term, matchExpressions: expressions };
}

function affinityTerms(spec: PersistentVolumeSpec): readonly NodeSelectorTerm[] {
  return (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).map(modernised);
}

export function validatePersistentVolumeUpdate(
  errors: FieldErrors,
  volume: PersistentVolume,
  previous: PersistentVolume,
): void {
  validatePersistentVolume(errors, volume);
  const before = sourcesOf(previous.spec, previous.spec);
  const after = sourcesOf(volume.spec, previous.spec);
  if (!isEqual(before, after)) {
    const detail = `spec.persistentvolumesource is immutable after creation\n${describeChange(before, after)}`;
    errors.forbidden(FieldPath.of('spec', 'persistentvolumesource'), detail);
  }
  if (volume.spec.volumeMode !== previous.spec.volumeMode) {
    errors.invalid(FieldPath.of('volumeMode'), volume.spec.volumeMode, immutable);
  }
  if (previous.spec.nodeAffinity && !isEqual(affinityTerms(volume.spec), affinityTerms(previous.spec))) {
    errors.invalid(FieldPath.of('nodeAffinity'), volume.spec.nodeAffinity, immutable);
  }
  if (previous.spec.volumeAttributesClassName !== undefined && volume.spec.volumeAttributesClassName === undefined) {
    const detail = 'update from non-nil value to nil is forbidden';
    errors.forbidden(FieldPath.of('spec', 'volumeAttributesClassName'), detail);
  }
}
