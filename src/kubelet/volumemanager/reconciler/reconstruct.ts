/**
 * Finds what earlier runs of the agent left mounted, from the directories under its root: pods' volumes and the
 * node-wide mounts of plugins. Everything found counts as in use and in doubt until it is taken over by the pod that
 * wants it or undone because none does. Nothing is changed on disk here.
 *
 * Upstream: pkg/kubelet/volumemanager/reconciler/reconstruct.go.
 */
import { join } from 'node:path';
import { type Fs, ifExists, type Logger, messageOf } from '../../../base/index.ts';
import {
  podsDir,
  podVolumeDevicesDir,
  podVolumesDir,
  sharedVolumeName,
  unescapePluginName,
  uniqueVolumeName,
  type VolumePlugin,
  type VolumePluginManager,
  type VolumeSpec,
} from '../../../volume-plugins/index.ts';
import type { ActualStateOfWorld, PodMount } from '../cache/actual-state-of-world.ts';
import type { UniqueVolumeName } from '../volume-manager.ts';

/** A pod's volume directory that tells nothing about its volume. */
export interface UnknownVolume {
  readonly plugin: VolumePlugin;
  readonly podUid: string;
  readonly volumeName: string;
}

export interface ReconstructOptions {
  readonly rootDir: string;
  readonly fs: Fs;
  readonly plugins: VolumePluginManager;
  readonly actual: ActualStateOfWorld;
  readonly logger: Logger;
}

/** What emptyDir renames a directory to while it removes it. */
const deletingPrefix = '.deleting~';

interface FoundVolume extends UnknownVolume {
  readonly volumeMode: 'Filesystem' | 'Block';
}

/** Fills the actual state of the world. Answers the directories whose volumes could not be told. */
export async function reconstruct(options: ReconstructOptions): Promise<readonly UnknownVolume[]> {
  const unknown: UnknownVolume[] = [];
  for (const found of await findVolumes(options)) {
    try {
      await addPodVolume(options, found);
    } catch (thrown) {
      const { podUid, volumeName } = found;
      options.logger.warn('volume cannot be reconstructed', { podUid, volume: volumeName, error: messageOf(thrown) });
      unknown.push(found);
    }
  }
  for (const plugin of options.plugins.list()) await addGlobalMounts(options, plugin);
  return unknown;
}

async function findVolumes(options: ReconstructOptions): Promise<readonly FoundVolume[]> {
  const found: FoundVolume[] = [];
  for (const podUid of await directoryNames(options, podsDir(options.rootDir))) {
    const filesystems = podVolumesDir(options.rootDir, podUid);
    const blocks = podVolumeDevicesDir(options.rootDir, podUid);
    found.push(...(await findIn(options, { podUid, dir: filesystems, volumeMode: 'Filesystem' })));
    found.push(...(await findIn(options, { podUid, dir: blocks, volumeMode: 'Block' })));
  }
  return found;
}

async function findIn(
  options: ReconstructOptions,
  at: { readonly podUid: string; readonly dir: string; readonly volumeMode: 'Filesystem' | 'Block' },
): Promise<readonly FoundVolume[]> {
  const found = new Map<string, FoundVolume>();
  for (const escaped of await directoryNames(options, at.dir)) {
    const plugin = options.plugins.list().find(({ name }) => name === unescapePluginName(escaped));
    if (!plugin) {
      options.logger.warn('directory of an unknown volume plugin', { podUid: at.podUid, plugin: escaped });
      continue;
    }
    for (const entry of await entryNames(options, join(at.dir, escaped))) {
      const volumeName = entry.startsWith(deletingPrefix) ? entry.slice(deletingPrefix.length) : entry;
      found.set(`${escaped}/${volumeName}`, { plugin, podUid: at.podUid, volumeName, volumeMode: at.volumeMode });
    }
  }
  return [...found.values()];
}

async function addPodVolume(options: ReconstructOptions, found: FoundVolume): Promise<void> {
  const { actual } = options;
  const { plugin, podUid, volumeName, volumeMode } = found;
  const { spec, intact } = await plugin.constructVolumeSpec({ podUid, volumeName, volumeMode });
  const name = uniqueVolumeName(plugin, spec, podUid);
  addVolume(actual, name, plugin, spec);
  if (actual.get(name)?.device === 'notMounted') markDeviceInDoubt(actual, name, plugin, spec, volumeMode);
  actual.setPodMount(name, podMountInDoubt({ plugin, podUid, volumeName, spec, intact }));
}

interface MountInDoubt extends UnknownVolume {
  readonly spec: VolumeSpec;
  readonly intact: boolean;
}

function podMountInDoubt({ plugin, podUid, volumeName, spec, intact }: MountInDoubt): PodMount {
  return {
    podUid,
    pod: undefined,
    spec,
    outerVolumeNames: new Set(),
    state: 'uncertain',
    reconstructed: true,
    intact,
    remountRequired: false,
    path: plugin.newUnmounter({ podUid, volumeName, spec }).path,
    blockDevicePath: undefined,
    attributes: { readOnly: false, seLinuxRelabel: false },
    gid: undefined,
  };
}

function addVolume(actual: ActualStateOfWorld, name: UniqueVolumeName, plugin: VolumePlugin, spec: VolumeSpec): void {
  if (actual.get(name)) return;
  const attachability = plugin.canAttach ? ('unknown' as const) : ('notRequired' as const);
  actual.addVolume({ name, spec, plugin, attachability, attached: !plugin.canAttach, devicePath: '' });
}

function markDeviceInDoubt(
  actual: ActualStateOfWorld,
  name: UniqueVolumeName,
  plugin: VolumePlugin,
  spec: VolumeSpec,
  volumeMode: 'Filesystem' | 'Block',
): void {
  if (volumeMode === 'Block') {
    actual.markDeviceReconstructed(name, 'uncertain', plugin.blockMapper?.getStagingPath(spec) ?? '');
  } else if (plugin.deviceMounter?.canDeviceMount(spec)) {
    actual.markDeviceReconstructed(name, 'uncertain', plugin.deviceMounter.getDeviceMountPath(spec));
  }
}

async function addGlobalMounts({ actual, logger }: ReconstructOptions, plugin: VolumePlugin): Promise<void> {
  const mounts = (await plugin.deviceMounter?.findGlobalMounts()) ?? [];
  for (const { spec, deviceMountPath, intact, podUids = [] } of mounts) {
    const name = sharedVolumeName(plugin, spec);
    addVolume(actual, name, plugin, spec);
    actual.markDeviceReconstructed(name, intact ? 'mounted' : 'uncertain', deviceMountPath);
    for (const podUid of podUids) {
      const mount = podMountInDoubt({ plugin, podUid, volumeName: spec.name, spec, intact: false });
      actual.setPodMount(name, mount);
    }
    logger.debug('node-wide mount reconstructed', { volume: name, path: deviceMountPath, intact });
  }
}

async function directoryNames({ fs }: ReconstructOptions, dir: string): Promise<readonly string[]> {
  const entries = (await ifExists(fs.readdir(dir, { withFileTypes: true }))) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** Directories of mounts, and links of block devices. */
async function entryNames({ fs }: ReconstructOptions, dir: string): Promise<readonly string[]> {
  const entries = (await ifExists(fs.readdir(dir, { withFileTypes: true }))) ?? [];
  return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name);
}
