/**
 * Which disk a device mount is of. FlexVolumes are told apart by their names alone, and pods may give one name to
 * different disks: a pod must not get the disk of another one for it. Upstream lets it.
 */
import { hash } from 'node:crypto';
import { dirname } from 'node:path';
import { type Fs, ifExists, writeFileDurably } from '../../base/index.ts';
import { finalError } from '../errors.ts';
import type { VolumeSpec } from '../volume-spec.ts';
import { flexSourceOf } from './driver-options.ts';

function identityOf(spec: VolumeSpec): string {
  const { driver, fsType, options } = flexSourceOf(spec);
  const sorted = Object.entries(options).sort(([left], [right]) => (left < right ? -1 : 1));
  return hash('sha256', JSON.stringify([driver, fsType, sorted]));
}

export async function writeDeviceIdentity(fs: Fs, path: string, spec: VolumeSpec): Promise<void> {
  await fs.mkdir(dirname(path), { recursive: true, mode: 0o750 });
  await writeFileDurably(fs, path, identityOf(spec));
}

/** Rejects when the device was mounted for another disk. What an agent of another make has mounted is not known. */
export async function checkDeviceIdentity(fs: Fs, path: string, spec: VolumeSpec): Promise<void> {
  const known = await ifExists(fs.readFile(path, 'utf8'));
  if (known === undefined || known === identityOf(spec)) return;
  throw finalError(`another disk is mounted on this node for a volume of the name "${spec.name}"`);
}

export async function removeDeviceIdentity(fs: Fs, path: string): Promise<void> {
  await ifExists(fs.unlink(path));
}
