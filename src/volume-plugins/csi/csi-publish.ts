/**
 * NodePublishVolume and NodeUnpublishVolume: once per volume and pod. The driver makes and removes the target; the
 * directory above it and the files in it are ours.
 *
 * Upstream: pkg/volume/csi/csi_mounter.go.
 */
import { dirname } from 'node:path';
import type { Pod } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { volumeAttachmentName } from '../../component-helpers/index.ts';
import { cleanupMountPoint } from '../../mount/index.ts';
import { applyFsGroup } from '../apply-fs-group.ts';
import { uncertainError, wrapError } from '../errors.ts';
import type { MounterArgs, UnmountTarget } from '../plugin.ts';
import { type VolumeSpec, volumeModeOf } from '../volume-spec.ts';
import { podInfo, readPublishContext, readSecret, serviceAccountTokens } from './csi-context.ts';
import { type CsiNodeDriver, fromCsiError } from './csi-node-driver.ts';
import { globalMountPath, publishDir, publishPath } from './csi-paths.ts';
import { type CsiSource, csiSourceOf } from './csi-source.ts';
import type { CsiStep } from './csi-stage.ts';
import { shouldApplyFsGroup } from './fs-group-policy.ts';
import { recordMount } from './mount-identity.ts';
import { doubtMountRecord, readVolumeData, removeVolumeDir, type VolumeData, writeVolumeData } from './vol-data.ts';

export interface PublishTarget {
  readonly spec: VolumeSpec;
  readonly pod: Pod;
  /** What the driver is asked to make. */
  readonly targetPath: string;
  /** '' when the volume is not staged. */
  readonly stagingPath: string;
  readonly volumeMountGroup?: string | undefined;
}

export function podSourceOf(spec: VolumeSpec, pod: Pod): CsiSource {
  return csiSourceOf(spec, { podUid: pod.metadata.uid, namespace: pod.metadata.namespace ?? '' });
}

/** Gathers what the call needs and answers with the call itself: what fails before the driver leaves no trace. */
export async function preparePublish(
  { host }: CsiStep,
  driver: CsiNodeDriver,
  target: PublishTarget,
  signal: AbortSignal,
): Promise<() => Promise<unknown>> {
  const { spec, pod } = target;
  const source = podSourceOf(spec, pod);
  const secrets = await readSecret(host, source.publishSecret, 'NodePublishSecretRef');
  const tokens = await serviceAccountTokens(host, source.driver, pod);
  const publishContext = await readPublishContext(host, source);
  const block = volumeModeOf(spec) === 'Block';
  return () =>
    driver.client.nodePublishVolume(
      {
        volumeId: source.volumeHandle,
        publishContext,
        stagingTargetPath: target.stagingPath,
        targetPath: target.targetPath,
        volumeCapability: driver.volumeCapability(source, { block, volumeMountGroup: target.volumeMountGroup }),
        readonly: source.readOnly,
        secrets: { ...secrets, ...tokens.secrets },
        volumeContext: { ...source.volumeAttributes, ...podInfo(host, source, pod), ...tokens.volumeContext },
      },
      { signal },
    );
}

export function volumeDataOf(step: CsiStep, spec: VolumeSpec, source: CsiSource): VolumeData {
  const { driver, volumeHandle, lifecycle } = source;
  const node = step.host.nodeName;
  return {
    specVolID: spec.name,
    volumeHandle,
    driverName: driver,
    nodeName: node,
    attachmentID: volumeAttachmentName({ volumeHandle, driver, node }),
    volumeLifecycleMode: lifecycle,
  };
}

export async function publishVolume(
  step: CsiStep,
  { spec, pod }: { readonly spec: VolumeSpec; readonly pod: Pod },
  args: MounterArgs,
  signal: AbortSignal,
): Promise<void> {
  const { host, drivers } = step;
  const source = podSourceOf(spec, pod);
  const driver = await drivers.get(source.driver, 'mounter.SetUpAt');
  const targetPath = publishPath(host.rootDir, pod.metadata.uid, spec.name);
  const dataDir = dirname(targetPath);
  const staged = source.lifecycle === 'Persistent' && driver.stages;
  const stagingPath = staged ? globalMountPath(host.rootDir, source.driver, source.volumeHandle) : '';
  const volumeMountGroup = driver.mountGroup(args.fsGroup);
  const call = await preparePublish(step, driver, { spec, pod, targetPath, stagingPath, volumeMountGroup }, signal);
  await host.fs.mkdir(dataDir, { recursive: true, mode: 0o750 });
  await writeVolumeData(host.fs, dataDir, volumeDataOf(step, spec, source));
  await doubtMountRecord(host.fs, dataDir);
  try {
    await call();
  } catch (thrown) {
    const error = fromCsiError(thrown);
    if (error.kind !== 'final' || args.remount || args.reconstructed) throw error;
    throw (await discardTarget(step, targetPath)) ? error : uncertainError(error.message, error);
  }
  if (volumeMountGroup === undefined) await giveToGroup(step, { spec, pod, source, targetPath }, args, signal);
  await recordMount(host, dataDir, targetPath, true);
}

/** Removes the traces of a call that failed for good; false when the driver left something that it must undo. */
async function discardTarget({ host }: CsiStep, targetPath: string): Promise<boolean> {
  try {
    if (await host.mounter.isMountPoint(targetPath)) return false;
    await cleanupMountPoint(host, targetPath);
    await removeVolumeDir(host.fs, dirname(targetPath));
    return true;
  } catch (thrown) {
    host.logger.warn('target of a failed publish is left', { path: targetPath, error: messageOf(thrown) });
    return false;
  }
}

interface PublishedVolume {
  readonly spec: VolumeSpec;
  readonly pod: Pod;
  readonly source: CsiSource;
  readonly targetPath: string;
}

async function giveToGroup(
  { host }: CsiStep,
  { spec, pod, source, targetPath }: PublishedVolume,
  args: MounterArgs,
  signal: AbortSignal,
): Promise<void> {
  const { fsGroup, fsGroupChangePolicy } = args;
  const policy = host.findCsiDriver(source.driver)?.spec.fsGroupPolicy;
  const { fsType, readOnly } = source;
  if (fsGroup === undefined || !shouldApplyFsGroup({ spec, fsGroup, policy, fsType, readOnly })) return;
  try {
    const { unwanted } = args;
    await applyFsGroup(host, { path: targetPath, fsGroup, fsGroupChangePolicy, readOnly, pod, unwanted }, signal);
  } catch (thrown) {
    // The volume is published, but the pod must not see it yet; it is to be unpublished when the pod goes.
    throw uncertainError(`applyFSGroup failed for vol ${source.volumeHandle}: ${messageOf(thrown)}`, thrown);
  }
}

/** Undoes publishVolume. Nothing there is success. */
export async function unpublishVolume(step: CsiStep, target: UnmountTarget, signal: AbortSignal): Promise<void> {
  const { host } = step;
  const { podUid, volumeName } = target;
  const dataDir = publishDir(host.rootDir, podUid, volumeName);
  const targetPath = publishPath(host.rootDir, podUid, volumeName);
  const known = await findVolume(step, dataDir, target);
  if (known) {
    await doubtMountRecord(host.fs, dataDir);
    await callUnpublish(step, known, targetPath, signal);
  }
  await cleanupMountPoint(host, targetPath);
  await removeVolumeDir(host.fs, dataDir);
}

/** What the files say, else what the agent remembers. A directory that nothing tells about is cleaned without a call. */
async function findVolume(
  { host }: CsiStep,
  dataDir: string,
  { spec, podUid }: UnmountTarget,
): Promise<Pick<VolumeData, 'driverName' | 'volumeHandle'> | undefined> {
  try {
    const data = await readVolumeData(host.fs, dataDir);
    if (data) return data;
  } catch (thrown) {
    host.logger.warn('published volume has no readable vol_data.json', { path: dataDir, error: messageOf(thrown) });
  }
  if (!spec) return undefined;
  const { driver, volumeHandle } = csiSourceOf(spec, { podUid, namespace: '' });
  return { driverName: driver, volumeHandle };
}

export async function callUnpublish(
  { drivers }: CsiStep,
  { driverName, volumeHandle }: Pick<VolumeData, 'driverName' | 'volumeHandle'>,
  targetPath: string,
  signal: AbortSignal,
): Promise<void> {
  const driver = await drivers.get(driverName, 'Unmounter.TearDownAt');
  try {
    await driver.client.nodeUnpublishVolume({ volumeId: volumeHandle, targetPath }, { signal });
  } catch (thrown) {
    throw wrapError('kubernetes.io/csi: Unmounter.TearDownAt failed', fromCsiError(thrown));
  }
}
