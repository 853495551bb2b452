/** The step that is done once per node and volume. Upstream: pkg/volume/flexvolume/attacher.go, detacher.go. */
import { isAbsolute, normalize } from 'node:path';
import { exists, ifExists, messageOf } from '../../base/index.ts';
import { cleanupMountPoint, formatAndMount } from '../../mount/index.ts';
import { podMountsOf } from '../csi/mount-identity.ts';
import { finalError, uncertainError } from '../errors.ts';
import { podsDir } from '../paths.ts';
import type { DeviceMounter, GlobalMount, MountDeviceRequest, UnmountDeviceTarget } from '../plugin.ts';
import { specFromVolume, type VolumeSpec } from '../volume-spec.ts';
import { hasBegun, noteBegun, noteEnded } from './begun-call.ts';
import { driverOptions, flexSourceOf } from './driver-options.ts';
import { deviceMountPath, deviceMountsDir, deviceNotePath } from './flex-paths.ts';
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

async function mountDevice(step: FlexStep, request: MountDeviceRequest, signal: AbortSignal): Promise<void> {
  const { host, driverName } = step;
  const driver = driverOf(step);
  const path = deviceMountPath(host.rootDir, driverName, request.spec.name);
  const note = deviceNotePath(host.rootDir, driverName, request.spec.name);
  if (await host.mounter.isMountPoint(path)) {
    if (!(await hasBegun(host.fs, note))) return;
    await undo(step, path, signal);
  }
  await noteBegun(host.fs, note);
  await host.fs.mkdir(path, { recursive: true, mode: 0o750 });
  try {
    const args = [path, request.devicePath, driverOptions(request.spec)];
    const answer = await driver.call({ command: 'mountdevice', args, signal });
    if (answer === 'notSupported') await mountByDefault(step, request, path, signal);
  } catch (thrown) {
    await settleFailure(step, path, note, thrown, signal);
  }
  await noteEnded(host.fs, note);
}

/** What the call may have mounted is undone, so that a failure is certain; else the volume counts as mounted. */
async function settleFailure(
  step: FlexStep,
  path: string,
  note: string,
  thrown: unknown,
  signal: AbortSignal,
): Promise<never> {
  const message = messageOf(thrown);
  try {
    await undo(step, path, signal);
    await noteEnded(step.host.fs, note);
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
  { deviceMountPath: path, spec }: UnmountDeviceTarget,
  signal: AbortSignal,
): Promise<void> {
  const { host, driverName } = step;
  const users = await podMountsOf(host, path, podsDir(host.rootDir));
  if (users.length > 0) {
    throw finalError(`the device mount path "${path}" is still mounted by other references [${users.join(' ')}]`);
  }
  const isMounted = await host.mounter.isMountPoint(path);
  if (isMounted) await driverOf(step).call({ command: 'unmountdevice', args: [path], signal });
  if (isMounted || (await exists(host.fs, path))) await cleanupMountPoint(host, path, { signal });
  if (spec) await noteEnded(host.fs, deviceNotePath(host.rootDir, driverName, spec.name));
}

async function findGlobalMounts({ host, driverName }: FlexStep): Promise<readonly GlobalMount[]> {
  const names = (await ifExists(host.fs.readdir(deviceMountsDir(host.rootDir, driverName)))) ?? [];
  return names.map((name) => ({
    spec: reconstructedSpec(driverName, name),
    deviceMountPath: deviceMountPath(host.rootDir, driverName, name),
    intact: false,
  }));
}
