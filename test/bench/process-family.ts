/** What a process and everything it started use, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** The process and its descendants. */
function family(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      parents.set(Number(name), Number(fields[1]));
    } catch {
      // It ended while we looked.
    }
  }
  const members = [root];
  for (const member of members) for (const [pid, parent] of parents) if (parent === member) members.push(pid);
  return members;
}

const kilobytesPerMegabyte = 1024;

/** The memory of all of them, each shared page divided by those who share it. */
export function pssMegabytes(root: number): number {
  let kilobytes = 0;
  for (const pid of family(root)) {
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  }
  return Math.round(kilobytes / kilobytesPerMegabyte);
}

/** The largest resident size that the process alone has had. */
export function peakResidentMegabytes(pid: number): number {
  const kilobytes = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return Math.round(kilobytes / kilobytesPerMegabyte);
}

/** Processor time per second in /proc: USER_HZ is 100 on every Linux. */
const ticksPerSecond = 100;

/** Processor time that all of them have used so far, in seconds. */
export function cpuSeconds(root: number): number {
  let ticks = 0;
  for (const pid of family(root)) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / ticksPerSecond;
}
