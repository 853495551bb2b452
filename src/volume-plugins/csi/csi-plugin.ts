/** CSI volumes on a node. Upstream: pkg/volume/csi/csi_plugin.go. */
import { join } from 'node:path';
import { ifExists, messageOf } from '../../base/index.ts';
import { finalError } from '../errors.ts';
import type { DeviceMounter, GlobalMount, PodVolumeDirectory, ReconstructedVolume, VolumePlugin } from '../plugin.ts';
import type { VolumeHost } from '../volume-host.ts';
import { reconstructedVolume, specFromPersistentVolume, specFromVolume, type VolumeSpec } from '../volume-spec.ts';
import { csiBlockMapper } from './csi-block.ts';
import { attachRequired, checkLifecycle, readPublishContext } from './csi-context.ts';
import { csiNodeExpander } from './csi-expand.ts';
import { CsiNodeDrivers } from './csi-node-driver.ts';
import { blockPaths, csiPluginDir, csiPluginName, globalMountPath, publishDir, publishPath } from './csi-paths.ts';
import { podSourceOf, publishVolume, unpublishVolume } from './csi-publish.ts';
import { csiDriverOf, csiSourceOf } from './csi-source.ts';
import { type CsiStep, stageVolume, stagingDataDir, unstageVolume } from './csi-stage.ts';
import { isMountIntact } from './mount-identity.ts';
import { readVolumeData, removeVolumeDir, type VolumeData } from './vol-data.ts';

/** Between driver and handle in a volume's name. */
const separator = '^';

export function createCsiPlugin(host: VolumeHost): VolumePlugin {
  const step: CsiStep = { host, drivers: new CsiNodeDrivers(host.csiDrivers) };
  return {
    name: csiPluginName,
    canSupport: (spec) => csiDriverOf(spec) !== undefined,
    getVolumeName: (spec) => {
      const { driver, volumeHandle } = csiSourceOf(spec, { podUid: '', namespace: '' });
      return `${driver}${separator}${volumeHandle}`;
    },
    requiresRemount: (spec) => host.findCsiDriver(csiDriverOf(spec) ?? '')?.spec.requiresRepublish === true,
    supportsMountOption: true,
    canAttach: (spec) => spec.kind === 'persistent' && attachRequired(host, csiDriverOf(spec) ?? ''),
    get attachabilityKnown() {
      return host.csiDriversSynced();
    },
    newMounter: (spec, pod) => {
      const source = podSourceOf(spec, pod);
      checkLifecycle(host, source);
      return {
        path: publishPath(host.rootDir, pod.metadata.uid, spec.name),
        attributes: { readOnly: source.readOnly, seLinuxRelabel: false },
        setUp: (args, signal) => publishVolume(step, { spec, pod }, args, signal),
      };
    },
    newUnmounter: (target) => ({
      path: publishPath(host.rootDir, target.podUid, target.volumeName),
      tearDown: (signal) => unpublishVolume(step, target, signal),
    }),
    constructVolumeSpec: (target) => constructVolumeSpec(host, target),
    deviceMounter: csiDeviceMounter(step),
    blockMapper: csiBlockMapper(step),
    nodeExpander: csiNodeExpander(step),
  };
}

function csiDeviceMounter(step: CsiStep): DeviceMounter {
  const { host } = step;
  return {
    canDeviceMount: (spec) => spec.kind === 'persistent',
    getDeviceMountPath: (spec) => {
      const { driver, volumeHandle } = csiSourceOf(spec);
      return globalMountPath(host.rootDir, driver, volumeHandle);
    },
    waitForAttach: async (spec, devicePath) => {
      await readPublishContext(host, csiSourceOf(spec));
      return devicePath;
    },
    mountDevice: async (request, signal) => {
      const { driver, volumeHandle } = csiSourceOf(request.spec);
      const stagingPath = globalMountPath(host.rootDir, driver, volumeHandle);
      await stageVolume(step, { ...request, stagingPath, dataDir: stagingDataDir(stagingPath) }, signal);
    },
    unmountDevice: ({ deviceMountPath, spec }, signal) =>
      unstageVolume(step, { stagingPath: deviceMountPath, dataDir: stagingDataDir(deviceMountPath), spec }, signal),
    findGlobalMounts: () => findGlobalMounts(host),
  };
}

function specOf(name: string, data: VolumeData, volumeMode: 'Filesystem' | 'Block'): VolumeSpec {
  const { driverName: driver, volumeHandle } = data;
  if (data.volumeLifecycleMode === 'Ephemeral') return specFromVolume({ name, csi: { driver } });
  const spec = { csi: { driver, volumeHandle }, accessModes: ['ReadWriteOnce'], volumeMode };
  return specFromPersistentVolume(reconstructedVolume(name, spec), false);
}

async function constructVolumeSpec(host: VolumeHost, target: PodVolumeDirectory): Promise<ReconstructedVolume> {
  const { podUid, volumeName, volumeMode } = target;
  const block = volumeMode === 'Block';
  const dir = block ? blockPaths(host.rootDir, volumeName).data : publishDir(host.rootDir, podUid, volumeName);
  const data = await readVolumeData(host.fs, dir);
  if (!data) throw finalError(`kubernetes.io/csi: ${dir} has no vol_data.json`);
  if (data.specVolID !== undefined && data.specVolID !== volumeName) {
    throw finalError(`kubernetes.io/csi: vol_data.json in ${dir} is of another volume`);
  }
  const intact = !block && (await isMountIntact(host, dir, publishPath(host.rootDir, podUid, volumeName)));
  return { spec: specOf(volumeName, data, volumeMode), intact };
}

/** Every staging directory with a readable vol_data.json that is where its content says it should be. */
async function findGlobalMounts(host: VolumeHost): Promise<readonly GlobalMount[]> {
  const found: GlobalMount[] = [];
  const root = csiPluginDir(host.rootDir);
  for (const driver of await directoriesIn(host, root)) {
    if (driver === 'volumeDevices') continue;
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
