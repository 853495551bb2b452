/**
 * Notes on disk of calls that have begun. A call that was cut short, by its deadline or with the agent, may have left
 * half of its work: what is mounted under such a note is undone and made anew, and not taken for finished.
 */
import { dirname } from 'node:path';
import { exists, type Fs, ifExists, writeFileDurably } from '../../base/index.ts';

export async function noteBegun(fs: Fs, path: string): Promise<void> {
  await fs.mkdir(dirname(path), { recursive: true, mode: 0o750 });
  await writeFileDurably(fs, path, '');
}

export async function hasBegun(fs: Fs, path: string): Promise<boolean> {
  return await exists(fs, path);
}

export async function noteEnded(fs: Fs, path: string): Promise<void> {
  await ifExists(fs.unlink(path));
}
