/**
 * The files beside a CSI mount. `vol_data.json` says whose mount it is: it is durable before the driver is called, so
 * that a crash at any point leaves enough to undo the call. `mount_record.json` says that a call succeeded and which
 * mount it made; it is taken back before the call is undone. What is read back is checked and never trusted as a path.
 */
import { constants } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, type Fs, ifExists, messageOf, writeFileDurably } from '../../base/index.ts';
import { finalError } from '../errors.ts';
import type { LifecycleMode } from './csi-source.ts';

const volDataFile = 'vol_data.json';
const recordFile = 'mount_record.json';

/** Our files have a few hundred bytes. */
const maxFileBytes = 64 * 1024;

export interface VolumeData {
  readonly driverName: string;
  readonly volumeHandle: string;
  /** Name of the PersistentVolume or of the pod's volume; absent in a staging directory. */
  readonly specVolID?: string | undefined;
  readonly nodeName?: string | undefined;
  readonly attachmentID?: string | undefined;
  readonly volumeLifecycleMode?: LifecycleMode | undefined;
}

export interface MountIdentity {
  readonly mountId: number;
  readonly device: string;
  readonly root: string;
}

export interface MountRecord {
  /** The boot in which the call succeeded. */
  readonly bootId: string;
  /** Whether a driver was called: one without STAGE_UNSTAGE_VOLUME is not, and then is not called to undo it either. */
  readonly called: boolean;
  /** The mount that the driver made; null when it made none at the path. */
  readonly mount: MountIdentity | null;
}

/** Keys sorted, as upstream writes them. */
function sortedJson(values: Readonly<Record<string, string | undefined>>): string {
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  return JSON.stringify(Object.fromEntries(present.sort(([left], [right]) => (left < right ? -1 : 1))));
}

export async function writeVolumeData(fs: Fs, dir: string, data: VolumeData): Promise<void> {
  try {
    await writeFileDurably(fs, join(dir, volDataFile), sortedJson({ seLinuxMountContext: '', ...data }));
  } catch (thrown) {
    throw finalError(`kubernetes.io/csi: failed to save volume info data: ${messageOf(thrown)}`, thrown);
  }
}

/** Undefined when the file is missing; a final VolumeError when it is not one of ours. */
export async function readVolumeData(fs: Fs, dir: string): Promise<VolumeData | undefined> {
  const parsed = await readJson(fs, join(dir, volDataFile));
  if (parsed === undefined) return undefined;
  const { driverName, volumeHandle, specVolID, volumeLifecycleMode } = parsed;
  if (typeof driverName !== 'string' || driverName === '' || typeof volumeHandle !== 'string' || volumeHandle === '') {
    throw finalError(`kubernetes.io/csi: ${volDataFile} in ${dir} names no driver or no volume`);
  }
  return {
    driverName,
    volumeHandle,
    specVolID: typeof specVolID === 'string' ? specVolID : undefined,
    volumeLifecycleMode: volumeLifecycleMode === 'Ephemeral' ? 'Ephemeral' : 'Persistent',
  };
}

/** Lost in a crash it only costs a repeated call, so it is not forced to disk. */
export async function writeMountRecord(fs: Fs, dir: string, record: MountRecord): Promise<void> {
  await fs.writeFile(join(dir, recordFile), JSON.stringify(record), { mode: 0o600 });
}

/** Undefined when there is none that can be read. */
export async function readMountRecord(fs: Fs, dir: string): Promise<MountRecord | undefined> {
  const parsed = await readJson(fs, join(dir, recordFile)).catch(() => undefined);
  if (!parsed || typeof parsed.bootId !== 'string' || typeof parsed.called !== 'boolean') return undefined;
  return { bootId: parsed.bootId, called: parsed.called, mount: mountIdentityOf(parsed.mount) };
}

function mountIdentityOf(value: unknown): MountIdentity | null {
  if (typeof value !== 'object' || value === null) return null;
  const { mountId, device, root } = value as Partial<Record<keyof MountIdentity, unknown>>;
  // An identity that nothing has: the record is there, but its mount is not to be found.
  return { mountId: Number(mountId), device: String(device), root: String(root) };
}

/** Before a call or its undoing: from now on the mount is in doubt. Whether the driver was called stays known. */
export async function doubtMountRecord(fs: Fs, dir: string): Promise<void> {
  const record = await readMountRecord(fs, dir);
  if (record) await writeMountRecord(fs, dir, { ...record, bootId: '' });
}

/** Removes our files and then the directory, if nothing else lies in it. */
export async function removeVolumeDir(fs: Fs, dir: string): Promise<void> {
  await ifExists(fs.unlink(join(dir, recordFile)));
  await ifExists(fs.unlink(join(dir, volDataFile)));
  await ifExists(fs.unlink(join(dir, `${volDataFile}.tmp`)));
  await ifExists(fs.rmdir(dir));
}

async function readJson(fs: Fs, path: string): Promise<Record<string, unknown> | undefined> {
  const text = await readSmallFile(fs, path);
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // Empty or cut short: a crash of an agent that did not write durably.
  }
  throw finalError(`kubernetes.io/csi: ${path} holds no JSON object`);
}

async function readSmallFile(fs: Fs, path: string): Promise<string | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await fs.open(path, flags).catch((thrown: unknown) => {
    const code = errnoOf(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw finalError(`kubernetes.io/csi: ${path} cannot be read: ${messageOf(thrown)}`, thrown);
  });
  if (!file) return undefined;
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > maxFileBytes) throw finalError(`kubernetes.io/csi: ${path} is not our file`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
