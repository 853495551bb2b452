/** Who manages which fields of an object, to and from metadata.managedFields. */
import type { ManagedFieldsEntry } from '../../api/index.ts';
import { FieldSet } from './field-set.ts';

export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource: string | undefined;
  readonly apiVersion: string;
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** Managers that only updated are many in an old object: the oldest of them are told apart no longer. */
const maxUpdateManagers = 10;
const ancientName = 'ancient-changes';

export function managersOf(entries: readonly ManagedFieldsEntry[] | undefined): readonly Manager[] {
  return (entries ?? []).map((entry) => ({
    name: entry.manager ?? '',
    operation: entry.operation === 'Apply' ? 'Apply' : 'Update',
    subresource: entry.subresource || undefined,
    apiVersion: entry.apiVersion ?? '',
    time: entry.time,
    fields: FieldSet.fromFieldsV1(entry.fieldsV1),
  }));
}

export function entriesOf(managers: readonly Manager[]): readonly ManagedFieldsEntry[] {
  return capped(managers.filter((manager) => !manager.fields.isEmpty)).map((manager) => ({
    manager: manager.name,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(manager.time === undefined ? {} : { time: manager.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: manager.fields.toFieldsV1(),
    ...(manager.subresource === undefined ? {} : { subresource: manager.subresource }),
  }));
}

function capped(managers: readonly Manager[]): readonly Manager[] {
  const updates = managers.filter((manager) => manager.operation === 'Update');
  const excess = updates.length - maxUpdateManagers;
  if (excess <= 0) return managers;
  const oldest = [...updates]
    .sort((left, right) => ((left.time ?? '') < (right.time ?? '') ? -1 : 1))
    .slice(0, excess + 1);
  const [first] = oldest;
  if (!first) return managers;
  const fields = oldest.reduce((all, manager) => all.union(manager.fields), first.fields);
  const ancient: Manager = { ...first, name: ancientName, subresource: undefined, fields };
  return [ancient, ...managers.filter((manager) => !oldest.includes(manager))];
}

export interface ManagerKey {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource: string | undefined;
}

export function isManager(manager: Manager, key: ManagerKey): boolean {
  return manager.name === key.name && manager.operation === key.operation && manager.subresource === key.subresource;
}
