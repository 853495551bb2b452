import { findMountRefs, type MountPoint } from '../../mount/index.ts';
import type { VolumeHost } from '../volume-host.ts';
import { type MountRecord, readMountRecord, writeMountRecord } from './vol-data.ts';

function identityAt(mounts: readonly MountPoint[], path: string) {
  const mount = mounts.findLast((candidate) => candidate.path === path);
  return mount ? { mountId: mount.mountId, device: mount.device, root: mount.root } : null;
}

/** Records in the directory that the driver was called (or not) and which mount is at the path now. */
export async function recordMount(host: VolumeHost, dir: string, path: string, called: boolean): Promise<void> {
  const [bootId, mounts] = await Promise.all([host.bootId(), host.mounter.listMounts()]);
  await writeMountRecord(host.fs, dir, { bootId, called, mount: identityAt(mounts, path) });
}

/** Whether the recorded mount is still the one at the path: nothing has been unmounted, replaced or rebooted since. */
export async function isMountIntact(host: VolumeHost, dir: string, path: string): Promise<boolean> {
  const record = await readMountRecord(host.fs, dir);
  return record !== undefined && (await matches(host, record, path));
}

async function matches(host: VolumeHost, record: MountRecord, path: string): Promise<boolean> {
  if (record.bootId !== (await host.bootId())) return false;
  const now = identityAt(await host.mounter.listMounts(), path);
  if (!record.mount || !now) return record.mount === now;
  return record.mount.mountId === now.mountId && record.mount.device === now.device && record.mount.root === now.root;
}

/** Mounts of pods that show the same directory as the global mount: it must stay while there are any. */
export async function podMountsOf(host: VolumeHost, globalMount: string, podsRoot: string): Promise<readonly string[]> {
  const mounts = await host.mounter.listMounts();
  if (!mounts.some((mount) => mount.path === globalMount)) return [];
  return findMountRefs(mounts, globalMount).filter((path) => path.startsWith(`${podsRoot}/`));
}
