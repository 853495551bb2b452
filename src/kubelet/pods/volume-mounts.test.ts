import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { describeOnHost, removeTemporaryDirectories, temporaryDirectory } from '../../../test/support/host.ts';
import type { Container, Pod, VolumeMount } from '../../api/index.ts';
import { realClock, realExec, realFs } from '../../base/index.ts';
import { createMounter, FakeMounter } from '../../mount/index.ts';
import type { MountedVolume } from '../volumemanager/volume-manager.ts';
import { containerDevices, containerMounts } from './volume-mounts.ts';

removeTemporaryDirectories();

let rootDir: string;
let volume: MountedVolume;
beforeEach(() => {
  rootDir = temporaryDirectory();
  const path = join(rootDir, 'pods/u/volumes/kubernetes.io~empty-dir/disk');
  mkdirSync(path, { recursive: true });
  const common = {
    uniqueVolumeName: 'x',
    pluginName: 'kubernetes.io/empty-dir',
    readOnly: false,
    seLinuxRelabel: false,
  };
  volume = { outerVolumeName: 'disk', innerVolumeName: 'disk', path, ...common };
});

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'd', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: { containers: [] },
};

function input(mount: Partial<VolumeMount>, more: Partial<Container> = {}) {
  const container: Container = { name: 'c', volumeMounts: [{ name: 'disk', mountPath: '/data', ...mount }], ...more };
  const env = [{ name: 'POD_NAME', value: 'web-0' }];
  return { pod, container, volumes: new Map([['disk', volume]]), env };
}

describe('containerMounts', () => {
  const mounts = (mount: Partial<VolumeMount>, more?: Partial<Container>) =>
    containerMounts({ fs: realFs, mounter: new FakeMounter(), rootDir }, input(mount, more));

  it('[J9] is read-only when the mount or the volume is', async () => {
    expect(await mounts({})).toEqual([
      {
        source: volume.path,
        target: '/data',
        readOnly: false,
        recursiveReadOnly: false,
        propagation: 'private',
        verify: true,
      },
    ]);
    expect(await mounts({ readOnly: true })).toMatchObject([{ readOnly: true }]);
    volume = { ...volume, readOnly: true };
    expect(await mounts({})).toMatchObject([{ readOnly: true }]);
  });

  it('[J6] passes propagation and recursive read-only on', async () => {
    expect(await mounts({ mountPropagation: 'HostToContainer' })).toMatchObject([{ propagation: 'slave' }]);
    expect(await mounts({ mountPropagation: 'Bidirectional' })).toMatchObject([{ propagation: 'shared' }]);
    expect(await mounts({ readOnly: true, recursiveReadOnly: 'Enabled' })).toMatchObject([{ recursiveReadOnly: true }]);
  });

  it('[Y5] names a volume that is not mounted', async () => {
    await expect(mounts({ name: 'other' })).rejects.toMatchObject({
      reason: 'CreateContainerConfigError',
      message: 'cannot find volume "other" to mount into container "c"',
    });
  });

  it.each([['/etc'], ['../x'], ['a/../../x']])('[J1] refuses the subPath %s', async (subPath) => {
    await expect(mounts({ subPath })).rejects.toMatchObject({
      reason: 'CreateContainerConfigError',
      message: 'failed to prepare subPath for volumeMount "disk" of container "c"',
    });
  });

  it('[J2] refuses a subPathExpr with an unknown variable', async () => {
    await expect(mounts({ subPathExpr: '$(NOBODY)' })).rejects.toMatchObject({ message: 'missing value for "NOBODY"' });
  });

  it('[J7] hands out block devices', () => {
    const devices = { volumeDevices: [{ name: 'disk', devicePath: '/dev/xvda' }] };
    expect(() => containerDevices(input({}, devices))).toThrow('has no block device');
    volume = { ...volume, path: '', blockDevicePath: '/dev/loop7' };
    expect(containerDevices(input({}, devices))).toEqual([{ source: '/dev/loop7', target: '/dev/xvda' }]);
  });
});

describeOnHost('subPath on real mounts', { root: true }, () => {
  const host = () => ({
    fs: realFs,
    mounter: createMounter({ fs: realFs, clock: realClock, exec: realExec(realClock) }),
    rootDir,
  });
  const sourceOf = async (mount: Partial<VolumeMount>) => {
    const [found] = await containerMounts(host(), input(mount));
    return found?.source ?? '';
  };

  it('[J1] binds a directory of the volume, and makes it with the permissions of the volume', async () => {
    execFileSync('chmod', ['2770', volume.path]);
    const source = await sourceOf({ subPath: 'a/b' });
    expect(source).toBe(join(rootDir, 'pods/u/volume-subpaths/disk/c/0'));
    writeFileSync(join(source, 'file'), 'x');
    expect(readFileSync(join(volume.path, 'a/b/file'), 'utf8')).toBe('x');
    expect(statSync(join(volume.path, 'a/b')).mode & 0o7777).toBe(0o2770);
  });

  it('[J2] expands variables', async () => {
    await sourceOf({ subPathExpr: 'logs/$(POD_NAME)' });
    expect(existsSync(join(volume.path, 'logs/web-0'))).toBe(true);
  });

  it('[J1][rel-E16] binds a file, and the same one again when the container restarts', async () => {
    writeFileSync(join(volume.path, 'config'), 'v1');
    const source = await sourceOf({ subPath: 'config' });
    expect(readFileSync(source, 'utf8')).toBe('v1');
    const again = await sourceOf({ subPath: 'config' });
    expect(statSync(again).ino).toBe(statSync(join(volume.path, 'config')).ino);
    const table = readFileSync('/proc/self/mountinfo', 'utf8');
    expect(table.split('\n').filter((line) => line.includes(`${rootDir}/pods/u/volume-subpaths`))).toHaveLength(1);
  });

  it('[J3] binds what a link inside the volume leads to at this moment', async () => {
    for (const name of ['..v1', '..v2']) {
      mkdirSync(join(volume.path, name));
      writeFileSync(join(volume.path, name, 'key'), name);
    }
    symlinkSync('..v1', join(volume.path, '..data'));
    symlinkSync('..data/key', join(volume.path, 'key'));
    const source = await sourceOf({ subPath: 'key' });
    execFileSync('ln', ['-sfn', '..v2', join(volume.path, '..data')]);
    expect(readFileSync(source, 'utf8')).toBe('..v1');
    expect(readFileSync(await sourceOf({ subPath: 'key' }), 'utf8')).toBe('..v2');
  });

  it('[J1][rel-J2] refuses links that lead out of the volume', async () => {
    symlinkSync('/etc', join(volume.path, 'absolute'));
    symlinkSync('../../../../../..', join(volume.path, 'relative'));
    for (const subPath of ['absolute/passwd', 'relative/etc', 'absolute']) {
      await expect(sourceOf({ subPath })).rejects.toMatchObject({
        message: 'failed to prepare subPath for volumeMount "disk" of container "c"',
      });
    }
  });

  it('[J1] says when the directory cannot be made', async () => {
    writeFileSync(join(volume.path, 'file'), '');
    await expect(sourceOf({ subPath: 'file/below' })).rejects.toMatchObject({ reason: 'CreateContainerConfigError' });
  });
});
