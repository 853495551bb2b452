import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realFs, VirtualClock } from '../../../base/index.ts';
import { CriLog, LineCutter, logFileLimitBytes } from './cri-log.ts';

const clock = new VirtualClock(Date.parse('2026-11-21T10:00:00.123Z'));
const stamp = '2026-11-21T10:00:00.123000000Z';

describe('LineCutter', () => {
  it('writes one line of the log per line of output, wherever the output is cut', () => {
    const cutter = new LineCutter('stdout', clock);
    const out = ['on', 'e\ntwo', '\n\nrest'].map((part) => cutter.add(Buffer.from(part)).toString()).join('');
    expect(out).toBe(`${stamp} stdout F one\n${stamp} stdout F two\n${stamp} stdout F \n`);
    expect(cutter.end().toString()).toBe(`${stamp} stdout F rest\n`);
    expect(cutter.end()).toHaveLength(0);
  });

  it('cuts long lines into pieces', () => {
    const cutter = new LineCutter('stderr', clock);
    const lines = cutter
      .add(Buffer.from(`${'x'.repeat(40_000)}\n`))
      .toString()
      .split('\n');
    expect(lines.map((line) => [line.split(' ')[2], line.length - stamp.length])).toEqual([
      ['P', 16_384 + 10],
      ['P', 16_384 + 10],
      ['F', 40_000 - 2 * 16_384 + 10],
      [undefined, -stamp.length],
    ]);
  });
});

describe('CriLog', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-log-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('appends in order and turns the file over when it is full', async () => {
    const path = join(directory, '0.log');
    const log = new CriLog(realFs, path, () => {});
    log.write(Buffer.from('a\n'));
    log.write(Buffer.from('b\n'));
    await log.drained();
    expect(readFileSync(path, 'utf8')).toBe('a\nb\n');
    expect(log.write(Buffer.alloc(logFileLimitBytes, 'x'))).toBe(false);
    await log.drained();
    log.write(Buffer.from('c\n'));
    await log.drained();
    expect(readFileSync(path, 'utf8')).toBe('c\n');
    expect(readFileSync(`${path}.1`, 'utf8').slice(0, 4)).toBe('a\nb\n');
  });

  it('loses lines and not the container when the disk refuses', async () => {
    const errors: unknown[] = [];
    const log = new CriLog(realFs, join(directory, 'missing', '0.log'), (error) => errors.push(error));
    log.write(Buffer.from('a\n'));
    await log.drained();
    expect(errors).toHaveLength(1);
  });
});
