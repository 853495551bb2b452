import { type ApiResponse, ApiStatusError, invalid, type ManagedFieldsEntry, validateCreate } from '../../api/index.ts';
import { assert, nameSuffix } from '../../base/index.ts';
import { type AdmissionAttributes, admit, validateAdmission } from '../admission/admission.ts';
import { prepareForCreate } from '../registry/prepare.ts';
import { keyFor } from '../registry/registry.ts';
import type { AnyObject } from '../registry/strategy.ts';
import { StoreConflict } from '../store/store.ts';
import { commitObject } from './commit.ts';
import type { WriteCall } from './context.ts';
import { fromStored, toStored } from './conversion.ts';
import { decodeBody } from './decode-body.ts';

/** A generated name is a DNS label: this much of generateName, then the suffix. */
const generateNameLength = 58;
/** A generated name that is taken is replaced by another this often. */
const generateNameTries = 8;

/** POST of an object. */
export async function create(call: WriteCall, name: string | undefined, body: unknown): Promise<ApiResponse> {
  const object = decodeBody(call, body);
  if (name && object.metadata.name && name !== object.metadata.name) throw nameMismatch(object.metadata.name, name);
  return { object: await createObject(call, object), created: true, warnings: call.warnings };
}

export function nameMismatch(given: string, inUrl: string): ApiStatusError {
  return ApiStatusError.of(
    'BadRequest',
    `the name of the object (${given}) does not match the name on the URL (${inUrl})`,
  );
}

/** Creates a decoded, defaulted object and returns it as stored. */
export async function createObject(
  call: WriteCall,
  draft: AnyObject,
  managedFields?: readonly ManagedFieldsEntry[],
): Promise<AnyObject> {
  const { resource, namespace } = call;
  if (resource.type.namespaced && !namespace) {
    throw ApiStatusError.of('BadRequest', 'an empty namespace may not be set during creation');
  }
  if (draft.metadata.resourceVersion) {
    throw ApiStatusError.of('BadRequest', 'resourceVersion should not be set on objects to be created');
  }
  const { name, generateName } = draft.metadata;
  if (name || !generateName) return await createNamed(call, draft, name ?? '', managedFields);
  for (let tries = 1; ; tries++) {
    const generated = generateName.slice(0, generateNameLength) + nameSuffix(call.server.random);
    try {
      return await createNamed(call, draft, generated, managedFields);
    } catch (thrown) {
      const taken = thrown instanceof ApiStatusError && thrown.reason === 'AlreadyExists';
      if (!taken || tries >= generateNameTries) throw thrown;
    }
  }
}

async function createNamed(
  call: WriteCall,
  draft: AnyObject,
  name: string,
  managedFields: readonly ManagedFieldsEntry[] | undefined,
): Promise<AnyObject> {
  const { server, resource, namespace } = call;
  const plugins = server.admission.for('create', resource, undefined);
  const attributes = createAttributes(call, name, draft);
  const admitted = await admit(plugins, attributes);
  const prepared = prepareForCreate(resource, admitted, { namespace, name }, call.context);
  const object = managedFields ? { ...prepared, metadata: { ...prepared.metadata, managedFields } } : prepared;
  const errors = validateCreate(resource.type, object);
  if (errors.length > 0) throw invalid(resource.type, name, errors);
  assert(name !== '' && !name.includes('/'), 'a name that cannot be a key passed validation');
  await validateAdmission(plugins, { ...attributes, object });
  const key = keyFor(resource, namespace, name);
  const stored = toStored(resource, object);
  if (call.options.dryRun) {
    if (await server.store.get(key)) throw await alreadyExists(call, key, name);
    return object;
  }
  try {
    return fromStored(resource, await commitObject(server, { key, expectedRevision: 0, object: stored }));
  } catch (thrown) {
    if (!(thrown instanceof StoreConflict)) throw thrown;
    // Told only once the other write is durable: an answer never speaks of what a crash could undo.
    await thrown.settled;
    throw await alreadyExists(call, key, name);
  }
}

function createAttributes(
  call: WriteCall,
  name: string,
  object: AnyObject,
): AdmissionAttributes & { readonly object: AnyObject } {
  return {
    verb: 'create',
    resource: call.resource,
    subresource: undefined,
    namespace: call.namespace,
    name,
    object,
    previous: undefined,
    identity: call.identity,
    dryRun: call.options.dryRun ?? false,
  };
}

async function alreadyExists(call: WriteCall, key: string, name: string): Promise<ApiStatusError> {
  const { group, plural } = call.resource.type;
  const existing = await call.server.store.get(key);
  const terminating = existing?.object.metadata.deletionTimestamp !== undefined;
  const text = `${call.resource.name} "${name}" already exists`;
  return ApiStatusError.of('AlreadyExists', terminating ? `object is being deleted: ${text}` : text, {
    name,
    group,
    kind: plural,
  });
}
