/**
 * Tells a user why an object waits: once when the reason changes, and again after a long while because Events expire.
 * A controller that repeated itself at every resync would write to the API for ever.
 */
import { type KubernetesObject, keyOf } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import type { EventRecorder } from '../../client/index.ts';

export interface Announcement {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Events live for an hour; half of that keeps `kubectl describe` telling. */
const repeatAfterMs = 30 * 60_000;

export class Announcer {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #recorder: EventRecorder;
  readonly #last = new Map<string, { readonly text: string; readonly atMs: number }>();

  constructor(clock: Pick<Clock, 'monotonic'>, recorder: EventRecorder) {
    this.#clock = clock;
    this.#recorder = recorder;
  }

  /** What is told of one topic leaves what was told of another alone: a pod may wait for two volumes. */
  announce(object: KubernetesObject, { type, reason, message }: Announcement, topic = ''): void {
    const key = `${keyOf(object)}#${topic}`;
    const text = `${object.metadata.uid}|${reason}|${message}`;
    const nowMs = this.#clock.monotonic();
    const last = this.#last.get(key);
    if (last?.text === text && nowMs - last.atMs < repeatAfterMs) return;
    this.#last.set(key, { text, atMs: nowMs });
    this.#recorder.event(object, type, reason, message);
  }

  /** The object waits no longer, or is gone. */
  forget(key: string, topic = ''): void {
    this.#last.delete(`${key}#${topic}`);
  }
}
