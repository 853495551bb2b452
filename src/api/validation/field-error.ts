/** Errors about fields and the Status that carries them, in the words of Kubernetes. */
import type { ResourceType } from '../meta/resource-type.ts';
import { ApiStatusError } from '../meta/status.ts';
import type { FieldPath } from './field-path.ts';

export type FieldErrorKind =
  | 'Required'
  | 'Invalid'
  | 'Unsupported'
  | 'Forbidden'
  | 'Duplicate'
  | 'NotFound'
  | 'TooLong'
  | 'TooMany';

export interface FieldError {
  readonly kind: FieldErrorKind;
  /** `spec.containers[0].image` */
  readonly field: string;
  /** Everything after the field: `Required value: name is required`. */
  readonly message: string;
}

const words: Readonly<Record<FieldErrorKind, { readonly title: string; readonly cause: string }>> = {
  Required: { title: 'Required value', cause: 'FieldValueRequired' },
  Invalid: { title: 'Invalid value', cause: 'FieldValueInvalid' },
  Unsupported: { title: 'Unsupported value', cause: 'FieldValueNotSupported' },
  Forbidden: { title: 'Forbidden', cause: 'FieldValueForbidden' },
  Duplicate: { title: 'Duplicate value', cause: 'FieldValueDuplicate' },
  NotFound: { title: 'Not found', cause: 'FieldValueNotFound' },
  TooLong: { title: 'Too long', cause: 'FieldValueTooLong' },
  TooMany: { title: 'Too many', cause: 'FieldValueTooMany' },
};

export const immutable = 'field is immutable';

/** What the rules of one object collect. */
export class FieldErrors {
  readonly list: FieldError[] = [];

  required(path: FieldPath, detail = ''): void {
    this.#add('Required', path, detail);
  }

  invalid(path: FieldPath, value: unknown, detail: string): void {
    this.#add('Invalid', path, `${JSON.stringify(value ?? null)}: ${detail}`);
  }

  /** Of a struct or a list, whose value would say too much. */
  invalidStruct(path: FieldPath, detail: string): void {
    this.#add('Invalid', path, detail);
  }

  /** One error for each problem that a check found. */
  invalidEach(path: FieldPath, value: unknown, problems: readonly string[]): void {
    for (const problem of problems) this.invalid(path, value, problem);
  }

  unsupported(path: FieldPath, value: unknown, supported: readonly string[]): void {
    const quoted = supported.map((one) => JSON.stringify(one)).join(', ');
    this.#add('Unsupported', path, `${JSON.stringify(value ?? null)}: supported values: ${quoted}`);
  }

  forbidden(path: FieldPath, detail: string): void {
    this.#add('Forbidden', path, detail);
  }

  duplicate(path: FieldPath, value: unknown): void {
    this.#add('Duplicate', path, JSON.stringify(value));
  }

  notFound(path: FieldPath, value: unknown): void {
    this.#add('NotFound', path, JSON.stringify(value));
  }

  tooLong(path: FieldPath, maxBytes: number): void {
    this.#add('TooLong', path, `may not be more than ${maxBytes} bytes`);
  }

  tooMany(path: FieldPath, actual: number, max: number): void {
    this.#add('TooMany', path, `${actual}: must have at most ${max} items`);
  }

  #add(kind: FieldErrorKind, path: FieldPath, rest: string): void {
    const title = words[kind].title;
    this.list.push({ kind, field: path.toString(), message: rest === '' ? title : `${title}: ${rest}` });
  }
}

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
    causes: errors.map(({ kind: errorKind, message, field }) => ({ reason: words[errorKind].cause, message, field })),
  });
}
