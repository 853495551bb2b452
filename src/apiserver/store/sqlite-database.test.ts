import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommitBatch } from './commit-log.ts';
import { SqliteDatabase } from './sqlite-database.ts';

let directory: string;
let database: SqliteDatabase;

const batch = (revisions: readonly number[], more: Partial<CommitBatch> = {}): CommitBatch => ({
  rows: revisions.map((revision) => ({ revision, key: `k/${revision}`, object: `{"n":${revision}}` })),
  garbage: [],
  compacted: 1,
  mayUseReserve: false,
  ...more,
});
const revisions = () => database.read(0, 1000).map((row) => row.revision);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stowage-database-'));
  database = new SqliteDatabase(join(directory, 'store'));
});
afterEach(() => {
  database[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

describe('the log of commits', () => {
  it('is read in the order of revisions, in pieces', () => {
    database.append(batch([2, 3, 4]));
    database.append({ ...batch([]), rows: [{ revision: 5, key: 'k/2', object: undefined }] });
    expect(database.read(2, 2)).toEqual([
      { revision: 3, key: 'k/3', object: '{"n":3}' },
      { revision: 4, key: 'k/4', object: '{"n":4}' },
    ]);
    expect(database.read(4, 2)).toEqual([{ revision: 5, key: 'k/2', object: undefined }]);
  });

  it('deletes garbage with the commit that names it, and keeps how far history is gone', () => {
    database.append(batch([2, 3, 4]));
    database.append(batch([5], { garbage: [2, 3], compacted: 4 }));
    expect(revisions()).toEqual([4, 5]);
    database.reopen(5);
    expect(database.compacted).toBe(4);
  });

  it('[rel-A3] writes a batch whole or not at all', () => {
    database.append(batch([2, 3]));
    expect(() => database.append(batch([4, 5, 3]))).toThrow(/the store cannot write/);
    database.reopen(3);
    expect(revisions()).toEqual([2, 3]);
  });

  it('is not written to after a failure before it is opened anew', () => {
    database.append(batch([2]));
    expect(() => database.append(batch([2]))).toThrow();
    expect(() => database.append(batch([3]))).toThrow('the database is closed');
    database.reopen(2);
    database.append(batch([3]));
    expect(revisions()).toEqual([2, 3]);
  });

  it('[rel-F-ST4] ends at the committed revision when it is opened anew, whatever a failed commit has left', () => {
    database.append(batch([2, 3, 4]));
    database.reopen(2);
    expect(revisions()).toEqual([2]);
  });

  it('stays refused when its file was replaced meanwhile', () => {
    database.append(batch([2]));
    expect(() => database.append(batch([2]))).toThrow();
    writeFileSync(join(directory, 'store', 'stowage.db'), 'x'.repeat(4096));
    expect(() => database.reopen(2)).toThrow(/is not a database/);
    expect(() => database.append(batch([3]))).toThrow('the database is closed');
  });
});
