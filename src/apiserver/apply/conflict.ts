/** The answer to an apply that changes what others manage. Upstream: apimachinery managedfields/internal/conflict.go. */
import { ApiStatusError } from '../../api/index.ts';
import type { FieldSet } from './field-set.ts';
import type { Manager } from './managed-fields.ts';

export interface FieldConflict {
  readonly manager: Manager;
  readonly fields: FieldSet;
}

function shownManager({ name, operation, subresource, apiVersion, time }: Manager): string {
  const named =
    JSON.stringify(name) + (subresource === undefined ? '' : ` with subresource ${JSON.stringify(subresource)}`);
  if (operation === 'Apply') return named;
  return `${named} using ${apiVersion}${time === undefined ? '' : ` at ${time}`}`;
}

export function conflictError(conflicts: readonly FieldConflict[]): ApiStatusError {
  const all = conflicts
    .flatMap(({ manager, fields }) => fields.paths().map((path) => ({ manager: shownManager(manager), path })))
    .sort((left, right) => (left.manager < right.manager ? -1 : left.manager > right.manager ? 1 : 0));
  const causes = all.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${manager}`,
    field: path,
  }));
  return ApiStatusError.of('Conflict', messageFor(all), { causes });
}

function messageFor(conflicts: readonly { readonly manager: string; readonly path: string }[]): string {
  const [only, ...more] = conflicts;
  if (only && more.length === 0) return `Apply failed with 1 conflict: conflict with ${only.manager}: ${only.path}`;
  const lines = [...Map.groupBy(conflicts, ({ manager }) => manager)].flatMap(([manager, of]) => [
    `conflicts with ${manager}:`,
    ...of.map(({ path }) => `- ${path}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}
