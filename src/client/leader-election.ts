/**
 * Runs work while this process holds a Lease. At most one holder works at a time, as long as the deadline to renew is
 * shorter than the lease: a holder that cannot renew stops before another may start. Who waits is woken by the lease's
 * changes and takes it the moment it expires or is given back.
 */
import { isConflict, isForbidden, isNotFound, type Lease, leases } from '../api/index.ts';
import {
  abortError,
  assert,
  type Clock,
  isAbort,
  type Logger,
  messageOf,
  microTimestamp,
  onAbort,
  type Random,
  TimeoutError,
  withDeadline,
} from '../base/index.ts';
import type { Gauge, MetricsRegistry } from '../metrics/index.ts';
import type { Client } from './client.ts';
import type { EventRecorder } from './events.ts';
import { type Claimant, heldBy, type ObservedLease, observe, released, takeableInMs } from './lease-record.ts';

export interface LeaderElectionOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Unique among the candidates: host name and something random. */
  readonly identity: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** How long others wait for a silent holder; 15 s unless given. */
  readonly leaseDurationMs?: number;
  /** When a holder that cannot renew gives up; 10 s unless given. Less than the lease. */
  readonly renewDeadlineMs?: number;
  /** Between renewals and between tries; 5 s unless given. Less than the deadline. */
  readonly retryPeriodMs?: number;
  /** Ends waiting and leading. */
  readonly signal: AbortSignal;
  /** The lease is this process's as of now. */
  readonly onHeld?: () => void;
  readonly onNewLeader?: (identity: string) => void;
  /** Tells of the lease when this process becomes the leader and when it stops: upstream's `LeaderElection`. */
  readonly recorder?: EventRecorder;
  readonly metrics?: MetricsRegistry;
}

/** `lost`: the lease could not be renewed in time, and work was stopped. `stopped`: by the signal, or work ended. */
export type LeadershipEnd = 'lost' | 'stopped';

const defaults = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 5_000 };
/** Spreads the tries of many candidates, as upstream does. */
const jitterFactor = 1.2;
/** Between tries to renew when one has failed: the deadline leaves room for some. */
const failedRenewalRetryMs = 1_000;
/** A lease is given back only when the work has ended; for a work that does not end it is left to expire. */
const workEndTimeoutMs = 10_000;
const releaseTimeoutMs = 5_000;
/** The server ends the watch of a waiting candidate after this long; it begins another. */
const watchTimeoutSeconds = 600;

/** Waits for the lease, runs the work, and resolves when leadership is over. Rejects with what the work threw. */
export async function runAsLeader(
  options: LeaderElectionOptions,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<LeadershipEnd> {
  const elector = new LeaderElector(options);
  try {
    await elector.acquire();
  } catch (thrown) {
    if (options.signal.aborted) return 'stopped';
    throw thrown;
  }
  return await elector.lead(work);
}

class LeaderElector {
  readonly #options: LeaderElectionOptions & typeof defaults;
  readonly #claimant: Claimant;
  #observed: ObservedLease | undefined;
  #leader: string | undefined;
  readonly #masterStatus: Gauge | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = { ...defaults, ...options };
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs, identity } = this.#options;
    assert(leaseDurationMs > renewDeadlineMs && renewDeadlineMs > retryPeriodMs, 'lease > deadline > retry period');
    this.#claimant = { identity, leaseDurationMs };
    this.#masterStatus = options.metrics?.gauge({
      name: 'leader_election_master_status',
      help: 'Whether this process leads: 1 the leader, 0 not.',
      labels: ['name'],
    });
    this.#masterStatus?.set(0, [options.lease.name]);
  }

  /** Resolves when the lease is ours; rejects when the signal aborts. */
  async acquire(): Promise<void> {
    const { clock, random, logger, lease, signal, retryPeriodMs } = this.#options;
    const { namespace, name } = lease;
    let changed = Promise.withResolvers<void>();
    const stopWatching = new AbortController();
    using stopped = onAbort(signal, () => stopWatching.abort());
    void stopped;
    let watching: Promise<void> | undefined;
    while (!(await this.#try(signal))) {
      // An uncontested lease needs no watch.
      watching ??= this.#watch(stopWatching.signal, () => changed.resolve());
      const retryMs = retryPeriodMs * (1 + jitterFactor * random.next());
      const nowMs = clock.monotonic();
      const freeInMs = this.#observed ? takeableInMs(this.#observed, this.#claimant, nowMs) : retryMs;
      await sleepUntil(changed.promise, { clock, delayMs: Math.max(1, Math.min(retryMs, freeInMs)), signal });
      changed = Promise.withResolvers();
    }
    stopWatching.abort();
    await watching;
    logger.info('became the leader', { lease: name, namespace, identity: this.#options.identity });
    this.#tell('became leader');
    this.#masterStatus?.set(1, [name]);
  }

  /**
   * Wakes with every change of the lease, so that one that is given back is taken at once. Who may not watch, as
   * upstream's scheduler, looks once in a period.
   */
  async #watch(signal: AbortSignal, wake: () => void): Promise<void> {
    const { client, clock, lease, retryPeriodMs } = this.#options;
    const selection = { namespace: lease.namespace, fieldSelector: `metadata.name=${lease.name}` };
    while (!signal.aborted) {
      try {
        await using events = await client.watch(leases, { ...selection, timeoutSeconds: watchTimeoutSeconds, signal });
        for await (const { type } of events) if (type !== 'ERROR') wake();
      } catch (thrown) {
        if (isForbidden(thrown)) return;
      }
      await clock.sleep(retryPeriodMs, signal).catch(() => {});
    }
  }

  /** Runs the work and renews the lease beside it. */
  async lead(work: (signal: AbortSignal) => Promise<void>): Promise<LeadershipEnd> {
    const { clock, logger, lease, signal } = this.#options;
    const stop = new AbortController();
    using stopped = onAbort(signal, () => stop.abort(signal.reason));
    void stopped;
    const working = work(stop.signal).finally(() => stop.abort());
    // Awaited below, perhaps after the renewal has ended.
    working.catch(() => {});
    const end = await this.#renewUntil(stop.signal);
    this.#masterStatus?.set(0, [lease.name]);
    if (end === 'lost') logger.error('lost the lease', { lease: lease.name, namespace: lease.namespace });
    this.#tell('stopped leading');
    stop.abort();
    const ended = withDeadline({ clock, timeoutMs: workEndTimeoutMs, what: 'end of the leader’s work' }, () => working);
    try {
      await ended;
    } catch (thrown) {
      // The abort that we asked for is how most work ends.
      if (!isAbort(thrown)) {
        if (!(thrown instanceof TimeoutError) && end === 'stopped') await this.#release();
        throw thrown;
      }
    }
    if (end === 'stopped') await this.#release();
    return end;
  }

  async #renewUntil(signal: AbortSignal): Promise<LeadershipEnd> {
    const { clock, renewDeadlineMs, retryPeriodMs } = this.#options;
    for (let renewedMs = clock.monotonic(); ; ) {
      const failed = clock.monotonic() - renewedMs >= retryPeriodMs;
      await clock.sleep(failed ? failedRenewalRetryMs : retryPeriodMs, signal).catch(() => {});
      if (signal.aborted) return 'stopped';
      const startedMs = clock.monotonic();
      const leftMs = renewedMs + renewDeadlineMs - startedMs;
      if (leftMs <= 0) return 'lost';
      const held = await this.#try(signal, leftMs).catch(() => false);
      if (signal.aborted) return 'stopped';
      if (held) renewedMs = startedMs;
      else if (this.#observed?.lease.spec.holderIdentity !== this.#options.identity) return 'lost';
    }
  }

  /** Whether the lease is ours now. Failures count as no; only the signal's abort is thrown. */
  async #try(signal: AbortSignal, timeoutMs = this.#options.renewDeadlineMs): Promise<boolean> {
    const { clock, logger, lease } = this.#options;
    try {
      const held = await withDeadline({ clock, timeoutMs, what: `lease ${lease.name}`, signal }, (inner) =>
        this.#take(inner),
      );
      if (held) this.#options.onHeld?.();
      return held;
    } catch (thrown) {
      if (signal.aborted) throw abortError(signal);
      const fields = { lease: lease.name, namespace: lease.namespace, error: messageOf(thrown) };
      if (isConflict(thrown)) logger.debug('another candidate wrote the lease first', fields);
      else logger.warn('cannot take or renew the lease', fields);
      return false;
    }
  }

  async #take(signal: AbortSignal): Promise<boolean> {
    const { client, clock, lease: key, labels } = this.#options;
    const now = microTimestamp(clock);
    const found = await client.get(leases, key, { signal }).catch((thrown: unknown) => {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    });
    if (!found) {
      const metadata = { ...key, ...(labels ? { labels } : {}) };
      const spec = heldBy(undefined, this.#claimant, now);
      this.#see(await client.create<Lease>(leases, { metadata, spec }, { signal }));
      return true;
    }
    this.#see(found);
    assert(this.#observed, 'a lease was seen');
    if (takeableInMs(this.#observed, this.#claimant, clock.monotonic()) > 0) return false;
    const spec = heldBy(found.spec, this.#claimant, now);
    const metadata = labels ? { ...found.metadata, labels: { ...found.metadata.labels, ...labels } } : found.metadata;
    this.#see(await client.update(leases, { ...found, metadata, spec }, { signal }));
    return true;
  }

  #tell(what: string): void {
    const { recorder, identity } = this.#options;
    if (this.#observed) recorder?.event(this.#observed.lease, 'Normal', 'LeaderElection', `${identity} ${what}`);
  }

  #see(lease: Lease): void {
    this.#observed = observe(this.#observed, lease, this.#options.clock.monotonic());
    const leader = lease.spec.holderIdentity ?? '';
    if (leader === this.#leader) return;
    this.#leader = leader;
    if (leader) this.#options.onNewLeader?.(leader);
  }

  /** Spares the next leader the wait. Without success the lease expires. */
  async #release(): Promise<void> {
    const { client, clock, logger } = this.#options;
    const lease = this.#observed?.lease;
    if (!lease) return;
    const spec = released(lease.spec, microTimestamp(clock));
    await withDeadline({ clock, timeoutMs: releaseTimeoutMs, what: 'release of the lease' }, (signal) =>
      client.update(leases, { ...lease, spec }, { signal }),
    ).catch((error: unknown) => logger.warn('the lease is left to expire', { error: messageOf(error) }));
  }
}

/** Resolves with the event or after the delay, whichever is first; rejects when the signal aborts. */
async function sleepUntil(
  event: Promise<void>,
  options: { readonly clock: Clock; readonly delayMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const { clock, delayMs, signal } = options;
  const cut = new AbortController();
  using outer = onAbort(signal, () => cut.abort());
  void outer;
  const slept = clock.sleep(delayMs, cut.signal).catch(() => {});
  await Promise.race([event, slept]);
  cut.abort();
  if (signal.aborted) throw abortError(signal);
}
