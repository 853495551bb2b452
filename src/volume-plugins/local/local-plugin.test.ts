import { mkdir, readdir, stat, statfs, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLoopDevices, type LoopDevices } from '../../mount/index.ts';
import { isRoot, podWith, setUp, TestHost, tearDown } from '../testing/test-host.ts';
import { reconstructedVolume, specFromPersistentVolume, type VolumeSpec } from '../volume-spec.ts';
import { createLocalPlugin } from './local-plugin.ts';

const mib = 2 ** 20;
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

interface VolumeOptions {
  readonly readOnly?: boolean;
  readonly volumeMode?: 'Block';
  readonly fsType?: string;
}

const volumeAt = (path: string, { readOnly = false, volumeMode, fsType }: VolumeOptions = {}) => {
  const local = { path, ...(fsType ? { fsType } : {}) };
  const mode = volumeMode ? { volumeMode } : {};
  return specFromPersistentVolume(
    reconstructedVolume('pv-1', { local, accessModes: ['ReadWriteOnce'], ...mode }),
    readOnly,
  );
};
const usableBytes = async (path: string) => {
  const { blocks, bsize } = await statfs(path);
  return blocks * bsize;
};
const otherPod = (uid: string) => {
  const pod = podWith([]);
  return { ...pod, metadata: { ...pod.metadata, uid } };
};

describe.skipIf(!isRoot)('a local volume', () => {
  it('[K8] of a directory is bound into the pod, read-only if asked, and the directory stays', async () => {
    await mkdir(source);
    await writeFile(join(source, 'file'), '');
    const plugin = createLocalPlugin(host);
    const path = await setUp(plugin, volumeAt(source, { readOnly: true }), podWith([]));
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

  const grownDevice = async (spec: VolumeSpec, device: string, deviceStagePath: string) => {
    const plugin = createLocalPlugin(host);
    const paths = { volumePath: '', deviceStagePath, devicePath: device };
    return await plugin.nodeExpander?.nodeExpand(
      { spec, newSizeBytes: BigInt(512 * mib), oldSizeBytes: 1n, ...paths, online: true },
      never,
    );
  };
  const withDevice = async (use: (device: string, grow: () => Promise<void>) => Promise<void>) => {
    const file = join(host.rootDir, 'disk');
    await writeFile(file, '');
    await truncate(file, 384 * mib);
    const device = await loops.attach(file);
    const grow = async () => {
      await truncate(file, 512 * mib);
      await loops.updateCapacity(device);
    };
    await use(device, grow).finally(() => loops.detach(device));
  };

  it('[E7] [rel-F1] of a block device grows with its device, and tells what there is', () =>
    withDevice(async (device, grow) => {
      const { deviceMounter } = createLocalPlugin(host);
      const spec = volumeAt(device, { fsType: 'xfs' });
      const deviceMountPath = deviceMounter?.getDeviceMountPath(spec) ?? '';
      await deviceMounter?.mountDevice({ spec, devicePath: device, reconstructed: false }, never);
      try {
        const before = await usableBytes(deviceMountPath);
        // The administrator said so before the device had grown.
        expect(await grownDevice(spec, device, deviceMountPath)).toBe(BigInt(384 * mib));
        await grow();
        expect(await grownDevice(spec, device, deviceMountPath)).toBe(BigInt(512 * mib));
        expect(await usableBytes(deviceMountPath)).toBeGreaterThan(before + 100 * mib);
      } finally {
        await deviceMounter?.unmountDevice({ deviceMountPath }, never);
      }
    }));

  it('[E7] of volumeMode Block shows the size of its device', () =>
    withDevice(async (device, grow) => {
      const spec = volumeAt(device, { volumeMode: 'Block' });
      expect(await grownDevice(spec, device, '')).toBe(BigInt(384 * mib));
      await grow();
      expect(await grownDevice(spec, device, '')).toBe(BigInt(512 * mib));
    }));

  it('[E7] of a directory has no size of its own', async () => {
    await mkdir(source);
    const paths = { volumePath: source, deviceStagePath: '', devicePath: source };
    const request = { spec: volumeAt(source), newSizeBytes: 2n, oldSizeBytes: 1n, ...paths, online: true };
    expect(await createLocalPlugin(host).nodeExpander?.nodeExpand(request, never)).toBeUndefined();
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
