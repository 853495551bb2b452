/**
 * The node's storage side over real gRPC and real mounts: the hostpath driver, its registrar, the plugin manager and
 * the volume manager. Only the API is a map.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  csiDrivers,
  csiNodes,
  type PersistentVolumeSpec,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
} from '../../src/api/index.ts';
import { realClock, realExec, realFs, realRandom, silentLogger } from '../../src/base/index.ts';
import { Controller, connectCsi, createCsiClient } from '../../src/csi/index.ts';
import { defaultHostpathConfig, runHostpathDriver } from '../../src/drivers/index.ts';
import { createPluginManager, type PluginManager } from '../../src/kubelet/pluginmanager/plugin-manager.ts';
import { createVolumeManager } from '../../src/kubelet/volumemanager/node-volume-manager.ts';
import { FakeApi } from '../../src/kubelet/volumemanager/testing/fake-api.ts';
import { boundPair, claimVolume, csiDriverObject, testPod } from '../../src/kubelet/volumemanager/testing/objects.ts';
import { nodeObject, TestPods } from '../../src/kubelet/volumemanager/testing/test-node.ts';
import type { VolumeManager } from '../../src/kubelet/volumemanager/volume-manager.ts';
import { createMounter } from '../../src/mount/index.ts';
import { startRegistrar } from '../../src/sidecars/index.ts';

const driverName = 'hostpath.csi.k8s.io';
const isRoot = process.getuid?.() === 0;
const never = new AbortController().signal;
const world = { clock: realClock, fs: realFs, exec: realExec(realClock), random: realRandom };
const mounter = createMounter(world);

let dir: string;
let api: FakeApi;
let pods: TestPods;
let plugins: PluginManager;
let volumes: VolumeManager;
const stopDriver = new AbortController();
let driver: Promise<void>;
let registrar: AsyncDisposable;

function startVolumes(): VolumeManager {
  const manager: VolumeManager = createVolumeManager({
    ...world,
    nodeName: 'n1',
    rootDir: join(dir, 'root'),
    mounter,
    logger: silentLogger,
    client: api.client,
    recorder: { event: (object, type, reason, message) => api.recordEvent(object, type, reason, message) },
    informers: api.informers,
    pods,
    csiDrivers: plugins.csiDrivers,
    reportVolumesInUse: () => manager.markVolumesAsReportedInUse(manager.getVolumesInUse()),
  });
  manager.start();
  return manager;
}

async function startDriver(): Promise<void> {
  const endpoint = join(dir, 'csi.sock');
  const serving = Promise.withResolvers<void>();
  const config = { ...defaultHostpathConfig, vendorVersion: '1', stateDirectory: join(dir, 'state'), nodeIds: ['n1'] };
  driver = runHostpathDriver(
    { config: { ...config, enableTopology: false }, endpoint, nodeId: 'n1', nodeEndpoints: [], exitWithParent: false },
    stopDriver.signal,
    serving.resolve,
    world,
  );
  await Promise.race([serving.promise, driver]);
  const registrationDir = join(dir, 'root/plugins_registry');
  const onRefused = (reason: string) => api.events.push(reason);
  const registered = new Promise<void>((resolve) => {
    plugins.csiDrivers.onChange(() => resolve());
  });
  registrar = await startRegistrar({
    ...world,
    driverName,
    endpoint,
    registrationDir,
    logger: silentLogger,
    onRefused,
  });
  await registered;
}

/** A volume of the driver, bound to a claim. */
async function provision(name: string, spec: Partial<PersistentVolumeSpec> = {}): Promise<void> {
  await using connection = connectCsi({ path: join(dir, 'csi.sock'), clock: realClock });
  const controller = createCsiClient(Controller, connection, { timeoutMs: 10_000 });
  const block = spec.volumeMode === 'Block';
  const accessType = block ? { case: 'block' as const, value: {} } : { case: 'mount' as const, value: {} };
  const { volume } = await controller.createVolume({
    name,
    capacityRange: { requiredBytes: 4n * 1024n * 1024n },
    volumeCapabilities: [{ accessMode: { mode: 1 }, accessType }],
  });
  const csi = { driver: driverName, volumeHandle: volume?.volumeId ?? '', fsType: 'ext4' };
  const pair = boundPair(name, driverName, { ...spec, csi });
  api.put(persistentVolumeClaims, pair.claim);
  api.put(persistentVolumes, pair.volume);
}

async function mount(pod: Pod): Promise<string> {
  pods.put(pod);
  await volumes.waitForAttachAndMount(pod, never);
  pods.startContainers(pod.metadata.uid);
  const mounted = volumes.getMountedVolumesForPod(pod.metadata.uid).get('data');
  return mounted?.blockDevicePath ?? mounted?.path ?? '';
}

async function unmount(pod: Pod): Promise<void> {
  pods.terminate(pod.metadata.uid);
  pods.stopContainers(pod.metadata.uid);
  await volumes.waitForUnmount(pod, never);
  pods.forget(pod.metadata.uid);
}

/** Resolves when the volume manager says that it has nothing in use, and so nothing staged. */
async function nothingStaged(): Promise<void> {
  const staged = async () => (await mounter.listMounts()).some(({ path }) => path.startsWith(`${dir}/`));
  await expect.poll(staged).toBe(false);
}

describe.skipIf(!isRoot)('a node with the hostpath driver', () => {
  beforeEach(async () => {
    dir = await mkdtemp('/tmp/nv-');
    api = new FakeApi();
    pods = new TestPods();
    nodeObject(api, []);
    api.put(
      csiDrivers,
      csiDriverObject(driverName, { attachRequired: false, podInfoOnMount: true, fsGroupPolicy: 'File' }),
    );
    plugins = createPluginManager({
      ...world,
      nodeName: 'n1',
      rootDir: join(dir, 'root'),
      logger: silentLogger,
      client: api.client,
      informers: api.informers,
    });
    plugins.start();
    volumes = startVolumes();
    await startDriver();
  });

  afterEach(async () => {
    await volumes[Symbol.asyncDispose]();
    await plugins[Symbol.asyncDispose]();
    await registrar[Symbol.asyncDispose]();
    stopDriver.abort();
    await driver;
    const left = (await mounter.listMounts()).filter(({ path }) => path.startsWith(`${dir}/`));
    for (const { path } of left.toReversed()) await mounter.unmount(path);
    await rm(dir, { recursive: true, force: true });
  });

  it('[I24] [N4] [N5] [N6] [N13] [J4] mounts what pods ask for, keeps it over a restart, and leaves nothing', async () => {
    expect(api.find(csiNodes, 'n1')?.spec.drivers).toEqual([{ name: driverName, nodeID: 'n1' }]);

    await provision('a');
    const pod = testPod('web', [claimVolume('data', 'claim-a')], { securityContext: { fsGroup: 4242 } });
    const path = await mount(pod);
    expect(await mounter.isMountPoint(path)).toBe(true);
    expect((await stat(path)).gid).toBe(4242);
    await writeFile(join(path, 'file'), 'kept');

    await provision('b', { volumeMode: 'Block' });
    const blockPod = testPod('block', [claimVolume('data', 'claim-b')]);
    const [container] = blockPod.spec.containers;
    const devices = [{ name: 'data', devicePath: '/dev/data' }];
    const asDevice = container ? [{ name: container.name, image: 'i', volumeDevices: devices }] : [];
    const withDevice = { ...blockPod, spec: { ...blockPod.spec, containers: asDevice } };
    const device = await mount(withDevice);
    expect((await stat(device)).isBlockDevice()).toBe(true);

    const before = (await mounter.listMounts()).map(({ mountId }) => mountId);
    await volumes[Symbol.asyncDispose]();
    volumes = startVolumes();
    await volumes.waitForAttachAndMount(pod, never);
    expect((await mounter.listMounts()).map(({ mountId }) => mountId)).toEqual(before);
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('kept');

    await unmount(withDevice);
    await unmount(pod);
    await nothingStaged();
    expect(api.events.filter((event) => event.startsWith('Warning'))).toEqual([]);

    const again = await mount({ ...pod, metadata: { ...pod.metadata, uid: 'again' } });
    expect(await readFile(join(again, 'file'), 'utf8')).toBe('kept');
    await unmount({ ...pod, metadata: { ...pod.metadata, uid: 'again' } });
    await nothingStaged();
  });
});
