/**
 * Pods that wait for a node. Active pods are taken by priority, then age. A pod that fitted nowhere waits for an event
 * that one of the plugins that refused it cares about, then for the rest of its back-off. No event is lost while a pod
 * is being tried: it is remembered and counts when the pod comes back.
 */

import type { Pod } from '../../api/index.ts';
import { backoffMs, type Clock, type Timer } from '../../base/index.ts';
import type { Happening } from '../framework/cluster-event.ts';
import type { Plugin, QueuedPod } from '../framework/plugin.ts';
import { EventHints } from './event-hints.ts';

interface Waiting {
  readonly queued: QueuedPod;
  readonly plugins: ReadonlySet<string>;
  readonly readyAtMs: number;
}

/** Upstream's podInitialBackoffSeconds and podMaxBackoffSeconds. */
const backoff = { initialMs: 1000, maxMs: 10_000 };

/** A pod no event has moved for this long is tried again, in case an event was misjudged. Upstream: 5 minutes. */
const leftoverRetryMs = 5 * 60_000;

function before(a: QueuedPod, b: QueuedPod): boolean {
  const byPriority = (b.pod.spec.priority ?? 0) - (a.pod.spec.priority ?? 0);
  return byPriority === 0 ? a.sinceMs < b.sinceMs : byPriority < 0;
}

export class SchedulingQueue implements Disposable {
  readonly #clock: Clock;
  readonly #hints: EventHints;
  readonly #wake: () => void;
  /** Sorted, best last, so that taking is cheap and arrivals in order of age are cheap too. */
  readonly #active: QueuedPod[] = [];
  readonly #activeUids = new Set<string>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #backingOff = new Map<string, Timer>();
  /** Events seen since each pod in flight was taken. */
  readonly #inFlight = new Map<string, Happening[]>();

  constructor(options: { clock: Clock; plugins: readonly Plugin[]; wake: () => void }) {
    this.#clock = options.clock;
    this.#wake = options.wake;
    this.#hints = new EventHints(options.plugins);
  }

  get length(): number {
    return this.#active.length;
  }

  /** A pod that is new, or whose spec changed: tried at once. */
  add(pod: Pod): void {
    const uid = pod.metadata.uid;
    if (this.#inFlight.has(uid)) return;
    const attempts = this.#waiting.get(uid)?.queued.attempts ?? 0;
    this.remove(uid);
    const now = this.#clock.now();
    this.#activate({ pod, attempts, sinceMs: now, firstSeenMs: now });
  }

  /** Whether the pod waits here or is being tried. */
  has(uid: string): boolean {
    return this.#activeUids.has(uid) || this.#waiting.has(uid) || this.#inFlight.has(uid);
  }

  /** The newest version of a pod that waits; its turn does not change. */
  update(pod: Pod, _happening: Happening, changed: boolean): void {
    const uid = pod.metadata.uid;
    if (changed && !this.#activeUids.has(uid)) {
      this.add(pod);
      return;
    }
    const waiting = this.#waiting.get(uid);
    if (waiting) this.#waiting.set(uid, { ...waiting, queued: { ...waiting.queued, pod } });
    const index = this.#activeUids.has(uid) ? this.#active.findIndex((entry) => entry.pod.metadata.uid === uid) : -1;
    const entry = this.#active[index];
    if (entry) this.#active[index] = { ...entry, pod };
  }

  remove(uid: string): void {
    this.#waiting.delete(uid);
    this.#backingOff.get(uid)?.[Symbol.dispose]();
    this.#backingOff.delete(uid);
    if (!this.#activeUids.delete(uid)) return;
    const index = this.#active.findIndex((entry) => entry.pod.metadata.uid === uid);
    if (index >= 0) this.#active.splice(index, 1);
  }

  /** Takes the next pod. The caller ends the attempt with done() or returnUnschedulable(). */
  take(): QueuedPod | undefined {
    const next = this.#active.pop();
    if (!next) return undefined;
    this.#activeUids.delete(next.pod.metadata.uid);
    this.#inFlight.set(next.pod.metadata.uid, []);
    return next;
  }

  done(uid: string): void {
    this.#inFlight.delete(uid);
  }

  /**
   * Puts a pod back that found no node or whose binding failed. An empty set of plugins means a failure that no event
   * will mend: the pod comes back after its back-off. `countsAsAttempt: false` spares it the back-off.
   */
  returnUnschedulable(queued: QueuedPod, plugins: ReadonlySet<string>, countsAsAttempt = true): void {
    const uid = queued.pod.metadata.uid;
    const seen = this.#inFlight.get(uid) ?? [];
    this.#inFlight.delete(uid);
    const attempts = queued.attempts + (countsAsAttempt ? 1 : 0);
    const readyAtMs = this.#clock.now() + (countsAsAttempt ? backoffMs(backoff, attempts) : 0);
    this.#waiting.set(uid, { queued: { ...queued, attempts }, plugins, readyAtMs });
    const relevant = seen.some((happening) => this.#hints.helps(happening, queued.pod, plugins));
    if (relevant || plugins.size === 0) this.#activateWhenReady(uid);
    else this.#retryLeftover(uid);
  }

  /** Tells of a change in the cluster; pods that it may help come back. */
  onEvent(happening: Happening): void {
    if (!this.#hints.concernsAny(happening.event)) return;
    for (const seen of this.#inFlight.values()) seen.push(happening);
    for (const [uid, { queued, plugins }] of this.#waiting) {
      if (this.#hints.helps(happening, queued.pod, plugins)) this.#activateWhenReady(uid);
    }
  }

  [Symbol.dispose](): void {
    for (const timer of this.#backingOff.values()) timer[Symbol.dispose]();
    this.#backingOff.clear();
    this.#active.length = 0;
  }

  #activateWhenReady(uid: string): void {
    const waiting = this.#waiting.get(uid);
    if (!waiting) return;
    this.#backingOff.get(uid)?.[Symbol.dispose]();
    this.#backingOff.delete(uid);
    const delayMs = waiting.readyAtMs - this.#clock.now();
    if (delayMs > 0) {
      this.#backingOff.set(
        uid,
        this.#clock.setTimer(delayMs, () => this.#activateWaiting(uid)),
      );
      return;
    }
    this.#activateWaiting(uid);
  }

  #retryLeftover(uid: string): void {
    this.#backingOff.get(uid)?.[Symbol.dispose]();
    this.#backingOff.set(uid, this.#clock.setTimer(leftoverRetryMs, () => this.#activateWaiting(uid)).unref());
  }

  #activateWaiting(uid: string): void {
    const waiting = this.#waiting.get(uid);
    this.#waiting.delete(uid);
    this.#backingOff.delete(uid);
    if (waiting) this.#activate(waiting.queued);
  }

  #activate(entry: QueuedPod): void {
    let low = 0;
    let high = this.#active.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#active[middle];
      if (other && before(entry, other)) low = middle + 1;
      else high = middle;
    }
    this.#active.splice(low, 0, entry);
    this.#activeUids.add(entry.pod.metadata.uid);
    this.#wake();
  }
}
