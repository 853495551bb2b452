/** Claims [A11]. */
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../gen/core.v1.gen.ts';
import { checkLabelKey } from '../names.ts';
import { compareQuantities } from '../quantity.ts';
import { annBetaStorageClass } from '../well-known.ts';
import { validateClaimSpec } from './claim-spec.ts';
import { describeChange, isEqual } from './equal.ts';
import { type FieldErrors, immutable } from './field-error.ts';
import { FieldPath } from './field-path.ts';

const specPath = FieldPath.of('spec');
const storagePath = FieldPath.of('spec', 'resources', 'requests', 'storage');
const attributesClassPath = FieldPath.of('spec', 'volumeAttributesClassName');
const resizeStatuses = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];

export function validateClaim(errors: FieldErrors, claim: PersistentVolumeClaim): void {
  validateClaimSpec(errors, specPath, claim.spec ?? {});
}

function annotatedClass(claim: PersistentVolumeClaim): string | undefined {
  return claim.metadata.annotations?.[annBetaStorageClass];
}

/** Whether the class moves from the old annotation to the field, which changes nothing. */
function movesClassToField(claim: PersistentVolumeClaim, previous: PersistentVolumeClaim): boolean {
  const before = annotatedClass(previous);
  const annotation = annotatedClass(claim);
  return (
    before !== undefined &&
    previous.spec.storageClassName === undefined &&
    claim.spec.storageClassName === before &&
    (annotation === undefined || annotation === before)
  );
}

/** Whether a claim without a class gets one, which is allowed once. */
function gainsClass(claim: PersistentVolumeClaim, previous: PersistentVolumeClaim): boolean {
  const annotation = annotatedClass(previous);
  return (
    claim.spec.storageClassName !== undefined &&
    previous.spec.storageClassName === undefined &&
    (annotation === undefined || annotation === claim.spec.storageClassName)
  );
}

/** The new spec with everything that may change put back: what then differs may not. */
function withAllowedChangesUndone(
  claim: PersistentVolumeClaim,
  previous: PersistentVolumeClaim,
): PersistentVolumeClaimSpec {
  const spec: Record<string, unknown> = { ...claim.spec };
  const before = previous.spec;
  if (!before.volumeName) spec.volumeName = before.volumeName;
  if (movesClassToField(claim, previous) || gainsClass(claim, previous)) {
    spec.storageClassName = before.storageClassName;
  }
  if (previous.status?.phase === 'Bound') {
    const requests = claim.spec.resources?.requests;
    if (requests) {
      const { storage: _, ...others } = requests;
      const storage = before.resources?.requests?.storage;
      const restored = storage === undefined ? others : { ...others, storage };
      spec.resources = { ...claim.spec.resources, requests: restored };
    }
    if (claim.spec.volumeAttributesClassName !== undefined) {
      spec.volumeAttributesClassName = before.volumeAttributesClassName;
    }
  }
  return spec;
}

function validateShrink(errors: FieldErrors, claim: PersistentVolumeClaim, previous: PersistentVolumeClaim): void {
  const before = previous.spec.resources?.requests?.storage ?? '0';
  const after = claim.spec.resources?.requests?.storage ?? '0';
  if (compareQuantities(after, before) >= 0) return;
  if (compareQuantities(after, previous.status?.capacity?.storage ?? '0') <= 0) {
    errors.forbidden(storagePath, 'field can not be less than status.capacity');
  }
}

/** A class that is applied, or being applied, cannot be taken away again. */
function validateAttributesClass(
  errors: FieldErrors,
  claim: PersistentVolumeClaim,
  previous: PersistentVolumeClaim,
): void {
  const before = previous.spec.volumeAttributesClassName;
  const after = claim.spec.volumeAttributesClassName;
  if (!before || before === after || after) return;
  if (previous.status?.currentVolumeAttributesClassName === undefined) return;
  const what = after === undefined ? 'nil' : 'an empty string';
  const detail = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  errors.forbidden(attributesClassPath, detail);
}

export function validateClaimUpdate(
  errors: FieldErrors,
  claim: PersistentVolumeClaim,
  previous: PersistentVolumeClaim,
): void {
  validateClaim(errors, claim);
  if (!movesClassToField(claim, previous) && annotatedClass(claim) !== annotatedClass(previous)) {
    const path = FieldPath.of('metadata', 'annotations').key(annBetaStorageClass);
    errors.invalid(path, annotatedClass(claim) ?? '', immutable);
  }
  const comparable = withAllowedChangesUndone(claim, previous);
  if (!isEqual(comparable, previous.spec)) {
    const rule =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    errors.forbidden(specPath, `${rule}\n${describeChange(previous.spec, comparable)}`);
  }
  validateShrink(errors, claim, previous);
  if (claim.spec.volumeMode !== previous.spec.volumeMode) {
    errors.invalid(FieldPath.of('volumeMode'), claim.spec.volumeMode, immutable);
  }
  validateAttributesClass(errors, claim, previous);
}

function validateResourceKey(errors: FieldErrors, path: FieldPath, name: string): void {
  const problems = checkLabelKey(name);
  errors.invalidEach(path, name, problems);
  const isNative = !name.includes('/') || name.includes('kubernetes.io/');
  if (problems.length === 0 && isNative && name !== 'storage') errors.unsupported(path, name, ['storage']);
}

function validateNonNegative(errors: FieldErrors, path: FieldPath, quantity: string): void {
  if (compareQuantities(quantity, '0') < 0) errors.invalid(path, quantity, 'must be greater than or equal to 0');
}

export function validateClaimStatus(errors: FieldErrors, claim: PersistentVolumeClaim): void {
  const { capacity, allocatedResources, allocatedResourceStatuses } = claim.status ?? {};
  for (const [name, quantity] of Object.entries(capacity ?? {})) {
    validateNonNegative(errors, FieldPath.of('status', 'capacity').key(name), quantity);
  }
  const statusPath = FieldPath.of('status', 'allocatedResourceStatus');
  for (const [name, status] of Object.entries(allocatedResourceStatuses ?? {})) {
    validateResourceKey(errors, statusPath, name);
    if (!resizeStatuses.includes(status)) errors.unsupported(statusPath, status, resizeStatuses);
  }
  const resourcesPath = FieldPath.of('status', 'allocatedResources');
  for (const [name, quantity] of Object.entries(allocatedResources ?? {})) {
    validateResourceKey(errors, resourcesPath, name);
    validateNonNegative(errors, resourcesPath.key(name), quantity);
  }
}
