/** The options of a request, from its query. Values that make no sense are refused, unknown parameters are not read. */
import {
  ApiStatusError,
  type DeleteOptions,
  invalid,
  type ListOptions,
  type WatchOptions,
  type WriteOptions,
} from '../../api/index.ts';
import { refuseOption } from '../pipeline/revision.ts';

const maxFieldManagerLength = 128;
const fieldValidations = ['Ignore', 'Warn', 'Strict'] as const;

function text(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) || undefined;
}

function badParameter(name: string, value: string): ApiStatusError {
  const shown = JSON.stringify(value);
  return ApiStatusError.of('BadRequest', `${name}: Invalid value: ${shown}: strconv: parsing ${shown}: invalid syntax`);
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const value = text(query, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^-?\d+$/.test(value) || !Number.isSafeInteger(number)) throw badParameter(name, value);
  return number;
}

/** As Go's strconv.ParseBool; a parameter without a value counts as true. */
function boolean(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (value === '' || /^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw badParameter(name, value);
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

function readOptions(query: URLSearchParams) {
  return {
    ...optional('labelSelector', text(query, 'labelSelector')),
    ...optional('fieldSelector', text(query, 'fieldSelector')),
    ...optional('resourceVersion', text(query, 'resourceVersion')),
    // Checked by the pipeline, which knows what goes with what.
    ...optional('resourceVersionMatch', text(query, 'resourceVersionMatch') as ListOptions['resourceVersionMatch']),
  };
}

export function listOptionsOf(query: URLSearchParams): ListOptions {
  if (query.has('sendInitialEvents')) refuseOption('sendInitialEvents', 'sendInitialEvents is forbidden for list');
  return {
    ...readOptions(query),
    ...optional('limit', integer(query, 'limit')),
    ...optional('continue', text(query, 'continue')),
  };
}

export function watchOptionsOf(query: URLSearchParams): WatchOptions {
  return {
    ...readOptions(query),
    ...optional('allowWatchBookmarks', boolean(query, 'allowWatchBookmarks')),
    ...optional('sendInitialEvents', boolean(query, 'sendInitialEvents')),
    ...optional('timeoutSeconds', integer(query, 'timeoutSeconds')),
  };
}

export function isWatch(query: URLSearchParams): boolean {
  return boolean(query, 'watch') ?? false;
}

function dryRunOf(query: URLSearchParams): boolean {
  const values = query.getAll('dryRun').filter(Boolean);
  for (const value of values) {
    if (value === 'All') continue;
    const message = `Unsupported value: ${JSON.stringify(value)}: supported values: "All"`;
    throw invalid({ group: 'meta.k8s.io', kind: 'CreateOptions' }, '', [
      { kind: 'Unsupported', field: 'dryRun', message },
    ]);
  }
  return values.length > 0;
}

export function writeOptionsOf(query: URLSearchParams): WriteOptions {
  const fieldManager = text(query, 'fieldManager');
  if (fieldManager && fieldManager.length > maxFieldManagerLength) {
    const message = `Invalid value: ${JSON.stringify(fieldManager)}: may not be longer than ${maxFieldManagerLength}`;
    throw invalid({ group: 'meta.k8s.io', kind: 'CreateOptions' }, '', [
      { kind: 'Invalid', field: 'fieldManager', message },
    ]);
  }
  return {
    ...optional('fieldManager', fieldManager),
    ...optional('fieldValidation', fieldValidationOf(query)),
    ...optional('dryRun', dryRunOf(query) || undefined),
    ...optional('force', boolean(query, 'force')),
  };
}

function fieldValidationOf(query: URLSearchParams): WriteOptions['fieldValidation'] {
  const value = text(query, 'fieldValidation');
  if (value === undefined) return undefined;
  const known = fieldValidations.find((candidate) => candidate === value);
  if (known) return known;
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: "Ignore", "Strict", "Warn"`;
  throw invalid({ group: 'meta.k8s.io', kind: 'CreateOptions' }, '', [
    { kind: 'Unsupported', field: 'fieldValidation', message },
  ]);
}

/** Delete options come in the body or, from clients that send none, in the query. */
export function deleteOptionsOf(query: URLSearchParams): DeleteOptions {
  return {
    ...optional('gracePeriodSeconds', integer(query, 'gracePeriodSeconds')),
    ...optional('propagationPolicy', text(query, 'propagationPolicy')),
    ...optional('orphanDependents', boolean(query, 'orphanDependents')),
    ...optional('dryRun', dryRunOf(query) ? ['All'] : undefined),
  };
}
