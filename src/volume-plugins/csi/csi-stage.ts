/**
 * NodeStageVolume and NodeUnstageVolume: once per volume and node. The record of the call is durable before the call,
 * and goes only after its undoing succeeded, so a volume that may be staged is never forgotten.
 *
 * Upstream: pkg/volume/csi/csi_attacher.go MountDevice, UnmountDevice.
 */
import { dirname } from 'node:path';
import { errnoOf, messageOf } from '../../base/index.ts';
import { cleanupMountPoint } from '../../mount/index.ts';
import { finalError, uncertainError, wrapError } from '../errors.ts';
import { podsDir } from '../paths.ts';
import type { MountDeviceRequest } from '../plugin.ts';
import type { VolumeHost } from '../volume-host.ts';
import { type VolumeSpec, volumeModeOf } from '../volume-spec.ts';
import { readPublishContext, readSecret } from './csi-context.ts';
import { type CsiNodeDriver, type CsiNodeDrivers, fromCsiError } from './csi-node-driver.ts';
import { csiSourceOf } from './csi-source.ts';
import { podMountsOf, recordMount } from './mount-identity.ts';
import {
  doubtMountRecord,
  readMountRecord,
  readVolumeData,
  removeVolumeDir,
  type VolumeData,
  writeVolumeData,
} from './vol-data.ts';

export interface CsiStep {
  readonly host: VolumeHost;
  readonly drivers: CsiNodeDrivers;
}

export interface StageRequest extends MountDeviceRequest {
  readonly stagingPath: string;
  /** Where vol_data.json lies. */
  readonly dataDir: string;
}

/** Makes the volume available at the staging path. Skips the call for a driver that does not stage. */
export async function stageVolume(step: CsiStep, request: StageRequest, signal: AbortSignal): Promise<void> {
  const { host, drivers } = step;
  const source = csiSourceOf(request.spec);
  const driver = await drivers.get(source.driver, 'attacher.MountDevice');
  // Everything that can fail without the driver comes before the first trace on disk.
  const call = driver.stages ? await prepareStage(step, driver, request, signal) : undefined;
  await host.fs.mkdir(request.dataDir, { recursive: true, mode: 0o750 });
  await makeStagingPath(host, request.stagingPath);
  const { driver: driverName, volumeHandle } = source;
  await writeVolumeData(host.fs, request.dataDir, { driverName, volumeHandle });
  await doubtMountRecord(host.fs, request.dataDir);
  try {
    await call?.();
  } catch (thrown) {
    const error = fromCsiError(thrown);
    if (error.kind !== 'final' || request.reconstructed) throw error;
    throw (await discardStaging(step, request)) ? error : uncertainError(error.message, error);
  }
  await recordMount(host, request.dataDir, request.stagingPath, call !== undefined);
}

/** Not recursively: that would look into a mount at the path, which may hang. */
async function makeStagingPath({ fs }: VolumeHost, path: string): Promise<void> {
  await fs.mkdir(dirname(path), { recursive: true, mode: 0o750 });
  await fs.mkdir(path, { mode: 0o750 }).catch((thrown: unknown) => {
    if (errnoOf(thrown) !== 'EEXIST') throw thrown;
  });
}

async function prepareStage(
  { host }: CsiStep,
  driver: CsiNodeDriver,
  request: StageRequest,
  signal: AbortSignal,
): Promise<() => Promise<unknown>> {
  const source = csiSourceOf(request.spec);
  const secrets = await readSecret(host, source.stageSecret, 'NodeStageSecretRef');
  const publishContext = await readPublishContext(host, source);
  const block = volumeModeOf(request.spec) === 'Block';
  const volumeMountGroup = driver.mountGroup(request.fsGroup);
  return () =>
    driver.client.nodeStageVolume(
      {
        volumeId: source.volumeHandle,
        publishContext,
        stagingTargetPath: request.stagingPath,
        volumeCapability: driver.volumeCapability(source, { block, volumeMountGroup }),
        secrets,
        volumeContext: { ...source.volumeAttributes },
      },
      { signal },
    );
}

/**
 * Removes the traces of a call that failed for good. Answers false when something is left: a driver that says it
 * failed and yet mounted must be called to undo it.
 */
async function discardStaging({ host }: CsiStep, { stagingPath, dataDir }: StageRequest): Promise<boolean> {
  try {
    if (await host.mounter.isMountPoint(stagingPath)) return false;
    await cleanupMountPoint(host, stagingPath);
    await removeVolumeDir(host.fs, dataDir);
    return true;
  } catch (thrown) {
    host.logger.warn('staging directory of a failed call is left', { path: stagingPath, error: messageOf(thrown) });
    return false;
  }
}

export interface UnstageRequest {
  readonly stagingPath: string;
  readonly dataDir: string;
  readonly spec?: VolumeSpec | undefined;
}

/** Undoes stageVolume. Nothing there is success. */
export async function unstageVolume(step: CsiStep, request: UnstageRequest, signal: AbortSignal): Promise<void> {
  const { host } = step;
  const { stagingPath, dataDir } = request;
  const known = await findStagedVolume(step, request);
  const users = await podMountsOf(host, stagingPath, podsDir(host.rootDir));
  if (users.length > 0) {
    throw finalError(
      `the device mount path "${stagingPath}" is still mounted by other references [${users.join(' ')}]`,
    );
  }
  if (known) await callUnstage(step, known, request, signal);
  await cleanupMountPoint(host, stagingPath);
  await removeVolumeDir(host.fs, dataDir);
}

type StagedVolume = Pick<VolumeData, 'driverName' | 'volumeHandle'>;

/** What the file says, else what the agent remembers. Without either the kernel's mount is all there is to undo. */
async function findStagedVolume({ host }: CsiStep, request: UnstageRequest): Promise<StagedVolume | undefined> {
  const { dataDir, spec } = request;
  try {
    const data = await readVolumeData(host.fs, dataDir);
    if (data) return data;
  } catch (thrown) {
    host.logger.warn('staged volume has no readable vol_data.json', { path: dataDir, error: messageOf(thrown) });
  }
  const source = spec && csiSourceOf(spec);
  return source && { driverName: source.driver, volumeHandle: source.volumeHandle };
}

async function callUnstage(
  { host, drivers }: CsiStep,
  { driverName, volumeHandle }: StagedVolume,
  { stagingPath, dataDir }: UnstageRequest,
  signal: AbortSignal,
): Promise<void> {
  const driver = await drivers.get(driverName, 'attacher.UnmountDevice');
  const record = await readMountRecord(host.fs, dataDir);
  // What was done then counts, whatever the driver says it can do now.
  if (!(record?.called ?? driver.stages)) return;
  await doubtMountRecord(host.fs, dataDir);
  try {
    await driver.client.nodeUnstageVolume({ volumeId: volumeHandle, stagingTargetPath: stagingPath }, { signal });
  } catch (thrown) {
    throw wrapError('kubernetes.io/csi: attacher.UnmountDevice failed', fromCsiError(thrown));
  }
}

export function stagingDataDir(stagingPath: string): string {
  return dirname(stagingPath);
}
