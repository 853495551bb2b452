/** Fields of a configuration file, each refused by its path as upstream names it: `profiles[0].schedulerName`. */
import { UsageError } from '../../base/index.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function under(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`;
}

/** Upstream: field.Invalid. */
export function invalid(path: string, value: unknown, why: string): UsageError {
  return new UsageError(`--config: ${path}: Invalid value: ${JSON.stringify(value)}: ${why}`);
}

/** Upstream: field.Duplicate. */
export function duplicate(path: string, value: unknown): UsageError {
  return new UsageError(`--config: ${path}: Duplicate value: ${JSON.stringify(value)}`);
}

/** Upstream: field.Required. */
export function required(path: string, why = ''): UsageError {
  return new UsageError(`--config: ${path}: Required value${why === '' ? '' : `: ${why}`}`);
}

/** Of something that upstream has and that has no effect here: nobody is to believe in a setting that is not there. */
export function unsupported(path: string): UsageError {
  return new UsageError(`--config: ${path} is not supported`);
}

/** Nothing given: no fields. */
export function fieldsOf(value: unknown, path: string, known: readonly string[]): Fields {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new UsageError(`--config: ${path} must hold fields`);
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) throw unsupported(under(path, unknown));
  return value as Fields;
}

/** Nothing given: an empty list. */
export function listOf(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new UsageError(`--config: ${path} must be a list`);
  return value;
}

interface Range {
  readonly atLeast: number;
  readonly atMost?: number;
  /** What upstream says when it is not kept. */
  readonly why: string;
}

export function integerOf(value: unknown, path: string, { atLeast, atMost, why }: Range): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw invalid(path, value, 'must be a whole number');
  if (value < atLeast || value > (atMost ?? value)) throw invalid(path, value, why);
  return value;
}

export function boolOf(value: unknown, path: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw invalid(path, value, 'must be true or false');
  return value;
}

/** Not empty. */
export function nameOf(value: unknown, path: string): string {
  if (value === undefined || value === null || value === '') throw required(path);
  if (typeof value !== 'string') throw invalid(path, value, 'must be a name');
  return value;
}
