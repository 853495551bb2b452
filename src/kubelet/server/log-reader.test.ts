import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realFs, VirtualClock } from '../../base/index.ts';
import { type LogOptions, readLog } from './log-reader.ts';

const lines = [
  '2026-11-21T10:00:00.000000000Z stdout F one',
  '2026-11-21T10:00:01.000000000Z stderr F two',
  '2026-11-21T10:00:02.000000000Z stdout P thr',
  '2026-11-21T10:00:02.000000000Z stdout F ee',
];
const plain: LogOptions = { follow: false, timestamps: false };

describe('readLog', () => {
  let directory: string;
  let path: string;
  let clock: VirtualClock;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-log-'));
    path = join(directory, '0.log');
    writeFileSync(path, `${lines.join('\n')}\n`);
    clock = new VirtualClock();
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  async function read(options: Partial<LogOptions>, ended = () => true, signal = new AbortController().signal) {
    let text = '';
    for await (const part of readLog({ fs: realFs, clock, path, ended }, { ...plain, ...options }, signal))
      text += part;
    return text;
  }

  it('joins the pieces of long lines, of both streams', async () => {
    expect(await read({})).toBe('one\ntwo\nthree\n');
  });

  it('shows the last lines, lines since a time, times, and so many bytes', async () => {
    expect(await read({ tailLines: 1 })).toBe('ee\n');
    expect(await read({ tailLines: 0 })).toBe('');
    expect(await read({ sinceMs: Date.parse('2026-11-21T10:00:01Z') })).toBe('two\nthree\n');
    expect(await read({ timestamps: true, tailLines: 1 })).toBe('2026-11-21T10:00:02.000000000Z ee\n');
    expect(await read({ limitBytes: 5 })).toBe('one\nt');
  });

  it('yields nothing for a container that has no log', async () => {
    rmSync(path);
    expect(await read({ follow: true })).toBe('');
  });

  it('follows until the container has ended, over a file that is turned', async () => {
    let ended = false;
    const reading = read({ follow: true, tailLines: 0 }, () => ended);
    await clock.advance(1_000);
    appendFileSync(path, '2026-11-21T10:00:03.000000000Z stdout F four\n');
    await clock.advance(1_000);
    renameSync(path, `${path}.1`);
    writeFileSync(path, '2026-11-21T10:00:04.000000000Z stdout F five\n');
    await clock.advance(1_000);
    ended = true;
    await clock.advance(1_000);
    expect(await reading).toBe('four\nfive\n');
  });

  it('stops when nobody listens any more', async () => {
    const stop = new AbortController();
    const reading = read({ follow: true }, () => false, stop.signal);
    await clock.advance(1_000);
    stop.abort();
    expect(await reading).toContain('one');
  });
});
