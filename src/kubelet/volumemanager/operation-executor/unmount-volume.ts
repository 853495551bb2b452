/** Takes a Filesystem volume out of a pod, and off the node. Upstream: GenerateUnmountVolumeFunc, GenerateUnmountDeviceFunc. */
import { volumeModeOf } from '../../../volume-plugins/index.ts';
import type { ActualVolume } from '../cache/actual-state-of-world.ts';
import { cleanSubPaths } from './clean-sub-paths.ts';
import { unmapDevice, unmapVolume } from './map-volume.ts';
import type { OperationContext } from './operation-context.ts';
import { operationError } from './operation-error.ts';
import type { UnmountTarget } from './operation-targets.ts';

export async function tearDownVolume(
  context: OperationContext,
  { volume, podKey, mount }: UnmountTarget,
  signal: AbortSignal,
): Promise<void> {
  const { podUid, spec } = mount;
  if (volumeModeOf(spec) === 'Block') {
    await unmapVolume(context, { volume, podKey, mount }, signal);
    return;
  }
  try {
    await cleanSubPaths(context, podUid, spec.name);
  } catch (thrown) {
    throw operationError({ what: 'error cleaning subPath mounts', volumeName: spec.name }, thrown);
  }
  // From here on the mount is in doubt: a pod that comes back must set it up again.
  context.actual.setPodMount(volume.name, { ...mount, state: 'uncertain', intact: false });
  try {
    await volume.plugin.newUnmounter({ podUid, volumeName: spec.name, spec }).tearDown(signal);
  } catch (thrown) {
    throw operationError({ what: 'UnmountVolume.TearDown failed', volumeName: spec.name }, thrown);
  }
  context.actual.removePodMount(volume.name, podKey);
}

export async function unmountDevice(
  context: OperationContext,
  volume: ActualVolume,
  signal: AbortSignal,
): Promise<void> {
  if (volumeModeOf(volume.spec) === 'Block') {
    await unmapDevice(context, volume, signal);
    return;
  }
  const { name, spec, deviceMountPath } = volume;
  context.actual.markDevice(name, 'uncertain', deviceMountPath);
  try {
    await volume.plugin.deviceMounter?.unmountDevice({ deviceMountPath, spec }, signal);
  } catch (thrown) {
    throw operationError({ what: 'UnmountDevice failed', volumeName: spec.name }, thrown);
  }
  context.actual.markDevice(name, 'notMounted', '');
}
