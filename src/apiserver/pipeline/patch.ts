/** PATCH: the change is computed on the stored object and then written like an update. */
import {
  type ApiResponse,
  ApiStatusError,
  applyDefaults,
  decode,
  invalid,
  type Patch,
  strictDecodingMessage,
} from '../../api/index.ts';
import { InvariantError, unreachable } from '../../base/index.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { applyStrategicMergePatch } from '../patch/strategic-merge.ts';
import type { AnyObject } from '../registry/strategy.ts';
import { apply } from './apply.ts';
import type { WriteCall } from './context.ts';
import { warnOfContent, warnOfFields } from './decode-body.ts';
import { changeObject } from './update.ts';

export async function patch(call: WriteCall, name: string, given: Patch): Promise<ApiResponse> {
  if (given.type === 'apply') return await apply(call, name, given.body);
  const outcome = await changeObject(call, name, {
    change: async (current) => patched(call, current, given),
    isPatch: true,
  });
  return { ...outcome, warnings: call.warnings };
}

/** The object that the patch makes of the current one, decoded and defaulted. */
export function patched(call: WriteCall, current: AnyObject, given: Patch): AnyObject {
  const { type } = call.resource;
  const result = applyPatch(call, current, given);
  const { object, unknownFields } = decode(type, result);
  checkIdentity(object, current);
  // The patch is applied anew after a conflict: what it warns of is told once.
  call.warnings.length = 0;
  if (unknownFields.length > 0 || call.duplicateFields.length > 0) {
    const fields = { unknown: unknownFields, duplicate: call.duplicateFields };
    if (call.options.fieldValidation === 'Strict') {
      const message = `Invalid value: ${JSON.stringify(JSON.stringify(given.body))}: ${strictDecodingMessage(fields)}`;
      throw invalid({ group: '', kind: '' }, '', [{ kind: 'Invalid', field: 'patch', message }]);
    }
    warnOfFields(call, fields);
  }
  warnOfContent(call, object);
  return applyDefaults(type, object);
}

function applyPatch(call: WriteCall, current: AnyObject, given: Patch): unknown {
  switch (given.type) {
    case 'json':
      return applyJsonPatch(current, given.body);
    case 'merge':
      return applyMergePatch(current, requireObject(given.body));
    case 'strategic':
      return applyStrategicMergePatch(call.resource.type, current, requireObject(given.body));
    case 'apply':
      throw new InvariantError('an apply is no patch of its own');
    default:
      return unreachable(given.type, 'patch type');
  }
}

function requireObject(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
    return body as Readonly<Record<string, unknown>>;
  }
  throw ApiStatusError.of('BadRequest', 'the patch must be an object');
}

/** A patch changes an object, it does not make another one of it. */
function checkIdentity(object: AnyObject, current: AnyObject): void {
  if (object.apiVersion !== current.apiVersion || object.kind !== current.kind) {
    throw ApiStatusError.of('BadRequest', 'a patch cannot change apiVersion or kind');
  }
  if (object.metadata.name !== current.metadata.name) {
    throw ApiStatusError.of(
      'BadRequest',
      `the name of the object (${object.metadata.name}) does not match the name on the URL (${current.metadata.name})`,
    );
  }
}
