import type { KubernetesObject } from '../../api/index.ts';

export interface CommitRow {
  readonly revision: number;
  readonly key: string;
  /** The object as encode() made it; undefined records a deletion. */
  readonly object: string | undefined;
}

/** What is written as one: all of it or nothing. */
export interface CommitBatch {
  readonly rows: readonly CommitRow[];
  /** Revisions whose rows nobody needs any more. */
  readonly garbage: readonly number[];
  /** History up to this revision is gone. Never decreases. */
  readonly compacted: number;
  /** Only deletions, which must succeed on a full disk: the space that is kept for them may be used. */
  readonly mayUseReserve: boolean;
}

/** Where a store makes its commits durable. One append runs at a time. */
export interface CommitLog {
  encode(object: KubernetesObject): string;
  /** Resolves when the batch is durable. Rejects with StoreUnavailable; then nothing may be appended before reopen(). */
  append(batch: CommitBatch): Promise<void>;
  /** Makes the log end at the revision, whatever became of a failed append. Rejects with StoreUnavailable. */
  reopen(revision: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
