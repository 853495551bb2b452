/** Directories and block devices of this node as PersistentVolumes. Upstream: pkg/volume/local/local.go. */
import { join } from 'node:path';
import type { LocalVolumeSource, Pod } from '../../api/index.ts';
import { ifExists } from '../../base/index.ts';
import { cleanupMountPoint, formatAndMount, getDeviceSizeBytes, resizeFs } from '../../mount/index.ts';
import { applyFsGroup } from '../apply-fs-group.ts';
import { finalError } from '../errors.ts';
import { joinMountOptions } from '../mount-options.ts';
import { pathSegment, pluginDir, podVolumeDir } from '../paths.ts';
import type { BlockVolumeMapper, DeviceMounter, MounterArgs, NodeExpander, VolumePlugin } from '../plugin.ts';
import type { VolumeHost } from '../volume-host.ts';
import { reconstructedVolume, specFromPersistentVolume, type VolumeSpec, volumeModeOf } from '../volume-spec.ts';

export const localPluginName = 'kubernetes.io/local-volume';
const defaultFsType = 'ext4';

function localOf(spec: VolumeSpec): LocalVolumeSource {
  const source = spec.kind === 'persistent' ? spec.persistentVolume.spec.local : undefined;
  if (!source) throw finalError('the volume is no local volume');
  if (source.path.split('/').includes('..')) throw finalError(`path must not contain '..': ${source.path}`);
  return source;
}

/** Where the file system of a local block device is mounted. */
function deviceMountPath(host: VolumeHost, name: string): string {
  return join(pluginDir(host.rootDir, localPluginName), 'mounts', pathSegment(name));
}

type SourceKind = 'directory' | 'blockDevice';

async function sourceKindOf(host: VolumeHost, path: string): Promise<SourceKind> {
  const stat = await ifExists(host.fs.stat(path));
  if (!stat) throw finalError(`path "${path}" does not exist`);
  if (stat.isDirectory()) return 'directory';
  if (stat.isBlockDevice()) return 'blockDevice';
  throw finalError('only directory and block device are supported');
}

export function createLocalPlugin(host: VolumeHost): VolumePlugin {
  const pathOf = (podUid: string, name: string) => podVolumeDir(host.rootDir, podUid, localPluginName, name);
  return {
    name: localPluginName,
    canSupport: (spec) => spec.kind === 'persistent' && spec.persistentVolume.spec.local !== undefined,
    getVolumeName: (spec) => spec.name,
    requiresRemount: () => false,
    supportsMountOption: true,
    newMounter: (spec, pod) => {
      const path = pathOf(pod.metadata.uid, spec.name);
      return {
        path,
        attributes: { readOnly: spec.readOnly, seLinuxRelabel: true },
        setUp: (args, signal) => bindToPod(host, { spec, pod, path }, args, signal),
      };
    },
    newUnmounter: ({ podUid, volumeName }) => {
      const path = pathOf(podUid, volumeName);
      return { path, tearDown: (signal) => cleanupMountPoint(host, path, { signal }) };
    },
    constructVolumeSpec: async ({ volumeName, volumeMode }) => ({
      spec: reconstructedSpec(volumeName, volumeMode),
      intact: false,
    }),
    deviceMounter: localDeviceMounter(host),
    blockMapper: localBlockMapper(host),
    nodeExpander: localNodeExpander(host),
  };
}

function reconstructedSpec(name: string, volumeMode: 'Filesystem' | 'Block'): VolumeSpec {
  // To clean up, the source's path is not needed.
  return specFromPersistentVolume(reconstructedVolume(name, { local: { path: '' }, volumeMode }), false);
}

interface LocalMount {
  readonly spec: VolumeSpec;
  readonly pod: Pod;
  readonly path: string;
}

async function bindToPod(
  host: VolumeHost,
  { spec, pod, path }: LocalMount,
  { fsGroup, fsGroupChangePolicy, unwanted }: MounterArgs,
  signal: AbortSignal,
): Promise<void> {
  const local = localOf(spec);
  const kind = await sourceKindOf(host, local.path);
  const source = kind === 'directory' ? local.path : deviceMountPath(host, spec.name);
  if (await host.mounter.isMountPoint(path)) return;
  const users = (await host.mounter.getMountRefs(source)).filter((ref) => ref.startsWith(`${host.rootDir}/pods/`));
  await host.fs.mkdir(path, { recursive: true, mode: 0o750 });
  const options = joinMountOptions(spec, ['bind', ...(spec.readOnly ? ['ro'] : [])]);
  try {
    await host.mounter.mount({ source, target: path, options }, signal);
    if (fsGroup === undefined || spec.readOnly) return;
    if (users.length > 0) await warnOfOtherGroup(host, { spec, pod, path }, fsGroup);
    else await applyFsGroup(host, { path, fsGroup, fsGroupChangePolicy, readOnly: false, pod, unwanted }, signal);
  } catch (thrown) {
    await cleanupMountPoint(host, path).catch(() => {});
    throw thrown;
  }
}

/** The first pod's group stays: a second one with another group is told. */
async function warnOfOtherGroup(host: VolumeHost, { spec, pod, path }: LocalMount, fsGroup: number): Promise<void> {
  const { gid } = await host.fs.stat(path);
  if (gid === fsGroup) return;
  host.recordPodEvent(
    pod,
    'Warning',
    'AlreadyMountedVolume',
    `The requested fsGroup is ${fsGroup}, but the volume ${spec.name} has GID ${gid}. The volume may not be shareable.`,
  );
}

function localDeviceMounter(host: VolumeHost): DeviceMounter {
  return {
    canDeviceMount: () => true,
    getDeviceMountPath: (spec) => deviceMountPath(host, spec.name),
    waitForAttach: async (spec) => localOf(spec).path,
    mountDevice: async ({ spec }, signal) => {
      const { path: device, fsType = defaultFsType } = localOf(spec);
      if ((await sourceKindOf(host, device)) === 'directory') return;
      const target = deviceMountPath(host, spec.name);
      if (await host.mounter.isMountPoint(target)) return;
      await host.fs.mkdir(target, { recursive: true, mode: 0o750 });
      const options = joinMountOptions(spec, spec.readOnly ? ['ro'] : []);
      try {
        await formatAndMount(host, { device, target, fsType, options }, signal);
      } catch (thrown) {
        await cleanupMountPoint(host, target).catch(() => {});
        throw thrown;
      }
    },
    unmountDevice: ({ deviceMountPath: path }, signal) => cleanupMountPoint(host, path, { signal }),
    findGlobalMounts: async () => {
      const root = join(pluginDir(host.rootDir, localPluginName), 'mounts');
      const names = (await ifExists(host.fs.readdir(root))) ?? [];
      return names.map((name) => ({
        spec: reconstructedSpec(name, 'Filesystem'),
        deviceMountPath: deviceMountPath(host, name),
        intact: false,
      }));
    },
  };
}

function localBlockMapper(host: VolumeHost): BlockVolumeMapper {
  return {
    getGlobalMapPath: (spec) => join(pluginDir(host.rootDir, localPluginName), 'volumeDevices', pathSegment(spec.name)),
    getStagingPath: () => '',
    setUpDevice: async () => {},
    mapPodDevice: async ({ spec }) => {
      const { path } = localOf(spec);
      if ((await sourceKindOf(host, path)) !== 'blockDevice') throw finalError(`${path} is not a block device`);
      return path;
    },
    unmapPodDevice: async () => {},
    tearDownDevice: async () => {},
  };
}

/** The administrator has grown the device, and then said so in the PersistentVolume. */
function localNodeExpander(host: VolumeHost): NodeExpander {
  return {
    requiresFsResize: true,
    nodeExpand: async ({ spec }, signal) => {
      const { path: device } = localOf(spec);
      if ((await sourceKindOf(host, device)) === 'directory') return undefined;
      if (volumeModeOf(spec) === 'Filesystem') {
        await resizeFs(host, { device, mountPath: deviceMountPath(host, spec.name) }, signal);
      }
      return BigInt(await getDeviceSizeBytes(host, device, signal));
    },
  };
}
