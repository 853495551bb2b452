/**
 * The API as components use it: typed calls over whichever Transport cluster/ injects (the server's own pipeline in
 * this process, or HTTP to any Kubernetes API server). No component knows which it has. Refusals are ApiStatusErrors.
 */
import {
  type ApiRequest,
  apiVersionOf,
  type DeleteOptions,
  type Draft,
  type KubernetesObject,
  type ListOptions,
  type ObjectKey,
  type ObjectList,
  type Patch,
  type ResourceType,
  type Transport,
  type WatchOptions,
  type WatchStream,
  type WriteOptions,
} from '../api/index.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface SubresourceOptions extends WriteOptions, CallOptions {
  readonly subresource?: string;
}

export interface Client {
  get<T extends KubernetesObject>(type: ResourceType<T>, key: ObjectKey, options?: CallOptions): Promise<T>;
  list<T extends KubernetesObject>(type: ResourceType<T>, options?: ListOptions & CallOptions): Promise<ObjectList<T>>;
  /** Without options: from now on. The stream ends with the signal, at the server's will, or with an ERROR event. */
  watch<T extends KubernetesObject>(
    type: ResourceType<T>,
    options: WatchOptions & CallOptions,
  ): Promise<WatchStream<T>>;
  create<T extends KubernetesObject>(
    type: ResourceType<T>,
    draft: Draft<T>,
    options?: WriteOptions & CallOptions,
  ): Promise<T>;
  /** Replaces the object, or a subresource that takes it. With its resourceVersion set, only if nobody wrote since: else Conflict. */
  update<T extends KubernetesObject>(type: ResourceType<T>, object: T, options?: SubresourceOptions): Promise<T>;
  updateStatus<T extends KubernetesObject>(
    type: ResourceType<T>,
    object: T,
    options?: WriteOptions & CallOptions,
  ): Promise<T>;
  patch<T extends KubernetesObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    patch: Patch,
    options?: SubresourceOptions,
  ): Promise<T>;
  /** Deletes, or starts deletion when finalizers or a grace period hold the object. */
  delete<T extends KubernetesObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    options?: DeleteOptions & CallOptions,
  ): Promise<void>;
  deleteCollection<T extends KubernetesObject>(
    type: ResourceType<T>,
    list: ListOptions,
    options?: DeleteOptions & CallOptions,
  ): Promise<void>;
  /** POST to a subresource: pods/binding, pods/eviction, serviceaccounts/token. Returns what the server answers. */
  createSubresource<R>(
    type: ResourceType,
    key: ObjectKey,
    subresource: string,
    body: object,
    options?: WriteOptions & CallOptions,
  ): Promise<R>;
}

export interface ClientOptions {
  readonly transport: Transport;
  /** Recorded as the manager of the fields this client writes. */
  readonly fieldManager: string;
}

export function createClient(options: ClientOptions): Client {
  const { transport, fieldManager } = options;
  const send = async <R>(request: ApiRequest): Promise<R> => (await transport.request(request)).object as R;
  const write = (given?: WriteOptions): WriteOptions => ({ fieldManager, ...writeOptionsOf(given) });
  return { ...reads(transport, send), ...writes(send, write), ...deletions(send) };
}

type Send = <R>(request: ApiRequest) => Promise<R>;

function reads(transport: Transport, send: Send): Pick<Client, 'get' | 'list' | 'watch'> {
  return {
    get: (resource, key, given) =>
      send({ verb: 'get', resource, namespace: key.namespace, name: key.name, signal: given?.signal }),

    list: (resource, given = {}) => {
      const { signal, ...listOptions } = given;
      return send({ verb: 'list', resource, namespace: given.namespace, options: listOptions, signal });
    },

    watch: async <T extends KubernetesObject>(resource: ResourceType<T>, given: WatchOptions & CallOptions) => {
      const { signal, ...watchOptions } = given;
      const stream = await transport.watch({
        verb: 'watch',
        resource,
        namespace: given.namespace,
        options: watchOptions,
        signal,
      });
      return stream as WatchStream<T>;
    },
  };
}

function writes(
  send: Send,
  write: (given?: WriteOptions) => WriteOptions,
): Pick<Client, 'create' | 'update' | 'updateStatus' | 'patch' | 'createSubresource'> {
  return {
    create: (resource, draft, given) => {
      const object = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...draft };
      const { namespace } = draft.metadata;
      return send({ verb: 'create', resource, namespace, object, options: write(given), signal: given?.signal });
    },

    update: (resource, object, given) =>
      send({
        ...target(resource, object),
        verb: 'update',
        subresource: given?.subresource,
        object,
        options: write(given),
        signal: given?.signal,
      }),

    updateStatus: (resource, object, given) =>
      send({
        ...target(resource, object),
        verb: 'update',
        subresource: 'status',
        object,
        options: write(given),
        signal: given?.signal,
      }),

    patch: (resource, key, patch, given) =>
      send({
        verb: 'patch',
        resource,
        namespace: key.namespace,
        name: key.name,
        subresource: given?.subresource,
        patch,
        options: write(given),
        signal: given?.signal,
      }),

    createSubresource: (resource, key, subresource, body, given) =>
      send({
        verb: 'create',
        resource,
        namespace: key.namespace,
        name: key.name,
        subresource,
        object: body,
        options: write(given),
        signal: given?.signal,
      }),
  };
}

function deletions(send: Send): Pick<Client, 'delete' | 'deleteCollection'> {
  return {
    delete: async (resource, key, given = {}) => {
      const { signal, ...deleteOptions } = given;
      await send({
        verb: 'delete',
        resource,
        namespace: key.namespace,
        name: key.name,
        options: deleteOptions,
        signal,
      });
    },

    deleteCollection: async (resource, list, given = {}) => {
      const { signal, ...deleteOptions } = given;
      await send({
        verb: 'deletecollection',
        resource,
        namespace: list.namespace,
        list,
        options: deleteOptions,
        signal,
      });
    },
  };
}

function target(resource: ResourceType, object: KubernetesObject) {
  return { resource, namespace: object.metadata.namespace, name: object.metadata.name };
}

function writeOptionsOf(given: WriteOptions | undefined): WriteOptions {
  if (!given) return {};
  const { fieldManager, fieldValidation, dryRun, force } = given;
  return {
    ...(fieldManager === undefined ? {} : { fieldManager }),
    ...(fieldValidation === undefined ? {} : { fieldValidation }),
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(force === undefined ? {} : { force }),
  };
}
