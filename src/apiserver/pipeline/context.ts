import type { ApiResponse, Identity, Patch, WriteOptions } from '../../api/index.ts';
import type { Clock, Logger, Random } from '../../base/index.ts';
import type { AdmissionChain } from '../admission/admission.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { RegisteredResource, Registry } from '../registry/registry.ts';
import type { StrategyContext } from '../registry/strategy.ts';
import type { Store } from '../store/store.ts';

/** What every request is served with. One per server. */
export interface ServerContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly admission: AdmissionChain;
  readonly authorizer: Authorizer;
  /** Subresources besides /status, by `<resource>/<subresource>`. */
  readonly subresources: ReadonlyMap<string, SubresourceHandler>;
  /** The kinds that are not stored, by resource. */
  readonly virtual: ReadonlyMap<string, VirtualHandler>;
  /** Signs continue tokens, so that nobody can read keys of his choice through one. */
  readonly continueKey: Uint8Array;
}

/** One write being served. */
export interface WriteCall {
  readonly server: ServerContext;
  readonly identity: Identity;
  readonly resource: RegisteredResource;
  readonly namespace: string | undefined;
  readonly subresource: string | undefined;
  readonly options: WriteOptions;
  /** Keys that the JSON text of the body gave twice. */
  readonly duplicateFields: readonly string[];
  readonly context: StrategyContext;
  /** Whether somebody will read the warnings that take looking for. */
  readonly wantsWarnings: boolean;
  /** Texts for the client that do not stop the write. */
  readonly warnings: string[];
}

/** A subresource that is not written like its object: scale, binding, eviction, token, finalize. */
export interface SubresourceHandler {
  /** The kind it speaks, for discovery. */
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  get?(call: WriteCall, name: string): Promise<ApiResponse>;
  create?(call: WriteCall, name: string, body: unknown): Promise<ApiResponse>;
  update?(call: WriteCall, name: string, body: unknown): Promise<ApiResponse>;
  patch?(call: WriteCall, name: string, patch: Patch): Promise<ApiResponse>;
}

/** A kind that is not stored: asked by POST, answered at once. */
export interface VirtualHandler {
  create(call: WriteCall, body: unknown): Promise<ApiResponse>;
}
