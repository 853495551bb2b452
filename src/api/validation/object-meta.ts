/** The rules of metadata. Upstream: apimachinery api/validation/objectmeta.go. */
import type { LabelSelector, LabelSelectorRequirement, ObjectMeta, OwnerReference } from '../gen/meta.v1.gen.ts';
import {
  byteLength,
  checkDnsLabel,
  checkLabelKey,
  checkLabelValue,
  maskTrailingDash,
  type NameCheck,
} from '../names.ts';
import type { Labels } from '../selectors.ts';
import { isEqual } from './equal.ts';
import { type FieldErrors, immutable } from './field-error.ts';
import type { FieldPath } from './field-path.ts';

const maxAnnotationsBytes = 256 * 1024;
const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';
/** Finalizers without a domain that the server itself knows. */
const standardFinalizers = new Set(['kubernetes', orphanFinalizer, foregroundFinalizer]);

export function validateLabels(errors: FieldErrors, path: FieldPath, labels: Labels | undefined): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    errors.invalidEach(path, key, checkLabelKey(key));
    errors.invalidEach(path, value, checkLabelValue(value));
  }
}

export function mapBytes(map: Labels | undefined): number {
  let bytes = 0;
  for (const [key, value] of Object.entries(map ?? {})) bytes += byteLength(key) + byteLength(value);
  return bytes;
}

export function validateAnnotations(errors: FieldErrors, path: FieldPath, annotations: Labels | undefined): void {
  for (const key of Object.keys(annotations ?? {})) errors.invalidEach(path, key, checkLabelKey(key.toLowerCase()));
  if (mapBytes(annotations) > maxAnnotationsBytes) errors.tooLong(path, maxAnnotationsBytes);
}

function validateOwnerReference(errors: FieldErrors, path: FieldPath, owner: OwnerReference): void {
  const version = owner.apiVersion?.split('/').at(-1);
  if (!version) errors.invalid(path.child('apiVersion'), owner.apiVersion ?? '', 'version must not be empty');
  if (!owner.kind) errors.invalid(path.child('kind'), '', 'must not be empty');
  if (!owner.name) errors.invalid(path.child('name'), '', 'must not be empty');
  if (!owner.uid) errors.invalid(path.child('uid'), '', 'must not be empty');
  if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
    errors.invalid(path, owner, '/v1, Kind=Event is disallowed from being an owner');
  }
}

function validateOwnerReferences(errors: FieldErrors, path: FieldPath, owners: readonly OwnerReference[]): void {
  let controller: string | undefined;
  for (const owner of owners) {
    validateOwnerReference(errors, path, owner);
    if (owner.controller !== true) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (controller === undefined) controller = name;
    else {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`;
      errors.invalid(path, owners, detail);
    }
  }
}

function validateFinalizers(errors: FieldErrors, path: FieldPath, finalizers: readonly string[]): void {
  for (const finalizer of finalizers) errors.invalidEach(path, finalizer, checkLabelKey(finalizer));
  if (finalizers.includes(orphanFinalizer) && finalizers.includes(foregroundFinalizer)) {
    const detail = `finalizer ${orphanFinalizer} and ${foregroundFinalizer} cannot be both set`;
    errors.invalid(path, finalizers, detail);
  }
  for (const [index, finalizer] of finalizers.entries()) {
    if (finalizer.includes('/') || standardFinalizers.has(finalizer)) continue;
    errors.invalid(path.index(index), finalizer, 'name is neither a standard finalizer name nor is it fully qualified');
  }
}

function validateCommon(errors: FieldErrors, path: FieldPath, meta: ObjectMeta): void {
  if ((meta.generation ?? 0) < 0) {
    errors.invalid(path.child('generation'), meta.generation, 'must be greater than or equal to 0');
  }
  if (meta.labels) validateLabels(errors, path.child('labels'), meta.labels);
  if (meta.annotations) validateAnnotations(errors, path.child('annotations'), meta.annotations);
  if (meta.ownerReferences) validateOwnerReferences(errors, path.child('ownerReferences'), meta.ownerReferences);
  if (meta.finalizers) validateFinalizers(errors, path.child('finalizers'), meta.finalizers);
}

export interface MetaRules {
  readonly namespaced: boolean;
  readonly checkName: NameCheck;
}

/** The metadata of a new object whose name, if it was to be generated, has been generated. */
export function validateObjectMeta(errors: FieldErrors, path: FieldPath, meta: ObjectMeta, rules: MetaRules): void {
  if (meta.generateName) {
    const problems = rules.checkName(maskTrailingDash(meta.generateName));
    errors.invalidEach(path.child('generateName'), meta.generateName, problems);
  }
  if (!meta.name) errors.required(path.child('name'), 'name or generateName is required');
  else errors.invalidEach(path.child('name'), meta.name, rules.checkName(meta.name));
  if (rules.namespaced) {
    if (!meta.namespace) errors.required(path.child('namespace'));
    else errors.invalidEach(path.child('namespace'), meta.namespace, checkDnsLabel(meta.namespace));
  } else if (meta.namespace) {
    errors.forbidden(path.child('namespace'), 'not allowed on this type');
  }
  validateCommon(errors, path, meta);
}

const immutableFields = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

/** The metadata of a changed object. */
export function validateObjectMetaUpdate(
  errors: FieldErrors,
  path: FieldPath,
  meta: ObjectMeta,
  previous: ObjectMeta,
): void {
  if (previous.deletionTimestamp !== undefined) {
    const added = (meta.finalizers ?? []).filter((finalizer) => !previous.finalizers?.includes(finalizer)).sort();
    if (added.length > 0) {
      const list = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`;
      const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
      errors.forbidden(path.child('finalizers'), detail);
    }
  }
  if ((meta.generation ?? 0) < (previous.generation ?? 0)) {
    errors.invalid(path.child('generation'), meta.generation ?? 0, 'must not be decremented');
  }
  for (const field of immutableFields) {
    if (meta[field] !== previous[field]) errors.invalid(path.child(field), meta[field], immutable);
  }
  if (!isEqual(withoutSystemFields(meta), withoutSystemFields(previous))) validateCommon(errors, path, meta);
}

/** What a client may change: if that is as before, it was valid before. */
function withoutSystemFields(meta: ObjectMeta): unknown {
  const { labels, annotations, finalizers, ownerReferences, generation } = meta;
  return { labels, annotations, finalizers, ownerReferences, generation };
}

function validateExpression(errors: FieldErrors, path: FieldPath, expression: LabelSelectorRequirement): void {
  const values = expression.values ?? [];
  switch (expression.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        errors.required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'");
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        errors.forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      }
      break;
    default:
      errors.invalid(path.child('operator'), expression.operator ?? '', 'not a valid selector operator');
  }
  errors.invalidEach(path.child('key'), expression.key ?? '', checkLabelKey(expression.key ?? ''));
  for (const [index, value] of values.entries()) {
    errors.invalidEach(path.child('values').index(index), value, checkLabelValue(value));
  }
}

export function validateLabelSelector(errors: FieldErrors, path: FieldPath, selector: LabelSelector | undefined): void {
  if (!selector) return;
  validateLabels(errors, path.child('matchLabels'), selector.matchLabels);
  for (const [index, expression] of (selector.matchExpressions ?? []).entries()) {
    validateExpression(errors, path.child('matchExpressions').index(index), expression);
  }
}
