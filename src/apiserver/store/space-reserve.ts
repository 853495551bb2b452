/**
 * A file whose only use is to be deleted: when the disk is full it makes room for the deletions that empty the store.
 * Owned by the store's worker thread.
 */
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';

/** Holds the write-ahead log up to its checkpoint (4 MB) and the pages that the checkpoint adds. */
export const reserveBytes = 8 * 1024 * 1024;

export class SpaceReserve {
  readonly #path: string;
  #held = false;

  constructor(path: string) {
    this.#path = path;
  }

  get held(): boolean {
    this.#held ||= existsSync(this.#path) && statSync(this.#path).size === reserveBytes;
    return this.#held;
  }

  /** Whether the reserve is there afterwards. Without room for all of it nothing is taken. */
  hold(): boolean {
    if (this.held) return true;
    try {
      const file = openSync(this.#path, 'w', 0o600);
      try {
        const block = Buffer.alloc(1024 * 1024, 0xa5);
        for (let written = 0; written < reserveBytes; ) {
          written += writeSync(file, block, 0, Math.min(block.length, reserveBytes - written));
        }
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      this.#held = true;
      return true;
    } catch {
      // The disk is (still) full or failing; writes will tell.
      this.release();
      return false;
    }
  }

  release(): void {
    this.#held = false;
    rmSync(this.#path, { force: true });
  }
}
