/**
 * What a server in Go answers, as this program keeps it. Go writes null where a slice, a map, a pointer or a time has
 * nothing in it; here such a field is absent, and where it has to be there it is empty.
 */
import type { KubernetesObject } from './meta/resource-type.ts';
import { type FieldType, schemaOf, structSchema } from './schema.ts';

type JsonObject = Readonly<Record<string, unknown>>;

const dropped = Symbol('dropped');

/** The object without nulls; the object itself where it has none, or where its kind is not built in. */
export function readForm<T>(object: T): T {
  const { apiVersion, kind } = (object ?? {}) as Partial<KubernetesObject>;
  if (apiVersion === undefined || kind === undefined) return object;
  const slash = apiVersion.indexOf('/');
  const type = { group: slash < 0 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1), kind };
  const schema = schemaOf(type);
  return schema ? (clean(object, { kind: 'struct', ref: schema.ref }) as T) : object;
}

function clean(value: unknown, type: FieldType): unknown {
  if (typeof value !== 'object' || value === null) return value;
  switch (type.kind) {
    case 'scalar':
      return value;
    case 'list':
      return Array.isArray(value) ? cleanItems(value, type.item) : value;
    case 'map':
      return rebuilt(value as JsonObject, (_, item) => (item === null ? dropped : clean(item, type.value)));
    case 'struct': {
      const fields = structSchema(type.ref)?.fields;
      if (!fields) return value;
      return rebuilt(value as JsonObject, (key, item) => {
        const field = fields.get(key);
        if (!field) return item;
        return item === null ? emptyOf(field) : clean(item, field.type);
      });
    }
  }
}

function cleanItems(items: readonly unknown[], type: FieldType): readonly unknown[] {
  let result: unknown[] | undefined;
  for (const [index, item] of items.entries()) {
    const cleaned = clean(item, type);
    if (cleaned === item) continue;
    result ??= [...items];
    result[index] = cleaned;
  }
  return result ?? items;
}

function emptyOf(field: { readonly optional: boolean; readonly type: FieldType }): unknown {
  if (field.optional) return dropped;
  return field.type.kind === 'list' ? [] : field.type.kind === 'map' ? {} : dropped;
}

/** The object with each property as it shall be; the object itself while none differs. */
function rebuilt(object: JsonObject, replace: (key: string, value: unknown) => unknown): JsonObject {
  let result: Record<string, unknown> | undefined;
  const keys = Object.keys(object);
  for (const [index, key] of keys.entries()) {
    const value = object[key];
    const wanted = replace(key, value);
    if (wanted !== value) result ??= Object.fromEntries(keys.slice(0, index).map((past) => [past, object[past]]));
    if (result && wanted !== dropped) result[key] = wanted;
  }
  return result ?? object;
}
