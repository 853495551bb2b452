/**
 * How long a container that ended waits before it is started again: not at all the first time, then 10 seconds,
 * doubling to 5 minutes. A container that ran for long enough begins anew. Upstream: MaxCrashLoopBackOff, doBackOff.
 */
import { backoffMs } from '../../base/index.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';

const crashBackoff = { initialMs: 10_000, maxMs: 300_000 };
/** Running for twice the longest wait counts as recovered. */
const recoveredAfterMs = 2 * crashBackoff.maxMs;

export class CrashBackoff {
  readonly #restarts = new Map<string, number>();

  /** When the ended container may be started, in the clock's milliseconds. */
  retryAtMs(record: ContainerRecord): number {
    return (record.finishedAtMs ?? 0) + this.delayMs(record);
  }

  delayMs(record: ContainerRecord): number {
    const ranMs = (record.finishedAtMs ?? 0) - (record.startedAtMs ?? record.finishedAtMs ?? 0);
    if (ranMs > recoveredAfterMs) this.#restarts.delete(record.identity.containerName);
    return backoffMs(crashBackoff, this.#restarts.get(record.identity.containerName) ?? 0);
  }

  /** The container is started again after it had ended. */
  noteRestart(containerName: string): void {
    this.#restarts.set(containerName, (this.#restarts.get(containerName) ?? 0) + 1);
  }
}

/** `10s`, `2m40s`: a duration as Go prints it. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}
