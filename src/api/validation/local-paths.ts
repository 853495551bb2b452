/** Paths inside volumes and containers. */
import type { FieldErrors } from './field-error.ts';
import type { FieldPath } from './field-path.ts';

export const maxFileMode = 0o777;
const fileModeDetail = 'must be a number between 0 and 0777 (octal), both inclusive';

export function hasBackstep(path: string): boolean {
  return path.split('/').includes('..');
}

export function validateNoBacksteps(errors: FieldErrors, path: FieldPath, target: string): void {
  if (hasBackstep(target)) errors.invalid(path, target, "must not contain '..'");
}

/** A relative path that stays below where it starts. */
export function validateDescendingPath(errors: FieldErrors, path: FieldPath, target: string): void {
  if (target.startsWith('/')) errors.invalid(path, target, 'must be a relative path');
  validateNoBacksteps(errors, path, target);
}

/** A descending path that does not begin with `..`, which names of the atomic writer do. */
export function validateNonReservedPath(errors: FieldErrors, path: FieldPath, target: string): void {
  validateDescendingPath(errors, path, target);
  if (target.startsWith('..') && target !== '..' && !target.startsWith('../')) {
    errors.invalid(path, target, "must not start with '..'");
  }
}

export function validateFileMode(errors: FieldErrors, path: FieldPath, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > maxFileMode)) errors.invalid(path, mode, fileModeDetail);
}
