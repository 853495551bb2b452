/** CSI volumes on a node. Upstream: pkg/volume/csi/csi_plugin.go. */
import { finalError } from '../errors.ts';
import type { DeviceMounter, PodVolumeDirectory, ReconstructedVolume, VolumePlugin } from '../plugin.ts';
import type { VolumeHost } from '../volume-host.ts';
import { csiBlockMapper } from './csi-block.ts';
import { attachRequired, checkLifecycle, readPublishContext } from './csi-context.ts';
import { csiNodeExpander } from './csi-expand.ts';
import { CsiNodeDrivers } from './csi-node-driver.ts';
import { blockPaths, csiPluginName, globalMountPath, publishDir, publishPath } from './csi-paths.ts';
import { podSourceOf, publishVolume, unpublishVolume } from './csi-publish.ts';
import { csiDriverOf, csiSourceOf } from './csi-source.ts';
import { type CsiStep, stageVolume, stagingDataDir, unstageVolume } from './csi-stage.ts';
import { findBlockDevices, findGlobalMounts, specOf } from './find-staged.ts';
import { isMountIntact } from './mount-identity.ts';
import { readVolumeData } from './vol-data.ts';

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
    findGlobalMounts: async () => [...(await findGlobalMounts(host)), ...(await findBlockDevices(host))],
  };
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
