import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Backoff, backoffMs } from './backoff.ts';
import { microTimestamp, timestamp } from './clock.ts';
import { errnoOf, isAbort, messageOf } from './errors.ts';
import { exists, type Fs, ifExists, realFs, writeFileDurably } from './fs.ts';
import { KeyLock } from './key-lock.ts';
import { createLogger } from './log.ts';
import { nameSuffix, realRandom, seededRandom } from './random.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('timestamps', () => {
  it('are written as the API writes Time and MicroTime', () => {
    const clock = new VirtualClock(Date.UTC(2026, 1, 3, 4, 5, 6, 789));
    expect(timestamp(clock)).toBe('2026-02-03T04:05:06Z');
    expect(microTimestamp(clock)).toBe('2026-02-03T04:05:06.789000Z');
  });
});

describe('back-off', () => {
  it('doubles up to its limit and starts anew after a success', () => {
    const options = { initialMs: 500, maxMs: 3_000 };
    expect([0, 1, 2, 3, 4, 60].map((failures) => backoffMs(options, failures))).toEqual([
      0, 500, 1000, 2000, 3000, 3000,
    ]);
    const backoff = new Backoff<string>(options);
    expect([backoff.next('a'), backoff.next('a'), backoff.next('b')]).toEqual([500, 1000, 500]);
    backoff.forget('a');
    expect([backoff.failures('a'), backoff.next('a')]).toEqual([0, 500]);
  });
});

describe('a lock per key', () => {
  it('runs work on one key in order, other keys beside it, and goes on after a failure', async () => {
    const lock = new KeyLock<string>();
    const log: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = lock.run('a', async () => {
      await gate.promise;
      log.push('a1');
      throw new Error('failed');
    });
    const second = lock.run('a', async () => log.push('a2'));
    await lock.run('b', async () => log.push('b'));
    expect(lock.busy('a')).toBe(true);
    gate.resolve();
    await expect(first).rejects.toThrow('failed');
    await second;
    expect(log).toEqual(['b', 'a1', 'a2']);
    expect([lock.busy('a'), lock.busy('b')]).toEqual([false, false]);
  });
});

describe('randomness', () => {
  it('repeats itself for the same seed', () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed);
      return [random.next(), random.uuid(), Buffer.from(random.bytes(4)).toString('hex'), nameSuffix(random)];
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it('makes version 4 UUIDs and suffixes without vowels', () => {
    for (const random of [seededRandom(1), realRandom]) {
      expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(nameSuffix(random, 10)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{10}$/);
      expect(random.bytes(8)).toHaveLength(8);
    }
  });
});

describe('errors', () => {
  it('tell their text, code and kind whatever was thrown', () => {
    expect([new Error('x'), 'y', { z: 1 }].map(messageOf)).toEqual(['x', 'y', '{"z":1}']);
    expect(errnoOf(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe('ENOENT');
    expect(errnoOf({ code: 'ENOENT' })).toBeUndefined();
    expect(isAbort(new DOMException('x', 'AbortError'))).toBe(true);
    expect(isAbort(new Error('x'))).toBe(false);
  });
});

describe('files', () => {
  it('are replaced whole, with the mode asked for, and no temporary file stays', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'fs-'));
    const path = join(directory, 'file');
    writeFileSync(path, 'old', { mode: 0o644 });
    await writeFileDurably(realFs, path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['file']);
  });

  it('keep their old content when writing the new one fails', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'fs-'));
    const path = join(directory, 'file');
    writeFileSync(path, 'old');
    const fs: Fs = { ...realFs, rename: () => Promise.reject(new Error('EIO')) };
    await expect(writeFileDurably(fs, path, 'new')).rejects.toThrow('EIO');
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  it('may be missing', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'fs-')), 'none');
    expect(await exists(realFs, path)).toBe(false);
    expect(await ifExists(realFs.readFile(path))).toBeUndefined();
    await expect(ifExists(realFs.readFile(join(path, '\0')))).rejects.toThrow();
  });
});

describe('logs', () => {
  const write = (format: 'text' | 'json', verbosity = 2) => {
    const lines: string[] = [];
    const clock = new VirtualClock(Date.UTC(2026, 10, 21, 1, 2, 3, 4));
    const logger = createLogger({ format, verbosity, clock, write: (line) => lines.push(line) });
    return { lines, logger };
  };

  it('are klog lines with a constant message and fields', () => {
    const { lines, logger } = write('text');
    logger
      .with({ component: 'binder' })
      .warn('claim waits', { claim: 'default/a', tries: 2, error: new Error('no "x"') });
    expect(lines[0]).toMatch(/^W\d{4} .* binder\] "claim waits" claim="default\/a" tries=2 error="no \\"x\\""\n$/);
  });

  it('are JSON records', () => {
    const { lines, logger } = write('json');
    logger.info('ready', { volume: 'pvc-1' });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'ready', volume: 'pvc-1', ts: expect.any(Number) });
  });

  it('hold detail back below verbosity 4', () => {
    const quiet = write('text');
    quiet.logger.debug('detail');
    expect(quiet.lines).toEqual([]);
    const loud = write('text', 4);
    loud.logger.debug('detail');
    expect(loud.lines).toHaveLength(1);
  });
});
