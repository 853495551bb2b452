import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeOnHost, removeTemporaryDirectories, temporaryDirectory } from '../../test/support/host.ts';
import { type Exec, ExecError, realClock, realExec, realFs, VirtualClock } from '../base/index.ts';
import { cleanupMountPoint } from './cleanup.ts';
import { createMounter } from './mounter.ts';
import { handlePath, openInside } from './safe-open.ts';
import { mountTmpfs } from './tmpfs.ts';

const host = { exec: realExec(realClock), fs: realFs, clock: realClock };
const mounter = createMounter(host);
removeTemporaryDirectories();

/** Records command lines and answers them with the given failure, if any. */
function recordingExec(failure?: ExecError): Exec & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    run: async (command, args) => {
      lines.push([command, ...args].join(' '));
      if (failure) throw failure;
      return { exitCode: 0, stdout: '', stderr: '' };
    },
  };
}

describe('mount requests', () => {
  it('passes type and options as one list and keeps the source from being read as a flag', async () => {
    const exec = recordingExec();
    await createMounter({ ...host, exec }).mount({
      source: '-o/evil',
      target: '/t',
      fsType: 'nfs4',
      options: ['ro', 'vers=4.2'],
    });
    expect(exec.lines).toEqual(['mount -t nfs4 -o ro,vers=4.2 -- -o/evil /t']);
  });

  it.each([['a,b'], [''], ['a\nb'], ['a\0b'], ['a"b'], ['context="x'], ['context="x",suid']])(
    'refuses the option %j',
    async (option) => {
      const exec = recordingExec();
      const attempt = createMounter({ ...host, exec }).mount({ source: 's', target: '/t', options: [option] });
      await expect(attempt).rejects.toMatchObject({ name: 'MountError', code: 'Invalid' });
      expect(exec.lines).toEqual([]);
    },
  );

  it('takes a quoted value with commas, as SELinux labels have', async () => {
    const exec = recordingExec();
    const options = ['context="system_u:object_r:container_file_t:s0:c1,c2"'];
    await createMounter({ ...host, exec }).mount({ source: 's', target: '/t', options });
    expect(exec.lines[0]).toContain('s0:c1,c2"');
  });

  it.each([['relative'], [''], ['/a\0b']])('refuses the target %j', async (target) => {
    await expect(mounter.mount({ source: 's', target })).rejects.toMatchObject({ code: 'Invalid' });
  });

  it('refuses a file system type that is a flag', async () => {
    await expect(mounter.mount({ source: 's', target: '/t', fsType: '-a' })).rejects.toMatchObject({ code: 'Invalid' });
  });

  it('keeps sensitive options out of the error', async () => {
    const details = { command: 'mount', args: [], exitCode: 32, stderr: 'bad option password=hunter2' };
    const exec = recordingExec(new ExecError('mount exited with status 32: bad option password=hunter2', details));
    const request = { source: '//s/x', target: '/t', fsType: 'cifs', sensitiveOptions: ['password=hunter2'] };
    const thrown = await createMounter({ ...host, exec })
      .mount(request)
      .catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: 'MountError', code: 'Failed', exitCode: 32 });
    expect(String(thrown)).not.toContain('hunter2');
    expect(JSON.stringify(thrown)).not.toContain('hunter2');
    expect(exec.lines[0]).toContain('password=hunter2');
  });

  it('[rel-E12] releases the caller of a mount whose process cannot even be killed', async () => {
    const clock = new VirtualClock();
    const exec: Exec = { run: () => new Promise(() => {}) };
    const attempt = createMounter({ fs: realFs, exec, clock }).mount({ source: 's', target: '/t' });
    const outcome = attempt.catch((error: unknown) => error);
    await clock.advance(200_000);
    expect(await outcome).toMatchObject({ name: 'MountError', code: 'TimedOut' });
  });
});

describeOnHost('mounting for real', { root: true, commands: ['mount', 'umount'] }, () => {
  it('mounts a tmpfs, sees it in the table, and unmounts it', async () => {
    const target = temporaryDirectory();
    await mountTmpfs(mounter, { target: join(target), sizeBytes: 1024 * 1024, mode: 0o750 });
    expect(await mounter.isMountPoint(target)).toBe(true);
    expect(await mounter.isLikelyNotMountPoint(target)).toBe(false);
    const mount = (await mounter.listMounts()).find((candidate) => candidate.path === target);
    expect(mount).toMatchObject({ fsType: 'tmpfs' });
    expect(mount?.superOptions).toContain('size=1024k');
    await mounter.unmount(target);
    expect(await mounter.isMountPoint(target)).toBe(false);
  });

  it('sees a bind mount within one file system, which device numbers do not show', async () => {
    const base = temporaryDirectory();
    mkdirSync(join(base, 'a'));
    mkdirSync(join(base, 'b'));
    await mounter.mount({ source: join(base, 'a'), target: join(base, 'b'), options: ['bind'] });
    expect(await mounter.isLikelyNotMountPoint(join(base, 'b'))).toBe(true);
    expect(await mounter.isMountPoint(join(base, 'b'))).toBe(true);
    expect(await mounter.getMountRefs(join(base, 'a'))).toEqual([join(base, 'b')]);
    await mounter.unmount(join(base, 'b'));
  });

  it('[J9] makes a bind mount read-only and leaves its source writable', async () => {
    const base = temporaryDirectory();
    mkdirSync(join(base, 'a'));
    mkdirSync(join(base, 'b'));
    await mounter.mount({ source: join(base, 'a'), target: join(base, 'b'), options: ['bind', 'ro'] });
    expect(() => writeFileSync(join(base, 'b', 'file'), 'x')).toThrow(/EROFS/);
    writeFileSync(join(base, 'a', 'file'), 'x');
    expect(readFileSync(join(base, 'b', 'file'), 'utf8')).toBe('x');
    await mounter.unmount(join(base, 'b'));
  });

  it('keeps the flags of the source when it makes a bind mount read-only', async () => {
    const base = temporaryDirectory();
    mkdirSync(join(base, 'a'));
    mkdirSync(join(base, 'b'));
    await mountTmpfs(mounter, { target: join(base, 'a'), options: ['nosuid', 'nodev', 'noexec'] });
    await mounter.mount({ source: join(base, 'a'), target: join(base, 'b'), options: ['bind', 'ro'] });
    const mount = (await mounter.listMounts()).find((candidate) => candidate.path === join(base, 'b'));
    expect(mount?.options).toEqual(expect.arrayContaining(['ro', 'nosuid', 'nodev', 'noexec']));
    const source = (await mounter.listMounts()).find((candidate) => candidate.path === join(base, 'a'));
    expect(source?.options).toContain('rw');
  });

  it('[rel-E10] makes the mounts below a recursive bind mount read-only when that is asked', async () => {
    const base = temporaryDirectory();
    for (const name of ['a', 'a/inner', 'b']) mkdirSync(join(base, name));
    await mountTmpfs(mounter, { target: join(base, 'a/inner') });
    const request = { source: join(base, 'a'), target: join(base, 'b'), options: ['rbind', 'ro'] };
    await mounter.mount({ ...request, recursiveReadOnly: true });
    expect(() => writeFileSync(join(base, 'b/inner/file'), 'x')).toThrow(/EROFS/);
    writeFileSync(join(base, 'a/inner/file'), 'x');
  });

  it('leaves nothing mounted when the read-only step fails', async () => {
    const base = temporaryDirectory();
    mkdirSync(join(base, 'a'));
    mkdirSync(join(base, 'b'));
    const request = { source: join(base, 'a'), target: join(base, 'b'), options: ['bind', 'ro', 'nosuchflag'] };
    const exec: Exec = {
      run: (command, args, options) =>
        args.some((arg) => arg.startsWith('remount'))
          ? Promise.reject(new ExecError('mount exited with status 32', { command, args, exitCode: 32 }))
          : host.exec.run(command, args, options),
    };
    await expect(createMounter({ ...host, exec }).mount(request)).rejects.toMatchObject({ exitCode: 32 });
    expect(await mounter.isMountPoint(join(base, 'b'))).toBe(false);
  });

  it('[J1] mounts what an open handle names, though its name has become a link elsewhere', async () => {
    const base = temporaryDirectory();
    for (const name of ['volume', 'volume/sub', 'outside', 'target']) mkdirSync(join(base, name));
    writeFileSync(join(base, 'volume/sub/inside'), '');
    await using handle = await openInside(realFs, join(base, 'volume'), 'sub');
    const { renameSync } = await import('node:fs');
    renameSync(join(base, 'volume/sub'), join(base, 'volume/moved'));
    symlinkSync(join(base, 'outside'), join(base, 'volume/sub'));
    await mounter.mount({ source: handlePath(handle), target: join(base, 'target'), options: ['bind'] });
    expect(readFileSync(join(base, 'target/inside'), 'utf8')).toBe('');
  });

  it('finds a mount through a parent that is a symbolic link', async () => {
    const base = temporaryDirectory();
    mkdirSync(join(base, 'real/vol'), { recursive: true });
    symlinkSync(join(base, 'real'), join(base, 'link'));
    await mountTmpfs(mounter, { target: join(base, 'real/vol') });
    expect(await mounter.isMountPoint(join(base, 'link/vol'))).toBe(true);
    await mounter.unmount(join(base, 'link/vol'));
    expect(await mounter.isMountPoint(join(base, 'real/vol'))).toBe(false);
  });

  it('handles paths with blanks, newlines, commas and backslashes', async () => {
    const base = temporaryDirectory();
    const target = join(base, 'a b\n\tc,d\\e');
    mkdirSync(target);
    await mountTmpfs(mounter, { target });
    expect(await mounter.isMountPoint(target)).toBe(true);
    await cleanupMountPoint({ mounter, fs: realFs }, target);
    expect(await mounter.isMountPoint(target)).toBe(false);
  });

  it('says that nothing is mounted, that a mount is busy, and that a source is missing', async () => {
    const base = temporaryDirectory();
    await expect(mounter.unmount(base)).rejects.toMatchObject({ code: 'NotMounted', exitCode: 32 });
    await expect(mounter.unmount(join(base, 'gone/x'))).rejects.toMatchObject({ code: 'NotMounted' });
    await mountTmpfs(mounter, { target: base });
    await using file = await realFs.open(join(base, 'file'), 'w');
    await expect(mounter.unmount(base)).rejects.toMatchObject({ code: 'Busy' });
    await file.close();
    await mounter.unmount(base);
    const bind = { source: join(base, 'gone'), target: base, options: ['bind'] };
    await expect(mounter.mount(bind)).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('[J6] changes the propagation of a mount', async () => {
    const base = temporaryDirectory();
    await mountTmpfs(mounter, { target: base });
    const read = async () => (await mounter.listMounts()).find((mount) => mount.path === base);
    await mounter.makeRShared(base);
    expect((await read())?.shared).toBeGreaterThan(0);
    await mounter.makeRPrivate(base);
    expect(await read()).toMatchObject({ shared: undefined, master: undefined });
    await mounter.makeRSlave(base);
    await mounter.unmount(base);
  });
});

describeOnHost('cleaning up a mount point', { root: true, commands: ['mount'] }, () => {
  it('takes off a whole stack of mounts and removes the directory', async () => {
    const target = join(temporaryDirectory(), 'target');
    mkdirSync(target);
    await mountTmpfs(mounter, { target });
    await mountTmpfs(mounter, { target });
    await cleanupMountPoint({ mounter, fs: realFs }, target);
    expect(await mounter.isMountPoint(target)).toBe(false);
    await expect(realFs.lstat(target)).rejects.toThrow(/ENOENT/);
    await cleanupMountPoint({ mounter, fs: realFs }, target);
  });

  it('[rel-E5] keeps the files of a directory that was not mounted', async () => {
    const target = temporaryDirectory();
    writeFileSync(join(target, 'data'), 'x');
    await expect(cleanupMountPoint({ mounter, fs: realFs }, target)).rejects.toMatchObject({ code: 'NotEmpty' });
    expect(readFileSync(join(target, 'data'), 'utf8')).toBe('x');
  });

  it('removes the empty file that a file was bound to, and keeps one that holds bytes', async () => {
    const base = temporaryDirectory();
    writeFileSync(join(base, 'source'), 'x');
    writeFileSync(join(base, 'target'), '');
    await mounter.mount({ source: join(base, 'source'), target: join(base, 'target'), options: ['bind'] });
    await cleanupMountPoint({ mounter, fs: realFs }, join(base, 'target'));
    await expect(realFs.lstat(join(base, 'target'))).rejects.toThrow(/ENOENT/);
    const attempt = cleanupMountPoint({ mounter, fs: realFs }, join(base, 'source'));
    await expect(attempt).rejects.toMatchObject({ code: 'NotEmpty' });
  });
});
