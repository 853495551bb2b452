/** The spec of a claim, and of the templates that claims are made from [A11]. */
import type { PersistentVolumeClaimSpec, TypedObjectReference } from '../gen/core.v1.gen.ts';
import { checkDnsLabel, checkDnsSubdomain } from '../names.ts';
import { compareQuantities } from '../quantity.ts';
import type { FieldErrors } from './field-error.ts';
import type { FieldPath } from './field-path.ts';
import { validateLabelSelector } from './object-meta.ts';

export const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const volumeModes = ['Block', 'Filesystem'];

export function validateAccessModes(errors: FieldErrors, path: FieldPath, modes: readonly string[]): void {
  for (const mode of modes) if (!accessModes.includes(mode)) errors.unsupported(path, mode, accessModes);
  const known = modes.filter((mode) => accessModes.includes(mode));
  if (known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod')) {
    errors.forbidden(path, 'may not use ReadWriteOncePod with other access modes');
  }
}

export function validatePositive(errors: FieldErrors, path: FieldPath, quantity: string): void {
  if (compareQuantities(quantity, '0') <= 0) errors.invalid(path, quantity, 'must be greater than zero');
}

function validateDataSource(errors: FieldErrors, path: FieldPath, source: TypedObjectReference): void {
  if (!source.name) errors.required(path.child('name'));
  if (!source.kind) errors.required(path.child('kind'));
  const group = source.apiGroup ?? '';
  if (group === '' && source.kind !== 'PersistentVolumeClaim') {
    const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    errors.invalid(path, source.kind ?? '', detail);
  }
  if (group !== '') errors.invalidEach(path.child('apiGroup'), group, checkDnsSubdomain(group));
  if (source.namespace) {
    errors.invalidEach(path.child('namespace'), source.namespace, checkDnsLabel(source.namespace));
  }
}

function validateDataSources(errors: FieldErrors, path: FieldPath, spec: PersistentVolumeClaimSpec): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource) validateDataSource(errors, path.child('dataSource'), dataSource);
  if (!dataSourceRef) return;
  validateDataSource(errors, path.child('dataSourceRef'), dataSourceRef);
  if (!dataSource) return;
  if (dataSourceRef.namespace) {
    const detail = 'may not be specified when dataSourceRef.namespace is specified';
    errors.invalid(path, path.child('dataSource').toString(), detail);
  } else if (
    (dataSource.apiGroup ?? '') !== (dataSourceRef.apiGroup ?? '') ||
    dataSource.kind !== dataSourceRef.kind ||
    dataSource.name !== dataSourceRef.name
  ) {
    errors.invalid(path, path.child('dataSource').toString(), 'must match dataSourceRef');
  }
}

/** Checks a class name, if there is one. */
export function validateClassName(errors: FieldErrors, path: FieldPath, className: string | undefined): void {
  if (className) errors.invalidEach(path, className, checkDnsSubdomain(className));
}

export function validateClaimSpec(errors: FieldErrors, path: FieldPath, spec: PersistentVolumeClaimSpec): void {
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) errors.required(path.child('accessModes'), 'at least 1 access mode is required');
  if (spec.selector) validateLabelSelector(errors, path.child('selector'), spec.selector);
  validateAccessModes(errors, path.child('accessModes'), modes);
  const request = spec.resources?.requests?.storage;
  if (request === undefined) errors.required(path.child('resources').key('storage'));
  else validatePositive(errors, path.child('resources').key('storage'), request);
  validateClassName(errors, path.child('storageClassName'), spec.storageClassName);
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) {
    errors.unsupported(path.child('volumeMode'), spec.volumeMode, volumeModes);
  }
  validateDataSources(errors, path, spec);
  validateClassName(errors, path.child('volumeAttributesClassName'), spec.volumeAttributesClassName);
}
