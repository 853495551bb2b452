/** PATCH with an apply configuration. */
import {
  type ApiResponse,
  ApiStatusError,
  applyDefaults,
  decode,
  strictDecodingMessage,
  undecodable,
} from '../../api/index.ts';
import { entriesOf } from '../apply/managed-fields.ts';
import {
  type Applied,
  applyConfiguration,
  checkConfiguration,
  managedFieldsAfterApply,
} from '../apply/server-side-apply.ts';
import { keyFor } from '../registry/registry.ts';
import type { AnyObject } from '../registry/strategy.ts';
import type { WriteCall } from './context.ts';
import { createObject, nameMismatch } from './create.ts';
import { warnOfContent, warnOfFields } from './decode-body.ts';
import { changeObject } from './update.ts';

export async function apply(call: WriteCall, name: string, body: unknown): Promise<ApiResponse> {
  const applied = decodeConfiguration(call, name, body);
  const { server, resource, namespace, subresource } = call;
  const exists = (await server.store.get(keyFor(resource, namespace, name))) !== undefined;
  if (!exists && subresource === undefined) {
    try {
      return await applyNew(call, applied);
    } catch (thrown) {
      // Somebody created it meanwhile: then it is applied to.
      if (!(thrown instanceof ApiStatusError) || thrown.reason !== 'AlreadyExists') throw thrown;
    }
  }
  let outcome: Applied | undefined;
  const { object } = await changeObject(call, name, {
    isPatch: true,
    change: async (live) => {
      outcome = applyTo(call, applied, live);
      const { resourceVersion } = applied.metadata;
      const merged = decode(resource.type, outcome.object).object;
      return applyDefaults(resource.type, resourceVersion ? withRevision(merged, resourceVersion) : merged);
    },
    managedFields: (stored, live) =>
      managedFieldsAfterApply(resource.type, { managers: outcome?.managers ?? [], live, stored }),
  });
  return { object, warnings: call.warnings };
}

async function applyNew(call: WriteCall, applied: AnyObject): Promise<ApiResponse> {
  const { object, managers } = applyTo(call, applied, undefined);
  const { resourceVersion: _, ...metadata } = object.metadata;
  const draft = { ...applyDefaults(call.resource.type, object), metadata } as AnyObject;
  return { object: await createObject(call, draft, entriesOf(managers)), created: true, warnings: call.warnings };
}

function applyTo(call: WriteCall, applied: AnyObject, live: AnyObject | undefined): Applied {
  const { options, subresource, context } = call;
  const { type } = call.resource;
  const manager = options.fieldManager;
  checkConfiguration(applied, manager);
  return applyConfiguration({
    type,
    live,
    applied,
    manager,
    subresource,
    force: options.force ?? false,
    now: context.now,
  });
}

/** The resourceVersion of a configuration is a precondition. */
function withRevision(object: AnyObject, resourceVersion: string): AnyObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
}

function decodeConfiguration(call: WriteCall, name: string, body: unknown): AnyObject {
  const { type } = call.resource;
  const { object, unknownFields } = decode(type, body);
  const fields = { unknown: unknownFields, duplicate: call.duplicateFields };
  if (unknownFields.length > 0 || call.duplicateFields.length > 0) {
    if (call.options.fieldValidation === 'Strict') throw undecodable(type, strictDecodingMessage(fields));
    warnOfFields(call, fields);
  }
  warnOfContent(call, object);
  const given = object.metadata.name;
  if (given && given !== name) throw nameMismatch(given, name);
  return given ? object : { ...object, metadata: { ...object.metadata, name } };
}
