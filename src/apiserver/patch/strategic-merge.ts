/**
 * Strategic merge patch: a merge patch that knows which lists are sets or are keyed, and obeys directives.
 * Upstream: apimachinery strategicpatch/patch.go (mergeMap, mergeSlice).
 */
import {
  ApiStatusError,
  type Field,
  type FieldType,
  type ResourceType,
  type StructSchema,
  schemaOf,
  structSchema,
} from '../../api/index.ts';
import { mergeOrdered } from './element-order.ts';
import { isJsonObject, type JsonObject, ownValue, setOwn } from './own-property.ts';

const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

function isDirective(key: string): boolean {
  return key === '$patch' || key === '$retainKeys' || key.startsWith(orderPrefix) || key.startsWith(deletePrefix);
}

function malformed(message: string): ApiStatusError {
  return ApiStatusError.of('BadRequest', message);
}

/** The object with the patch merged in. Neither is changed. Throws UnsupportedMediaType for kinds without a table. */
export function applyStrategicMergePatch(type: ResourceType, object: unknown, patch: JsonObject): JsonObject {
  const schema = schemaOf(type);
  if (!schema) {
    throw ApiStatusError.of(
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    );
  }
  return mergeObject(isJsonObject(object) ? object : {}, patch, schema);
}

function mergeObject(original: JsonObject, patch: JsonObject, schema: StructSchema | undefined): JsonObject {
  const directive = ownValue(patch, '$patch');
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') throw malformed(`unknown patch type found: ${directive}`);
  const result: Record<string, unknown> = { ...original };
  retainKeys(result, patch);
  for (const key of Object.keys(patch)) {
    if (key.startsWith(deletePrefix)) removePrimitives(result, key.slice(deletePrefix.length), patch[key]);
  }
  for (const key of Object.keys(patch)) {
    if (key.startsWith(orderPrefix)) {
      const field = key.slice(orderPrefix.length);
      if (!Object.hasOwn(patch, field)) orderOnly(result, field, { patch, schema });
    } else if (!isDirective(key)) {
      mergeField(result, key, { patch, schema });
    }
  }
  return result;
}

/** `$retainKeys`: what is not named goes, so that one alternative replaces another. */
function retainKeys(result: Record<string, unknown>, patch: JsonObject): void {
  const kept = ownValue(patch, '$retainKeys');
  if (kept === undefined) return;
  if (!Array.isArray(kept)) throw malformed('invalid format for the value of $retainKeys: a list is expected');
  for (const key of Object.keys(patch)) {
    if (!isDirective(key) && patch[key] !== null && !kept.includes(key)) {
      throw malformed(`$retainKeys should contain all keys in the patch, ${key} is missing`);
    }
  }
  for (const key of Object.keys(result)) if (!kept.includes(key)) delete result[key];
}

function removePrimitives(result: Record<string, unknown>, field: string, removed: unknown): void {
  const current = ownValue(result, field);
  if (!Array.isArray(removed)) throw malformed(`${deletePrefix}${field} must be a list`);
  if (Array.isArray(current))
    setOwn(
      result,
      field,
      current.filter((item) => !removed.includes(item)),
    );
}

interface FieldPatch {
  readonly patch: JsonObject;
  readonly schema: StructSchema | undefined;
}

function mergeField(result: Record<string, unknown>, key: string, { patch, schema }: FieldPatch): void {
  const value = patch[key];
  if (value === null) {
    delete result[key];
    return;
  }
  const field = schema?.fields.get(key);
  const current = ownValue(result, key);
  if (isJsonObject(value)) {
    // Merging into nothing drops the nulls and directives that have nothing to act on.
    setOwn(result, key, mergeObject(isJsonObject(current) ? current : {}, value, schemaOfStruct(field?.type)));
  } else if (Array.isArray(value) && isMerged(field)) {
    const order = listOf(ownValue(patch, orderPrefix + key), orderPrefix + key);
    setOwn(result, key, mergeList(Array.isArray(current) ? current : [], value, { field, order }));
  } else {
    setOwn(result, key, value);
  }
}

function isMerged(field: Field | undefined): field is Field {
  return field !== undefined && (field.set || field.mergeKey !== undefined);
}

function listOf(value: unknown, what: string): readonly unknown[] | undefined {
  if (value === undefined || Array.isArray(value)) return value;
  throw malformed(`${what} must be a list`);
}

/** A changed order with unchanged contents. */
function orderOnly(result: Record<string, unknown>, key: string, { patch, schema }: FieldPatch): void {
  const field = schema?.fields.get(key);
  const current = ownValue(result, key);
  const order = listOf(patch[orderPrefix + key], orderPrefix + key);
  if (!isMerged(field) || !Array.isArray(current) || !order) return;
  setOwn(result, key, mergeOrdered(current, { original: current, order, mergeKey: field.mergeKey }));
}

function schemaOfStruct(type: FieldType | undefined): StructSchema | undefined {
  return type?.kind === 'struct' ? structSchema(type.ref) : undefined;
}

interface ListPatch {
  readonly field: Field;
  readonly order: readonly unknown[] | undefined;
}

function mergeList(original: readonly unknown[], patch: readonly unknown[], { field, order }: ListPatch): unknown[] {
  const { mergeKey, type } = field;
  if (mergeKey === undefined) {
    const merged = [...new Set([...original, ...patch])];
    return mergeOrdered(merged, { original, order: order ?? patch, mergeKey });
  }
  if (!patch.every(isJsonObject) || !original.every(isJsonObject)) {
    throw malformed(`the items of ${field.name} must be objects`);
  }
  if (patch.some((item) => item.$patch === 'replace')) {
    return patch.filter((item) => item.$patch === undefined).map(withoutDirectives);
  }
  const items = patch.filter((item) => item.$patch !== 'delete');
  const removed = patch.filter((item) => item.$patch === 'delete').map((item) => keyOfItem(item, mergeKey));
  const merged: JsonObject[] = original.filter((item) => !removed.includes(ownValue(item, mergeKey)));
  const schema = schemaOfStruct(type.kind === 'list' ? type.item : undefined);
  for (const item of items) {
    if (item.$patch !== undefined && item.$patch !== 'merge')
      throw malformed(`unknown patch type found: ${item.$patch}`);
    const key = keyOfItem(item, mergeKey);
    const index = merged.findIndex((candidate) => ownValue(candidate, mergeKey) === key);
    const found = merged[index];
    if (found) merged[index] = mergeObject(found, item, schema);
    else merged.push(mergeObject({}, item, schema));
  }
  return mergeOrdered(merged, { original, order: order ?? items, mergeKey });
}

function keyOfItem(item: JsonObject, mergeKey: string): unknown {
  const key = ownValue(item, mergeKey);
  if (key !== undefined) return key;
  throw malformed(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
}

/** The value of a patch where there is nothing to merge it into. */
function withoutDirectives(patch: JsonObject): JsonObject {
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (isDirective(key) || value === null) continue;
    setOwn(result, key, isJsonObject(value) ? withoutDirectives(value) : value);
  }
  return result;
}
