/**
 * An API request below the codec: what an HTTP request becomes after parsing, and what an in-process caller hands in
 * directly. Both transports of the Client and the server's pipeline speak this.
 */
import type { DeleteOptions } from '../gen/meta.v1.gen.ts';
import type { KubernetesObject, ResourceType } from './resource-type.ts';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

/** The body of a patch: an object for merge, strategic and apply; a list of operations for json. */
export interface Patch {
  readonly type: PatchType;
  readonly body: unknown;
}

export interface WriteOptions {
  readonly fieldManager?: string;
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  readonly dryRun?: boolean;
  /** Apply only: take fields over from other managers. */
  readonly force?: boolean;
}

export interface ReadOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}

export interface ListOptions extends ReadOptions {
  readonly namespace?: string | undefined;
  readonly limit?: number;
  readonly continue?: string;
}

export interface WatchOptions extends ReadOptions {
  readonly namespace?: string | undefined;
  readonly allowWatchBookmarks?: boolean;
  readonly sendInitialEvents?: boolean;
  readonly timeoutSeconds?: number;
}

export interface ObjectList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface WatchEvent<T = KubernetesObject> {
  /** BOOKMARK carries an object with a resourceVersion only; ERROR carries a Status and ends the watch. */
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/** A running watch. Iterates until the server ends it or the signal aborts; disposing it ends it from this side. */
export interface WatchStream<T = KubernetesObject> extends AsyncIterable<WatchEvent<T>>, AsyncDisposable {}

interface RequestBase {
  readonly resource: ResourceType;
  readonly namespace?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Requests that are answered once. `subresource` is undefined for the object itself. */
export type ApiRequest = RequestBase &
  (
    | {
        readonly verb: 'get';
        readonly name: string;
        readonly subresource?: string | undefined;
        readonly options?: { readonly resourceVersion?: string };
      }
    | { readonly verb: 'list'; readonly options: ListOptions }
    | {
        readonly verb: 'create';
        readonly name?: string | undefined;
        readonly subresource?: string | undefined;
        readonly object: unknown;
        readonly options: WriteOptions;
      }
    | {
        readonly verb: 'update';
        readonly name: string;
        readonly subresource?: string | undefined;
        readonly object: unknown;
        readonly options: WriteOptions;
      }
    | {
        readonly verb: 'patch';
        readonly name: string;
        readonly subresource?: string | undefined;
        readonly patch: Patch;
        readonly options: WriteOptions;
      }
    | { readonly verb: 'delete'; readonly name: string; readonly options: DeleteOptions }
    | { readonly verb: 'deletecollection'; readonly list: ListOptions; readonly options: DeleteOptions }
  );

export type WatchRequest = RequestBase & { readonly verb: 'watch'; readonly options: WatchOptions };

/**
 * An answer: the object (for delete: the deleted or terminating object, or a Status), the list, or what the subresource
 * returns. Refusals are thrown as ApiStatusError. `created` tells 201 from 200.
 */
export interface ApiResponse {
  readonly object: unknown;
  readonly created?: boolean;
  readonly warnings?: readonly string[];
}

/** How requests reach a server. Implementations: the server's own pipeline, and HTTP. */
export interface Transport {
  request(request: ApiRequest): Promise<ApiResponse>;
  watch(request: WatchRequest): Promise<WatchStream>;
}

/** Who asks. */
export interface Identity {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  /** What the way of authentication adds: the pod of a token. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}
