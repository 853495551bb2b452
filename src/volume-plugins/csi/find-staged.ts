/** What earlier runs of the agent left staged, and which pods block devices were made for. */
import { dirname, join } from 'node:path';
import { ifExists, messageOf } from '../../base/index.ts';
import { finalError } from '../errors.ts';
import type { GlobalMount } from '../plugin.ts';
import type { VolumeHost } from '../volume-host.ts';
import { reconstructedVolume, specFromPersistentVolume, specFromVolume, type VolumeSpec } from '../volume-spec.ts';
import { blockPaths, csiPluginDir, globalMountPath } from './csi-paths.ts';
import { stagingDataDir } from './csi-stage.ts';
import { isMountIntact } from './mount-identity.ts';
import { readVolumeData, removeVolumeDir, type VolumeData } from './vol-data.ts';

/** Beside the directories of drivers; its own directories of all volumes lie beside those of each. */
const blockDirectory = 'volumeDevices';
const sharedBlockDirectories: ReadonlySet<string> = new Set(['staging', 'publish']);

export function specOf(name: string, data: VolumeData, volumeMode: 'Filesystem' | 'Block'): VolumeSpec {
  const { driverName: driver, volumeHandle } = data;
  if (data.volumeLifecycleMode === 'Ephemeral') return specFromVolume({ name, csi: { driver } });
  const spec = { csi: { driver, volumeHandle }, accessModes: ['ReadWriteOnce'], volumeMode };
  return specFromPersistentVolume(reconstructedVolume(name, spec), false);
}

/** Every staging directory with a readable vol_data.json that is where its content says it should be. */
export async function findGlobalMounts(host: VolumeHost): Promise<readonly GlobalMount[]> {
  const found: GlobalMount[] = [];
  const root = csiPluginDir(host.rootDir);
  for (const driver of await directoriesIn(host, root)) {
    if (driver === blockDirectory) continue;
    for (const hash of await directoriesIn(host, join(root, driver))) {
      const dir = join(root, driver, hash);
      const mount = await readGlobalMount(host, dir).catch((thrown: unknown) => {
        host.logger.warn('staging directory cannot be reconstructed', { path: dir, error: messageOf(thrown) });
        return undefined;
      });
      if (mount) found.push(mount);
    }
  }
  return found;
}

async function readGlobalMount(host: VolumeHost, dir: string): Promise<GlobalMount | undefined> {
  const data = await readVolumeData(host.fs, dir);
  if (!data) {
    await removeUnused(host, dir);
    return undefined;
  }
  const deviceMountPath = globalMountPath(host.rootDir, data.driverName, data.volumeHandle);
  if (stagingDataDir(deviceMountPath) !== dir)
    throw finalError('vol_data.json names another volume than its directory');
  return {
    // The PersistentVolume's name is not recorded here; a volume is told apart by driver and handle.
    spec: specOf(data.volumeHandle, { ...data, volumeLifecycleMode: 'Persistent' }, 'Filesystem'),
    deviceMountPath,
    intact: await isMountIntact(host, dir, deviceMountPath),
  };
}

/** Without vol_data.json no driver was called, or its call was undone: what is not mounted is nothing but directories. */
async function removeUnused(host: VolumeHost, dir: string): Promise<void> {
  const path = join(dir, 'globalmount');
  if (await host.mounter.isMountPoint(path)) return;
  await ifExists(host.fs.rmdir(path));
  await removeVolumeDir(host.fs, dir);
}

async function directoriesIn(host: VolumeHost, path: string): Promise<readonly string[]> {
  const entries = (await ifExists(host.fs.readdir(path, { withFileTypes: true }))) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/**
 * Every block volume that a driver may have been called for. What a pod has of it is found here too: its link in the
 * pod's directory is made last.
 */
export async function findBlockDevices(host: VolumeHost): Promise<readonly GlobalMount[]> {
  const found: GlobalMount[] = [];
  for (const name of await directoriesIn(host, join(csiPluginDir(host.rootDir), blockDirectory))) {
    if (sharedBlockDirectories.has(name)) continue;
    const device = await readBlockDevice(host, name).catch((thrown: unknown) => {
      host.logger.warn('block volume cannot be reconstructed', { volume: name, error: messageOf(thrown) });
      return undefined;
    });
    if (device) found.push(device);
  }
  return found;
}

async function readBlockDevice(host: VolumeHost, volumeName: string): Promise<GlobalMount | undefined> {
  const { staging, data, publish, map } = blockPaths(host.rootDir, volumeName);
  const known = await readVolumeData(host.fs, data);
  if (!known) {
    await removeUnusedDevice(host, volumeName);
    return undefined;
  }
  const podUids = new Set([...(await entriesIn(host, publish)), ...(await entriesIn(host, map))]);
  const spec = specOf(volumeName, { ...known, volumeLifecycleMode: 'Persistent' }, 'Block');
  return { spec, deviceMountPath: staging, intact: false, podUids: [...podUids] };
}

async function removeUnusedDevice(host: VolumeHost, volumeName: string): Promise<void> {
  const { staging, data, publish, map } = blockPaths(host.rootDir, volumeName);
  if (await host.mounter.isMountPoint(staging)) return;
  await removeVolumeDir(host.fs, data);
  // One that is not empty stays, for somebody to look into.
  for (const directory of [staging, publish, map, dirname(map)]) await host.fs.rmdir(directory).catch(() => {});
}

async function entriesIn(host: VolumeHost, path: string): Promise<readonly string[]> {
  return (await ifExists(host.fs.readdir(path))) ?? [];
}
