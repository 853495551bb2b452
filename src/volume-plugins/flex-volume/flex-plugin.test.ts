import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeMounter } from '../../mount/index.ts';
import type { DeviceMounter } from '../plugin.ts';
import {
  died,
  type FakeAnswer,
  FakeFlexDriver,
  failure,
  hung,
  notSupported,
  success,
} from '../testing/fake-flex-driver.ts';
import { podWith, secret, setUp, TestHost, tearDown } from '../testing/test-host.ts';
import { reconstructedVolume, specFromPersistentVolume, specFromVolume } from '../volume-spec.ts';
import { FlexDriver } from './flex-driver.ts';
import { createFlexPlugin } from './flex-plugin.ts';

const never = new AbortController().signal;
const name = 'k8s/dummy';
const volume = { name: 'vol', flexVolume: { driver: name } };
const spec = specFromVolume(volume);
const pod = podWith([volume]);

describe('a FlexVolume on a node', () => {
  let host: TestHost;
  let exec: FakeFlexDriver;
  let installed: FlexDriver | undefined;

  beforeEach(async () => {
    host = await TestHost.create('memory');
    exec = new FakeFlexDriver();
    await use({});
  });
  afterEach(async () => {
    await host[Symbol.asyncDispose]();
  });

  /** Installs a driver with these answers. */
  async function use(answers: Readonly<Record<string, FakeAnswer>>): Promise<void> {
    exec = new FakeFlexDriver(answers);
    installed = new FlexDriver({ name, executable: '/exec/k8s~dummy/dummy', exec });
    await installed.init(never);
    exec.calls.length = 0;
  }

  const plugin = (wasAttachable = true) =>
    createFlexPlugin({ host, drivers: { find: () => installed }, driverName: name, wasAttachable });
  const device = (): DeviceMounter => {
    const { deviceMounter } = plugin();
    if (!deviceMounter) throw new Error('no device mounter');
    return deviceMounter;
  };
  const path = (...below: string[]) => join(host.rootDir, ...below);
  const podPath = () => path('pods/pod-uid/volumes/k8s~dummy/vol');
  const devicePath = () => path('plugins/kubernetes.io/flexvolume/k8s/dummy/mounts/vol');
  const notes = () => readdir(path('plugins/kubernetes.io/flexvolume/k8s/dummy/begun'));
  const mounted = () => (host.mounter as FakeMounter).mounted.map((mount) => mount.path);
  /** What a driver does that mounts something of its own. */
  const mounts =
    (answer: FakeAnswer = success): FakeAnswer =>
    async ([, target = '']) => {
      await host.mounter.mount({ source: 'none', target, fsType: 'tmpfs' });
      return answer;
    };
  const unmounts: FakeAnswer = async ([, target = '']) => {
    await host.mounter.unmount(target);
    return success;
  };
  const mountDevice = (devicePathToUse = '/dev/x', request = {}) =>
    device().mountDevice({ spec, devicePath: devicePathToUse, reconstructed: false, ...request }, never);

  describe('and its plugin', () => {
    it('[M1] supports the volumes of its driver, in pods and in PersistentVolumes, while the driver is there', () => {
      const persistent = specFromPersistentVolume(reconstructedVolume('pv', { flexVolume: { driver: name } }), false);
      const others = [specFromVolume({ name: 'v', flexVolume: { driver: 'dummy' } }), specFromVolume({ name: 'v' })];
      expect([spec, persistent, ...others].map((each) => plugin().canSupport(each))).toEqual([
        true,
        true,
        false,
        false,
      ]);
      installed = undefined;
      expect(plugin().canSupport(spec)).toBe(false);
    });

    it('[M5] [M9] goes by the name of the volume, and takes no mount options', () => {
      expect(plugin()).toMatchObject({ name, supportsMountOption: false });
      expect(plugin().getVolumeName(spec)).toBe('vol');
      expect(plugin().requiresRemount(spec)).toBe(false);
      expect(plugin().blockMapper).toBeUndefined();
    });

    it.each([
      [{}, { attach: true, seLinuxRelabel: true, requiresFsResize: true }],
      [{ attach: false }, { attach: false, seLinuxRelabel: true, requiresFsResize: true }],
      [
        { selinuxRelabel: false, requiresFSResize: false },
        { attach: true, seLinuxRelabel: false, requiresFsResize: false },
      ],
    ])('[M4] is as its driver says: %j', async (capabilities, expected) => {
      await use({ init: { ...success, capabilities } });
      const { canAttach, deviceMounter, newMounter, nodeExpander } = plugin();
      expect(canAttach?.(spec)).toBe(expected.attach);
      expect(deviceMounter?.canDeviceMount(spec)).toBe(expected.attach);
      expect(newMounter(spec, pod).attributes).toEqual({ readOnly: false, seLinuxRelabel: expected.seLinuxRelabel });
      expect(nodeExpander?.requiresFsResize).toBe(expected.requiresFsResize);
    });

    it('[M8] has the paths of the node, and reads its volumes back from them', async () => {
      expect(plugin().newMounter(spec, pod).path).toBe(podPath());
      expect(device().getDeviceMountPath(spec)).toBe(devicePath());
      const target = { podUid: 'pod-uid', volumeName: 'vol', volumeMode: 'Filesystem' } as const;
      expect(await plugin().constructVolumeSpec(target)).toEqual({ spec, intact: false });
      expect(await device().findGlobalMounts()).toEqual([]);
      await mkdir(devicePath(), { recursive: true });
      expect(await device().findGlobalMounts()).toEqual([{ spec, deviceMountPath: devicePath(), intact: false }]);
    });

    it.each([true, false])('[M4] is what it was while its driver is not there: attachable %s', (wasAttachable) => {
      installed = undefined;
      expect(plugin(wasAttachable).canAttach?.(spec)).toBe(wasAttachable);
    });
  });

  describe('that is waited for', () => {
    it.each([
      ['the device that the driver names', { ...success, device: '/dev/other' }, '/dev/other'],
      ['no device when the driver names none', success, ''],
      ['the device that the controller was told', notSupported, '/dev/x'],
    ])('[M5] has %s', async (_what, waitforattach, expected) => {
      await use({ waitforattach });
      expect(await device().waitForAttach(spec, '/dev/x', never)).toBe(expected);
      expect(exec.calls[1]).toMatch(/^waitforattach \/dev\/x \{.*"kubernetes.io\/pvOrVolumeName":"vol"/);
      expect(exec.commands()).toEqual(['getvolumename', 'waitforattach']);
    });

    it.each([
      ['getvolumename', failure('whose'), 'getvolumename command failed, status: Failure, reason: whose'],
      ['waitforattach', failure('lost'), 'waitforattach command failed, status: Failure, reason: lost'],
      ['waitforattach', hung(), 'timeout: waitforattach did not end within 600 s'],
    ])('[M5] is not there when %s fails', async (command, answer, message) => {
      await use({ [command]: answer });
      await expect(device().waitForAttach(spec, '', never)).rejects.toThrow(message);
    });
  });

  describe('whose device is mounted', () => {
    it('[M5] [M8] is mounted by its driver, once, at a directory of mode 750', async () => {
      await use({ mountdevice: mounts() });
      await mountDevice();
      await mountDevice();
      expect(exec.calls).toEqual([expect.stringMatching(new RegExp(`^mountdevice ${devicePath()} /dev/x \\{`))]);
      expect((await stat(devicePath())).mode & 0o777).toBe(0o750);
      expect(await notes()).toEqual([]);
    });

    it('[M5] is left alone when there is no device and the driver has no command for it', async () => {
      await mountDevice('');
      expect(mounted()).toEqual([]);
    });

    it.each(['foo', '../../x', '/dev/../etc/passwd', 'dev/x'])(
      '[M5] [rel-X40] is not mounted by default from %s',
      async (devicePathToUse) => {
        await expect(mountDevice(devicePathToUse)).rejects.toThrow('is no absolute path');
        expect(await notes()).toEqual([]);
      },
    );

    it.each([
      ['fails', failure('no disk'), 'no disk', 'final'],
      ['fails after it mounted', mounts(failure('bad disk')), 'bad disk', 'final'],
      ['hangs after it mounted', mounts(hung()), 'timeout: mountdevice did not end within 600 s', 'final'],
      ['dies after it mounted', mounts(died({ killedBy: 'SIGKILL' })), 'signal: SIGKILL', 'final'],
    ] as const)('[M3] [M5] [rel-X41] is undone when the driver %s', async (_how, mountdevice, message, kind) => {
      await use({ mountdevice, unmountdevice: unmounts });
      await expect(mountDevice()).rejects.toMatchObject({ message: expect.stringContaining(message), kind });
      expect(mounted()).toEqual([]);
      expect(await notes()).toEqual([]);
    });

    it('[M5] [rel-E4] may be mounted when it could not be undone, and is mounted anew', async () => {
      await use({ mountdevice: mounts(hung()), unmountdevice: failure('busy') });
      await expect(mountDevice()).rejects.toMatchObject({ kind: 'uncertain' });
      expect(mounted()).toEqual([devicePath()]);
      expect(await notes()).toEqual(['vol']);
      await use({ mountdevice: mounts(), unmountdevice: unmounts });
      await mountDevice();
      expect(exec.commands()).toEqual(['unmountdevice', 'mountdevice']);
      expect(await notes()).toEqual([]);
    });

    it('[M5] is not touched while its driver is not installed', async () => {
      installed = undefined;
      await expect(mountDevice()).rejects.toMatchObject({
        kind: 'transient',
        message: 'FlexVolume driver "k8s/dummy" is not installed on this node',
      });
    });
  });

  describe('whose device is unmounted', () => {
    const unmountDevice = () => device().unmountDevice({ deviceMountPath: devicePath(), spec }, never);
    beforeEach(async () => {
      await use({ mountdevice: mounts(), unmountdevice: unmounts });
      await mountDevice();
      exec.calls.length = 0;
    });

    it('[M5] is unmounted by its driver, and its directory is removed; again is nothing', async () => {
      await unmountDevice();
      await unmountDevice();
      expect(exec.calls).toEqual([`unmountdevice ${devicePath()}`]);
      expect(await readdir(path('plugins/kubernetes.io/flexvolume/k8s/dummy/mounts'))).toEqual([]);
    });

    it.each([
      ['has no command for it', notSupported],
      ['says so and does not do it', success],
    ])('[M5] [rel-F-DR10] is unmounted all the same when the driver %s', async (_what, unmountdevice) => {
      await use({ unmountdevice });
      await unmountDevice();
      expect(mounted()).toEqual([]);
    });

    it('[M5] stays when the driver fails, and when it is not there', async () => {
      await use({ unmountdevice: failure('busy') });
      await expect(unmountDevice()).rejects.toThrow('reason: busy');
      installed = undefined;
      await expect(unmountDevice()).rejects.toMatchObject({ kind: 'transient' });
      expect(mounted()).toEqual([devicePath()]);
    });

    it('[M8] [rel-D4] stays while a pod has it', async () => {
      await setUp(plugin(), volume, pod);
      await expect(unmountDevice()).rejects.toThrow('is still mounted by other references');
      expect(mounted()).toEqual([devicePath(), podPath()]);
    });

    it('[M5] loses its directory without a call when nothing is mounted', async () => {
      await host.mounter.unmount(devicePath());
      await unmountDevice();
      expect(exec.calls).toEqual([]);
    });
  });

  describe('in a pod', () => {
    it('[M5] [M6] [M7] is mounted by its driver, once, with what it must know of the pod', async () => {
      host.secrets.set('default/keys', { ...secret('keys', { a: 'b' }), type: name });
      await use({ mount: mounts() });
      const withSecret = { name: 'vol', flexVolume: { driver: name, secretRef: { name: 'keys' } } };
      expect(await setUp(plugin(), withSecret, pod, { fsGroup: undefined })).toBe(podPath());
      await setUp(plugin(), withSecret, pod);
      expect(exec.calls).toHaveLength(1);
      const [command, target, options = ''] = exec.calls[0]?.split(' ') ?? [];
      expect([command, target]).toEqual(['mount', podPath()]);
      expect(JSON.parse(options)).toMatchObject({ 'kubernetes.io/pod.name': 'p', 'kubernetes.io/secret/a': 'Yg==' });
    });

    it('[M5] is bound from its device by default', async () => {
      await use({ mountdevice: mounts() });
      await mountDevice();
      await setUp(plugin(), volume, pod);
      expect(mounted()).toEqual([devicePath(), podPath()]);
      const [bound] = (host.mounter as FakeMounter).mounted.filter((mount) => mount.path === podPath());
      expect(bound?.options).toEqual(['rw']);
    });

    it('[M5] [M6] is bound read-only when it is', async () => {
      await use({ mountdevice: mounts() });
      const readOnly = { name: 'vol', flexVolume: { driver: name, readOnly: true } };
      await mountDevice();
      await setUp(plugin(), readOnly, pod);
      expect(plugin().newMounter(specFromVolume(readOnly), pod).attributes.readOnly).toBe(true);
      expect((host.mounter as FakeMounter).mounted.at(-1)?.options).toEqual(['ro']);
    });

    it.each([
      ['options', { options: { disk: 'theirs' } }],
      ['file system', { fsType: 'xfs' }],
    ])(
      '[M8] [rel-D4] is never the disk of another pod that has one of the same name, with other %s',
      async (_what, more) => {
        await use({ mountdevice: mounts(), unmountdevice: unmounts });
        await mountDevice();
        const other = { name: 'vol', flexVolume: { driver: name, ...more } };
        const message = 'another disk is mounted on this node for a volume of the name "vol"';
        await expect(setUp(plugin(), other, pod)).rejects.toMatchObject({ message, kind: 'final' });
        await expect(mountDevice('/dev/x', { spec: specFromVolume(other) })).rejects.toMatchObject({ message });
        expect(mounted()).toEqual([devicePath()]);
        await setUp(plugin(), volume, pod);
        await tearDown(plugin(), 'vol', pod);
        await device().unmountDevice({ deviceMountPath: devicePath() }, never);
        await mountDevice('/dev/x', { spec: specFromVolume(other) });
        await setUp(plugin(), other, pod);
        expect(mounted()).toEqual([devicePath(), podPath()]);
      },
    );

    it('[M5] is never a bare directory that takes the data in place of the device', async () => {
      await mountDevice('');
      await expect(setUp(plugin(), volume, pod)).rejects.toThrow(`nothing is mounted at ${devicePath()}`);
      expect(await readdir(path('pods/pod-uid/volumes/k8s~dummy'))).toEqual([]);
    });

    it.each([
      ['fails', failure('no'), 'no'],
      ['fails after it mounted', mounts(failure('half')), 'half'],
      ['hangs after it mounted', mounts(hung()), 'timeout: mount did not end within 600 s'],
    ] as const)('[M3] [M5] [rel-X41] is undone when the driver %s', async (_how, mount, message) => {
      await use({ mount, unmount: unmounts });
      const failing = setUp(plugin(), volume, pod);
      await expect(failing).rejects.toMatchObject({ kind: 'final', message: expect.stringContaining(message) });
      expect(mounted()).toEqual([]);
      expect(await readdir(path('pods/pod-uid/volumes/k8s~dummy'))).toEqual([]);
      expect(await notes()).toEqual([]);
    });

    it('[M5] [rel-E4] is not taken for finished when the agent died in the middle of its mount', async () => {
      await use({ mount: mounts(), unmount: unmounts });
      await setUp(plugin(), volume, pod);
      await writeFile(path('plugins/kubernetes.io/flexvolume/k8s/dummy/begun/vol@pod-uid'), '');
      exec.calls.length = 0;
      await setUp(plugin(), volume, pod, { reconstructed: true });
      expect(exec.commands()).toEqual(['unmount', 'mount']);
      expect(mounted()).toEqual([podPath()]);
      expect(await notes()).toEqual([]);
    });

    it('[M7] leaves no trace when its secret is not to be had', async () => {
      const withSecret = { name: 'vol', flexVolume: { driver: name, secretRef: { name: 'keys' } } };
      await expect(setUp(plugin(), withSecret, pod)).rejects.toMatchObject({ kind: 'transient' });
      expect(exec.calls).toEqual([]);
      await expect(stat(path('pods'))).rejects.toThrow('ENOENT');
    });

    const group = Number(process.getgid?.() ?? 0);
    it.each([
      ['is given to its group', {}, {}, true],
      ['is not when the driver sees to it', { fsGroup: false }, {}, false],
      ['is not when it is read-only', {}, { readOnly: true }, false],
    ])('[M4] [M6] %s', async (_what, capabilities, source, expected) => {
      await use({ init: { ...success, capabilities }, mount: success });
      const target = await setUp(plugin(), { name: 'vol', flexVolume: { driver: name, ...source } }, pod, {
        fsGroup: group,
      });
      expect(((await stat(target)).mode & 0o2000) !== 0).toBe(expected);
      expect(exec.calls[0]).toContain(`"kubernetes.io/mounterArgs.FsGroup":"${group}"`);
    });
  });

  describe('that leaves a pod', () => {
    beforeEach(async () => {
      await use({ mount: mounts(), unmount: unmounts });
      await setUp(plugin(), volume, pod);
      exec.calls.length = 0;
    });

    it('[M5] is unmounted by its driver, and its directory is removed; again is nothing', async () => {
      await tearDown(plugin(), 'vol', pod);
      await tearDown(plugin(), 'vol', pod);
      expect(exec.calls).toEqual([`unmount ${podPath()}`]);
      expect(await readdir(path('pods/pod-uid/volumes/k8s~dummy'))).toEqual([]);
    });

    it.each([
      ['has no command for it', notSupported],
      ['says so and does not do it', success],
    ])('[M5] [rel-F-DR10] is unmounted all the same when the driver %s', async (_what, unmount) => {
      await use({ unmount });
      await tearDown(plugin(), 'vol', pod);
      expect(mounted()).toEqual([]);
    });

    it.each([
      ['fails', failure('busy'), 'reason: busy'],
      ['hangs', hung(), 'timeout: unmount did not end within 120 s'],
    ])('[M5] stays where it is when the driver %s', async (_how, unmount, message) => {
      await use({ unmount });
      await expect(tearDown(plugin(), 'vol', pod)).rejects.toThrow(message);
      expect(mounted()).toEqual([podPath()]);
    });

    it('[M5] [rel-E4] never loses a file: what lies in its directory stays', async () => {
      await use({ unmount: unmounts });
      await writeFile(join(podPath(), 'data'), 'precious');
      await expect(tearDown(plugin(), 'vol', pod)).rejects.toThrow('cannot be removed');
      expect(await readdir(podPath())).toEqual(['data']);
    });

    it('[M5] [rel-E4] is gone when the driver says that it had nothing to unmount, and there is nothing', async () => {
      await host.mounter.unmount(podPath());
      await use({ unmount: failure('not mounted') });
      await tearDown(plugin(), 'vol', pod);
      expect(await readdir(path('pods/pod-uid/volumes/k8s~dummy'))).toEqual([]);
    });

    it('[M5] stays while its driver is not there', async () => {
      installed = undefined;
      await expect(tearDown(plugin(), 'vol', pod)).rejects.toMatchObject({ kind: 'transient' });
      expect(mounted()).toEqual([podPath()]);
    });
  });

  describe('that grows', () => {
    const persistent = specFromPersistentVolume(reconstructedVolume('pv', { flexVolume: { driver: name } }), false);
    const grow = (of = persistent) =>
      plugin().nodeExpander?.nodeExpand(
        {
          spec: of,
          newSizeBytes: 2n ** 53n + 1n,
          oldSizeBytes: 5n,
          volumePath: '',
          deviceStagePath: '/stage',
          devicePath: '/dev/x',
          online: true,
        },
        never,
      );

    it('[M5] has its file system grown by its driver, which is told both sizes', async () => {
      await use({ expandfs: success });
      expect(await grow()).toBeUndefined();
      expect(exec.calls).toEqual([expect.stringMatching(/^expandfs \{.*\} \/dev\/x \/stage 9007199254740993 5$/)]);
    });

    it('[M5] does not when the driver fails, or the volume is no PersistentVolume', async () => {
      await use({ expandfs: failure('full') });
      await expect(grow()).rejects.toThrow('expandfs command failed, status: Failure, reason: full');
      await expect(grow(spec as never)).rejects.toThrow('PersistentVolume not found for spec: vol');
    });
  });
});
