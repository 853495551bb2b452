import type { Pod } from '../../api/index.ts';
import type { QueuedPod } from '../framework/plugin.ts';

/** A pod in the queue with its history. Only the queue changes it. */
export class QueueEntry implements QueuedPod {
  readonly uid: string;
  readonly firstSeenMs: number;
  pod: Pod;
  attempts = 0;
  sinceMs: number;
  /** The plugins that refused it in the last attempt, or that keep it from being tried. */
  refusedBy: ReadonlySet<string> = new Set();
  /** The plugin whose PreEnqueue keeps it from being tried. */
  gatedBy: string | undefined;
  /** When its back-off ends. */
  readyAtMs = 0;
  /** How often in a row its back-off was spared. */
  spared = 0;
  /** Its last attempt failed with an error, not for want of room: its back-off is never cut short. */
  failed = false;

  constructor(pod: Pod, nowMs: number) {
    this.uid = pod.metadata.uid;
    this.pod = pod;
    this.sinceMs = nowMs;
    this.firstSeenMs = nowMs;
  }
}
