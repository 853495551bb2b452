/** The messages between a SQLite store and its worker thread. */
import type { CommitBatch, CommitRow } from './commit-log.ts';

export type SqliteCall =
  | { readonly call: 'open'; readonly path: string }
  | { readonly call: 'read'; readonly after: number; readonly limit: number }
  | { readonly call: 'append'; readonly batch: CommitBatch }
  | { readonly call: 'reopen'; readonly revision: number }
  | { readonly call: 'holdReserve' }
  | { readonly call: 'close' };

export type SqliteRequest = SqliteCall & { readonly id: number };

export interface SqliteResults {
  readonly open: { readonly compacted: number };
  readonly read: readonly CommitRow[];
  readonly append: undefined;
  readonly reopen: undefined;
  readonly holdReserve: undefined;
  readonly close: undefined;
}

/** Errors do not keep their class on the way between threads. */
export interface SqliteFailure {
  readonly kind: 'directory' | 'unavailable';
  readonly message: string;
  readonly full: boolean;
}

export type SqliteReply =
  | { readonly id: number; readonly value: SqliteResults[keyof SqliteResults] }
  | { readonly id: number; readonly failure: SqliteFailure };
