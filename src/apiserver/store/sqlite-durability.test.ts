/** The SQLite store under kill -9 and on a full disk: real processes, a real file system. */
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath, geteuid } from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realClock, realExec, silentLogger, spawnProcess } from '../../base/index.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { type Store, StoreUnavailable } from './store.ts';
import { configMap, dataOf } from './store-contract-objects.ts';

let directory: string;
const open = (path: string) => openSqliteStore({ clock: realClock, logger: silentLogger, directory: path });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stowage-durability-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('kill -9', () => {
  const program = fileURLToPath(new URL('./durability-writer.ts', import.meta.url));

  /** Runs the writer until it has acknowledged so many writes, kills it, and returns all that it had acknowledged. */
  async function writeUntilKilled(path: string, round: number, acknowledged: number): Promise<Map<string, string>> {
    const child = spawnProcess(execPath, {
      args: [program, path, String(round)],
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const last = new Map<string, string>();
    let count = 0;
    for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
      const [key = '', revision = '', value = ''] = line.split(' ');
      last.set(key, `${revision} ${value}`);
      if (++count === acknowledged) child.kill('SIGKILL');
    }
    expect(count).toBeGreaterThanOrEqual(acknowledged);
    return last;
  }

  it('[rel-F-ST1] [rel-A2] loses no acknowledged write and invents none, round after round', async () => {
    const path = join(directory, 'store');
    let newest = 0;
    for (const [round, acknowledged] of [30, 500, 1234, 77, 2500].entries()) {
      const last = await writeUntilKilled(path, round, acknowledged);
      await using store = await open(path);
      expect(store.revision).toBeGreaterThan(newest);
      newest = store.revision;
      for (const [key, expected] of last) {
        const stored = await store.get(key);
        const [revision = 0, value] = expected.split(' ');
        // The one write that was on its way may have been made durable without its answer.
        if (stored && stored.revision > Number(revision)) continue;
        if (!stored && store.revision > Number(revision) && value !== 'deleted') {
          const deletion = await deletionAfter(store, key, Number(revision));
          expect(deletion, `${key} was lost`).toBe(true);
          continue;
        }
        expect(stored ? `${stored.revision} ${dataOf(stored.object)}` : 'deleted').toBe(stored ? expected : value);
      }
    }
  }, 60_000);

  async function deletionAfter(store: Store, key: string, revision: number): Promise<boolean> {
    let found = false;
    using subscription = await store.subscribe(key, revision, (events) => {
      found ||= events.some((event) => event.current === undefined);
    });
    void subscription;
    return found;
  }
});

describe.skipIf(geteuid?.() !== 0)('a full disk (root mounts a small tmpfs)', () => {
  const exec = realExec(realClock);
  const timeoutMs = 10_000;
  let disk: string;

  beforeEach(async () => {
    disk = join(directory, 'disk');
    mkdirSync(disk);
    await exec.run('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', disk], { timeoutMs });
  });
  afterEach(async () => {
    await exec.run('umount', [disk], { timeoutMs });
  });

  const value = 'x'.repeat(20_000);
  const put = (store: Store, name: string) =>
    store.write({ key: `configmaps/a/${name}`, expectedRevision: 0, object: configMap(name, value) });

  function fillDisk(): void {
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(join(disk, 'filler'), Buffer.alloc(bavail * bsize - 200_000));
  }

  /** Writes until the store refuses, and returns what it took. */
  async function writeUntilFull(store: Store): Promise<Map<string, number>> {
    const written = new Map<string, number>();
    for (let i = 0; ; i++) {
      try {
        written.set(`c${i}`, await put(store, `c${i}`));
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(StoreUnavailable);
        expect(thrown).toMatchObject({ full: true });
        return written;
      }
    }
  }

  it('[rel-F-ST3] refuses writes, still reads and deletes, and writes again by itself when there is room', async () => {
    const path = join(disk, 'store');
    const store = await open(path);
    for (let i = 0; i < 200; i++) await put(store, `before${i}`);
    fillDisk();
    const written = await writeUntilFull(store);
    expect((await store.list('')).items.length).toBe(200 + written.size);
    for (let i = 0; i < 200; i++) {
      const key = `configmaps/a/before${i}`;
      const expectedRevision = (await store.get(key))?.revision ?? 0;
      await store.write({ key, expectedRevision, object: undefined });
    }
    await expect(put(store, 'refused')).rejects.toMatchObject({ full: true });

    rmSync(join(disk, 'filler'));
    const freedMs = realClock.monotonic();
    let resumed: number | undefined;
    while (resumed === undefined && realClock.monotonic() - freedMs < timeoutMs) {
      resumed = await put(store, 'after').catch(async () => {
        await realClock.sleep(50);
        return undefined;
      });
    }
    expect(resumed, '[rel-R10] writing resumes').toBeDefined();
    const expected = (await store.list('')).items.map((item) => item.key);
    await store[Symbol.asyncDispose]();

    await using again = await open(path);
    expect((await again.list('')).items.map((item) => item.key)).toEqual(expected);
    expect(expected).not.toContain('configmaps/a/refused');
  }, 60_000);

  it('[rel-F-ST3] opens on a full disk and serves what it has', async () => {
    const path = join(disk, 'store');
    const before = await open(path);
    await put(before, 'kept');
    fillDisk();
    const written = await writeUntilFull(before);
    writeFileSync(join(disk, 'rest'), '');
    await before[Symbol.asyncDispose]();
    await using after = await open(path);
    expect((await after.list('')).items.length).toBe(1 + written.size);
    const key = 'configmaps/a/kept';
    await after.write({ key, expectedRevision: (await after.get(key))?.revision ?? 0, object: undefined });
  }, 60_000);
});
