/**
 * The hostpath driver as a process, its Node services called over their sockets, with real mounts and loop devices; and
 * the process itself: restarts, its end, its state and its call log. What mounts needs root.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { realFs } from '../../src/base/index.ts';
import {
  AccessMode,
  Code,
  type ControllerClient,
  NodeCapability,
  type NodeClient,
  readNodeCapabilities,
} from '../../src/csi/index.ts';
import { listMounts } from '../../src/mount/index.ts';
import {
  accessMode,
  blockCapability,
  type CreateRequest,
  createVolume as createVolumeOf,
  failing,
  mebibyte,
  mountCapability,
  noVolume,
  strangeIds,
  uniqueName,
} from './csi-fixtures.ts';
import { DriverProcess } from './driver-process.ts';

const root = process.getuid?.() === 0;

type PublishRequest = Exclude<Parameters<NodeClient['nodePublishVolume']>[0], { $typeName: string }>;

let driver: DriverProcess;
let controller: ControllerClient;
let node: NodeClient;

beforeAll(async () => {
  driver = await DriverProcess.start([
    '--enable-attach',
    '--enable-topology=false',
    '--enable-controller-modify-volume',
  ]);
  controller = driver.controller();
  node = driver.node('n0');
});

afterAll(async () => {
  await driver[Symbol.asyncDispose]();
});

function createVolume(overrides: CreateRequest = {}): Promise<string> {
  return createVolumeOf(controller, overrides);
}

describe('Node', () => {
  const target = () => driver.path('pods', 'p', 'mount');
  const staging = () => driver.path('staging', 'globalmount');
  const stageRequest = () => ({ stagingTargetPath: staging(), volumeCapability: mountCapability });
  const publishRequest = () => ({ ...stageRequest(), targetPath: target() });

  test('[P10] [Y1] lists its capabilities and its id', async () => {
    const capabilities = readNodeCapabilities(await node.nodeGetCapabilities({}));
    expect(capabilities).toContain(NodeCapability.STAGE_UNSTAGE_VOLUME);
    expect(await node.nodeGetInfo({})).toMatchObject({ nodeId: 'n0', maxVolumesPerNode: 0n });
    expect((await driver.node('n1').nodeGetInfo({})).nodeId).toBe('n1');
  });

  test('[P10] refuses missing fields', async () => {
    const volumeId = noVolume;
    const refused = [
      node.nodeStageVolume(stageRequest()),
      node.nodeStageVolume({ volumeId, volumeCapability: mountCapability }),
      node.nodeStageVolume({ volumeId, stagingTargetPath: staging() }),
      node.nodeUnstageVolume({ stagingTargetPath: staging() }),
      node.nodeUnstageVolume({ volumeId }),
      node.nodePublishVolume(publishRequest()),
      node.nodePublishVolume({ ...stageRequest(), volumeId }),
      node.nodePublishVolume({ volumeId, targetPath: target() }),
      node.nodePublishVolume({ ...publishRequest(), volumeId, targetPath: 'relative' }),
      node.nodeUnpublishVolume({ targetPath: target() }),
      node.nodeUnpublishVolume({ volumeId }),
      node.nodeGetVolumeStats({ volumePath: target() }),
      node.nodeExpandVolume({ volumePath: target() }),
    ];
    for (const call of await Promise.allSettled(refused)) {
      expect(call).toMatchObject({ status: 'rejected', reason: { code: Code.INVALID_ARGUMENT } });
    }
  });

  test('[P10] does not find missing volumes and paths', async () => {
    const volumeId = noVolume;
    const here = await createVolume();
    const calls = [
      node.nodeStageVolume({ ...stageRequest(), volumeId }),
      node.nodePublishVolume({ ...publishRequest(), volumeId }),
      node.nodeUnpublishVolume({ volumeId, targetPath: target() }),
      node.nodeGetVolumeStats({ volumeId, volumePath: target() }),
      node.nodeGetVolumeStats({ volumeId: here, volumePath: '/somewhere/else' }),
      node.nodeExpandVolume({ volumeId, volumePath: target() }),
      node.nodeExpandVolume({ volumeId: here, volumePath: '/somewhere/else' }),
    ];
    for (const call of await Promise.allSettled(calls)) {
      expect(call).toMatchObject({ status: 'rejected', reason: { code: Code.NOT_FOUND } });
    }
  });

  test("[rel-S-FS10] makes no inline volume of an id that is not the kubelet's", async () => {
    const volumeContext = { 'csi.storage.k8s.io/ephemeral': 'true' };
    for (const volumeId of strangeIds) {
      const call = node.nodePublishVolume({ ...publishRequest(), volumeId, volumeContext });
      await expect(call).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
    }
  });

  test('[N2] keeps the order of the steps', async () => {
    const volumeId = await createVolume();
    const notAttached = node.nodeStageVolume({ ...stageRequest(), volumeId });
    await expect(notAttached).rejects.toEqual(failing(Code.FAILED_PRECONDITION));
    const notStaged = node.nodePublishVolume({ ...publishRequest(), volumeId });
    await expect(notStaged).rejects.toEqual(failing(Code.FAILED_PRECONDITION));
  });
});

describe.skipIf(!root)('mounts', () => {
  let volumeId: string;
  let count = 0;
  let base: string;

  const mountsBelow = async () =>
    (await listMounts(realFs)).filter((mount) => mount.path.startsWith(driver.directory)).map(({ path }) => path);
  const stagingPath = () => `${base}/globalmount`;
  const targetPath = (name = 'mount') => `${base}/${name}`;
  const stage = (volumeCapability: typeof mountCapability | typeof blockCapability = mountCapability) =>
    node.nodeStageVolume({ volumeId, stagingTargetPath: stagingPath(), volumeCapability });
  const publish = (overrides: PublishRequest = {}) =>
    node.nodePublishVolume({
      volumeId,
      stagingTargetPath: stagingPath(),
      targetPath: targetPath(),
      volumeCapability: mountCapability,
      ...overrides,
    });
  const unpublish = (path = targetPath()) => node.nodeUnpublishVolume({ volumeId, targetPath: path });
  const unstage = () => node.nodeUnstageVolume({ volumeId, stagingTargetPath: stagingPath() });
  const attach = (volumeCapability: typeof mountCapability | typeof blockCapability = mountCapability) =>
    controller.controllerPublishVolume({ volumeId, nodeId: 'n0', volumeCapability });

  beforeEach(async () => {
    base = driver.path(`node-${++count}`);
    await mkdir(stagingPath(), { recursive: true, mode: 0o750 });
    volumeId = await createVolume();
    await attach();
  });

  afterEach(async () => {
    expect(await mountsBelow()).toEqual([]);
  });

  test('[P10] [N4] [N5] [N6] go through the whole life of a volume', async () => {
    await stage();
    await publish();
    await writeFile(targetPath('mount/file'), 'data');
    expect(await readFile(driver.path('state', volumeId, 'file'), 'utf8')).toBe('data');
    const busy = controller.deleteVolume({ volumeId });
    await expect(busy).rejects.toEqual(failing(Code.FAILED_PRECONDITION));
    await expect(unstage()).rejects.toEqual(failing(Code.FAILED_PRECONDITION));
    await unpublish();
    expect(await readdir(base)).toEqual(['globalmount']);
    await unstage();
    await controller.controllerUnpublishVolume({ volumeId, nodeId: 'n0' });
    await controller.deleteVolume({ volumeId });
    expect(await readdir(driver.stateDirectory)).not.toContain(volumeId);
  });

  test('[P10] [N2] are idempotent at every step', async () => {
    for (const step of [stage, publish, unpublish, unstage]) {
      await step();
      await step();
    }
  });

  test('[N5] are read-only when the workload is, and never published both ways', async () => {
    await stage();
    await publish({ readonly: true });
    await expect(writeFile(targetPath('mount/file'), 'x')).rejects.toMatchObject({ code: 'EROFS' });
    await expect(publish()).rejects.toEqual(failing(Code.ALREADY_EXISTS));
    await publish({ targetPath: targetPath('second') });
    await writeFile(targetPath('second/file'), 'x');
    await unpublish(targetPath('second'));
    await unpublish();
    await unstage();
  });

  test('[P9] show a SINGLE_NODE_SINGLE_WRITER volume at one target', async () => {
    await stage();
    const volumeCapability = { ...mountCapability, accessMode: { mode: AccessMode.SINGLE_NODE_SINGLE_WRITER } };
    await publish({ volumeCapability });
    await expect(publish({ volumeCapability, targetPath: targetPath('second') })).rejects.toMatchObject({
      code: Code.FAILED_PRECONDITION,
      desc: 'volume uses SINGLE_NODE_SINGLE_WRITER access mode and is already mounted at a different target path',
    });
    await unpublish();
    await unstage();
  });

  test('[rel-S-FS19] pass flags of a mount on, and refuse what is none', async () => {
    await stage();
    const capability = (mountFlags: string[]) => ({
      volumeCapability: { accessType: { case: 'mount' as const, value: { mountFlags } }, accessMode },
    });
    for (const flag of ['-o', 'nodev,suid', 'x\ny', '']) {
      await expect(publish(capability([flag]))).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
    }
    await publish(capability(['noexec', 'nosuid', 'hard']));
    const mount = (await listMounts(realFs)).find(({ path }) => path === targetPath());
    expect(mount?.options).toEqual(expect.arrayContaining(['noexec', 'nosuid']));
    await unpublish();
    await unstage();
  });

  test('[N17] count bytes and inodes where the volume shows', async () => {
    await stage();
    await publish();
    const { usage, volumeCondition } = await node.nodeGetVolumeStats({ volumeId, volumePath: targetPath() });
    expect(usage.map(({ unit }) => unit)).toEqual([1, 2]);
    expect(usage[0]?.total).toBeGreaterThan(0n);
    expect(volumeCondition?.abnormal).toBe(false);
    await unpublish();
    await unstage();
  });

  test('[N16] grow where the volume shows', async () => {
    await stage();
    await publish();
    const capacityRange = { requiredBytes: 20n * mebibyte };
    await controller.controllerExpandVolume({ volumeId, capacityRange });
    const grown = await node.nodeExpandVolume({ volumeId, volumePath: targetPath(), capacityRange });
    expect(grown.capacityBytes).toBe(20n * mebibyte);
    await unpublish();
    await unstage();
  });

  test('[N10] [P9] make an inline volume at publishing and delete it at unpublishing', async () => {
    const inlineId = `csi-${'ab'.repeat(32)}`;
    const inline = {
      volumeId: inlineId,
      targetPath: targetPath('inline'),
      volumeCapability: mountCapability,
      volumeContext: { 'csi.storage.k8s.io/ephemeral': 'true' },
    };
    await node.nodePublishVolume(inline);
    await node.nodePublishVolume(inline);
    await writeFile(targetPath('inline/file'), 'x');
    const { volume } = await controller.controllerGetVolume({ volumeId: inlineId });
    expect(volume?.capacityBytes).toBe(100n * mebibyte);
    for (let i = 0; i < 2; i++) {
      await node.nodeUnpublishVolume({ volumeId: inlineId, targetPath: targetPath('inline') });
    }
    expect(await readdir(driver.stateDirectory)).not.toContain(inlineId);
    expect(await readdir(base)).toEqual(['globalmount']);
  });

  test('[N13] [rel-E18] show a block volume as a device, and free its loop device', async () => {
    volumeId = await createVolume({
      volumeCapabilities: [blockCapability],
      capacityRange: { requiredBytes: mebibyte },
    });
    await attach(blockCapability);
    await stage(blockCapability);
    await publish({ volumeCapability: blockCapability });
    expect((await stat(targetPath())).isBlockDevice()).toBe(true);
    await publish({ volumeCapability: blockCapability });
    const capacityRange = { requiredBytes: 2n * mebibyte };
    await controller.controllerExpandVolume({ volumeId, capacityRange });
    await node.nodeExpandVolume({ volumeId, volumePath: targetPath(), capacityRange });
    await expect(controller.deleteVolume({ volumeId })).rejects.toEqual(failing(Code.FAILED_PRECONDITION));
    await unpublish();
    await unstage();
    await controller.deleteVolume({ volumeId });
    expect(await readdir(driver.stateDirectory)).not.toContain(volumeId);
  });

  test('[rel-F-DR1] survive kill -9 of the driver, which finds its volumes again', async () => {
    await stage();
    await publish();
    await writeFile(targetPath('mount/file'), 'kept');
    await driver.end('SIGKILL');
    await driver.start();
    expect(await readFile(targetPath('mount/file'), 'utf8')).toBe('kept');
    controller = driver.controller();
    node = driver.node('n0');
    await publish();
    await unpublish();
    await unstage();
  });

  test('[rel-F-ND2] come back after a reboot took the mounts away', async () => {
    await stage();
    await publish();
    execFileSync('umount', [targetPath()]);
    execFileSync('umount', [stagingPath()]);
    await stage();
    await publish();
    expect((await mountsBelow()).length).toBe(2);
    await unpublish();
    await unstage();
  });
});

describe('process', () => {
  test('keeps everything over a restart, and exits 0 at SIGTERM and when its parent closes standard input', async () => {
    const name = uniqueName();
    const volumeId = await createVolume({ name });
    expect(await driver.end('SIGTERM')).toBe(0);
    await driver.start();
    controller = driver.controller();
    expect(await createVolume({ name })).toBe(volumeId);
    expect(await driver.end('parent')).toBe(0);
    expect(await readdir(driver.directory)).not.toContain('csi.sock');
    await driver.start();
    controller = driver.controller();
  });

  test('[P9] writes its state readable to the owner only', async () => {
    expect((await stat(driver.path('state', 'state.json'))).mode & 0o777).toBe(0o600);
    const state: unknown = JSON.parse(await readFile(driver.path('state', 'state.json'), 'utf8'));
    expect(Object.keys(state as object)).toEqual(['Volumes', 'Snapshots', 'GroupSnapshots']);
  });

  test('[rel-S-SE2] logs each call with its node, and no secret', async () => {
    const secrets = { password: 'hunter22hunter22' };
    await controller.createVolume({ name: uniqueName(), volumeCapabilities: [mountCapability], secrets });
    const calls = await driver.calls();
    const begun = calls.filter(({ event, method }) => event === 'begin' && method === 'CreateVolume').at(-1);
    expect(begun?.request).toMatchObject({ secrets: '***stripped***' });
    expect(await readFile(driver.path('calls.log'), 'utf8')).not.toContain('hunter22');
    expect(calls.find(({ method }) => method === 'NodeGetInfo')?.node).toBe('n0');
    expect(calls.at(-1)).toMatchObject({ event: 'end', code: 'OK' });
  });
});
