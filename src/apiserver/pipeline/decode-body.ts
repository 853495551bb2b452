/** From the body of a write to a complete object of its kind. */
import {
  ApiStatusError,
  apiVersionOf,
  applyDefaults,
  decode,
  type ResourceType,
  strictDecodingMessage,
  undecodable,
  warningsOf,
} from '../../api/index.ts';
import type { AnyObject } from '../registry/strategy.ts';
import type { WriteCall } from './context.ts';

/** Decodes, reports unknown fields as the request asks for, and fills in defaults. */
export function decodeBody(call: WriteCall, raw: unknown): AnyObject {
  const { type } = call.resource;
  const { object, unknownFields } = decode(type, raw);
  checkTypeMeta(type, object);
  const unknown = { unknown: unknownFields, duplicate: call.duplicateFields };
  if (unknownFields.length > 0 || call.duplicateFields.length > 0) {
    if (call.options.fieldValidation === 'Strict') throw undecodable(type, strictDecodingMessage(unknown));
    warnOfFields(call, unknown);
  }
  const { namespaced } = type;
  if (namespaced && object.metadata.namespace && object.metadata.namespace !== call.namespace) {
    throw ApiStatusError.of(
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  warnOfContent(call, object);
  return applyDefaults(type, withTypeMeta(type, object));
}

export interface UnknownFields {
  readonly unknown: readonly string[];
  readonly duplicate: readonly string[];
}

export function warnOfFields(call: WriteCall, fields: UnknownFields): void {
  if (call.options.fieldValidation === 'Ignore') return;
  for (const path of fields.duplicate) call.warnings.push(`duplicate field ${JSON.stringify(path)}`);
  for (const path of fields.unknown) call.warnings.push(`unknown field ${JSON.stringify(path)}`);
}

/** What the object itself is ill-advised to say. */
export function warnOfContent(call: WriteCall, object: AnyObject): void {
  if (!call.wantsWarnings || call.subresource !== undefined) return;
  for (const warning of warningsOf(call.resource.type, object)) call.warnings.push(warning);
}

function withTypeMeta(type: ResourceType, object: AnyObject): AnyObject {
  const apiVersion = apiVersionOf(type);
  if (object.apiVersion === apiVersion && object.kind === type.kind) return object;
  return { ...object, apiVersion, kind: type.kind };
}

function checkTypeMeta(type: ResourceType, object: AnyObject): void {
  const expected = apiVersionOf(type);
  if (object.apiVersion && object.apiVersion !== expected) {
    throw ApiStatusError.of(
      'BadRequest',
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (object.kind && object.kind !== type.kind) {
    throw ApiStatusError.of(
      'BadRequest',
      `${object.kind} in version "${type.version}" cannot be handled as a ${type.kind}`,
    );
  }
}
