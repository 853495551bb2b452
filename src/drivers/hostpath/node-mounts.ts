/** Makes a volume show at a path, and tells whether it does. The mount table is the truth; records only say where to look. */
import { basename, dirname, join } from 'node:path';
import { ifExists } from '../../base/index.ts';
import { Code, CsiError } from '../../csi/index.ts';
import { cleanupMountPoint, type MountPoint } from '../../mount/index.ts';
import type { HostpathDriver } from './driver.ts';
import type { VolumeRecord } from './records.ts';

/** What a kubelet gives the directories that it makes itself. */
const targetMode = 0o750;

/** The path as the mount table has it. Makes the directories above it. */
async function canonicalTarget({ host }: HostpathDriver, path: string): Promise<string> {
  await host.fs.mkdir(dirname(path), { recursive: true, mode: targetMode });
  return join(await host.fs.realpath(dirname(path)), basename(path));
}

async function isOfVolume(driver: HostpathDriver, volume: VolumeRecord, mount: MountPoint): Promise<boolean> {
  const path = driver.files.pathOf(volume);
  if (volume.accessType === 'mount') return (await driver.host.mounter.getMountRefs(path)).includes(mount.path);
  const devices = await driver.host.loops.find(path);
  return devices.some(({ device }) => basename(mount.root) === basename(device));
}

async function makeTarget({ host }: HostpathDriver, volume: VolumeRecord, target: string): Promise<void> {
  if (volume.accessType === 'mount') await host.fs.mkdir(target, { recursive: true, mode: targetMode });
  else await (await host.fs.open(target, 'a', 0o640)).close();
}

/**
 * Makes the volume show at the path with these options of a bind mount. Does nothing when it does already. Internal
 * when something else is mounted there.
 */
export async function ensureShown(
  driver: HostpathDriver,
  volume: VolumeRecord,
  path: string,
  options: readonly string[],
): Promise<void> {
  const { mounter, loops } = driver.host;
  const target = await canonicalTarget(driver, path);
  const present = (await mounter.listMounts()).findLast((mount) => mount.path === target);
  if (present && !(await isOfVolume(driver, volume, present))) {
    throw new CsiError(Code.INTERNAL, `${path} shows something else than volume ${volume.id}`);
  }
  if (present?.options.includes('ro') === options.includes('ro')) return;
  // Left by an interrupted call, or changed behind our back.
  if (present) await mounter.unmount(target);
  await makeTarget(driver, volume, target);
  const file = driver.files.pathOf(volume);
  await mounter.mount({ source: volume.accessType === 'mount' ? file : await loops.attach(file), target, options });
}

/** Unmounts what shows at the path and removes the empty target. Nothing to do is success. */
export async function removeTarget({ host }: HostpathDriver, path: string): Promise<void> {
  await cleanupMountPoint(host, path);
}

/** Unmounts what shows at the path and leaves the directory, which is the orchestrator's. */
export async function unmountAll({ host }: HostpathDriver, path: string): Promise<void> {
  const parent = await ifExists(host.fs.realpath(dirname(path)));
  if (parent === undefined) return;
  const target = join(parent, basename(path));
  const stacked = (await host.mounter.listMounts()).filter((mount) => mount.path === target);
  for (const { path: mounted } of stacked) await host.mounter.unmount(mounted);
}
