/** JSON merge patch, RFC 7386. */
import { isJsonObject, type JsonObject, ownValue, setOwn } from './own-property.ts';

/** The target with the patch merged in: null removes, objects merge, everything else replaces. Neither is changed. */
export function applyMergePatch(target: unknown, patch: JsonObject): JsonObject {
  const result: Record<string, unknown> = isJsonObject(target) ? { ...target } : {};
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null) delete result[key];
    else setOwn(result, key, isJsonObject(value) ? applyMergePatch(ownValue(result, key), value) : value);
  }
  return result;
}
