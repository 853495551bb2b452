/** The HTTP methods of resources: from path, query and body to a request of the pipeline, and back. */
import {
  type ApiRequest,
  type ApiResponse,
  ApiStatusError,
  type DeleteOptions,
  decodeStruct,
  type ObjectList,
  type Patch,
  type PatchType,
  type WriteOptions,
} from '../../api/index.ts';
import { mediaTypeOf, parseJsonBody, parseObject, parseYaml, readBody, unsupportedMediaType } from '../codec/body.ts';
import { negotiate } from '../codec/media-types.ts';
import { deleteOptionsOf, isWatch, listOptionsOf, watchOptionsOf, writeOptionsOf } from '../codec/query.ts';
import type { RegisteredResource } from '../registry/registry.ts';
import type { AnyObject } from '../registry/strategy.ts';
import type { Exchange } from './exchange.ts';
import type { HandlerContext } from './handler-context.ts';
import { respondList } from './list-response.ts';
import { includeObjectOf, objectBody, type RepresentationOptions } from './representation.ts';
import { respond } from './respond.ts';
import { notFound, type ResourceRoute } from './route.ts';
import { serveWatch } from './watch-handler.ts';

const applyMediaType = 'application/apply-patch+yaml';

const patchTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  [applyMediaType]: 'apply',
};

interface Target {
  readonly resource: RegisteredResource;
  readonly route: ResourceRoute;
}

export async function serveResource(context: HandlerContext, exchange: Exchange, route: ResourceRoute): Promise<void> {
  const resource = context.registry.find(route);
  if (!resource) throw notFound();
  checkScope(resource, route, exchange.request.method);
  const target = { resource, route };
  if (exchange.request.method === 'GET' && (route.isLegacyWatch || isWatch(exchange.query))) {
    await serveWatch(context, exchange, {
      resource,
      namespace: route.namespace,
      options: watchOptions(exchange, route),
    });
    return;
  }
  await answer(context, exchange, target);
}

/** A cluster's objects have no place in a namespace, and a namespace's have none outside. */
function checkScope({ type }: RegisteredResource, route: ResourceRoute, method: string | undefined): void {
  if (!type.namespaced && route.namespace !== undefined) throw notFound();
  const namesOne = route.name !== undefined || method === 'POST';
  if (type.namespaced && route.namespace === undefined && namesOne) throw notFound();
}

function watchOptions({ query }: Exchange, { name }: ResourceRoute) {
  const options = watchOptionsOf(query);
  if (name === undefined) return options;
  const selectors = [options.fieldSelector, `metadata.name=${name}`].filter((selector) => selector !== undefined);
  return { ...options, fieldSelector: selectors.join(',') };
}

async function answer(context: HandlerContext, exchange: Exchange, target: Target): Promise<void> {
  const representation = negotiate(exchange.request.headers.accept);
  const { query, identity } = exchange;
  const { request, duplicateFields } = await requestOf(exchange, target);
  const result = await context.pipeline.request(identity, request, { duplicateFields, wantsWarnings: true });
  const options: RepresentationOptions = {
    resource: target.resource,
    representation,
    includeObject: includeObjectOf(query),
    nowMs: context.clock.now(),
  };
  if (request.verb === 'list' || request.verb === 'deletecollection') {
    await respondList(exchange, result.object as ObjectList<AnyObject>, options, context.clock);
    return;
  }
  await respondObject(exchange, result, options);
}

async function respondObject(exchange: Exchange, result: ApiResponse, options: RepresentationOptions): Promise<void> {
  const object = result.object as AnyObject;
  const isOfKind = object.kind === options.resource.type.kind;
  await respond(exchange.response, {
    status: result.created ? 201 : 200,
    body: isOfKind ? objectBody(object, options) : object,
    format: options.representation.format,
    ...(result.warnings ? { warnings: result.warnings } : {}),
  });
}

interface ParsedRequest {
  readonly request: ApiRequest;
  readonly duplicateFields: readonly string[];
}

async function requestOf(exchange: Exchange, { resource, route }: Target): Promise<ParsedRequest> {
  const { request, query, signal } = exchange;
  const { name, namespace, subresource } = route;
  const base = { resource: resource.type, namespace, signal };
  const plain = (made: ApiRequest): ParsedRequest => ({ request: made, duplicateFields: [] });
  switch (request.method) {
    case 'GET':
      return plain(
        name === undefined
          ? { ...base, verb: 'list', options: listOptionsOf(query) }
          : { ...base, verb: 'get', name, subresource },
      );
    case 'POST': {
      if (name !== undefined && subresource === undefined) throw notAllowed();
      const body = await parseObject(await readBody(request), mediaTypeOf(request));
      const made: ApiRequest = {
        ...base,
        verb: 'create',
        name,
        subresource,
        object: body.value,
        options: writeOptions(exchange),
      };
      return { request: made, duplicateFields: body.duplicateFields };
    }
    case 'PUT': {
      if (name === undefined) throw notAllowed();
      const body = await parseObject(await readBody(request), mediaTypeOf(request));
      const made: ApiRequest = {
        ...base,
        verb: 'update',
        name,
        subresource,
        object: body.value,
        options: writeOptions(exchange),
      };
      return { request: made, duplicateFields: body.duplicateFields };
    }
    case 'PATCH': {
      if (name === undefined) throw notAllowed();
      const { patch, duplicateFields } = await patchOf(exchange);
      const made: ApiRequest = { ...base, verb: 'patch', name, subresource, patch, options: writeOptions(exchange) };
      return { request: made, duplicateFields };
    }
    case 'DELETE': {
      if (subresource !== undefined) throw notAllowed();
      const options = await deleteOptions(exchange);
      return plain(
        name === undefined
          ? { ...base, verb: 'deletecollection', list: listOptionsOf(query), options }
          : { ...base, verb: 'delete', name, options },
      );
    }
    default:
      throw notAllowed();
  }
}

/** Who does not name himself as a manager is called by his program's name, as upstream does. */
function writeOptions({ query, request }: Exchange): WriteOptions {
  const options = writeOptionsOf(query);
  // An apply must say who wants the fields.
  if (options.fieldManager !== undefined || mediaTypeOf(request) === applyMediaType) return options;
  const [program] = (request.headers['user-agent'] ?? '').split('/');
  return program ? { ...options, fieldManager: program } : options;
}

export function notAllowed(): ApiStatusError {
  return ApiStatusError.of('MethodNotAllowed', 'the server does not allow this method on the requested resource');
}

async function patchOf({ request }: Exchange): Promise<{ patch: Patch; duplicateFields: readonly string[] }> {
  const mediaType = mediaTypeOf(request);
  const type = Object.hasOwn(patchTypes, mediaType) ? patchTypes[mediaType] : undefined;
  if (!type) throw unsupportedMediaType(Object.keys(patchTypes));
  const bytes = await readBody(request);
  const { value, duplicateFields } = type === 'apply' ? await parseYaml(bytes) : parseJsonBody(bytes);
  return { patch: { type, body: value }, duplicateFields };
}

const deleteOptionsKind = { kind: 'DeleteOptions', version: 'v1' };

async function deleteOptions({ request, query }: Exchange): Promise<DeleteOptions> {
  const bytes = await readBody(request);
  if (bytes.length === 0) return deleteOptionsOf(query);
  const { value } = await parseObject(bytes, mediaTypeOf(request));
  return decodeStruct<DeleteOptions>('meta.v1.DeleteOptions', deleteOptionsKind, value).object;
}
