/**
 * The log of commits in a SQLite database: one row per write. Runs in the store's worker thread, where its calls block
 * nobody. WAL and synchronous=FULL: a commit returns after its frames were synced. After a failed commit the connection
 * is not trusted any more: only reopen() makes it usable again.
 */

import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { messageOf } from '../../base/index.ts';
import type { CommitBatch, CommitRow } from './commit-log.ts';
import { SpaceReserve } from './space-reserve.ts';
import { StoreUnavailable } from './store.ts';
import { StoreDirectory, sqliteCodeOf } from './store-directory.ts';
import { StoreDirectoryError } from './store-directory-error.ts';

const sqliteFull = 13;
const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;
/** Pages of 4 KB that SQLite may keep in memory: recovery reads once, commits touch few. */
const cacheKilobytes = 1024;

interface Connection {
  readonly database: DatabaseSync;
  readonly insert: StatementSync;
  readonly remove: StatementSync;
  readonly read: StatementSync;
  readonly count: StatementSync;
}

function checksumOf(revision: number, key: string, object: string | undefined): number {
  return crc32(object ?? '', crc32(`${revision} ${key} ${object === undefined ? 'deleted' : 'is'} `));
}

function primaryCodeOf(thrown: unknown): number {
  return (sqliteCodeOf(thrown) ?? 0) & 0xff;
}

export class SqliteDatabase implements Disposable {
  readonly #directory: StoreDirectory;
  readonly #reserve: SpaceReserve;
  #connection: Connection | undefined;
  /** What the counter in the database holds. */
  #compacted = 0;

  /** Throws StoreDirectoryError. */
  constructor(path: string) {
    this.#directory = StoreDirectory.open(path);
    this.#reserve = new SpaceReserve(this.#directory.reserve);
    try {
      this.#connection = this.#connect();
    } catch (thrown) {
      this.#directory[Symbol.dispose]();
      throw this.#unusable(thrown);
    }
  }

  /** History up to this revision is gone. */
  get compacted(): number {
    return this.#compacted;
  }

  /** Takes the reserve if there is room for it. Not part of opening, because it costs some milliseconds. */
  holdReserve(): void {
    this.#reserve.hold();
  }

  /** Rows after a revision, in order, at most `limit`. Throws StoreDirectoryError when one is damaged. */
  read(after: number, limit: number): CommitRow[] {
    const rows: CommitRow[] = [];
    try {
      for (const row of this.#open().read.iterate(after, limit)) {
        const revision = Number(row.revision);
        const key = String(row.key);
        const object = row.object === null ? undefined : String(row.object);
        if (checksumOf(revision, key, object) !== Number(row.checksum)) {
          const path = this.#directory.database;
          throw new StoreDirectoryError(`${path} is damaged: revision ${revision} fails its checksum`);
        }
        rows.push({ revision, key, object });
      }
    } catch (thrown) {
      throw this.#unusable(thrown);
    }
    return rows;
  }

  /** Throws StoreUnavailable. */
  append(batch: CommitBatch): void {
    try {
      // A reserve that was used up comes back first: else others would eat what was freed for deletions.
      if (!batch.mayUseReserve && !this.#reserve.hold() && batch.rows.length > 0) throw noSpace(undefined);
      this.#commit(batch);
    } catch (thrown) {
      const error = asUnavailable(thrown);
      if (!error.full || !batch.mayUseReserve || !this.#reserve.held) throw error;
      this.#reserve.release();
      this.reopen((batch.rows[0]?.revision ?? Number.MAX_SAFE_INTEGER) - 1);
      this.#commit(batch);
    }
  }

  /** Makes the log end at the revision: what a failed commit left behind it is removed. Throws StoreUnavailable. */
  reopen(revision: number): void {
    try {
      this.#disconnect();
      this.#directory.check();
      this.#connection = this.#connect();
      this.#connection.database.prepare('DELETE FROM log WHERE revision > ?').run(revision);
    } catch (thrown) {
      throw asUnavailable(thrown);
    }
  }

  [Symbol.dispose](): void {
    this.#disconnect();
    this.#directory[Symbol.dispose]();
  }

  #open(): Connection {
    if (!this.#connection) throw new StoreUnavailable('the database is closed', { full: false });
    return this.#connection;
  }

  #connect(): Connection {
    const database = new DatabaseSync(this.#directory.database, { timeout: 0 });
    try {
      database.exec(`
        PRAGMA locking_mode = EXCLUSIVE;
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA cache_size = -${cacheKilobytes};
      `);
      const compacted = database.prepare("SELECT value FROM counters WHERE name = 'compacted'").get();
      this.#compacted = Number(compacted?.value);
      return {
        database,
        insert: database.prepare('INSERT INTO log (revision, key, object, checksum) VALUES (?, ?, ?, ?)'),
        remove: database.prepare('DELETE FROM log WHERE revision = ?'),
        read: database.prepare(
          'SELECT revision, key, object, checksum FROM log WHERE revision > ? ORDER BY revision LIMIT ?',
        ),
        count: database.prepare("UPDATE counters SET value = ? WHERE name = 'compacted'"),
      };
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  }

  #disconnect(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    try {
      connection?.database.close();
    } catch {
      // A connection whose disk fails cannot say goodbye properly; the next one recovers from the write-ahead log.
    }
  }

  #commit(batch: CommitBatch): void {
    const { database, insert, remove, count } = this.#open();
    try {
      database.exec('BEGIN IMMEDIATE');
      for (const { revision, key, object } of batch.rows) {
        insert.run(revision, key, object ?? null, checksumOf(revision, key, object));
      }
      for (const revision of batch.garbage) remove.run(revision);
      if (batch.compacted > this.#compacted) count.run(batch.compacted);
      database.exec('COMMIT');
      this.#compacted = Math.max(this.#compacted, batch.compacted);
    } catch (thrown) {
      // Whatever state the file is in now, it is found out by opening it anew.
      this.#disconnect();
      throw thrown;
    }
  }

  #unusable(thrown: unknown): Error {
    if (thrown instanceof StoreDirectoryError) return thrown;
    const code = primaryCodeOf(thrown);
    const damaged = code === sqliteCorrupt || code === sqliteNotADatabase;
    const what = damaged ? 'is damaged' : 'cannot be opened';
    return new StoreDirectoryError(`${this.#directory.database} ${what}: ${messageOf(thrown)}`, { cause: thrown });
  }
}

function noSpace(cause: unknown): StoreUnavailable {
  return new StoreUnavailable('no space left for the store', { cause, full: true });
}

function asUnavailable(thrown: unknown): StoreUnavailable {
  if (thrown instanceof StoreUnavailable) return thrown;
  return primaryCodeOf(thrown) === sqliteFull ? noSpace(thrown) : StoreUnavailable.from(thrown);
}
