import { closeSync, mkdirSync, openSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeOnHost, removeTemporaryDirectories, temporaryDirectory } from '../../test/support/host.ts';
import { type Exec, ExecError, type ExecResult, realClock, realExec, realFs } from '../base/index.ts';
import { formatAndMount } from './format-and-mount.ts';
import { createLoopDevices } from './loop.ts';
import { createMounter } from './mounter.ts';
import { isBlank, probeDevice } from './probe-device.ts';
import { resizeFs } from './resize-fs.ts';
import { FakeMounter } from './testing.ts';

const exec = realExec(realClock);
const host = { exec, fs: realFs, clock: realClock };
const mounter = createMounter(host);
const device = { ...host, mounter };
const loops = createLoopDevices(host);
removeTemporaryDirectories();

const mib = 1024 * 1024;

function imageFile(directory: string, sizeBytes: number, name = 'image'): string {
  const path = join(directory, name);
  writeFileSync(path, '');
  truncateSync(path, sizeBytes);
  return path;
}

function writeAt(path: string, text: string, offset: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, text, offset);
  closeSync(file);
}

/** Answers per command name; a command without an answer must not be run. */
function scriptedExec(
  answers: Record<string, Partial<ExecResult>>,
): Exec & { readonly ran: string[]; readonly lines: string[][] } {
  const ran: string[] = [];
  const lines: string[][] = [];
  return {
    ran,
    lines,
    run: async (command, args) => {
      ran.push(command);
      lines.push([command, ...args]);
      const result = { exitCode: 0, stdout: '', stderr: '', ...answers[command] };
      if (!answers[command]) throw new Error(`unexpected ${command}`);
      if (result.exitCode === 0) return result;
      throw new ExecError(`${command} exited with status ${result.exitCode}`, { command, args, ...result });
    },
  };
}

const zeros = '\0'.repeat(mib);

describe('deciding whether to format', () => {
  const attempt = (scripted: Exec, options: string[] = [], knownNew = false) => {
    const fake = { exec: scripted, fs: realFs, clock: realClock, mounter: new FakeMounter() };
    return formatAndMount(fake, { device: '/dev/x', target: '/t', options, knownNew });
  };
  const size = { stdout: `${8 * mib}\n` };

  it('[J11] [rel-E6] formats a device that was read and holds zeros only', async () => {
    const scripted = scriptedExec({ blkid: { exitCode: 2 }, blockdev: size, dd: { stdout: zeros }, 'mkfs.ext4': {} });
    expect(await attempt(scripted)).toEqual({ fsType: 'ext4', formatted: true });
    expect(scripted.ran).toEqual(['blkid', 'blockdev', 'dd', 'dd', 'mkfs.ext4']);
  });

  it.each([
    ['a byte is set', { dd: { stdout: `${zeros.slice(1)}x` } }, 'NotEmpty'],
    ['a read comes back short', { dd: { stdout: zeros.slice(1) } }, 'Unreadable'],
    ['a read comes back empty', { dd: { stdout: '' } }, 'Unreadable'],
    ['a read fails', { dd: { exitCode: 1, stderr: 'Input/output error' } }, 'Failed'],
    ['the size is unknown', { blockdev: { stdout: '0\n' } }, 'Unreadable'],
    ['the device is gone', { blockdev: { exitCode: 1, stderr: 'No such file or directory' } }, 'NotFound'],
    ['blkid finds a partition table', { blkid: { stdout: 'DEVNAME=/dev/x\nPTTYPE=gpt\n' } }, 'NotEmpty'],
    ['blkid finds contradicting signatures', { blkid: { exitCode: 8 } }, 'NotEmpty'],
    ['blkid cannot run', { blkid: { exitCode: 4 } }, 'Failed'],
  ])('[rel-E6] does not format when %s', async (_, answers, code) => {
    const scripted = scriptedExec({ blkid: { exitCode: 2 }, blockdev: size, dd: { stdout: zeros }, ...answers });
    await expect(attempt(scripted)).rejects.toMatchObject({ name: 'MountError', code });
    expect(scripted.ran).not.toContain('mkfs.ext4');
  });

  it.each([['LVM2_member'], ['crypto_LUKS'], ['linux_raid_member'], ['zfs_member']])(
    '[rel-E6] never formats over %s',
    async (fsType) => {
      const scripted = scriptedExec({ blkid: { stdout: `TYPE=${fsType}\n` }, fsck: { exitCode: 8 } });
      await attempt(scripted, [], true);
      expect(scripted.ran).toEqual(['blkid', 'fsck']);
    },
  );

  it('[rel-E6] formats over stray bytes of a volume that is known to be new, but only once it could be read', async () => {
    const answers = { blkid: { exitCode: 2 }, blockdev: size, 'mkfs.ext4': {} };
    const scripted = scriptedExec({ ...answers, dd: { stdout: `${zeros.slice(1)}x` } });
    expect(await attempt(scripted, [], true)).toMatchObject({ formatted: true });
    const broken = scriptedExec({ ...answers, dd: { exitCode: 1 } });
    await expect(attempt(broken, [], true)).rejects.toMatchObject({ code: 'Failed' });
  });

  it('[J11] refuses to mount an unformatted device read-only, and does not check one that is read-only', async () => {
    await expect(attempt(scriptedExec({ blkid: { exitCode: 2 } }), ['ro'])).rejects.toMatchObject({ code: 'NotEmpty' });
    const scripted = scriptedExec({ blkid: { stdout: 'TYPE=ext4\n' } });
    expect(await attempt(scripted, ['ro'])).toEqual({ fsType: 'ext4', formatted: false });
    expect(scripted.ran).toEqual(['blkid']);
  });

  it('[J11] does not mount what fsck could not repair', async () => {
    const scripted = scriptedExec({ blkid: { stdout: 'TYPE=ext4\n' }, fsck: { exitCode: 4, stdout: 'UNEXPECTED' } });
    await expect(attempt(scripted)).rejects.toMatchObject({ code: 'Corrupted', exitCode: 4 });
    const repaired = scriptedExec({ blkid: { stdout: 'TYPE=ext4\n' }, fsck: { exitCode: 1 } });
    expect(await attempt(repaired)).toEqual({ fsType: 'ext4', formatted: false });
  });
});

describe('growing a mounted file system', () => {
  it.each([
    ['ext4', 'resize2fs', ['/dev/x']],
    ['xfs', 'xfs_growfs', ['-d', '/t']],
    ['btrfs', 'btrfs', ['filesystem', 'resize', 'max', '/t']],
  ])('uses the tool of %s', async (fsType, command, args) => {
    const scripted = scriptedExec({ blkid: { stdout: `TYPE=${fsType}\n` }, [command]: {} });
    await resizeFs({ ...host, exec: scripted }, { device: '/dev/x', mountPath: '/t' });
    expect(scripted.lines.at(-1)).toEqual([command, ...args]);
  });
});

const needs = { root: true, commands: ['losetup', 'mkfs.ext4', 'resize2fs', 'blkid'], files: ['/dev/loop-control'] };

describeOnHost('loop devices', needs, () => {
  it('attaches a file once, finds its device, and frees it', async () => {
    const file = imageFile(temporaryDirectory(), 8 * mib);
    const [first, second] = await Promise.all([loops.attach(file), loops.attach(file)]);
    expect(first).toMatch(/^\/dev\/loop\d+$/);
    expect(second).toBe(first);
    expect(await loops.find(file)).toEqual([{ device: first, backingFile: file, readOnly: false }]);
    await loops.detach(first);
    await loops.detach(first);
    expect(await loops.find(file)).toEqual([]);
  });

  it('gives every file a device of its own when many are attached at once', async () => {
    const directory = temporaryDirectory();
    const files = Array.from({ length: 4 }, (_, index) => imageFile(directory, mib, `image ${index}`));
    const devices = await Promise.all(files.map((file) => loops.attach(file)));
    expect(new Set(devices).size).toBe(files.length);
    await Promise.all(devices.map((name) => loops.detach(name)));
  });

  it('shows the new size of a file that has grown', async () => {
    const file = imageFile(temporaryDirectory(), 8 * mib);
    const name = await loops.attach(file);
    truncateSync(file, 16 * mib);
    await loops.updateCapacity(name);
    const { stdout } = await exec.run('blockdev', ['--getsize64', name], { timeoutMs: 10_000 });
    expect(Number(stdout)).toBe(16 * mib);
    await loops.detach(name);
  });

  it('says that a backing file does not exist', async () => {
    await expect(loops.attach('/nonexistent/image')).rejects.toMatchObject({ name: 'MountError', code: 'NotFound' });
  });
});

describeOnHost('file systems on real devices', needs, () => {
  async function attached(sizeBytes = 16 * mib) {
    const directory = temporaryDirectory();
    const file = imageFile(directory, sizeBytes);
    const target = join(directory, 'target');
    mkdirSync(target);
    return { file, target, name: await loops.attach(file) };
  }

  it('[J11] formats a blank device once, and finds its file again the next time', async () => {
    const { name, target } = await attached();
    expect(await formatAndMount(device, { device: name, target })).toEqual({ fsType: 'ext4', formatted: true });
    writeFileSync(join(target, 'data'), 'x');
    await mounter.unmount(target);
    expect(await formatAndMount(device, { device: name, target })).toEqual({ fsType: 'ext4', formatted: false });
    expect(statSync(join(target, 'data')).size).toBe(1);
    await mounter.unmount(target);
    await loops.detach(name);
  });

  it.each([
    ['at the start', 0],
    ['in the last MiB', 16 * mib - 512],
  ])('[rel-E6] does not format a device with unknown bytes %s', async (_, offset) => {
    const { file, name, target } = await attached();
    writeAt(file, 'somebody else wrote this', offset);
    await expect(formatAndMount(device, { device: name, target })).rejects.toMatchObject({ code: 'NotEmpty' });
    expect(await isBlank(host, name)).toBe(false);
    expect(await probeDevice(host, name)).toEqual({ kind: 'unrecognised' });
    await loops.detach(name);
  });

  it('[J11] names both types when the device holds another file system than the one asked for', async () => {
    const { name, target } = await attached();
    await exec.run('mkfs.ext4', ['-q', name], { timeoutMs: 30_000 });
    const attempt = formatAndMount(device, { device: name, target, fsType: 'xfs' });
    await expect(attempt).rejects.toMatchObject({
      code: 'Mismatch',
      message: expect.stringContaining('ext4, not xfs'),
    });
    await loops.detach(name);
  });

  it('grows an ext4 file system before it is mounted, again and again', async () => {
    const { file, name, target } = await attached();
    await formatAndMount(device, { device: name, target });
    const before = (await realFs.statfs(target)).blocks;
    await mounter.unmount(target);
    truncateSync(file, 64 * mib);
    await loops.updateCapacity(name);
    await resizeFs(host, { device: name });
    await resizeFs(host, { device: name });
    await formatAndMount(device, { device: name, target });
    expect((await realFs.statfs(target)).blocks).toBeGreaterThan(before * 3);
    await mounter.unmount(target);
    await loops.detach(name);
  });

  it('refuses to grow what holds no file system', async () => {
    const { name, target } = await attached();
    await expect(resizeFs(host, { device: name, mountPath: target })).rejects.toMatchObject({ code: 'Invalid' });
    await loops.detach(name);
  });
});

describeOnHost('xfs', { ...needs, commands: [...needs.commands, 'mkfs.xfs', 'xfs_growfs'] }, () => {
  it('[J11] formats, mounts and grows an xfs file system', async () => {
    const directory = temporaryDirectory();
    const file = imageFile(directory, 320 * mib);
    const name = await loops.attach(file);
    const target = join(directory, 'target');
    mkdirSync(target);
    await formatAndMount(device, { device: name, target, fsType: 'xfs' });
    const before = (await realFs.statfs(target)).blocks;
    truncateSync(file, 400 * mib);
    await loops.updateCapacity(name);
    await resizeFs(host, { device: name, mountPath: target });
    expect((await realFs.statfs(target)).blocks).toBeGreaterThan(before);
    await mounter.unmount(target);
    await loops.detach(name);
  });
});
