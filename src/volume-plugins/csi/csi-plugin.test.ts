import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CSIDriver, PersistentVolumeSpec, Pod } from '../../api/index.ts';
import { realClock } from '../../base/index.ts';
import { volumeAttachmentName } from '../../component-helpers/index.ts';
import {
  AccessMode,
  Code,
  CsiError,
  directConnection,
  Node,
  NodeCapability,
  type NodePublishVolumeRequest,
  type NodeStageVolumeRequest,
  serve,
} from '../../csi/index.ts';
import { failureKindOf } from '../errors.ts';
import type { VolumePlugin } from '../plugin.ts';
import { isRoot, podWith, secret, TestHost, tearDown } from '../testing/test-host.ts';
import { reconstructedVolume, specFromPersistentVolume, specFromVolume, type VolumeSpec } from '../volume-spec.ts';
import { createCsiPlugin } from './csi-plugin.ts';

const never = new AbortController().signal;
const driver = 'd.csi.test';
const { STAGE_UNSTAGE_VOLUME, SINGLE_NODE_MULTI_WRITER, VOLUME_MOUNT_GROUP, EXPAND_VOLUME } = NodeCapability;

let host: TestHost;
let plugin: VolumePlugin;
let calls: string[];
let staged: NodeStageVolumeRequest | undefined;
let published: NodePublishVolumeRequest | undefined;
let fail: ((method: string) => void) | undefined;

beforeEach(async () => {
  host = await TestHost.create('memory');
  calls = [];
  fail = undefined;
  useDriver([STAGE_UNSTAGE_VOLUME]);
  host.drivers.set(driver, csiDriver({ attachRequired: false }));
});
afterEach(() => host[Symbol.asyncDispose]());

function useDriver(capabilities: readonly NodeCapability[]): void {
  const call = (name: string) => {
    calls.push(name);
    fail?.(name);
    return {};
  };
  const service = serve(Node, {
    nodeGetCapabilities: async () => ({
      capabilities: capabilities.map((type) => ({ type: { case: 'rpc' as const, value: { type } } })),
    }),
    nodeStageVolume: async (request) => {
      staged = request;
      return call('stage');
    },
    nodePublishVolume: async (request) => {
      published = request;
      await mkdir(request.targetPath, { recursive: true });
      return call('publish');
    },
    nodeUnpublishVolume: async () => call('unpublish'),
    nodeUnstageVolume: async () => call('unstage'),
    nodeExpandVolume: async ({ volumePath, stagingTargetPath, capacityRange }) => {
      call(`expand ${volumePath} ${stagingTargetPath} ${capacityRange?.requiredBytes}`);
      return { capacityBytes: capacityRange?.requiredBytes ?? 0n };
    },
  });
  host.connections.set(driver, directConnection({ clock: realClock, services: [service] }));
  plugin = createCsiPlugin(host);
}

function csiDriver(spec: CSIDriver['spec']): CSIDriver {
  const metadata = { name: driver, uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  return { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata, spec };
}

function persistent(spec: Partial<PersistentVolumeSpec> = {}, csi: object = {}): VolumeSpec {
  const source = { driver, volumeHandle: 'handle', fsType: 'xfs', volumeAttributes: { key: 'value' }, ...csi };
  return specFromPersistentVolume(
    reconstructedVolume('pv-1', { accessModes: ['ReadWriteOnce'], csi: source, ...spec }),
    false,
  );
}

const inline = specFromVolume({ name: 'v', csi: { driver, volumeAttributes: { size: '1' } } });
const pod = podWith([], { serviceAccountName: 'sa' });

async function stage(spec: VolumeSpec, fsGroup?: number): Promise<void> {
  await plugin.deviceMounter?.mountDevice({ spec, devicePath: '', fsGroup, reconstructed: false }, never);
}

async function publish(spec: VolumeSpec, onPod: Pod = pod, fsGroup?: number): Promise<string> {
  const mounter = plugin.newMounter(spec, onPod);
  await mounter.setUp({ fsGroup, remount: false, reconstructed: false }, never);
  return mounter.path;
}

const readJson = async (...path: string[]): Promise<unknown> =>
  JSON.parse(await readFile(join(host.rootDir, ...path), 'utf8'));

const publishDir = 'pods/pod-uid/volumes/kubernetes.io~csi/pv-1';

describe('NodeStageVolume', () => {
  it('[N4] is asked with what the PersistentVolume says, at a path of the hash of its handle', async () => {
    host.secrets.set('default/s', secret('s', { key: 'hidden' }));
    const nodeStageSecretRef = { namespace: 'default', name: 's' };
    await stage(persistent({ mountOptions: ['noatime'] }, { nodeStageSecretRef }));
    const path = staged?.stagingTargetPath ?? '';
    expect(path).toMatch(new RegExp(`^${host.rootDir}/plugins/kubernetes.io/csi/${driver}/[0-9a-f]{64}/globalmount$`));
    expect(staged).toMatchObject({
      volumeId: 'handle',
      secrets: { key: 'hidden' },
      volumeContext: { key: 'value' },
      volumeCapability: {
        accessMode: { mode: AccessMode.SINGLE_NODE_WRITER },
        accessType: { case: 'mount', value: { fsType: 'xfs', mountFlags: ['noatime'], volumeMountGroup: '' } },
      },
    });
  });

  it('[W9] leaves a vol_data.json beside the staging path', async () => {
    await stage(persistent());
    const dir = join(staged?.stagingTargetPath ?? '', '..').slice(host.rootDir.length);
    expect(await readFile(join(host.rootDir, dir, 'vol_data.json'), 'utf8')).toBe(
      `{"driverName":"${driver}","seLinuxMountContext":"","volumeHandle":"handle"}`,
    );
  });

  it.each([
    ['ReadWriteOnce', false, AccessMode.SINGLE_NODE_WRITER],
    ['ReadWriteOncePod', false, AccessMode.SINGLE_NODE_WRITER],
    ['ReadWriteOnce', true, AccessMode.SINGLE_NODE_MULTI_WRITER],
    ['ReadWriteOncePod', true, AccessMode.SINGLE_NODE_SINGLE_WRITER],
    ['ReadOnlyMany', true, AccessMode.MULTI_NODE_READER_ONLY],
    ['ReadWriteMany', false, AccessMode.MULTI_NODE_MULTI_WRITER],
  ])('[N9] maps %s (multi writer: %s) to mode %s', async (mode, multiWriter, expected) => {
    useDriver(multiWriter ? [STAGE_UNSTAGE_VOLUME, SINGLE_NODE_MULTI_WRITER] : [STAGE_UNSTAGE_VOLUME]);
    await stage(persistent({ accessModes: [mode, 'ReadOnlyMany'] }));
    expect(staged?.volumeCapability?.accessMode?.mode).toBe(expected);
  });

  it('[N4] is left out for a driver that does not stage, and so is its undoing', async () => {
    useDriver([]);
    const spec = persistent();
    await stage(spec);
    await publish(spec);
    expect(published?.stagingTargetPath).toBe('');
    const deviceMountPath = plugin.deviceMounter?.getDeviceMountPath(spec) ?? '';
    await plugin.deviceMounter?.unmountDevice({ deviceMountPath }, never);
    expect(calls).toEqual(['publish']);
  });

  it('[rel-F-DR11] is undone although the driver no longer says that it stages', async () => {
    const spec = persistent();
    await stage(spec);
    useDriver([]);
    const deviceMountPath = plugin.deviceMounter?.getDeviceMountPath(spec) ?? '';
    await plugin.deviceMounter?.unmountDevice({ deviceMountPath }, never);
    expect(calls).toEqual(['stage', 'unstage']);
  });

  it.each([
    [Code.INTERNAL, 'final'],
    [Code.INVALID_ARGUMENT, 'final'],
    [Code.DEADLINE_EXCEEDED, 'uncertain'],
    [Code.UNAVAILABLE, 'uncertain'],
    [Code.RESOURCE_EXHAUSTED, 'uncertain'],
    [Code.ABORTED, 'uncertain'],
    [99, 'uncertain'],
  ])(
    '[N14] that fails with code %s is %s, and its traces go only when nothing can have happened',
    async (code, kind) => {
      fail = () => {
        throw new CsiError(code, 'no');
      };
      const failed = await stage(persistent()).catch((thrown: unknown) => thrown);
      expect(failureKindOf(failed)).toBe(kind);
      const left = await readdir(join(host.rootDir, 'plugins/kubernetes.io/csi', driver));
      expect(left).toHaveLength(kind === 'final' ? 0 : 1);
    },
  );

  it('[N14] [rel-F-DR9] that fails and yet has mounted is in doubt', async () => {
    fail = () => {
      throw new CsiError(Code.INTERNAL, 'no');
    };
    const path = plugin.deviceMounter?.getDeviceMountPath(persistent()) ?? '';
    await host.mounter.mount({ source: 'x', target: path, fsType: 'ext4' });
    const failed = await stage(persistent()).catch((thrown: unknown) => thrown);
    expect(failureKindOf(failed)).toBe('uncertain');
  });

  it('[I5] [D8] waits for the attachment, and passes on what the attacher published', async () => {
    host.drivers.set(driver, csiDriver({}));
    expect(plugin.canAttach?.(persistent())).toBe(true);
    await expect(stage(persistent())).rejects.toThrow('failed to get volume attachment');
    const name = volumeAttachmentName({ driver, volumeHandle: 'handle', node: 'n1' });
    const metadata = { name, uid: 'u', resourceVersion: '1', creationTimestamp: '' };
    const spec = { attacher: driver, nodeName: 'n1', source: {} };
    const base = { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', metadata, spec };
    host.attachments.set(name, { ...base, status: { attached: false, attachError: { message: 'no room' } } });
    await expect(stage(persistent())).rejects.toThrow('is not attached: no room');
    host.attachments.set(name, { ...base, status: { attached: true, attachmentMetadata: { dev: 'x' } } });
    await stage(persistent());
    expect(staged?.publishContext).toEqual({ dev: 'x' });
    expect(await readdir(host.rootDir)).toEqual(['plugins']);
  });

  it('[N15] needs an attachment without a CSIDriver object, and none when the object says so', () => {
    expect(plugin.canAttach?.(persistent())).toBe(false);
    host.drivers.clear();
    expect(plugin.canAttach?.(persistent())).toBe(true);
    expect(plugin.canAttach?.(inline)).toBe(false);
  });
});

describe('NodePublishVolume', () => {
  it('[N5] [W9] is asked with the staging path, and leaves a vol_data.json above the target', async () => {
    const spec = persistent();
    await stage(spec);
    const path = await publish(spec);
    expect(path).toBe(join(host.rootDir, publishDir, 'mount'));
    expect(published).toMatchObject({
      targetPath: path,
      stagingTargetPath: staged?.stagingTargetPath,
      readonly: false,
      volumeContext: { key: 'value' },
    });
    expect(await readJson(publishDir, 'vol_data.json')).toEqual({
      attachmentID: volumeAttachmentName({ driver, volumeHandle: 'handle', node: 'n1' }),
      driverName: driver,
      nodeName: 'n1',
      seLinuxMountContext: '',
      specVolID: 'pv-1',
      volumeHandle: 'handle',
      volumeLifecycleMode: 'Persistent',
    });
  });

  it('[N7] carries the pod when the CSIDriver asks for it', async () => {
    host.drivers.set(driver, csiDriver({ attachRequired: false, podInfoOnMount: true }));
    await publish(persistent());
    expect(published?.volumeContext).toEqual({
      key: 'value',
      'csi.storage.k8s.io/pod.name': 'p',
      'csi.storage.k8s.io/pod.namespace': 'default',
      'csi.storage.k8s.io/pod.uid': 'pod-uid',
      'csi.storage.k8s.io/serviceAccount.name': 'sa',
      'csi.storage.k8s.io/ephemeral': 'false',
    });
  });

  it('[N8] carries tokens in the volume context, or among the secrets if the CSIDriver wants them there', async () => {
    const tokenRequests = [{ audience: 'vault', expirationSeconds: 600 }];
    const tokens = '{"vault":{"token":"token-vault","expirationTimestamp":"2026-01-01T01:00:00Z"}}';
    host.drivers.set(driver, csiDriver({ attachRequired: false, tokenRequests }));
    await publish(persistent());
    expect(published?.volumeContext['csi.storage.k8s.io/serviceAccount.tokens']).toBe(tokens);
    host.drivers.set(driver, csiDriver({ attachRequired: false, tokenRequests, serviceAccountTokenInSecrets: true }));
    await publish(persistent());
    expect(published?.volumeContext).toEqual({ key: 'value' });
    expect(published?.secrets).toEqual({ 'csi.storage.k8s.io/serviceAccount.tokens': tokens });
  });

  it('[J9] is read-only when the claim source or the PersistentVolume is', async () => {
    await publish(persistent({}, { readOnly: true }));
    expect(published?.readonly).toBe(true);
    await publish({ ...persistent(), readOnly: true });
    expect(published?.readonly).toBe(true);
  });

  it('[N14] that fails for good leaves nothing, but on a mounted volume everything', async () => {
    fail = () => {
      throw new CsiError(Code.INTERNAL, 'no');
    };
    await expect(publish(persistent())).rejects.toThrow('rpc error: code = Internal desc = no');
    expect(await readdir(join(host.rootDir, publishDir, '..'))).toEqual([]);
    fail = undefined;
    const path = await publish(persistent());
    fail = () => {
      throw new CsiError(Code.INTERNAL, 'no');
    };
    const mounter = plugin.newMounter(persistent(), pod);
    await expect(mounter.setUp({ remount: true, reconstructed: false }, never)).rejects.toThrow('Internal');
    expect(await readdir(join(path, '..'))).toContain('vol_data.json');
  });

  it('[N3] of a driver that is not registered fails before it leaves a trace', async () => {
    host.connections.clear();
    const failed = await publish(persistent()).catch((thrown: unknown) => thrown);
    expect(failureKindOf(failed)).toBe('transient');
    expect(String(failed)).toContain(`driver name ${driver} not found in the list of registered CSI drivers`);
    expect(await readdir(host.rootDir)).toEqual([]);
  });

  it('[W7] whose secret is missing fails with its name', async () => {
    const nodePublishSecretRef = { namespace: 'default', name: 'x' };
    await expect(publish(persistent({}, { nodePublishSecretRef }))).rejects.toThrow(
      'fetching NodePublishSecretRef default/x failed',
    );
  });

  it('[N11] hands fsGroup to a driver that applies it itself', async () => {
    useDriver([STAGE_UNSTAGE_VOLUME, VOLUME_MOUNT_GROUP]);
    const spec = persistent();
    await stage(spec, 4242);
    await publish(spec, pod, 4242);
    const group = { accessType: { value: { volumeMountGroup: '4242' } } };
    expect(staged?.volumeCapability).toMatchObject(group);
    expect(published?.volumeCapability).toMatchObject(group);
  });

  it.skipIf(!isRoot)('[J4] [N12] gives the files to fsGroup as the CSIDriver object allows', async () => {
    const gidAfter = async (fsGroupPolicy: string, spec: VolumeSpec) => {
      host.drivers.set(driver, csiDriver({ attachRequired: false, fsGroupPolicy }));
      const path = await publish(spec, pod, 4242);
      const { gid } = await host.fs.stat(path);
      await host.fs.chown(path, 0, 0);
      return gid;
    };
    expect(await gidAfter('ReadWriteOnceWithFSType', persistent())).toBe(4242);
    expect(await gidAfter('ReadWriteOnceWithFSType', persistent({}, { fsType: '' }))).toBe(0);
    expect(await gidAfter('ReadWriteOnceWithFSType', persistent({ accessModes: ['ReadWriteMany'] }))).toBe(0);
    expect(await gidAfter('File', persistent({ accessModes: ['ReadWriteMany'] }, { fsType: '' }))).toBe(4242);
    expect(await gidAfter('None', persistent())).toBe(0);
    expect(await gidAfter('File', persistent({}, { readOnly: true }))).toBe(0);
  });
});

describe('an inline volume', () => {
  it('[N10] is published alone, with a handle of its own', async () => {
    host.drivers.set(driver, csiDriver({ volumeLifecycleModes: ['Ephemeral'] }));
    expect(plugin.deviceMounter?.canDeviceMount(inline)).toBe(false);
    await publish(inline);
    expect(calls).toEqual(['publish']);
    expect(published?.volumeId).toMatch(/^csi-[0-9a-f]{64}$/);
    expect(published?.stagingTargetPath).toBe('');
    expect(await readJson('pods/pod-uid/volumes/kubernetes.io~csi/v/vol_data.json')).toMatchObject({
      specVolID: 'v',
      volumeLifecycleMode: 'Ephemeral',
    });
  });

  it('[N10] is refused unless the CSIDriver object allows it', () => {
    expect(() => plugin.newMounter(inline, pod)).toThrow(
      `volume mode "Ephemeral" not supported by driver ${driver} (only supports ["Persistent"])`,
    );
    host.drivers.clear();
    expect(() => plugin.newMounter(inline, pod)).toThrow(
      `volume mode "Ephemeral" not supported by driver ${driver} (no CSIDriver object)`,
    );
  });
});

describe('NodeUnpublishVolume', () => {
  it('[N6] is called from what is written beside the mount, and everything is removed', async () => {
    await publish(persistent());
    await tearDown(plugin, 'pv-1', pod);
    expect(calls).toEqual(['publish', 'unpublish']);
    expect(await readdir(join(host.rootDir, publishDir, '..'))).toEqual([]);
  });

  it('[rel-E8] falls back on what the agent knows when the file is unreadable', async () => {
    await publish(persistent());
    await writeFile(join(host.rootDir, publishDir, 'vol_data.json'), '');
    const target = { podUid: 'pod-uid', volumeName: 'pv-1', spec: persistent() };
    await plugin.newUnmounter(target).tearDown(never);
    expect(calls).toEqual(['publish', 'unpublish']);
  });

  it('[rel-E5] [rel-F-ND6] keeps a target that still has files', async () => {
    const path = await publish(persistent());
    await writeFile(join(path, 'data'), '');
    await expect(tearDown(plugin, 'pv-1', pod)).rejects.toThrow('NotEmpty');
    expect(await readdir(path)).toEqual(['data']);
    expect(await readdir(join(path, '..'))).toContain('vol_data.json');
  });

  it('[rel-F-ND8] trusts no name of another volume in a file', async () => {
    await publish(persistent());
    const file = join(host.rootDir, publishDir, 'vol_data.json');
    await writeFile(file, JSON.stringify({ driverName: driver, volumeHandle: 'h', specVolID: '../../etc' }));
    const target = { podUid: 'pod-uid', volumeName: 'pv-1', volumeMode: 'Filesystem' as const };
    await expect(plugin.constructVolumeSpec(target)).rejects.toThrow('is of another volume');
  });
});

describe('NodeExpandVolume', () => {
  it('[N16] is asked with both paths, and left out for a driver without it', async () => {
    const request = {
      spec: persistent(),
      newSizeBytes: 2n ** 40n,
      volumePath: '/target',
      deviceStagePath: '/stage',
      devicePath: '',
      oldSizeBytes: 1n,
      online: true,
    };
    expect(await plugin.nodeExpander?.nodeExpand(request, never)).toBeUndefined();
    useDriver([STAGE_UNSTAGE_VOLUME, EXPAND_VOLUME]);
    expect(await plugin.nodeExpander?.nodeExpand(request, never)).toBe(2n ** 40n);
    expect(calls).toEqual([`expand /target /stage ${2n ** 40n}`]);
  });
});

describe('a block volume', () => {
  it('[N13] is staged and published as a device, at paths of its own', async () => {
    const spec = persistent({ volumeMode: 'Block' });
    const base = join(host.rootDir, 'plugins/kubernetes.io/csi/volumeDevices');
    await plugin.blockMapper?.setUpDevice({ spec, devicePath: '', reconstructed: false }, never);
    expect(staged).toMatchObject({
      stagingTargetPath: join(base, 'staging/pv-1'),
      volumeCapability: { accessType: { case: 'block' } },
    });
    const path = await plugin.blockMapper?.mapPodDevice({ spec, pod, keepOnFailure: false }, never);
    expect(path).toBe(join(base, 'publish/pv-1/pod-uid'));
    expect(published).toMatchObject({ stagingTargetPath: join(base, 'staging/pv-1'), targetPath: path });
    expect(await readJson('plugins/kubernetes.io/csi/volumeDevices/pv-1/data/vol_data.json')).toMatchObject({
      specVolID: 'pv-1',
      volumeHandle: 'handle',
    });
    await plugin.blockMapper?.unmapPodDevice({ podUid: 'pod-uid', volumeName: 'pv-1' }, never);
    await plugin.blockMapper?.tearDownDevice(spec, never);
    expect(calls).toEqual(['stage', 'publish', 'unpublish', 'unstage']);
    expect(await readdir(join(base, 'staging'))).toEqual([]);
  });
});
