/**
 * Brings a Filesystem volume into a pod: the device step once per node, then the step for each pod. A step that may
 * have had its effect leaves the volume uncertain, so that it is undone before anybody forgets it.
 *
 * Upstream: operation_generator.go GenerateMountVolumeFunc.
 */
import { volumeMatchesNode } from '../../../component-helpers/index.ts';
import { MountError } from '../../../mount/index.ts';
import {
  failureKindOf,
  finalError,
  mountOptionsOf,
  type VolumePlugin,
  type VolumeSpec,
} from '../../../volume-plugins/index.ts';
import { type ActualVolume, isExpansionDue, type PodMount } from '../cache/actual-state-of-world.ts';
import type { DesiredPodVolume } from '../cache/desired-state-of-world.ts';
import { fsUserOf } from '../populator/pod-volumes.ts';
import { expandVolume } from './expand-volume.ts';
import type { OperationContext } from './operation-context.ts';
import { operationError } from './operation-error.ts';
import { type MountTarget, podMountOf } from './operation-targets.ts';

const eventReason = 'FailedMount';

/** Refuses a PersistentVolume that this node is not allowed to use. */
export function checkNodeAffinity(context: OperationContext, spec: VolumeSpec): void {
  const node = context.findNode();
  if (spec.kind !== 'persistent' || !node || volumeMatchesNode(spec.persistentVolume, node)) return;
  throw finalError('no matching NodeSelectorTerms');
}

function checkMountOptions(plugin: VolumePlugin, spec: VolumeSpec): void {
  if (plugin.supportsMountOption || mountOptionsOf(spec).length === 0) return;
  throw finalError('mount options are not supported for this volume type');
}

/** ReadWriteOncePod holds among the pods of a node too: the scheduler may have been passed by. */
function checkReadWriteOncePod(context: OperationContext, { desired, pod }: MountTarget): void {
  const { spec } = pod;
  if (spec.kind !== 'persistent') return;
  const modes = spec.persistentVolume.spec.accessModes ?? [];
  if (modes.length !== 1 || modes[0] !== 'ReadWriteOncePod') return;
  if (!context.actual.isMountedElsewhere(desired.name, pod.pod.metadata.uid)) return;
  throw finalError('volume uses the ReadWriteOncePod access mode and is already in use by another pod');
}

/** The device step: waits for the device and mounts it (CSI: stages the volume) for all pods of the node. */
export async function mountDevice(
  context: OperationContext,
  { desired, actual, pod }: Omit<MountTarget, 'podKey'>,
  signal: AbortSignal,
): Promise<void> {
  const { plugin, name } = desired;
  const { deviceMounter } = plugin;
  const { spec } = pod;
  if (!deviceMounter) return;
  const failed = (what: string, thrown: unknown) =>
    operationError({ what, volumeName: spec.name, eventReason }, thrown);
  try {
    checkNodeAffinity(context, spec);
  } catch (thrown) {
    throw failed('MountVolume.NodeAffinity check failed', thrown);
  }
  const devicePath = await deviceMounter.waitForAttach(spec, actual.devicePath, signal).catch((thrown: unknown) => {
    throw failed('MountVolume.WaitForAttach failed', thrown);
  });
  const deviceMountPath = deviceMounter.getDeviceMountPath(spec);
  const reconstructed = actual.deviceReconstructed;
  const fsGroup = pod.pod.spec.securityContext?.fsGroup;
  try {
    await deviceMounter.mountDevice({ spec, devicePath, fsGroup, reconstructed }, signal);
  } catch (thrown) {
    reportMismatch(context, pod, thrown);
    markFailedDevice(context, actual, deviceMountPath, thrown);
    throw failed('MountVolume.MountDevice failed', thrown);
  }
  context.actual.setDevicePath(name, devicePath);
  context.actual.markDevice(name, 'mounted', deviceMountPath);
}

/** After a failed device step: in doubt it counts as mounted; a certain failure settles only a doubt of this run. */
export function markFailedDevice(
  context: OperationContext,
  actual: ActualVolume,
  deviceMountPath: string,
  thrown: unknown,
): void {
  const kind = failureKindOf(thrown);
  if (kind === 'uncertain' && actual.device === 'notMounted') {
    context.actual.markDevice(actual.name, 'uncertain', deviceMountPath);
  }
  if (kind === 'final' && actual.device === 'uncertain' && !actual.deviceReconstructed) {
    context.actual.markDevice(actual.name, 'notMounted', '');
  }
}

function reportMismatch(context: OperationContext, { pod, spec }: DesiredPodVolume, thrown: unknown): void {
  const mismatch = thrown instanceof MountError ? thrown : thrown instanceof Error ? thrown.cause : undefined;
  if (!(mismatch instanceof MountError) || mismatch.code !== 'Mismatch') return;
  const message = `MountVolume failed for volume "${spec.name}" ${mismatch.message}`;
  context.recordEvent(pod, 'Warning', 'FailedMountOnFilesystemMismatch', message);
}

export interface SetUpTarget extends MountTarget {
  /** Aborts when the pod no longer wants the volume. */
  readonly unwanted: AbortSignal;
}

/** The step for one pod, also when it is repeated for a pod that runs. */
export async function setUpVolume(context: OperationContext, target: SetUpTarget, signal: AbortSignal): Promise<void> {
  const { desired, actual, podKey, pod } = target;
  const { spec } = pod;
  const failed = (what: string, thrown: unknown) =>
    operationError({ what, volumeName: spec.name, eventReason }, thrown);
  const mounter = newMounter(context, target);
  const before = actual.pods.get(podKey);
  const attributes = mounter.attributes;
  context.actual.initializeSize(desired.name, desired.claimSizeBytes);
  const settled: PodMount = { ...podMountOf(target), path: mounter.path, attributes };
  const { fsGroup, fsGroupChangePolicy } = pod.pod.spec.securityContext ?? {};
  try {
    const remount = before?.state === 'mounted';
    const reconstructed = before?.reconstructed ?? false;
    const fsUser = fsUserOf(pod.pod);
    await mounter.setUp(
      { fsGroup, fsGroupChangePolicy, fsUser, remount, reconstructed, unwanted: target.unwanted },
      signal,
    );
  } catch (thrown) {
    markFailedMount(context, { before, settled, name: desired.name, podKey }, thrown);
    throw failed('MountVolume.SetUp failed', thrown);
  }
  try {
    await expandBeforeUse(context, target, { before, volumePath: mounter.path }, signal);
  } catch (thrown) {
    // It is mounted, but too small for the pod: not to be used yet, and to be undone when the pod goes.
    context.actual.setPodMount(desired.name, { ...settled, state: 'uncertain' });
    throw failed('MountVolume.Setup failed while expanding volume', thrown);
  }
  context.actual.setPodMount(desired.name, settled);
}

function newMounter(context: OperationContext, target: MountTarget) {
  const { plugin } = target.desired;
  const { spec, pod } = target.pod;
  const checks: readonly [string, () => void][] = [
    ['MountVolume.NodeAffinity check failed', () => checkNodeAffinity(context, spec)],
    ['MountVolume.NewMounter initialization failed', () => void plugin.newMounter(spec, pod)],
    ['MountVolume.MountOptionSupport check failed', () => checkMountOptions(plugin, spec)],
    ['MountVolume.SetUp failed', () => checkReadWriteOncePod(context, target)],
  ];
  for (const [what, check] of checks) {
    try {
      check();
    } catch (thrown) {
      throw operationError({ what, volumeName: spec.name, eventReason }, thrown);
    }
  }
  return plugin.newMounter(spec, pod);
}

interface MountedPath {
  /** The mount as it was before the step. */
  readonly before: PodMount | undefined;
  readonly volumePath: string;
}

/** For a pod that does not run yet. A driver that refused while the volume was in use may do it at this mount. */
export async function expandBeforeUse(
  context: OperationContext,
  { desired, actual, pod }: MountTarget,
  { before, volumePath }: MountedPath,
  signal: AbortSignal,
): Promise<void> {
  const wanted = desired.expandToBytes;
  if (wanted === undefined || before?.state === 'mounted' || before?.reconstructed) return;
  context.actual.forgetExpandRefusal(desired.name);
  if (!isExpansionDue(actual, wanted)) return;
  await expandVolume(context, { desired, actual, pod, volumePath, online: false }, signal);
}

export interface FailedMount {
  readonly name: string;
  readonly podKey: string;
  readonly before: PodMount | undefined;
  /** The mount as it would be. */
  readonly settled: PodMount;
}

/** After a failed step for a pod. A mount that was there stays; one found on disk stays in doubt. */
export function markFailedMount(context: OperationContext, failed: FailedMount, thrown: unknown): void {
  const { name, podKey, before, settled } = failed;
  const kind = failureKindOf(thrown);
  if (kind === 'uncertain' && !before) context.actual.setPodMount(name, { ...settled, state: 'uncertain' });
  if (kind === 'final' && before?.state === 'uncertain' && !before.reconstructed) {
    context.actual.removePodMount(name, podKey);
  }
}
