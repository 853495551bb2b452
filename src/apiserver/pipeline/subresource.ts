import type { ApiResponse, Patch } from '../../api/index.ts';
import type { WriteCall } from './context.ts';

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
