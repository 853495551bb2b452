/** The step that is done once per node and volume. Upstream: pkg/volume/flexvolume/attacher.go, detacher.go. */
import { basename, isAbsolute, normalize } from 'node:path';
import { ifExists, messageOf } from '../../base/index.ts';
import { cleanupMountPoint, formatAndMount } from '../../mount/index.ts';
import { podMountsOf } from '../csi/mount-identity.ts';
import { finalError, uncertainError } from '../errors.ts';
import { podsDir } from '../paths.ts';
import type { DeviceMounter, GlobalMount, MountDeviceRequest, UnmountDeviceTarget } from '../plugin.ts';
import { specFromVolume, type VolumeSpec } from '../volume-spec.ts';
import { hasBegun, noteBegun, noteEnded } from './begun-call.ts';
import { checkDeviceIdentity, removeDeviceIdentity, writeDeviceIdentity } from './device-identity.ts';
import { driverOptions, flexSourceOf } from './driver-options.ts';
import { deviceIdentityPath, deviceMountPath, deviceMountsDir, deviceNotePath } from './flex-paths.ts';
import { capabilitiesOf, driverOf, type FlexStep } from './flex-step.ts';

export function flexDeviceMounter(step: FlexStep): DeviceMounter {
  const { host, driverName } = step;
  return {
    canDeviceMount: () => capabilitiesOf(step).attach,
    getDeviceMountPath: (spec) => deviceMountPath(host.rootDir, driverName, spec.name),
    waitForAttach: (spec, devicePath, signal) => waitForAttach(step, spec, devicePath, signal),
    mountDevice: (request, signal) => mountDevice(step, request, signal),
    unmountDevice: (target, signal) => unmountDevice(step, target, signal),
    findGlobalMounts: () => findGlobalMounts(step),
  };
}

/** A volume as it can be told from a directory alone. */
export function reconstructedSpec(driver: string, name: string): VolumeSpec {
  return specFromVolume({ name, flexVolume: { driver } });
}

async function waitForAttach(
  step: FlexStep,
  spec: VolumeSpec,
  devicePath: string,
  signal: AbortSignal,
): Promise<string> {
  const driver = driverOf(step);
  const options = driverOptions(spec);
  // Upstream asks and goes by the volume's own name whatever the answer is.
  await driver.call({ command: 'getvolumename', args: [options], signal });
  const answer = await driver.call({ command: 'waitforattach', args: [devicePath, options], signal });
  return answer === 'notSupported' ? devicePath : answer.device;
}

interface DevicePaths {
  readonly path: string;
  /** That a call to mount it has begun. */
  readonly note: string;
  /** Which disk it is. */
  readonly identity: string;
}

function devicePathsOf({ host: { rootDir }, driverName }: FlexStep, volumeName: string): DevicePaths {
  return {
    path: deviceMountPath(rootDir, driverName, volumeName),
    note: deviceNotePath(rootDir, driverName, volumeName),
    identity: deviceIdentityPath(rootDir, driverName, volumeName),
  };
}

async function mountDevice(step: FlexStep, request: MountDeviceRequest, signal: AbortSignal): Promise<void> {
  const { host } = step;
  const driver = driverOf(step);
  const paths = devicePathsOf(step, request.spec.name);
  const { path, note, identity } = paths;
  if (await host.mounter.isMountPoint(path)) {
    await checkDeviceIdentity(host.fs, identity, request.spec);
    if (!(await hasBegun(host.fs, note))) return;
    await undo(step, path, signal);
  }
  // The directory comes first, and goes last: by it an agent that starts anew finds the rest.
  await host.fs.mkdir(path, { recursive: true, mode: 0o750 });
  await noteBegun(host.fs, note);
  await writeDeviceIdentity(host.fs, identity, request.spec);
  try {
    const args = [path, request.devicePath, driverOptions(request.spec)];
    const answer = await driver.call({ command: 'mountdevice', args, signal });
    if (answer === 'notSupported') await mountByDefault(step, request, path, signal);
  } catch (thrown) {
    await settleFailure(step, paths, thrown, signal);
  }
  await noteEnded(host.fs, note);
}

/** What the call may have mounted is undone, so that a failure is certain; else the volume counts as mounted. */
async function settleFailure(
  step: FlexStep,
  { path, note, identity }: DevicePaths,
  thrown: unknown,
  signal: AbortSignal,
): Promise<never> {
  const message = messageOf(thrown);
  const { fs } = step.host;
  try {
    await undo(step, path, signal);
    await removeDeviceIdentity(fs, identity);
    await noteEnded(fs, note);
  } catch (left) {
    throw uncertainError(`${message} (and could not be undone: ${messageOf(left)})`, thrown);
  }
  throw finalError(message, thrown);
}

async function undo(step: FlexStep, path: string, signal: AbortSignal): Promise<void> {
  const { host } = step;
  signal.throwIfAborted();
  if (await host.mounter.isMountPoint(path)) {
    await driverOf(step).call({ command: 'unmountdevice', args: [path], signal });
  }
  await cleanupMountPoint(host, path, { signal });
}

/** Without a device there is nothing to mount: the driver does all of it for each pod. */
async function mountByDefault(
  { host }: FlexStep,
  { spec, devicePath }: MountDeviceRequest,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  if (devicePath === '') return;
  if (!isAbsolute(devicePath) || normalize(devicePath) !== devicePath) {
    throw finalError(`the device ${JSON.stringify(devicePath)} is no absolute path`);
  }
  const { fsType, readOnly } = flexSourceOf(spec);
  const options = [readOnly ? 'ro' : 'rw'];
  await formatAndMount(host, { device: devicePath, target, fsType: fsType || undefined, options }, signal);
}

async function unmountDevice(
  step: FlexStep,
  { deviceMountPath: path }: UnmountDeviceTarget,
  signal: AbortSignal,
): Promise<void> {
  const { host } = step;
  const users = await podMountsOf(host, path, podsDir(host.rootDir));
  if (users.length > 0) {
    throw finalError(`the device mount path "${path}" is still mounted by other references [${users.join(' ')}]`);
  }
  if (await host.mounter.isMountPoint(path)) {
    const answer = await driverOf(step).call({ command: 'unmountdevice', args: [path], signal });
    if (answer === 'notSupported') await host.mounter.unmount(path, { signal });
  }
  const { note, identity } = devicePathsOf(step, basename(path));
  await removeDeviceIdentity(host.fs, identity);
  await noteEnded(host.fs, note);
  await cleanupMountPoint(host, path, { signal });
}

async function findGlobalMounts({ host, driverName }: FlexStep): Promise<readonly GlobalMount[]> {
  const names = (await ifExists(host.fs.readdir(deviceMountsDir(host.rootDir, driverName)))) ?? [];
  return names.map((name) => ({
    spec: reconstructedSpec(driverName, name),
    deviceMountPath: deviceMountPath(host.rootDir, driverName, name),
    intact: false,
  }));
}
