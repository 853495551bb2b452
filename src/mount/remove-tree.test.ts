import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeOnHost, removeTemporaryDirectories, temporaryDirectory } from '../../test/support/host.ts';
import { realClock, realExec, realFs } from '../base/index.ts';
import { createMounter, type Mounter } from './mounter.ts';
import { removeTreeOneFilesystem } from './remove-tree.ts';
import { mountTmpfs } from './tmpfs.ts';

const mounter = createMounter({ exec: realExec(realClock), fs: realFs, clock: realClock });
const host = { mounter, fs: realFs };
removeTemporaryDirectories();

describe('removing a tree', () => {
  it('removes files, directories and links, and follows no link', async () => {
    const base = temporaryDirectory();
    mkdirSync(join(base, 'tree/a/b/c'), { recursive: true });
    mkdirSync(join(base, 'canary'));
    writeFileSync(join(base, 'canary/data'), 'x');
    for (let index = 0; index < 50; index++) writeFileSync(join(base, 'tree/a', `f${index}`), '');
    symlinkSync(join(base, 'canary'), join(base, 'tree/a/link'));
    symlinkSync(join(base, 'canary/data'), join(base, 'tree/a/b/c/link'));
    await removeTreeOneFilesystem(host, join(base, 'tree'));
    expect(existsSync(join(base, 'tree'))).toBe(false);
    expect(readFileSync(join(base, 'canary/data'), 'utf8')).toBe('x');
  });

  it('does nothing for a path that does not exist', async () => {
    await removeTreeOneFilesystem(host, join(temporaryDirectory(), 'none/at/all'));
  });

  it('refuses a path that is a link itself', async () => {
    const base = temporaryDirectory();
    mkdirSync(join(base, 'canary'));
    writeFileSync(join(base, 'canary/data'), 'x');
    symlinkSync('canary', join(base, 'tree'));
    await expect(removeTreeOneFilesystem(host, join(base, 'tree'))).rejects.toMatchObject({ name: 'MountError' });
    expect(existsSync(join(base, 'canary/data'))).toBe(true);
  });

  it('removes a tree that is deeper than the number of descriptors it may hold', async () => {
    const base = temporaryDirectory();
    mkdirSync(join(base, 'tree', ...Array.from({ length: 700 }, () => 'd')), { recursive: true });
    await removeTreeOneFilesystem(host, join(base, 'tree'));
    expect(existsSync(join(base, 'tree'))).toBe(false);
  });

  it('[rel-E5] removes nothing while the mount table cannot be read', async () => {
    const base = temporaryDirectory();
    writeFileSync(join(base, 'data'), 'x');
    const blind: Pick<Mounter, 'listMounts'> = { listMounts: () => Promise.reject(new Error('EIO')) };
    await expect(removeTreeOneFilesystem({ mounter: blind, fs: realFs }, base)).rejects.toThrow(/EIO/);
    expect(existsSync(join(base, 'data'))).toBe(true);
  });
});

describeOnHost('removing a tree that something is mounted in', { root: true }, () => {
  it.each([['.'], ['volumes'], ['volume-subpaths/v/c/0']])(
    '[rel-E5] [rel-S-FS16] refuses, with everything intact, while a mount lies at %s',
    async (where) => {
      const base = temporaryDirectory();
      mkdirSync(join(base, 'tree', where), { recursive: true });
      mkdirSync(join(base, 'canary'));
      writeFileSync(join(base, 'canary/data'), 'x');
      writeFileSync(join(base, 'tree/file'), 'x');
      const target = join(base, 'tree', where);
      await mounter.mount({ source: join(base, 'canary'), target, options: ['bind'] });
      await expect(removeTreeOneFilesystem(host, join(base, 'tree'))).rejects.toMatchObject({ code: 'Busy' });
      expect(readFileSync(join(base, 'canary/data'), 'utf8')).toBe('x');
      await mounter.unmount(target);
      expect(existsSync(join(base, 'tree/file'))).toBe(true);
    },
  );

  it('[rel-E5] stops at a mount that the table did not show: a bind mount as well as another file system', async () => {
    const blind = { mounter: { listMounts: async () => [] }, fs: realFs };
    const base = temporaryDirectory();
    mkdirSync(join(base, 'bound/a/mount'), { recursive: true });
    mkdirSync(join(base, 'other/a/mount'), { recursive: true });
    mkdirSync(join(base, 'canary'));
    writeFileSync(join(base, 'canary/data'), 'x');
    await mounter.mount({ source: join(base, 'canary'), target: join(base, 'bound/a/mount'), options: ['bind'] });
    await mountTmpfs(mounter, { target: join(base, 'other/a/mount') });
    writeFileSync(join(base, 'other/a/mount/data'), 'x');
    await expect(removeTreeOneFilesystem(blind, join(base, 'bound'))).rejects.toMatchObject({ code: 'Busy' });
    await expect(removeTreeOneFilesystem(blind, join(base, 'other'))).rejects.toMatchObject({ code: 'Busy' });
    expect(existsSync(join(base, 'canary/data'))).toBe(true);
    expect(existsSync(join(base, 'other/a/mount/data'))).toBe(true);
  });
});
