/**
 * Brings a raw block volume into a pod and out again. The plugin makes the device available; here it is bound under
 * the node's map directory, where it cannot be swapped unseen, and linked under the pod's.
 *
 * Upstream: operation_generator.go GenerateMapVolumeFunc, volume/util/volumepathhandler.
 */
import { dirname, join } from 'node:path';
import { ifExists } from '../../../base/index.ts';
import { cleanupMountPoint } from '../../../mount/index.ts';
import {
  type BlockVolumeMapper,
  escapePluginName,
  finalError,
  pathSegment,
  podVolumeDevicesDir,
  type VolumePlugin,
} from '../../../volume-plugins/index.ts';
import type { ActualVolume } from '../cache/actual-state-of-world.ts';
import { checkNodeAffinity, expandBeforeUse, markFailedDevice, markFailedMount } from './mount-volume.ts';
import type { OperationContext } from './operation-context.ts';
import { operationError } from './operation-error.ts';
import { type MountTarget, podMountOf, type UnmountTarget } from './operation-targets.ts';

const eventReason = 'FailedMapVolume';

function mapperOf(plugin: VolumePlugin): BlockVolumeMapper {
  if (!plugin.blockMapper) throw finalError(`${plugin.name} has no block volumes`);
  return plugin.blockMapper;
}

function deviceLinkPath(context: OperationContext, plugin: VolumePlugin, podUid: string, volumeName: string): string {
  const dir = join(podVolumeDevicesDir(context.rootDir, podUid), escapePluginName(plugin.name));
  return join(dir, pathSegment(volumeName));
}

export async function mapDevice(
  context: OperationContext,
  { desired, actual, pod }: Omit<MountTarget, 'podKey'>,
  signal: AbortSignal,
): Promise<void> {
  const { plugin, name } = desired;
  const { spec } = pod;
  const failed = (what: string, thrown: unknown) =>
    operationError({ what, volumeName: spec.name, eventReason }, thrown);
  let devicePath: string;
  try {
    checkNodeAffinity(context, spec);
    devicePath = (await plugin.deviceMounter?.waitForAttach(spec, actual.devicePath, signal)) ?? actual.devicePath;
  } catch (thrown) {
    throw failed('MapVolume.WaitForAttach failed', thrown);
  }
  const mapper = mapperOf(plugin);
  const stagingPath = mapper.getStagingPath(spec);
  try {
    await mapper.setUpDevice({ spec, devicePath, reconstructed: actual.deviceReconstructed }, signal);
  } catch (thrown) {
    markFailedDevice(context, actual, stagingPath, thrown);
    throw failed('MapVolume.SetUpDevice failed', thrown);
  }
  context.actual.setDevicePath(name, devicePath);
  context.actual.markDevice(name, 'mounted', stagingPath);
}

export async function mapVolume(context: OperationContext, target: MountTarget, signal: AbortSignal): Promise<void> {
  const { desired, actual, podKey, pod } = target;
  const { plugin, name } = desired;
  const { spec } = pod;
  const podUid = pod.pod.metadata.uid;
  const before = actual.pods.get(podKey);
  const blockDevicePath = deviceLinkPath(context, plugin, podUid, spec.name);
  const settled = {
    ...podMountOf(target),
    blockDevicePath,
    attributes: { readOnly: spec.readOnly, seLinuxRelabel: false },
  };
  const failed = (what: string, thrown: unknown) =>
    operationError({ what, volumeName: spec.name, eventReason }, thrown);
  const mapper = mapperOf(plugin);
  context.actual.initializeSize(name, desired.claimSizeBytes);
  let published: string;
  try {
    published = await mapper.mapPodDevice({ spec, pod: pod.pod, keepOnFailure: before !== undefined }, signal);
  } catch (thrown) {
    markFailedMount(context, { name, podKey, before, settled }, thrown);
    throw failed('MapVolume.MapPodDevice failed', thrown);
  }
  try {
    await bindDevice(context, published, join(mapper.getGlobalMapPath(spec), podUid));
    await linkDevice(context, published, blockDevicePath);
  } catch (thrown) {
    context.actual.setPodMount(name, { ...settled, state: 'uncertain' });
    throw failed('MapVolume.MapBlockVolume failed', thrown);
  }
  if (before?.state !== 'mounted') {
    tellMapped(context, target, {
      globalMapPath: mapper.getGlobalMapPath(spec),
      volumeMapPath: dirname(blockDevicePath),
    });
  }
  try {
    await expandBeforeUse(context, target, { before, volumePath: published }, signal);
  } catch (thrown) {
    context.actual.setPodMount(name, { ...settled, state: 'uncertain' });
    throw failed('MapVolume.MarkVolumeAsMounted failed while expanding volume', thrown);
  }
  context.actual.setPodMount(name, { ...settled, path: published });
}

/** Upstream tells of block volumes that they are there, of file systems it does not. */
function tellMapped(context: OperationContext, { pod }: MountTarget, paths: Readonly<Record<string, string>>): void {
  for (const [what, path] of Object.entries(paths)) {
    const message = `MapVolume.MapPodDevice succeeded for volume "${pod.spec.name}" ${what} "${path}"`;
    context.recordEvent(pod.pod, 'Normal', 'SuccessfulMountVolume', message);
  }
}

async function bindDevice(context: OperationContext, source: string, target: string): Promise<void> {
  const { fs, mounter } = context;
  await fs.mkdir(join(target, '..'), { recursive: true, mode: 0o750 });
  if (await mounter.isMountPoint(target)) return;
  await (await fs.open(target, 'a', 0o640)).close();
  await mounter.mount({ source, target, options: ['bind'] });
}

async function linkDevice({ fs }: OperationContext, source: string, link: string): Promise<void> {
  await fs.mkdir(join(link, '..'), { recursive: true, mode: 0o750 });
  await ifExists(fs.unlink(link));
  await fs.symlink(source, link);
}

export async function unmapVolume(
  context: OperationContext,
  { volume, podKey, mount }: UnmountTarget,
  signal: AbortSignal,
): Promise<void> {
  const { podUid, spec } = mount;
  const { plugin } = volume;
  context.actual.setPodMount(volume.name, { ...mount, state: 'uncertain', intact: false });
  try {
    const mapper = mapperOf(plugin);
    await cleanupMountPoint(context, join(mapper.getGlobalMapPath(spec), podUid));
    await mapper.unmapPodDevice({ podUid, volumeName: spec.name, spec }, signal);
    // Last: until then an agent that is restarted finds the volume by it.
    await ifExists(context.fs.unlink(deviceLinkPath(context, plugin, podUid, spec.name)));
  } catch (thrown) {
    throw operationError({ what: 'UnmapVolume.UnmapBlockVolume failed', volumeName: spec.name }, thrown);
  }
  context.actual.removePodMount(volume.name, podKey);
}

export async function unmapDevice(context: OperationContext, volume: ActualVolume, signal: AbortSignal): Promise<void> {
  const { name, spec, plugin, deviceMountPath } = volume;
  context.actual.markDevice(name, 'uncertain', deviceMountPath);
  try {
    await mapperOf(plugin).tearDownDevice(spec, signal);
  } catch (thrown) {
    throw operationError({ what: 'UnmapDevice.TearDownDevice failed', volumeName: spec.name }, thrown);
  }
  context.actual.markDevice(name, 'notMounted', '');
}
