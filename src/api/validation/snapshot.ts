/**
 * The kinds of snapshots [S1]: what the definitions say that Kubernetes clusters install them with. As there, the rules
 * between fields are checked once each field alone is well.
 */
import type {
  VolumeSnapshot,
  VolumeSnapshotClass,
  VolumeSnapshotContent,
  VolumeSnapshotContentSpec,
} from '../gen/snapshot.v1.gen.ts';
import type { FieldErrors } from './field-error.ts';
import { FieldPath } from './field-path.ts';

const deletionPolicies = ['Delete', 'Retain'];
const specPath = FieldPath.of('spec');
const sourcePath = specPath.child('source');
const restoreSizePath = FieldPath.of('status', 'restoreSize');
const uncheckedRules =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

interface PolicyOfDriver {
  readonly deletionPolicy: string;
  readonly driver: string;
}

/** Says what is wrong with the fields alone; whether they are well. */
function validateFields(errors: FieldErrors, { deletionPolicy, driver }: PolicyOfDriver, parent?: FieldPath): boolean {
  const path = (name: string): FieldPath => parent?.child(name) ?? FieldPath.of(name);
  if (!deletionPolicy) errors.required(path('deletionPolicy'));
  if (!driver) errors.required(path('driver'));
  if (deletionPolicy && !deletionPolicies.includes(deletionPolicy)) {
    errors.unsupported(path('deletionPolicy'), deletionPolicy, deletionPolicies);
  }
  if (errors.list.length === 0) return true;
  errors.invalid(FieldPath.of('<nil>'), undefined, uncheckedRules);
  return false;
}

/** Exactly one of two fields must be set. */
function validateSource<T extends object>(
  errors: FieldErrors,
  source: T,
  names: readonly [keyof T & string, keyof T & string],
): void {
  const set = names.filter((name) => source[name] !== undefined);
  if (set.length === 1) return;
  errors.invalidStruct(sourcePath, `exactly one of ${names.join(' and ')} must be set`);
}

function validateOnceSet<T extends object>(
  errors: FieldErrors,
  path: FieldPath,
  { now, before }: { readonly now: T; readonly before: T },
  ...names: readonly (keyof T & string)[]
): void {
  for (const name of names) {
    if (before[name] === undefined || now[name] === before[name]) continue;
    if (now[name] === undefined) errors.invalidStruct(path, `${name} is required once set`);
    else errors.invalid(path.child(name), now[name], `${name} is immutable`);
  }
}

export function validateVolumeSnapshot(errors: FieldErrors, { spec }: VolumeSnapshot): void {
  validateSource(errors, spec.source, ['volumeSnapshotContentName', 'persistentVolumeClaimName']);
  if (spec.volumeSnapshotClassName !== '') return;
  const path = specPath.child('volumeSnapshotClassName');
  errors.invalid(path, '', 'volumeSnapshotClassName must not be the empty string when set');
}

export function validateVolumeSnapshotUpdate(
  errors: FieldErrors,
  snapshot: VolumeSnapshot,
  previous: VolumeSnapshot,
): void {
  const sources = { now: snapshot.spec.source, before: previous.spec.source };
  validateOnceSet(errors, sourcePath, sources, 'persistentVolumeClaimName', 'volumeSnapshotContentName');
  validateVolumeSnapshot(errors, snapshot);
}

function validateContentRules(errors: FieldErrors, spec: VolumeSnapshotContentSpec): void {
  validateSource(errors, spec.source, ['volumeHandle', 'snapshotHandle']);
  const { name, namespace } = spec.volumeSnapshotRef;
  if (name !== undefined && namespace !== undefined) return;
  errors.invalidStruct(
    specPath.child('volumeSnapshotRef'),
    'both spec.volumeSnapshotRef.name and spec.volumeSnapshotRef.namespace must be set',
  );
}

export function validateVolumeSnapshotContent(errors: FieldErrors, { spec }: VolumeSnapshotContent): void {
  if (validateFields(errors, spec, specPath)) validateContentRules(errors, spec);
}

export function validateVolumeSnapshotContentUpdate(
  errors: FieldErrors,
  { spec }: VolumeSnapshotContent,
  previous: VolumeSnapshotContent,
): void {
  if (!validateFields(errors, spec, specPath)) return;
  const sources = { now: spec.source, before: previous.spec.source };
  validateOnceSet(errors, sourcePath, sources, 'volumeHandle', 'snapshotHandle');
  validateOnceSet(errors, specPath, { now: spec, before: previous.spec }, 'sourceVolumeMode');
  validateContentRules(errors, spec);
}

/** A quantity; it is kept as it was written. */
const sizePattern =
  /^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$/;

export function validateVolumeSnapshotStatus(errors: FieldErrors, { status }: VolumeSnapshot): void {
  const { restoreSize } = status ?? {};
  if (restoreSize === undefined || sizePattern.test(restoreSize)) return;
  errors.invalid(restoreSizePath, restoreSize, `${restoreSizePath} in body should match '${sizePattern.source}'`);
}

export function validateVolumeSnapshotContentStatus(errors: FieldErrors, { status }: VolumeSnapshotContent): void {
  const { restoreSize = 0 } = status ?? {};
  if (restoreSize >= 0) return;
  errors.invalid(restoreSizePath, restoreSize, `${restoreSizePath} in body should be greater than or equal to 0`);
}

export function validateVolumeSnapshotClass(errors: FieldErrors, snapshotClass: VolumeSnapshotClass): void {
  validateFields(errors, snapshotClass);
}
