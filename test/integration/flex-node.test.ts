import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { persistentVolumeClaims, persistentVolumes } from '../../src/api/index.ts';
import { boundPair, claimVolume, testPod } from '../../src/kubelet/volumemanager/testing/objects.ts';
import { nodeObject, TestNode } from '../../src/kubelet/volumemanager/testing/test-node.ts';
import { FlexDriver } from '../../src/volume-plugins/flex-volume/flex-driver.ts';
import { FakeFlexDriver, success } from '../../src/volume-plugins/testing/fake-flex-driver.ts';

const name = 'k8s/dummy';
const device = 'k8s/dummy/pv-a';
const claimed = testPod('web', [claimVolume('data', 'claim-a')]);
const inline = testPod('web', [{ name: 'data', flexVolume: { driver: name } }]);
const uid = claimed.metadata.uid;

describe('FlexVolumes of a node', () => {
  let node: TestNode;
  let driver: FlexDriver | undefined;
  let exec: FakeFlexDriver;
  let tell = () => {};
  afterEach(async () => {
    await node[Symbol.asyncDispose]();
  });

  async function install(init: object = success): Promise<void> {
    exec = new FakeFlexDriver({
      init,
      waitforattach: ([, path = '']) => ({ ...success, device: path }),
      mountdevice: mountAt,
      mount: async (args) => (init === success ? { status: 'Not supported' } : await mountAt(args)),
      unmountdevice: unmountAt,
      unmount: unmountAt,
    });
    driver = new FlexDriver({ name, executable: '/exec/k8s~dummy/dummy', exec });
    await driver.init(new AbortController().signal);
    tell();
  }
  const mountAt = async ([, target = '']: readonly string[]) => {
    await node.clock.boundary(access(target));
    await node.mounter.mount({ source: 'none', target, fsType: 'tmpfs' });
    return success;
  };
  const unmountAt = async ([, target = '']: readonly string[]) => {
    await node.mounter.unmount(target);
    return success;
  };

  async function start(): Promise<void> {
    driver = undefined;
    node = await TestNode.start({
      flexDrivers: {
        find: () => driver,
        names: () => (driver ? [name] : []),
        ready: async () => {},
        onChange: (listener) => {
          tell = () => listener(name);
          return { [Symbol.dispose]: () => {} };
        },
      },
    });
    const { claim, volume } = boundPair('a', 'unused');
    const { csi: _, ...spec } = volume.spec;
    node.api.put(persistentVolumeClaims, claim);
    node.api.put(persistentVolumes, { ...volume, spec: { ...spec, flexVolume: { driver: name } } });
    node.setAttached([device]);
  }

  const mounted = () => node.mounter.mounted.map(({ path }) => path.slice(node.rootDir.length + 1));
  const podMount = 'pods/uid-of-web/volumes/k8s~dummy/pv-a';
  const deviceMount = 'plugins/kubernetes.io/flexvolume/k8s/dummy/mounts/pv-a';
  const isMounted = () => node.manager.getMountedVolumesForPod(uid).size > 0;

  function leave(): void {
    node.pods.stopContainers(uid);
    node.pods.forget(uid);
  }

  it('[M2] [M5] [M8] come into a pod as soon as their driver is installed, and leave it in order', async () => {
    await start();
    node.pods.put(claimed);
    await node.clock.advance(5_000);
    expect(node.api.events).toEqual([expect.stringContaining('no volume plugin matched')]);
    await install();
    await node.until(isMounted, 'mounted');
    expect(mounted()).toEqual([deviceMount, podMount]);
    expect(node.manager.getVolumesInUse()).toEqual([device]);
    leave();
    await node.until(() => node.manager.getVolumesInUse().length === 0, 'unmounted');
    expect(mounted()).toEqual([]);
    expect(exec.commands()).toEqual([
      'init',
      'getvolumename',
      'waitforattach',
      'mountdevice',
      'mount',
      'unmount',
      'unmountdevice',
    ]);
  });

  it('[M4] belong to one pod each when their driver does not attach', async () => {
    await start();
    await install({ ...success, capabilities: { attach: false } });
    node.pods.put(inline);
    await node.until(isMounted, 'mounted');
    expect(mounted()).toEqual(['pods/uid-of-web/volumes/k8s~dummy/data']);
    expect(node.manager.getMountedVolumesForPod(uid).get('data')?.uniqueVolumeName).toBe(`${name}/${uid}-data`);
    leave();
    await node.until(() => mounted().length === 0, 'unmounted');
    expect(exec.commands()).toEqual(['init', 'mount', 'unmount']);
  });

  it('[M9] get the path that the controller was told of their device', async () => {
    await start();
    await install();
    nodeObject(node.api, []);
    node.pods.put(claimed);
    await node.clock.advance(5_000);
    expect(exec.commands()).toEqual(['init']);
    node.setAttached([device]);
    await node.until(isMounted, 'mounted');
    expect(exec.calls.find((call) => call.startsWith('waitforattach'))).toMatch(/^waitforattach {2}\{/);
  });

  it('[M5] [rel-D4] [rel-E1] stay in use while a long mount runs, also when the pod has gone', async () => {
    await start();
    await install();
    exec.answers.set('mountdevice', async (args) => {
      await node.clock.sleep(120_000);
      return await mountAt(args);
    });
    node.pods.put(claimed);
    await node.clock.advance(60_000);
    expect(exec.commands().at(-1)).toBe('mountdevice');
    leave();
    await node.clock.advance(30_000);
    expect(node.manager.getVolumesInUse()).toEqual([device]);
    await node.until(() => node.manager.getVolumesInUse().length === 0, 'let go of');
    expect(mounted()).toEqual([]);
    expect(exec.commands().slice(-2)).toEqual(['mountdevice', 'unmountdevice']);
  });

  it.each([
    ['is not installed any more', claimed, success],
    ['is not installed any more, and did not attach', inline, { ...success, capabilities: { attach: false } }],
  ])(
    '[M8] [rel-D4] [rel-E1] stay in use over a restart when their driver %s, until it is there to unmount them',
    async (_how, pod, init) => {
      await start();
      await install(init);
      node.pods.put(pod);
      await node.until(isMounted, 'mounted');
      const before = mounted();
      driver = undefined;
      leave();
      await node.restartManager();
      await node.clock.advance(60_000);
      expect(node.manager.getVolumesInUse()).toEqual(pod === claimed ? [device] : []);
      expect(node.manager.hasPossiblyMountedVolumes(uid)).toBe(true);
      expect(mounted()).toEqual(before);
      await install(init);
      await node.until(() => mounted().length === 0, 'unmounted');
      await node.until(() => !node.manager.hasPossiblyMountedVolumes(uid), 'let go of');
    },
  );

  it('[M8] [rel-E4] are taken over after a restart by the pod that wants them, without a call to mount', async () => {
    await start();
    await install();
    node.pods.put(claimed);
    await node.until(isMounted, 'mounted');
    exec.calls.length = 0;
    await node.restartManager();
    await node.until(isMounted, 'mounted');
    expect(mounted()).toEqual([deviceMount, podMount]);
    expect(exec.commands()).toEqual(['waitforattach']);
    leave();
    await node.until(() => mounted().length === 0, 'unmounted');
  });

  const deaths = Array.from({ length: 24 }, (_, index) => index * 3);
  async function expectNothingLeft(): Promise<void> {
    await node.until(() => mounted().length === 0, 'everything is unmounted');
    await node.clock.advance(200_000);
    expect(node.manager.getVolumesInUse()).toEqual([]);
    for (const dir of ['mounts', 'begun', 'disks']) {
      const path = join(node.rootDir, 'plugins/kubernetes.io/flexvolume/k8s/dummy', dir);
      expect(await readdir(path).catch(() => [])).toEqual([]);
    }
  }

  it.each(deaths)('[rel-F-ND1] [rel-E4] are mounted whole after a death at crossing %i of the mount', async (at) => {
    await start();
    await install();
    node.dieAfter(at);
    node.pods.put(claimed);
    await node.clock.advance(100);
    node.dieAfter(0);
    await node.manager[Symbol.asyncDispose]();
    node.dieAfter(undefined);
    node.startManager();
    await node.until(isMounted, 'mounted');
    expect(mounted().sort()).toEqual([deviceMount, podMount].sort());
    leave();
    await expectNothingLeft();
  });

  it.each(deaths)('[rel-F-ND1] [rel-E4] leave nothing after a death at crossing %i of the unmount', async (at) => {
    await start();
    await install();
    node.pods.put(claimed);
    await node.until(isMounted, 'mounted');
    node.dieAfter(at);
    leave();
    await node.clock.advance(100);
    node.dieAfter(0);
    await node.manager[Symbol.asyncDispose]();
    node.dieAfter(undefined);
    node.startManager();
    await expectNothingLeft();
  });
});
