/**
 * Every request, from whichever transport, passes here once it is no longer text: authorization, then the verb. What
 * is handed in and out are frozen objects; answers to writes come when the write is durable.
 */
import {
  type ApiRequest,
  type ApiResponse,
  ApiStatusError,
  type Identity,
  type Transport,
  type WatchRequest,
  type WatchStream,
  type WriteOptions,
} from '../api/index.ts';
import { timestamp, unreachable } from '../base/index.ts';
import { attributesOf, forbiddenAccess } from './auth/authorizer.ts';
import type { ServerContext, WriteCall } from './pipeline/context.ts';
import { create } from './pipeline/create.ts';
import { remove } from './pipeline/delete.ts';
import { removeCollection } from './pipeline/delete-collection.ts';
import { patch } from './pipeline/patch.ts';
import { getObject, listObjects } from './pipeline/read.ts';
import { update } from './pipeline/update.ts';
import type { RegisteredResource } from './registry/registry.ts';
import { LocalWatchStream } from './watch/watch-stream.ts';
import { Watcher } from './watch/watcher.ts';
import type { Watches } from './watch/watches.ts';

/** What only the HTTP codec knows about a request. */
export interface CodecDetails {
  readonly duplicateFields?: readonly string[];
  /** Whether the answer has room for warnings. */
  readonly wantsWarnings?: boolean;
}

export class RequestPipeline {
  readonly #server: ServerContext;
  readonly #watches: Watches;

  constructor(server: ServerContext, watches: Watches) {
    this.#server = server;
    this.#watches = watches;
  }

  /** The pipeline as one caller enters it. */
  transport(identity: Identity): Transport {
    return {
      request: (request) => this.request(identity, request),
      watch: (request) => this.watch(identity, request),
    };
  }

  async request(identity: Identity, request: ApiRequest, details: CodecDetails = {}): Promise<ApiResponse> {
    const resource = this.#resourceOf(request.resource);
    await this.#authorize(identity, resource, request);
    request.signal?.throwIfAborted();
    return await this.#serve(identity, resource, request, details);
  }

  async watch(identity: Identity, request: WatchRequest): Promise<WatchStream> {
    return new LocalWatchStream(await this.openWatch(identity, request));
  }

  async openWatch(identity: Identity, request: WatchRequest): Promise<Watcher> {
    const resource = this.#resourceOf(request.resource);
    await this.#authorize(identity, resource, request);
    const options = { ...request.options, namespace: request.namespace };
    return await Watcher.open({
      server: this.#server,
      watches: this.#watches,
      resource,
      options,
      user: identity.user,
      signal: request.signal,
    });
  }

  #resourceOf(type: ApiRequest['resource']): RegisteredResource {
    const resource = this.#server.registry.find(type);
    if (resource) return resource;
    throw ApiStatusError.of('NotFound', 'the server could not find the requested resource');
  }

  async #authorize(
    identity: Identity,
    resource: RegisteredResource,
    request: ApiRequest | WatchRequest,
  ): Promise<void> {
    const attributes = attributesOf(resource, request);
    const answer = this.#server.authorizer.authorize(identity, attributes);
    // Most answers are known at once; a promise costs a turn of the queue.
    const decision = answer instanceof Promise ? await answer : answer;
    if (!decision.allowed) throw forbiddenAccess(identity, attributes, decision.reason);
  }

  async #serve(
    identity: Identity,
    resource: RegisteredResource,
    request: ApiRequest,
    details: CodecDetails,
  ): Promise<ApiResponse> {
    const { namespace } = request;
    if (resource.virtual) return await this.#ask(identity, resource, request);
    const call = (options: WriteOptions, subresource?: string) =>
      this.#call({ identity, resource, namespace, options, subresource, details });
    switch (request.verb) {
      case 'get': {
        if (request.subresource && request.subresource !== 'status') {
          const { get } = this.#handler(resource, request.subresource);
          return get ? await get(call({}, request.subresource), request.name) : notAllowed();
        }
        return { object: await getObject(this.#server, resource, { namespace, name: request.name }) };
      }
      case 'list':
        return { object: await listObjects(this.#server, resource, { ...request.options, namespace }) };
      case 'create': {
        if (!request.subresource) return await create(call(request.options), request.name, request.object);
        const handler = this.#handler(resource, request.subresource);
        if (!handler.create || !request.name) return notAllowed();
        return await handler.create(call(request.options, request.subresource), request.name, request.object);
      }
      case 'update': {
        const written = call(request.options, request.subresource);
        const handler = this.#handlerOrStatus(resource, request.subresource);
        if (!handler) return await update(written, request.name, request.object);
        return handler.update ? await handler.update(written, request.name, request.object) : notAllowed();
      }
      case 'patch': {
        const written = call(request.options, request.subresource);
        const handler = this.#handlerOrStatus(resource, request.subresource);
        if (!handler) return await patch(written, request.name, request.patch);
        return handler.patch ? await handler.patch(written, request.name, request.patch) : notAllowed();
      }
      case 'delete':
        return await remove(call(deleteWriteOptions(request.options.dryRun)), request.name, request.options);
      case 'deletecollection': {
        const { list, options } = request;
        return await removeCollection(call(deleteWriteOptions(options.dryRun)), { ...list, namespace }, options);
      }
      default:
        return unreachable(request, 'verb');
    }
  }

  async #ask(identity: Identity, resource: RegisteredResource, request: ApiRequest): Promise<ApiResponse> {
    const handler = this.#server.virtual.get(resource.name);
    if (!handler || request.verb !== 'create' || request.subresource) return notAllowed();
    const { namespace, options } = request;
    const call = this.#call({ identity, resource, namespace, options, subresource: undefined, details: {} });
    return await handler.create(call, request.object);
  }

  #call(given: {
    identity: Identity;
    resource: RegisteredResource;
    namespace: string | undefined;
    options: WriteOptions;
    subresource: string | undefined;
    details: CodecDetails;
  }): WriteCall {
    const { clock, random } = this.#server;
    return {
      server: this.#server,
      identity: given.identity,
      resource: given.resource,
      namespace: given.resource.type.namespaced ? given.namespace : undefined,
      subresource: given.subresource,
      options: given.options,
      duplicateFields: given.details.duplicateFields ?? [],
      context: { clock, random, now: timestamp(clock) },
      wantsWarnings: given.details.wantsWarnings ?? false,
      warnings: [],
    };
  }

  /** Undefined for the object itself and its status, which are written alike. */
  #handlerOrStatus(resource: RegisteredResource, subresource: string | undefined) {
    if (subresource === undefined) return undefined;
    if (subresource === 'status' && resource.type.subresources.includes('status')) return undefined;
    return this.#handler(resource, subresource);
  }

  #handler(resource: RegisteredResource, subresource: string) {
    const handler = this.#server.subresources.get(`${resource.name}/${subresource}`);
    if (handler) return handler;
    throw ApiStatusError.of('NotFound', 'the server could not find the requested resource');
  }
}

function deleteWriteOptions(dryRun: readonly string[] | undefined): WriteOptions {
  return dryRun?.includes('All') ? { dryRun: true } : {};
}

function notAllowed(): never {
  throw ApiStatusError.of('MethodNotAllowed', 'the server does not allow this method on the requested resource');
}
