import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRoot, podWith, setUp, TestHost, tearDown } from '../testing/test-host.ts';
import { memoryLimitBytes } from './empty-dir.ts';
import { createEmptyDirPlugin } from './empty-dir-plugin.ts';
import { supportsNoSwap } from './tmpfs-swap.ts';

let host: TestHost;
beforeEach(async () => {
  host = await TestHost.create(isRoot ? 'kernel' : 'memory');
});
afterEach(() => host[Symbol.asyncDispose]());

const limited = (memory: string) => ({ name: 'c', image: 'i', resources: { limits: { memory } } });

describe('an emptyDir', () => {
  it('[K1] is open to everybody, and marked ready', async () => {
    const path = await setUp(createEmptyDirPlugin(host), { name: 'v', emptyDir: {} }, podWith([]));
    expect((await stat(path)).mode & 0o7777).toBe(0o777);
    expect(path).toBe(join(host.rootDir, 'pods/pod-uid/volumes/kubernetes.io~empty-dir/v'));
    expect(await readdir(join(host.rootDir, 'pods/pod-uid/plugins/kubernetes.io~empty-dir/v'))).toEqual(['ready']);
  });

  it('[rel-E14] keeps its content when it is set up again, and is removed whole', async () => {
    const plugin = createEmptyDirPlugin(host);
    const path = await setUp(plugin, { name: 'v', emptyDir: {} }, podWith([]));
    await writeFile(join(path, 'file'), 'kept');
    await setUp(plugin, { name: 'v', emptyDir: {} }, podWith([]));
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('kept');
    await tearDown(plugin, 'v', podWith([]));
    expect(await readdir(join(path, '..'))).toEqual([]);
    expect(await readdir(join(host.rootDir, 'pods/pod-uid/plugins/kubernetes.io~empty-dir'))).toEqual([]);
  });

  it.skipIf(!isRoot)('[rel-E5] is not removed while something is mounted in it', async () => {
    const plugin = createEmptyDirPlugin(host);
    const path = await setUp(plugin, { name: 'v', emptyDir: {} }, podWith([]));
    const inner = join(path, 'inner');
    await host.fs.mkdir(inner);
    await host.mounter.mount({ source: '/usr', target: inner, options: ['bind'] });
    await expect(tearDown(plugin, 'v', podWith([]))).rejects.toThrow('Busy');
    expect(await host.mounter.isMountPoint(inner)).toBe(true);
    await host.mounter.unmount(inner);
    await tearDown(plugin, 'v', podWith([]));
  });

  it.skipIf(!isRoot)('[K1] in memory is a tmpfs of the smallest limit', async () => {
    const plugin = createEmptyDirPlugin(host);
    const pod = podWith([], { containers: [limited('64Mi')] });
    const path = await setUp(plugin, { name: 'v', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } }, pod);
    const mount = (await host.mounter.listMounts()).find((one) => one.path === path);
    expect(mount?.fsType).toBe('tmpfs');
    expect(mount?.superOptions).toContain('size=16384k');
    expect((await stat(path)).mode & 0o777).toBe(0o777);
    await tearDown(plugin, 'v', pod);
    expect(await host.mounter.isMountPoint(path)).toBe(false);
  });

  it('[K1] refuses a medium that is unknown, and huge pages that nobody asked for', async () => {
    const plugin = createEmptyDirPlugin(host);
    await expect(setUp(plugin, { name: 'v', emptyDir: { medium: 'Tape' } }, podWith([]))).rejects.toThrow(
      'unknown storage medium "Tape"',
    );
    await expect(setUp(plugin, { name: 'w', emptyDir: { medium: 'HugePages' } }, podWith([]))).rejects.toThrow(
      'medium HugePages: hugePages storage requested, but there is no resource request for huge pages',
    );
  });

  it.skipIf(!isRoot)('[J4] belongs to the group of the pod', async () => {
    const path = await setUp(createEmptyDirPlugin(host), { name: 'v', emptyDir: {} }, podWith([]), { fsGroup: 4242 });
    const { gid, mode } = await stat(path);
    expect([gid, mode & 0o7777]).toEqual([4242, 0o2777]);
  });
});

it.each([
  [undefined, undefined, '8Gi', 8n * 2n ** 30n],
  ['1Gi', undefined, '8Gi', 2n ** 30n],
  ['1Gi', '512Mi', '8Gi', 2n ** 29n],
  [undefined, '512Mi', undefined, 2n ** 29n],
  [undefined, undefined, undefined, undefined],
])('[K1] takes the smallest of sizeLimit %s, the pod limit %s and allocatable %s', (size, pod, node, expected) => {
  const containers = [pod === undefined ? { name: 'c', image: 'i' } : limited(pod)];
  const allocatable = node === undefined ? {} : { memory: node };
  expect(memoryLimitBytes(podWith([], { containers }), size, allocatable)).toBe(expected);
});

it.each([
  ['6.1.0-38-amd64', false],
  ['6.4.0', true],
  ['7.0.1', true],
  ['5.15.90', false],
])('[K1] on Linux %s can keep a tmpfs out of swap: %s', (release, expected) => {
  expect(supportsNoSwap(release)).toBe(expected);
});
