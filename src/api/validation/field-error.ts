/** Errors about fields and the Status that carries them, in the words of Kubernetes. */
import type { ResourceType } from '../meta/resource-type.ts';
import { ApiStatusError } from '../meta/status.ts';

export type FieldErrorKind =
  | 'Required'
  | 'Invalid'
  | 'Unsupported'
  | 'Forbidden'
  | 'Duplicate'
  | 'NotFound'
  | 'TooLong'
  | 'TooMany'
  | 'TypeInvalid'
  | 'Internal';

export interface FieldError {
  readonly kind: FieldErrorKind;
  /** `spec.containers[0].image` */
  readonly field: string;
  /** Everything after the field: `Required value: name is required`. */
  readonly message: string;
}

const causeReasons: Readonly<Record<FieldErrorKind, string>> = {
  Required: 'FieldValueRequired',
  Invalid: 'FieldValueInvalid',
  Unsupported: 'FieldValueNotSupported',
  Forbidden: 'FieldValueForbidden',
  Duplicate: 'FieldValueDuplicate',
  NotFound: 'FieldValueNotFound',
  TooLong: 'FieldValueTooLong',
  TooMany: 'FieldValueTooMany',
  TypeInvalid: 'FieldValueTypeInvalid',
  Internal: 'InternalError',
};

/** The 422 answer for an object that broke rules. `errors` must not be empty. */
export function invalid(
  type: Pick<ResourceType, 'group' | 'kind'>,
  name: string,
  errors: readonly FieldError[],
): ApiStatusError {
  const texts = [...new Set(errors.map((error) => `${error.field}: ${error.message}`))];
  const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const kind = type.group === '' ? type.kind : `${type.kind}.${type.group}`;
  return ApiStatusError.of('Invalid', `${kind} "${name}" is invalid: ${text}`, {
    name,
    group: type.group,
    kind: type.kind,
    causes: errors.map((error) => ({
      reason: causeReasons[error.kind],
      message: error.message,
      field: error.field,
    })),
  });
}
