/**
 * The directory of a SQLite store: who may open it, and whether what lies in it is a store of ours. Runs in the store's
 * worker thread. Nothing that it does not recognise is ever overwritten.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errnoOf, messageOf } from '../../base/index.ts';
import { StoreDirectoryError } from './store-directory-error.ts';

/** 'Stow' as SQLite's application id: tells our databases from others. */
const applicationId = 0x53746f77;
/** Goes up when a program of before could misread what one of after has written. */
const formatVersion = 1;
const sqliteBusy = 5;
const headerBytes = 100;

const schema = `
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${formatVersion};
  CREATE TABLE log (
    revision INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    object TEXT,
    checksum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO counters VALUES ('compacted', 1);
`;

/** The extended result code of an error that SQLite gave, its primary code in the low byte. */
export function sqliteCodeOf(thrown: unknown): number | undefined {
  if (thrown instanceof Error && 'errcode' in thrown && typeof thrown.errcode === 'number') return thrown.errcode;
  return undefined;
}

export class StoreDirectory implements Disposable {
  readonly path: string;
  readonly #lock: DatabaseSync;

  private constructor(path: string, lock: DatabaseSync) {
    this.path = path;
    this.#lock = lock;
  }

  get database(): string {
    return join(this.path, 'stowage.db');
  }

  get reserve(): string {
    return join(this.path, 'reserve');
  }

  /** Creates the directory if need be and takes its lock, which ends with the process. */
  static open(path: string): StoreDirectory {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      closeSync(openSync(join(path, 'lock'), 'a', 0o600));
    } catch (cause) {
      throw new StoreDirectoryError(`cannot use the data directory ${path}: ${messageOf(cause)}`, { cause });
    }
    const directory = new StoreDirectory(path, takeLock(path));
    try {
      directory.#prepare();
    } catch (thrown) {
      directory[Symbol.dispose]();
      if (thrown instanceof StoreDirectoryError) throw thrown;
      throw new StoreDirectoryError(`cannot use the data directory ${path}: ${messageOf(thrown)}`, { cause: thrown });
    }
    return directory;
  }

  [Symbol.dispose](): void {
    this.#lock.close();
  }

  #prepare(): void {
    const marker = join(this.path, 'format');
    if (existsSync(this.database)) {
      this.check();
    } else if (existsSync(marker) || existsSync(`${this.database}-wal`)) {
      throw new StoreDirectoryError(`${this.database} is missing, but ${this.path} has held a store`);
    } else {
      this.#create();
    }
    if (!existsSync(marker)) writeDurably(marker, `stowage store, format ${formatVersion}\n`);
  }

  /** A database appears whole or not at all. */
  #create(): void {
    const draft = `${this.database}.new`;
    for (const leftover of [draft, `${draft}-journal`]) rmSync(leftover, { force: true });
    closeSync(openSync(draft, 'wx', 0o600));
    const database = new DatabaseSync(draft);
    try {
      database.exec(`PRAGMA synchronous = FULL; BEGIN; ${schema} COMMIT;`);
    } finally {
      database.close();
    }
    renameSync(draft, this.database);
    syncDirectory(this.path);
  }

  /** Refuses a database file that is not one of ours, by its header alone. */
  check(): void {
    const path = this.database;
    const header = readHeader(path);
    if (header.subarray(0, 16).toString('latin1') !== 'SQLite format 3\0') {
      throw new StoreDirectoryError(`${path} is not a database`);
    }
    if (header.readUInt32BE(68) !== applicationId) {
      throw new StoreDirectoryError(`${path} is a database of another program`);
    }
    const version = header.readUInt32BE(60);
    if (version !== formatVersion) {
      throw new StoreDirectoryError(`${path} has format version ${version}, this program knows ${formatVersion}`);
    }
    const pageBytes = header.readUInt16BE(16);
    const expectedBytes = header.readUInt32BE(28) * (pageBytes === 1 ? 65_536 : pageBytes);
    const { size } = statSync(path);
    // With a write-ahead log beside it the file may lag behind its own header: then the log has the rest.
    const logged = existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0;
    if (size < expectedBytes && !logged) {
      throw new StoreDirectoryError(`${path} is truncated: ${size} of ${expectedBytes} bytes are there`);
    }
  }
}

function takeLock(path: string): DatabaseSync {
  const lock = new DatabaseSync(join(path, 'lock'), { timeout: 0 });
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;');
    return lock;
  } catch (cause) {
    lock.close();
    const busy = ((sqliteCodeOf(cause) ?? 0) & 0xff) === sqliteBusy;
    const reason = busy ? 'another process uses it' : messageOf(cause);
    throw new StoreDirectoryError(`cannot use the data directory ${path}: ${reason}`, { cause });
  }
}

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(headerBytes);
  let file: number;
  try {
    file = openSync(path, 'r+');
  } catch (cause) {
    const readOnly = errnoOf(cause) === 'EROFS' || errnoOf(cause) === 'EACCES';
    throw new StoreDirectoryError(`${path} ${readOnly ? 'is not writable' : messageOf(cause)}`, { cause });
  }
  try {
    const read = readSync(file, header, 0, headerBytes, 0);
    if (read === headerBytes) return header;
    throw new StoreDirectoryError(`${path} is truncated: it has ${read} bytes`);
  } finally {
    closeSync(file);
  }
}

function writeDurably(path: string, content: string): void {
  const draft = `${path}.new`;
  writeFileSync(draft, content, { mode: 0o600, flush: true });
  renameSync(draft, path);
  syncDirectory(dirname(path));
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
