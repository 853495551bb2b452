import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLoopDevices, type LoopDevices } from '../../mount/index.ts';
import { isRoot, podWith, setUp, TestHost, tearDown } from '../testing/test-host.ts';
import { reconstructedVolume, specFromPersistentVolume } from '../volume-spec.ts';
import { createLocalPlugin } from './local-plugin.ts';

const never = new AbortController().signal;
let host: TestHost;
let loops: LoopDevices;
let source: string;

beforeEach(async () => {
  host = await TestHost.create('kernel');
  loops = createLoopDevices(host);
  source = join(host.rootDir, 'source');
});
afterEach(() => host[Symbol.asyncDispose]());

const volumeAt = (path: string, readOnly = false) =>
  specFromPersistentVolume(reconstructedVolume('pv-1', { local: { path }, accessModes: ['ReadWriteOnce'] }), readOnly);
const otherPod = (uid: string) => {
  const pod = podWith([]);
  return { ...pod, metadata: { ...pod.metadata, uid } };
};

describe.skipIf(!isRoot)('a local volume', () => {
  it('[K8] of a directory is bound into the pod, read-only if asked, and the directory stays', async () => {
    await mkdir(source);
    await writeFile(join(source, 'file'), '');
    const plugin = createLocalPlugin(host);
    const path = await setUp(plugin, volumeAt(source, true), podWith([]));
    expect(await readdir(path)).toEqual(['file']);
    const mount = (await host.mounter.listMounts()).find((one) => one.path === path);
    expect(mount?.options).toContain('ro');
    await tearDown(plugin, 'pv-1', podWith([]));
    expect(await readdir(source)).toEqual(['file']);
    expect(await host.mounter.isMountPoint(path)).toBe(false);
  });

  it('[K8] keeps the group of its first pod, and warns a second one with another', async () => {
    await mkdir(source);
    const plugin = createLocalPlugin(host);
    await setUp(plugin, volumeAt(source), otherPod('one'), { fsGroup: 1001 });
    await setUp(plugin, volumeAt(source), otherPod('two'), { fsGroup: 1002 });
    expect((await stat(source)).gid).toBe(1001);
    expect(host.events).toEqual([
      'Warning AlreadyMountedVolume The requested fsGroup is 1002, but the volume pv-1 has GID 1001. The volume may not be shareable.',
    ]);
  });

  it('[K8] of a block device is formatted once and mounted for all pods of the node', async () => {
    const file = join(host.rootDir, 'disk');
    await (await host.fs.open(file, 'w')).truncate(16 * 1024 * 1024);
    const device = await loops.attach(file);
    try {
      const plugin = createLocalPlugin(host);
      const spec = volumeAt(device);
      const deviceMountPath = plugin.deviceMounter?.getDeviceMountPath(spec) ?? '';
      expect(deviceMountPath).toBe(join(host.rootDir, 'plugins/kubernetes.io/local-volume/mounts/pv-1'));
      await plugin.deviceMounter?.mountDevice({ spec, devicePath: device, reconstructed: false }, never);
      const path = await setUp(plugin, spec, podWith([]));
      expect((await host.mounter.listMounts()).find((one) => one.path === path)?.fsType).toBe('ext4');
      await tearDown(plugin, 'pv-1', podWith([]));
      await plugin.deviceMounter?.unmountDevice({ deviceMountPath }, never);
      expect(await host.mounter.isMountPoint(deviceMountPath)).toBe(false);
    } finally {
      await loops.detach(device);
    }
  });

  it('[K8] of anything else is refused', async () => {
    await writeFile(source, '');
    await expect(setUp(createLocalPlugin(host), volumeAt(source), podWith([]))).rejects.toThrow(
      'only directory and block device are supported',
    );
    await expect(setUp(createLocalPlugin(host), volumeAt('/a/../b'), podWith([]))).rejects.toThrow(
      "must not contain '..'",
    );
  });
});
