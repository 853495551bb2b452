import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { removeTemporaryDirectories, temporaryDirectory } from '../../test/support/host.ts';
import { type Fs, realFs } from '../base/index.ts';
import { ensureDirectoryInside, handlePath, openInside } from './safe-open.ts';

removeTemporaryDirectories();

let base: string;
let volume: string;
let canary: string;

beforeEach(() => {
  base = temporaryDirectory();
  volume = join(base, 'volume');
  canary = join(base, 'canary');
  mkdirSync(join(volume, 'a/b'), { recursive: true });
  mkdirSync(canary);
  writeFileSync(join(volume, 'a/b/file'), 'inside');
  writeFileSync(join(canary, 'file'), 'outside');
});

async function inodeOf(opening: Promise<FileHandle>): Promise<number> {
  await using handle = await opening;
  return (await handle.stat()).ino;
}

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

describe('opening inside a volume', () => {
  it('[J1] opens files and directories at any depth', async () => {
    expect(await inodeOf(openInside(realFs, volume, 'a/b'))).toBe(statSync(join(volume, 'a/b')).ino);
    expect(await inodeOf(openInside(realFs, volume, './a//b/file'))).toBe(statSync(join(volume, 'a/b/file')).ino);
    expect(await inodeOf(openInside(realFs, volume, ''))).toBe(statSync(volume).ino);
  });

  it('[J1] hands out a path that reads the opened file from another process as well', async () => {
    await using handle = await openInside(realFs, volume, 'a/b/file');
    expect(handlePath(handle)).toBe(`/proc/${process.pid}/fd/${handle.fd}`);
    expect(readFileSync(handlePath(handle), 'utf8')).toBe('inside');
  });

  it('[J1] follows links that stay inside, as the atomic writer makes them', async () => {
    mkdirSync(join(volume, '..2026'));
    writeFileSync(join(volume, '..2026/key'), 'value');
    symlinkSync('..2026', join(volume, '..data'));
    symlinkSync('..data/key', join(volume, 'key'));
    symlinkSync('../a/./b/file', join(volume, 'a/up'));
    expect(await inodeOf(openInside(realFs, volume, 'key'))).toBe(statSync(join(volume, '..2026/key')).ino);
    expect(await inodeOf(openInside(realFs, volume, 'a/up'))).toBe(statSync(join(volume, 'a/b/file')).ino);
  });

  it.each([['/etc'], ['..'], ['a/../../canary'], ['a/..'], ['a\0b']])('refuses the path %j', async (subPath) => {
    await expect(openInside(realFs, volume, subPath)).rejects.toMatchObject({ name: 'MountError', code: 'Invalid' });
  });

  it.each([
    ['/', 'esc'],
    ['/', 'esc/etc'],
    ['../canary', 'esc'],
    ['../canary', 'esc/file'],
    ['a/../../canary', 'esc'],
    ['../volume/a', 'esc'],
    ['/proc/self/root', 'esc/etc/passwd'],
    ['esc', 'esc'],
  ])('[rel-S-FS1] refuses a link to %s at %s', async (target, subPath) => {
    symlinkSync(target, join(volume, 'esc'));
    await expect(openInside(realFs, volume, subPath)).rejects.toMatchObject({ code: 'Escapes' });
    await expect(ensureDirectoryInside(realFs, volume, subPath)).rejects.toMatchObject({ code: 'Escapes' });
  });

  it('says that a path does not exist or leads through a file', async () => {
    await expect(openInside(realFs, volume, 'a/none')).rejects.toMatchObject({ code: 'NotFound' });
    await expect(openInside(realFs, volume, 'a/b/file/x')).rejects.toMatchObject({ code: 'Failed' });
    await expect(openInside(realFs, join(base, 'none'), 'a')).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('leaves no descriptor open but the one it returns', async () => {
    symlinkSync('../canary', join(volume, 'esc'));
    const before = openFiles();
    await using handle = await openInside(realFs, volume, 'a/b/file');
    await openInside(realFs, volume, 'a/esc').catch(() => {});
    await openInside(realFs, volume, 'esc').catch(() => {});
    expect(openFiles()).toBe(before + 1);
    await handle.close();
  });
});

/** A file system that runs the change before every n-th open: the attacker who always wins the race. */
function raced(before: (call: number) => void): Fs {
  let calls = 0;
  const open = async (...args: Parameters<Fs['open']>) => {
    before(calls++);
    return await realFs.open(...args);
  };
  const mkdir = (async (...args: Parameters<Fs['mkdir']>) => {
    before(calls++);
    return await realFs.mkdir(...args);
  }) as Fs['mkdir'];
  return { ...realFs, open, mkdir, readlink: realFs.readlink };
}

describe('races with whoever writes the volume', () => {
  it.each([[0], [1], [2], [3]])(
    '[rel-S-FS2] stays inside when a directory becomes a link before step %i',
    async (at) => {
      const fs = raced((call) => {
        if (call !== at) return;
        renameSync(join(volume, 'a'), join(volume, 'moved'));
        symlinkSync('../canary', join(volume, 'a'));
      });
      const opened = await openInside(fs, volume, 'a/b/file').catch((error: unknown) => error);
      if (opened instanceof Error) expect(opened).toMatchObject({ name: 'MountError' });
      else
        expect(await inodeOf(Promise.resolve(opened as FileHandle))).toBe(statSync(join(volume, 'moved/b/file')).ino);
    },
  );

  it.each([[0], [1], [2], [3], [4], [5], [6]])(
    '[rel-S-FS3] creates nothing outside when a link appears before step %i',
    async (at) => {
      const fs = raced((call) => {
        if (call !== at) return;
        const name = existsSync(join(volume, 'new')) ? 'new' : 'a';
        renameSync(join(volume, name), join(volume, 'moved'));
        symlinkSync(canary, join(volume, name));
      });
      const outcome = await ensureDirectoryInside(fs, volume, 'new/deep/er').catch((error: unknown) => error);
      if (!(outcome instanceof Error)) await (outcome as FileHandle).close();
      expect(readdirSync(canary)).toEqual(['file']);
    },
  );

  it('[rel-S-FS2] never leads out while names are exchanged without pause', async () => {
    mkdirSync(join(volume, 'x'));
    writeFileSync(join(volume, 'x/file'), 'inside');
    const canaryInode = statSync(join(canary, 'file')).ino;
    let linked = false;
    const fs = raced(() => {
      linked = !linked;
      if (linked) {
        renameSync(join(volume, 'x'), join(volume, 'y'));
        symlinkSync('../canary', join(volume, 'x'));
      } else {
        rmSync(join(volume, 'x'));
        renameSync(join(volume, 'y'), join(volume, 'x'));
      }
    });
    for (let run = 0; run < 200; run++) {
      const opened = await openInside(fs, volume, 'x/file').catch(() => undefined);
      if (opened) expect(await inodeOf(Promise.resolve(opened))).not.toBe(canaryInode);
    }
  });
});

describe('creating directories inside a volume', () => {
  it('[J1] creates what is missing with the permissions of the volume, whatever the umask', async () => {
    chmodSync(volume, 0o2775);
    const previous = process.umask(0o077);
    try {
      await using handle = await ensureDirectoryInside(realFs, volume, 'a/new/deep');
      expect((await handle.stat()).mode & 0o7777).toBe(0o2775);
    } finally {
      process.umask(previous);
    }
    expect(statSync(join(volume, 'a/new')).mode & 0o7777).toBe(0o2775);
    expect(statSync(join(volume, 'a')).mode & 0o7777).not.toBe(0o2775);
  });

  it('opens what exists, and takes permissions of the caller for what does not', async () => {
    expect(await inodeOf(ensureDirectoryInside(realFs, volume, 'a/b/file'))).toBe(
      statSync(join(volume, 'a/b/file')).ino,
    );
    await inodeOf(ensureDirectoryInside(realFs, volume, 'mine', { mode: 0o700 }));
    expect(statSync(join(volume, 'mine')).mode & 0o7777).toBe(0o700);
  });

  it('[rel-S-FS3] creates nothing through a link that leads out', async () => {
    symlinkSync('../canary', join(volume, 'esc'));
    await expect(ensureDirectoryInside(realFs, volume, 'esc/new')).rejects.toMatchObject({ code: 'Escapes' });
    symlinkSync('../created', join(volume, 'dangling'));
    await expect(ensureDirectoryInside(realFs, volume, 'dangling')).rejects.toMatchObject({ code: 'Escapes' });
    expect(readdirSync(canary)).toEqual(['file']);
    expect(existsSync(join(base, 'created'))).toBe(false);
  });

  it('lets two callers create the same directory at once', async () => {
    const inodes = await Promise.all(
      Array.from({ length: 8 }, () => inodeOf(ensureDirectoryInside(realFs, volume, 'shared/dir'))),
    );
    expect(new Set(inodes).size).toBe(1);
    expect(lstatSync(join(volume, 'shared/dir')).isDirectory()).toBe(true);
    rmdirSync(join(volume, 'shared/dir'));
  });
});
