/** Tells a process from a later one that was given the same id: by the moment it started, as the kernel counts. */
import { type Fs, ifExists } from '../../../base/index.ts';

/** Position of `starttime` in /proc/<pid>/stat, counted from the field after the command's name. */
const startTicksIndex = 19;
const stateIndex = 0;

/** Clock ticks since boot at which the process started; undefined when it is gone or dead. */
export async function findStartTicks(fs: Pick<Fs, 'readFile'>, pid: number): Promise<string | undefined> {
  const stat = await ifExists(fs.readFile(`/proc/${pid}/stat`, 'utf8')).catch(() => undefined);
  // The name in parentheses may hold anything, parentheses and spaces included.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (!fields || fields[stateIndex] === 'Z' || fields[stateIndex] === 'X') return undefined;
  return fields[startTicksIndex];
}

export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: string;
}

export async function isAlive(fs: Pick<Fs, 'readFile'>, process: ProcessIdentity): Promise<boolean> {
  return (await findStartTicks(fs, process.pid)) === process.startTicks;
}
