import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from './clock.ts';
import { realExec, spawnProcess } from './exec.ts';
import { makePipes } from './pipe.ts';

describe('makePipes', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'pipe-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('carries what a child writes, also through /proc/self/fd, and ends with it', async () => {
    const [stdout, stderr] = await makePipes(
      realExec(realClock),
      ['out', 'err'].map((name) => join(directory, name)),
    );
    if (!stdout || !stderr) throw new Error('no pipes');
    expect(readdirSync(directory)).toEqual([]);
    const script = 'echo plain; echo reopened > /proc/self/fd/1; echo trouble >&2';
    spawnProcess('sh', { args: ['-c', script], stdio: ['ignore', stdout.writeFd, stderr.writeFd] });
    stdout[Symbol.dispose]();
    stderr[Symbol.dispose]();
    expect(await Promise.all([text(stdout.reader), text(stderr.reader)])).toEqual(['plain\nreopened\n', 'trouble\n']);
  });
});
