import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realFs } from '../base/index.ts';
import { ensureDirectory } from './directories.ts';

describe('ensureDirectory', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-directories-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('makes a directory and its parents for their owner alone', async () => {
    const path = join(directory, 'a', 'b', 'c');
    await ensureDirectory(realFs, '--data-dir', path);
    await ensureDirectory(realFs, '--data-dir', path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(existsSync(path)).toBe(true);
  });

  it('[rel-X45] names the flag when something else is in the way', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'below')])
      await expect(ensureDirectory(realFs, '--data-dir', path)).rejects.toThrow(
        `--data-dir: cannot use the directory ${path}: `,
      );
  });

  it('[rel-X45] ends where nobody can make a directory', async () => {
    await expect(ensureDirectory(realFs, '--root-dir', '/proc/stowage/below')).rejects.toThrow('--root-dir: ');
  });
});
