import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from '../../base/index.ts';
import { SqliteLog } from './sqlite-log.ts';

const row = (revision: number, object = '{}') => ({ revision, key: `k/${revision}`, object });
const batch = (revision: number, object?: string) => ({
  rows: [row(revision, object)],
  garbage: [],
  compacted: 1,
  mayUseReserve: false,
});

let directory: string;
let log: SqliteLog;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'stowage-log-'));
  log = new SqliteLog(realClock, join(directory, 'store'));
  await log.open();
});
afterEach(async () => {
  await log[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

describe('the thread of the store', () => {
  it('answers calls in their order', async () => {
    const [, rows] = await Promise.all([log.append(batch(2)), log.read(0, 10), log.append(batch(3))]);
    expect(rows).toEqual([row(2)]);
  });

  it('passes the kind of a failure on', async () => {
    await log.append(batch(2));
    await expect(log.append(batch(2))).rejects.toMatchObject({ name: 'StoreUnavailable', full: false });
  });

  it('[rel-F-ST4] is replaced when it died, and the directory is free for its successor', async () => {
    await log.append(batch(2));
    // More than the thread's heap can take in: it dies as one that ran out of memory does.
    const tooMuch = { ...batch(3), rows: Array.from({ length: 1_000_000 }, (_, i) => row(3 + i, '{"some":"text"}')) };
    await expect(log.append(tooMuch)).rejects.toMatchObject({ name: 'StoreUnavailable' });
    await expect(log.append(batch(3))).rejects.toMatchObject({ name: 'StoreUnavailable' });
    await log.reopen(2);
    await log.append(batch(9));
    expect(await log.read(0, 10)).toEqual([row(2), row(9)]);
  }, 60_000);
});
