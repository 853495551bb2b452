/**
 * Pods that wait for a node. Active pods are taken in the order of the QueueSort plugin. A pod that fitted nowhere waits
 * for an event that one of the plugins that refused it cares about, then for the rest of its back-off. No event is lost
 * while a pod is being tried: it counts when the pod comes back. Every pod is in exactly one place.
 */

import type { Pod } from '../../api/index.ts';
import { backoffMs, type Clock, type Timer } from '../../base/index.ts';
import type { Happening } from '../framework/cluster-event.ts';
import type { QueuedPod } from '../framework/plugin.ts';
import { InFlight } from './in-flight.ts';
import { KeyedHeap } from './keyed-heap.ts';
import { QueueEntry } from './queue-entry.ts';
import { type PluginsByProfile, QueuePlugins } from './queue-plugins.ts';
import { UnschedulablePods } from './unschedulable-pods.ts';

/** The queues that a pod can be put into, as upstream's metrics name them. */
export type QueueName = 'active' | 'backoff' | 'unschedulable' | 'gated';

export interface SchedulingQueueOptions {
  readonly clock: Clock;
  readonly plugins: PluginsByProfile;
  /** How long a pod that fitted nowhere waits at least, and at most after many attempts. */
  readonly backoff?: Backoff;
  /** Called when there is something to take. */
  readonly wake: () => void;
  /** Told of each pod that enters a queue, and why. */
  readonly onIncoming?: (queue: QueueName, event: string) => void;
}

export interface Backoff {
  readonly initialMs: number;
  readonly maxMs: number;
}

/** How an attempt ended that found no node. */
export interface Outcome {
  /** The plugins that refused the pod. None: it failed, and no event will mend that. */
  readonly refusedBy: ReadonlySet<string>;
  /** A few times in a row, the attempt does not lengthen the back-off, nor does the pod wait for one. */
  readonly spareBackoff?: boolean;
}

/** Upstream's podInitialBackoffSeconds and podMaxBackoffSeconds. */
const defaultBackoff: Backoff = { initialMs: 1000, maxMs: 10_000 };

/**
 * A pod whose write lost a race, or whose claims are being bound, is tried again without a pause only so often in a
 * row: the cache may still have to see who won, and trying on would be a storm of requests.
 */
const maxSpared = 3;

/** Among back-offs that end in one such span the more important pod goes first. Upstream: backoffQOrderingWindowDuration. */
const backoffWindowMs = 1000;

/** A pod no event has moved for this long is tried again, in case an event was misjudged. Upstream: 5 minutes. */
const leftoverRetryMs = 5 * 60_000;

/**
 * While nothing else is to be done, so few pods need not wait for the end of their back-off; more would keep the
 * scheduler busy with pods that fit nowhere. Upstream: SchedulerPopFromBackoffQ, without a limit.
 */
const maxCutShort = 16;

export class SchedulingQueue implements Disposable {
  readonly #clock: Clock;
  readonly #plugins: QueuePlugins;
  readonly #backoffLimits: Backoff;
  readonly #wake: () => void;
  readonly #onIncoming: (queue: QueueName, event: string) => void;
  readonly #active: KeyedHeap<QueueEntry>;
  readonly #backoff: KeyedHeap<QueueEntry>;
  readonly #unschedulable = new UnschedulablePods();
  readonly #inFlight = new InFlight();
  /** All pods known, wherever they are. */
  readonly #entries = new Map<string, QueueEntry>();
  #backoffTimer: Timer | undefined;
  #leftoverTimer: Timer | undefined;

  constructor(options: SchedulingQueueOptions) {
    this.#clock = options.clock;
    this.#wake = options.wake;
    this.#onIncoming = options.onIncoming ?? (() => {});
    this.#plugins = new QueuePlugins(options.plugins);
    this.#backoffLimits = options.backoff ?? defaultBackoff;
    const compare = (a: QueueEntry, b: QueueEntry) => this.#plugins.compare(a, b);
    const windowOf = ({ readyAtMs }: QueueEntry) => Math.trunc(readyAtMs / backoffWindowMs);
    this.#active = new KeyedHeap(({ uid }) => uid, compare);
    this.#backoff = new KeyedHeap(
      ({ uid }) => uid,
      (a, b) => windowOf(a) - windowOf(b) || compare(a, b),
    );
  }

  /** Whether there is something to take now. */
  get hasWork(): boolean {
    return this.#active.size > 0 || this.#cutShort() !== undefined;
  }

  get counts(): Readonly<Record<QueueName, number>> {
    const gated = this.#unschedulable.countGated();
    return {
      active: this.#active.size,
      backoff: this.#backoff.size,
      unschedulable: this.#unschedulable.size - gated,
      gated,
    };
  }

  has(uid: string): boolean {
    return this.#entries.has(uid);
  }

  /** A pod that is new: tried as soon as its turn comes. */
  add(pod: Pod): void {
    const known = this.#entries.get(pod.metadata.uid);
    if (known) {
      known.pod = pod;
      return;
    }
    const entry = new QueueEntry(pod, this.#clock.now());
    this.#entries.set(entry.uid, entry);
    this.#activate(entry, 'UnscheduledPodAdd');
  }

  /** The newest version of a pod. `changed`: in a way that may matter to where it fits. */
  update(pod: Pod, happening: Happening, changed: boolean): void {
    const entry = this.#entries.get(pod.metadata.uid);
    if (!entry) return;
    entry.pod = pod;
    if (!changed) return;
    if (this.#inFlight.has(entry.uid)) this.#inFlight.note(happening);
    else if (this.#unschedulable.get(entry.uid) && this.#plugins.helps(happening, pod, entry.refusedBy)) {
      this.#requeue(entry, happening.event);
    }
  }

  remove(uid: string): void {
    this.#entries.delete(uid);
    this.#active.delete(uid);
    if (this.#backoff.delete(uid)) this.#setBackoffTimer();
    this.#unschedulable.delete(uid);
    this.#setLeftoverTimer();
    this.#inFlight.forget(uid);
  }

  /** Tries a pod at once that waits for an event or for the end of its back-off. */
  activate(uid: string): void {
    const entry = this.#entries.get(uid);
    if (!entry || this.#inFlight.has(uid)) return;
    this.#backoff.delete(uid);
    this.#unschedulable.delete(uid);
    this.#activate(entry, 'ForceActivate');
  }

  /** A plugin no longer holds the pod back. It is tried if something called for that meanwhile, or if it must be. */
  release(uid: string, plugin: string, must: boolean): void {
    if (must || this.#entries.get(uid)?.gatedBy === plugin) this.activate(uid);
  }

  /** Takes the next pod. The caller ends the attempt with remove() or giveBack(). */
  take(): QueuedPod | undefined {
    let next = this.#active.pop();
    if (!next) {
      next = this.#cutShort();
      if (next) this.#backoff.delete(next.uid);
      this.#setBackoffTimer();
    }
    if (!next) return undefined;
    next.attempts++;
    this.#inFlight.begin(next.uid);
    return next;
  }

  /** Puts a pod back that found no node or whose binding failed. */
  giveBack(uid: string, { refusedBy, spareBackoff = false }: Outcome): void {
    const entry = this.#entries.get(uid);
    const happenings = this.#inFlight.end(uid);
    if (!entry) return;
    const now = this.#clock.now();
    const isSpared = spareBackoff && entry.spared < maxSpared;
    entry.spared = isSpared ? entry.spared + 1 : 0;
    if (isSpared) entry.attempts--;
    entry.sinceMs = now;
    entry.refusedBy = refusedBy;
    entry.failed = refusedBy.size === 0;
    entry.readyAtMs = isSpared ? now : now + backoffMs(this.#backoffLimits, entry.attempts);
    if (refusedBy.size === 0 || happenings === 'lost') this.#requeue(entry, 'ScheduleAttemptFailure');
    else {
      const helpful = happenings.find((happening) => this.#helps(happening, entry));
      if (helpful) this.#requeue(entry, helpful.event);
      else this.#park(entry, 'ScheduleAttemptFailure');
    }
  }

  /** Tells of a change in the cluster; pods that it may help come back. */
  onEvent(happening: Happening): void {
    const listeners = this.#plugins.listeners(happening.event);
    if (listeners.length === 0) return;
    this.#inFlight.note(happening);
    for (const entry of this.#unschedulable.refusedBy(listeners)) {
      if (this.#helps(happening, entry)) this.#requeue(entry, happening.event);
    }
  }

  [Symbol.dispose](): void {
    this.#backoffTimer?.[Symbol.dispose]();
    this.#leftoverTimer?.[Symbol.dispose]();
    this.#active.clear();
    this.#backoff.clear();
    this.#unschedulable.clear();
    this.#entries.clear();
  }

  #helps(happening: Happening, entry: QueueEntry): boolean {
    // What changed in one waiting pod is for no other to hear; that its own placement was taken back does not help it.
    if (happening.event === 'PodUpdate' && uidOf(happening.current) !== entry.uid) return false;
    if (happening.event === 'AssignedPodDelete' && uidOf(happening.previous) === entry.uid) return false;
    return this.#plugins.helps(happening, entry.pod, entry.refusedBy);
  }

  /** To the active queue, or first to the end of its back-off. */
  #requeue(entry: QueueEntry, event: string): void {
    this.#unschedulable.delete(entry.uid);
    if (entry.readyAtMs <= this.#clock.now() || this.#plugins.gateOf(entry.pod) !== undefined) {
      this.#activate(entry, event);
      return;
    }
    this.#backoff.set(entry);
    this.#onIncoming('backoff', event);
    this.#setBackoffTimer();
    if (this.#cutShort()) this.#wake();
  }

  #activate(entry: QueueEntry, event: string): void {
    entry.gatedBy = this.#plugins.gateOf(entry.pod);
    if (entry.gatedBy !== undefined) {
      entry.refusedBy = new Set([...entry.refusedBy, entry.gatedBy]);
      this.#park(entry, event);
      return;
    }
    this.#active.set(entry);
    this.#onIncoming('active', event);
    this.#wake();
  }

  #park(entry: QueueEntry, event: string): void {
    entry.sinceMs = this.#clock.now();
    this.#unschedulable.add(entry);
    this.#onIncoming(entry.gatedBy === undefined ? 'unschedulable' : 'gated', event);
    this.#setLeftoverTimer();
  }

  /** A pod whose back-off may be cut short now. */
  #cutShort(): QueueEntry | undefined {
    if (this.#backoff.size === 0 || this.#backoff.size > maxCutShort || this.#active.size > 0) return undefined;
    const next = this.#backoff.peek();
    return next?.failed === false ? next : undefined;
  }

  #setBackoffTimer(): void {
    this.#backoffTimer?.[Symbol.dispose]();
    this.#backoffTimer = undefined;
    const next = this.#backoff.peek();
    if (!next) return;
    const delayMs = Math.max(0, next.readyAtMs - this.#clock.now());
    this.#backoffTimer = this.#clock.setTimer(delayMs, () => {
      const now = this.#clock.now();
      for (let entry = this.#backoff.peek(); entry && entry.readyAtMs <= now; entry = this.#backoff.peek()) {
        this.#backoff.delete(entry.uid);
        this.#activate(entry, 'BackoffComplete');
      }
      this.#setBackoffTimer();
    });
  }

  #setLeftoverTimer(): void {
    const oldest = this.#unschedulable.oldest();
    if (!oldest) {
      this.#leftoverTimer?.[Symbol.dispose]();
      this.#leftoverTimer = undefined;
    }
    if (!oldest || this.#leftoverTimer) return;
    const delayMs = Math.max(0, oldest.sinceMs + leftoverRetryMs - this.#clock.now());
    this.#leftoverTimer = this.#clock.setTimer(delayMs, () => this.#retryLeftovers()).unref();
  }

  #retryLeftovers(): void {
    this.#leftoverTimer = undefined;
    const dueSince = this.#clock.now() - leftoverRetryMs;
    for (let entry = this.#unschedulable.oldest(); entry && entry.sinceMs <= dueSince; ) {
      this.#unschedulable.delete(entry.uid);
      // A gated pod is parked anew, at the end and with a new date.
      this.#activate(entry, 'UnschedulableTimeout');
      entry = this.#unschedulable.oldest();
    }
    this.#setLeftoverTimer();
  }
}

function uidOf(pod: unknown): string | undefined {
  return (pod as Pod | undefined)?.metadata.uid;
}
