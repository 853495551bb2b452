/** The step that is done for each pod. Upstream: pkg/volume/flexvolume/mounter.go, unmounter.go. */
import type { Pod } from '../../api/index.ts';
import { exists, messageOf } from '../../base/index.ts';
import { cleanupMountPoint } from '../../mount/index.ts';
import { applyFsGroup } from '../apply-fs-group.ts';
import { finalError, uncertainError, VolumeError } from '../errors.ts';
import type { MounterArgs, UnmountTarget } from '../plugin.ts';
import type { VolumeSpec } from '../volume-spec.ts';
import { hasBegun, noteBegun, noteEnded } from './begun-call.ts';
import { checkDeviceIdentity } from './device-identity.ts';
import { driverOptions, flexSourceOf, podOptions, secretOptions } from './driver-options.ts';
import type { FlexDriver } from './flex-driver.ts';
import { deviceIdentityPath, deviceMountPath, type PodVolume, podMountPath, podNotePath } from './flex-paths.ts';
import { driverOf, type FlexStep } from './flex-step.ts';

export interface FlexMount {
  readonly spec: VolumeSpec;
  readonly pod: Pod;
}

export function mountPathOf({ host, driverName }: FlexStep, volume: PodVolume): string {
  return podMountPath(host.rootDir, driverName, volume);
}

export async function setUpFlexVolume(
  step: FlexStep,
  { spec, pod }: FlexMount,
  args: MounterArgs,
  signal: AbortSignal,
): Promise<void> {
  const { host, driverName } = step;
  const driver = driverOf(step);
  const volume = { podUid: pod.metadata.uid, volumeName: spec.name };
  const path = mountPathOf(step, volume);
  await checkDeviceIdentity(host.fs, deviceIdentityPath(host.rootDir, driverName, spec.name), spec);
  const note = podNotePath(host.rootDir, driverName, volume);
  if (await host.mounter.isMountPoint(path)) {
    if (!(await hasBegun(host.fs, note))) return;
    await undo(driver, step, path, signal);
  }
  const secrets = await secretOptions(host, spec, pod);
  await noteBegun(host.fs, note);
  await host.fs.mkdir(path, { recursive: true, mode: 0o750 });
  try {
    const options = driverOptions(spec, { ...podOptions(pod, args.fsGroup), ...secrets });
    const call = { command: 'mount', args: [path, options], secrets: Object.values(secrets), signal } as const;
    if ((await driver.call(call)) === 'notSupported') await bindDevice(step, spec, path, signal);
    await giveToGroup(step, driver, { spec, pod }, args, signal);
  } catch (thrown) {
    await settleFailure(step, driver, { path, note }, thrown, signal);
  }
  await noteEnded(host.fs, note);
}

async function settleFailure(
  { host }: FlexStep,
  driver: FlexDriver,
  { path, note }: { readonly path: string; readonly note: string },
  thrown: unknown,
  signal: AbortSignal,
): Promise<never> {
  const message = messageOf(thrown);
  try {
    await undo(driver, { host }, path, signal);
    await noteEnded(host.fs, note);
  } catch (left) {
    throw uncertainError(`${message} (and could not be undone: ${messageOf(left)})`, thrown);
  }
  throw thrown instanceof VolumeError && thrown.kind === 'transient' ? thrown : finalError(message, thrown);
}

async function undo(
  driver: FlexDriver,
  { host }: Pick<FlexStep, 'host'>,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  if (await host.mounter.isMountPoint(path)) await driver.call({ command: 'unmount', args: [path], signal });
  await cleanupMountPoint(host, path, { signal });
}

/** Whoever has no mount call of its own has mounted the device: a bare directory would take the data in its place. */
async function bindDevice({ host, driverName }: FlexStep, spec: VolumeSpec, target: string, signal: AbortSignal) {
  const source = deviceMountPath(host.rootDir, driverName, spec.name);
  if (!(await host.mounter.isMountPoint(source))) throw finalError(`nothing is mounted at ${source}`);
  const options = ['bind', ...(flexSourceOf(spec).readOnly ? ['ro'] : [])];
  await host.mounter.mount({ source, target, options }, signal);
}

async function giveToGroup(
  step: FlexStep,
  driver: FlexDriver,
  { spec, pod }: FlexMount,
  { fsGroup, fsGroupChangePolicy, unwanted }: MounterArgs,
  signal: AbortSignal,
): Promise<void> {
  const { readOnly } = flexSourceOf(spec);
  if (fsGroup === undefined || readOnly || !driver.capabilities.fsGroup) return;
  const path = mountPathOf(step, { podUid: pod.metadata.uid, volumeName: spec.name });
  await applyFsGroup(step.host, { path, fsGroup, fsGroupChangePolicy, readOnly, pod, unwanted }, signal);
}

/**
 * Drivers are called although nothing is mounted, as not all of them mount. One that fails then has most often done its
 * work before, and its answer was lost; what it left otherwise keeps the directory from being removed.
 */
async function callUnmount(step: FlexStep, path: string, isMounted: boolean, signal: AbortSignal): Promise<void> {
  try {
    await driverOf(step).call({ command: 'unmount', args: [path], signal });
  } catch (thrown) {
    if (isMounted || !(thrown instanceof VolumeError) || thrown.kind === 'transient') throw thrown;
    step.host.logger.debug('nothing was left to unmount', { path, error: messageOf(thrown) });
  }
}

/** Undoes setUpFlexVolume. Nothing there is success. */
export async function tearDownFlexVolume(step: FlexStep, target: UnmountTarget, signal: AbortSignal): Promise<void> {
  const { host, driverName } = step;
  const path = mountPathOf(step, target);
  // A path that is mounted is not looked at: the server behind it may be gone.
  const isMounted = await host.mounter.isMountPoint(path);
  if (isMounted || (await exists(host.fs, path))) {
    await callUnmount(step, path, isMounted, signal);
    await cleanupMountPoint(host, path, { signal });
  }
  await noteEnded(host.fs, podNotePath(host.rootDir, driverName, target));
}
