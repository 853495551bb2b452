/**
 * Raw block volumes of CSI drivers. The driver stages once per node and then makes a file or device node for each pod;
 * the agent binds and links it for the containers.
 *
 * Upstream: pkg/volume/csi/csi_block.go.
 */
import { dirname, join } from 'node:path';
import { messageOf } from '../../base/index.ts';
import { cleanupMountPoint } from '../../mount/index.ts';
import { uncertainError } from '../errors.ts';
import { pathSegment } from '../paths.ts';
import type { BlockVolumeMapper, MapPodDeviceRequest, UnmountTarget } from '../plugin.ts';
import type { VolumeSpec } from '../volume-spec.ts';
import { fromCsiError } from './csi-node-driver.ts';
import { blockPaths } from './csi-paths.ts';
import { callUnpublish, podSourceOf, preparePublish, volumeDataOf } from './csi-publish.ts';
import { csiSourceOf } from './csi-source.ts';
import { type CsiStep, stageVolume, unstageVolume } from './csi-stage.ts';
import { readVolumeData, writeVolumeData } from './vol-data.ts';

export function csiBlockMapper(step: CsiStep): BlockVolumeMapper {
  const paths = (volumeName: string) => blockPaths(step.host.rootDir, volumeName);
  return {
    getGlobalMapPath: (spec) => paths(spec.name).map,
    getStagingPath: (spec) => paths(spec.name).staging,
    setUpDevice: async (request, signal) => {
      const { staging, data } = paths(request.spec.name);
      await stageVolume(step, { ...request, stagingPath: staging, dataDir: data }, signal);
    },
    mapPodDevice: (request, signal) => mapPodDevice(step, request, signal),
    unmapPodDevice: (target, signal) => unmapPodDevice(step, target, signal),
    tearDownDevice: (spec, signal) => tearDownDevice(step, spec, signal),
  };
}

function publishTarget(step: CsiStep, volumeName: string, podUid: string): string {
  return join(blockPaths(step.host.rootDir, volumeName).publish, pathSegment(podUid));
}

async function mapPodDevice(
  step: CsiStep,
  { spec, pod, keepOnFailure }: MapPodDeviceRequest,
  signal: AbortSignal,
): Promise<string> {
  const { host, drivers } = step;
  const source = podSourceOf(spec, pod);
  const driver = await drivers.get(source.driver, 'blockMapper.MapPodDevice');
  const { staging, data } = blockPaths(host.rootDir, spec.name);
  const targetPath = publishTarget(step, spec.name, pod.metadata.uid);
  const call = await preparePublish(step, driver, { spec, pod, targetPath, stagingPath: staging }, signal);
  await host.fs.mkdir(dirname(targetPath), { recursive: true, mode: 0o750 });
  await host.fs.mkdir(data, { recursive: true, mode: 0o750 });
  await writeVolumeData(host.fs, data, volumeDataOf(step, spec, source));
  try {
    await call();
    return targetPath;
  } catch (thrown) {
    const error = fromCsiError(thrown);
    if (error.kind !== 'final' || keepOnFailure) throw error;
    throw (await discard(step, targetPath)) ? error : uncertainError(error.message, error);
  }
}

async function discard({ host }: CsiStep, targetPath: string): Promise<boolean> {
  try {
    if (await host.mounter.isMountPoint(targetPath)) return false;
    await cleanupMountPoint(host, targetPath);
    return true;
  } catch (thrown) {
    host.logger.warn('target of a failed publish is left', { path: targetPath, error: messageOf(thrown) });
    return false;
  }
}

async function unmapPodDevice(
  step: CsiStep,
  { volumeName, podUid, spec }: UnmountTarget,
  signal: AbortSignal,
): Promise<void> {
  const { host } = step;
  const { data, publish } = blockPaths(host.rootDir, volumeName);
  const targetPath = publishTarget(step, volumeName, podUid);
  const found = await readVolumeData(host.fs, data).catch(() => undefined);
  const source = spec && csiSourceOf(spec, { podUid, namespace: '' });
  const known = found ?? (source && { driverName: source.driver, volumeHandle: source.volumeHandle });
  if (known) await callUnpublish(step, known, targetPath, signal);
  await cleanupMountPoint(host, targetPath);
  await removeIfEmpty(step, publish);
}

async function tearDownDevice(step: CsiStep, spec: VolumeSpec, signal: AbortSignal): Promise<void> {
  const { staging, data, map, publish } = blockPaths(step.host.rootDir, spec.name);
  await unstageVolume(step, { stagingPath: staging, dataDir: data, spec }, signal);
  await removeIfEmpty(step, publish);
  await removeIfEmpty(step, map);
  await removeIfEmpty(step, dirname(map));
}

async function removeIfEmpty({ host }: CsiStep, dir: string): Promise<void> {
  // Another pod's entry may be in it: then it stays.
  await host.fs.rmdir(dir).catch(() => {});
}
