import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realClock, silentLogger } from '../../base/index.ts';
import { defaultHistoryLimits, type HistoryLimits } from './history.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { type Store, StoreCompacted, type StoreEvent } from './store.ts';
import { describeStoreContract } from './store-contract.ts';
import { configMap, dataOf } from './store-contract-objects.ts';

const directories: string[] = [];

function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-store-'));
  directories.push(directory);
  return join(directory, 'store');
}

function openIn(directory: string, historyLimits: HistoryLimits = defaultHistoryLimits): Promise<Store> {
  return openSqliteStore({ clock: realClock, logger: silentLogger, directory, historyLimits });
}

const put = (store: Store, name: string, value = '', expectedRevision = 0) =>
  store.write({ key: `configmaps/a/${name}`, expectedRevision, object: configMap(name, value) });
const remove = (store: Store, name: string, expectedRevision: number) =>
  store.write({ key: `configmaps/a/${name}`, expectedRevision, object: undefined });

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

describeStoreContract('SQLite', (limits) => openIn(freshDirectory(), limits));

describe('a SQLite store that is opened again', () => {
  let directory: string;
  beforeEach(() => {
    directory = freshDirectory();
  });

  it('[rel-A2] has every object with its revision, and its history', async () => {
    const before = await openIn(directory);
    const start = before.revision;
    const one = await put(before, 'one', '1');
    const two = await put(before, 'two', '1');
    const changed = await put(before, 'one', '2', one);
    const last = await remove(before, 'two', two);
    await before[Symbol.asyncDispose]();

    await using after = await openIn(directory);
    expect(after.revision).toBe(last);
    const listed = await after.list('');
    expect(listed.items.map((item) => [item.key, item.revision, dataOf(item.object)])).toEqual([
      ['configmaps/a/one', changed, '2'],
    ]);
    expect(Object.isFrozen(listed.items[0]?.object.metadata)).toBe(true);
    const seen: StoreEvent[] = [];
    using subscription = await after.subscribe('', start, (events) => seen.push(...events));
    void subscription;
    expect(seen.map((event) => [event.revision, dataOf(event.previous), dataOf(event.current)])).toEqual([
      [one, undefined, '1'],
      [two, undefined, '1'],
      [changed, '1', '2'],
      [last, '1', undefined],
    ]);
    expect((await after.list('', two)).items.length).toBe(2);
  });

  it('[rel-A1] never gives out a revision again, also when the newest rows were compacted', async () => {
    const none: HistoryLimits = { events: 0, bytes: 0, ageMs: 0 };
    const before = await openIn(directory, none);
    const revision = await put(before, 'one');
    const last = await remove(before, 'one', revision);
    for (let i = 0, one = 0; i < 600; i++) one = await put(before, 'two', String(i), one);
    const two = (await before.get('configmaps/a/two'))?.revision ?? 0;
    const gone = await remove(before, 'two', two);
    await put(before, 'three');
    await before[Symbol.asyncDispose]();
    expect(gone).toBeGreaterThan(last);

    await using after = await openIn(directory, none);
    expect(await put(after, 'four')).toBeGreaterThan(gone);
    await expect(after.list('', gone)).rejects.toBeInstanceOf(StoreCompacted);
  });

  it('[rel-F-ST9] removes the rows that compaction left when it was cut off', async () => {
    const before = await openIn(directory, { events: 1, bytes: 1e9, ageMs: 1e9 });
    let revision = 0;
    for (let i = 0; i < 20; i++) revision = await put(before, 'one', String(i), revision);
    await remove(before, 'one', revision);
    await put(before, 'two');
    await put(before, 'three');
    await before[Symbol.asyncDispose]();
    const after = await openIn(directory, { events: 1, bytes: 1e9, ageMs: 1e9 });
    expect((await after.list('')).items.map((item) => item.key)).toEqual(['configmaps/a/three', 'configmaps/a/two']);
    await put(after, 'four');
    await put(after, 'five');
    await after[Symbol.asyncDispose]();
    const database = new DatabaseSync(join(directory, 'stowage.db'));
    const keys = database.prepare('SELECT key FROM log ORDER BY revision').all();
    database.close();
    expect(keys.map((row) => row.key)).toEqual(['two', 'three', 'four', 'five'].map((name) => `configmaps/a/${name}`));
  });

  it('[rel-S-SE11] keeps its files to their owner', async () => {
    await using store = await openIn(directory);
    await put(store, 'one');
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const name of ['stowage.db', 'stowage.db-wal', 'lock', 'format', 'reserve']) {
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
    }
  });

  it('[rel-F-ST8] is refused while another store has the directory, and the other goes on', async () => {
    await using first = await openIn(directory);
    await expect(openIn(directory)).rejects.toMatchObject({
      name: 'StoreDirectoryError',
      message: `cannot use the data directory ${directory}: another process uses it`,
    });
    await put(first, 'one');
  });
});

describe('[rel-F-ST10] a directory that holds no sound store', () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = freshDirectory();
    file = join(directory, 'stowage.db');
    const store = await openIn(directory);
    for (let i = 0; i < 200; i++) await put(store, `c${i}`, 'x'.repeat(200));
    await store[Symbol.asyncDispose]();
  });

  async function refusal(): Promise<string> {
    const before = existsSync(file) ? readFileSync(file) : undefined;
    const thrown: unknown = await openIn(directory).catch((error: unknown) => error);
    const after = existsSync(file) ? readFileSync(file) : undefined;
    expect(after).toEqual(before);
    expect(thrown).toMatchObject({ name: 'StoreDirectoryError' });
    return (thrown as Error).message;
  }

  it('is refused when the database is missing', async () => {
    rmSync(file);
    expect(await refusal()).toBe(`${file} is missing, but ${directory} has held a store`);
  });

  it('is refused when the database is empty', async () => {
    truncateSync(file, 0);
    expect(await refusal()).toBe(`${file} is truncated: it has 0 bytes`);
  });

  it('is refused when the end of the database is missing', async () => {
    truncateSync(file, 8192);
    expect(await refusal()).toMatch(/is truncated: 8192 of \d+ bytes are there/);
  });

  it('is refused when the file is no database', async () => {
    writeFileSync(file, 'x'.repeat(4096));
    expect(await refusal()).toBe(`${file} is not a database`);
  });

  it('is refused when another program made the database', async () => {
    rmSync(file);
    const other = new DatabaseSync(file);
    other.exec('CREATE TABLE t (x)');
    other.close();
    expect(await refusal()).toBe(`${file} is a database of another program`);
  });

  it('is refused when the format is a later one', async () => {
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 2');
    database.close();
    expect(await refusal()).toBe(`${file} has format version 2, this program knows 1`);
  });

  it('[rel-F-ST5] is refused when an object was changed behind its checksum', async () => {
    const bytes = readFileSync(file);
    bytes[bytes.lastIndexOf('uid-c199') + 1] = 'y'.charCodeAt(0);
    writeFileSync(file, bytes);
    expect(await refusal()).toMatch(/is damaged: revision \d+ fails its checksum/);
  });

  it('is refused when a page is garbage', async () => {
    const bytes = readFileSync(file);
    bytes.fill(0x5a, 4096 * 3, 4096 * 4);
    writeFileSync(file, bytes);
    expect(await refusal()).toMatch(/is damaged: /);
  });

  it('is refused when it is no directory', async () => {
    copyFileSync(file, `${directory}-file`);
    const thrown: unknown = await openIn(`${directory}-file`).catch((error: unknown) => error);
    expect(String(thrown)).toContain(`cannot use the data directory ${directory}-file`);
  });
});
