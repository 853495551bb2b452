import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realFs } from '../../base/index.ts';
import { checkHostPath } from './host-path-type.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'host-path-'));
  await mkdir(join(dir, 'directory'));
  await writeFile(join(dir, 'file'), '');
  await symlink(join(dir, 'directory'), join(dir, 'link'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const check = (name: string, type: string) => checkHostPath(realFs, join(dir, name), type);
const refused = (name: string, what: string) => `hostPath type check failed: ${join(dir, name)} is not ${what}`;

describe('the type of a hostPath', () => {
  it('[K2] checks nothing when it is empty', async () => {
    await check('missing', '');
  });

  it.each([
    ['Directory', 'directory'],
    ['Directory', 'link'],
    ['DirectoryOrCreate', 'directory'],
    ['File', 'file'],
    ['FileOrCreate', 'file'],
  ])('[K2] %s accepts a %s', async (type, name) => {
    await check(name, type);
  });

  it.each([
    ['Directory', 'missing', 'a directory'],
    ['Directory', 'file', 'a directory'],
    ['DirectoryOrCreate', 'file', 'a directory'],
    ['File', 'missing', 'a file'],
    ['File', 'directory', 'a file'],
    ['FileOrCreate', 'directory', 'a file'],
    ['Socket', 'file', 'a socket file'],
    ['CharDevice', 'file', 'a character device'],
    ['BlockDevice', 'file', 'a block device'],
  ])('[K2] %s refuses a %s: it is not %s', async (type, name, noun) => {
    await expect(check(name, type)).rejects.toThrow(refused(name, noun));
  });

  it('[K2] DirectoryOrCreate makes directories, FileOrCreate a file whose parent exists', async () => {
    await check('a/b/c', 'DirectoryOrCreate');
    expect((await stat(join(dir, 'a/b/c'))).mode & 0o777).toBe(0o755);
    await check('new', 'FileOrCreate');
    expect((await stat(join(dir, 'new'))).mode & 0o777).toBe(0o644);
    await expect(check('no/parent', 'FileOrCreate')).rejects.toThrow('no such file or directory');
  });

  it('[K2] Socket and CharDevice accept what they name', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(join(dir, 'socket'), resolve);
    });
    await check('socket', 'Socket');
    await checkHostPath(realFs, '/dev/null', 'CharDevice');
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
});
