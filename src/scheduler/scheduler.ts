/**
 * The scheduler: takes waiting pods one by one, chooses a node for each in memory, and lets the slow part (binding the
 * volumes, then the pod) run beside the next attempts. What it has chosen is assumed in its cache until the API shows
 * it or it is taken back.
 */
import { isConflict, isNotFound, keyOf, type Pod, pods } from '../api/index.ts';
import { assert, type Clock, type DecisionLog, type Logger, messageOf } from '../base/index.ts';
import type { Client, EventRecorder, InformerFactory } from '../client/index.ts';
import { isPodPhaseTerminal } from '../component-helpers/index.ts';
import type { MetricsRegistry } from '../metrics/index.ts';
import { SchedulerCache } from './cache/scheduler-cache.ts';
import { ClaimGrace } from './claim-grace.ts';
import { addEventHandlers } from './event-handlers.ts';
import { explainFailure, explainPlacement, forgetExplanation } from './explain.ts';
import { FitError } from './framework/fit-error.ts';
import type { Placement } from './framework/framework.ts';
import { Nominator } from './framework/nominator.ts';
import type { QueuedPod } from './framework/plugin.ts';
import { PluginError } from './framework/plugin-error.ts';
import { defaultSchedulerName, schedulerNameOf } from './framework/scheduler-name.ts';
import { SchedulerMetrics } from './metrics.ts';
import { createVolumeCaches } from './plugins/volume-plugins.ts';
import { createProfile, type Profile, type SchedulerProfile } from './profile.ts';
import { type Backoff, SchedulingQueue } from './queue/scheduling-queue.ts';
import { clearNomination, type ReporterOptions, reportFailure } from './report.ts';

export interface SchedulerOptions {
  readonly client: Client;
  /** Not started yet: the scheduler adds its handlers and indexes. */
  readonly informers: InformerFactory;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Pods that name none of these are left alone. Default: one for pods that name no scheduler. */
  readonly profiles?: readonly SchedulerProfile[];
  /** See SchedulingQueueOptions. */
  readonly backoff?: Backoff;
  /** Where the scheduler counts; its metrics are defined in one file. */
  readonly metrics?: MetricsRegistry;
  /** Why a pod waits, per node, under `pod/<namespace>/<name>`. */
  readonly decisions?: DecisionLog;
}

/** Pods placed before the event loop gets its turn again. */
const podsPerTurn = 8;

export class Scheduler implements AsyncDisposable {
  readonly #options: SchedulerOptions;
  readonly #cache = new SchedulerCache();
  readonly #nominator = new Nominator();
  readonly #queue: SchedulingQueue;
  /** By the name that pods give. */
  readonly #profiles: ReadonlyMap<string, Profile>;
  readonly #metrics: SchedulerMetrics;
  readonly #observed: Disposable;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #claimGrace: ClaimGrace;
  #pumpScheduled = false;
  #started = false;

  constructor(options: SchedulerOptions) {
    const { clock, informers } = options;
    this.#options = options;
    this.#claimGrace = new ClaimGrace({
      clock,
      signal: this.#stop.signal,
      retry: (uid) => this.#queue.activate(uid),
    });
    this.#metrics = new SchedulerMetrics(clock, options.metrics);
    this.#profiles = this.#createProfiles(options.profiles ?? [{ schedulerName: defaultSchedulerName }]);
    this.#queue = new SchedulingQueue({
      clock,
      plugins: new Map([...this.#profiles].map(([name, { plugins }]) => [name, plugins])),
      ...(options.backoff ? { backoff: options.backoff } : {}),
      wake: () => this.#schedulePump(),
      onIncoming: (queue, event) => this.#metrics.incoming(queue, event),
    });
    this.#observed = this.#metrics.observeQueues(() => this.#queue.counts);
    addEventHandlers({
      informers,
      cache: this.#cache,
      queue: this.#queue,
      nominator: this.#nominator,
      isOurs: (pod) => this.#profiles.has(schedulerNameOf(pod)) && !isPodPhaseTerminal(pod),
      settled: (pod) => {
        this.#claimGrace.forget(pod.metadata.uid);
        this.#nominator.remove(pod.metadata.uid);
        if (pod.metadata.deletionTimestamp) forgetExplanation(options.decisions, pod);
      },
    });
  }

  /** Begins to place pods. Call when the informers have synced. */
  start(): void {
    this.#started = true;
    this.#schedulePump();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#observed[Symbol.dispose]();
    this.#queue[Symbol.dispose]();
    await Promise.allSettled(this.#running);
  }

  #createProfiles(given: readonly SchedulerProfile[]): ReadonlyMap<string, Profile> {
    const surroundings = {
      ...this.#options,
      signal: this.#stop.signal,
      nominator: this.#nominator,
      caches: createVolumeCaches(this.#options.informers),
      track: (work: Promise<void>) => this.#track(work),
      finished: ({ metadata: { uid } }: Pod, failed: boolean) => this.#queue.release(uid, 'DefaultPreemption', failed),
      lostNomination: (pod: Pod) => this.#clearNomination(pod),
      metrics: this.#metrics,
    };
    return new Map(given.map((profile) => [profile.schedulerName, createProfile(profile, surroundings)]));
  }

  /** Of a pod that came into the queue, which only those of a profile do. */
  #profileOf(pod: Pod): Profile {
    const profile = this.#profiles.get(schedulerNameOf(pod));
    assert(profile, 'only pods of a profile are queued');
    return profile;
  }

  #schedulePump(): void {
    if (this.#pumpScheduled || !this.#started || this.#stop.signal.aborted) return;
    this.#pumpScheduled = true;
    this.#options.clock.afterTurn(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (let i = 0; i < podsPerTurn && !this.#stop.signal.aborted; i++) {
      const queued = this.#queue.take();
      if (!queued) return;
      this.#scheduleOne(queued);
    }
    if (this.#queue.hasWork) this.#schedulePump();
  }

  #scheduleOne(queued: QueuedPod): void {
    const { pod } = queued;
    const { framework } = this.#profileOf(pod);
    const startMs = this.#metrics.now();
    let placement: Placement;
    try {
      placement = framework.place(pod, this.#cache);
      framework.reserve(placement, pod);
      this.#metrics.chose(startMs);
    } catch (thrown) {
      this.#giveBack(queued, thrown, startMs);
      return;
    }
    this.#cache.setPod(assumedOn(pod, placement.node.metadata.name));
    this.#nominator.remove(pod.metadata.uid);
    this.#track(this.#bind(queued, placement, startMs));
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  async #bind(queued: QueuedPod, placement: Placement, startMs: number): Promise<void> {
    const { clock, logger } = this.#options;
    const { pod } = queued;
    const { name: profile, framework, recorder } = this.#profileOf(pod);
    const { node } = placement;
    const { signal } = this.#stop;
    try {
      await framework.bind(placement, pod, signal);
      this.#queue.remove(pod.metadata.uid);
      this.#claimGrace.forget(pod.metadata.uid);
      const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
      this.#metrics.attempted('scheduled', profile, startMs);
      this.#metrics.placed(queued.attempts, clock.now() - queued.firstSeenMs);
      explainPlacement(this.#options.decisions, pod, node.metadata.name);
      recorder.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${name} to ${node.metadata.name}`);
    } catch (thrown) {
      framework.unreserve(placement, pod);
      this.#forget(pod, node.metadata.name);
      if (signal.aborted) return;
      if (isConflict(causeOf(thrown)) && (await this.#isSettledElsewhere(pod))) {
        this.#queue.remove(pod.metadata.uid);
        return;
      }
      logger.info('pod could not be bound', { pod: keyOf(pod), node: node.metadata.name, error: messageOf(thrown) });
      this.#giveBack(queued, thrown, startMs);
    }
  }

  /** Whether the API server knows better than what is seen here that the pod needs no node: another scheduler was first. */
  async #isSettledElsewhere({ metadata }: Pod): Promise<boolean> {
    try {
      const live = await this.#options.client.get(pods, metadata, { signal: this.#stop.signal });
      return live.metadata.uid !== metadata.uid || Boolean(live.spec.nodeName);
    } catch (error) {
      return isNotFound(error);
    }
  }

  /** Takes an assumed pod out of the cache, unless the API has confirmed it meanwhile. */
  #forget(pod: Pod, nodeName: string): void {
    const current = this.#options.informers.informer(pods).get(keyOf(pod));
    if (current?.metadata.uid !== pod.metadata.uid || !current.spec.nodeName) this.#cache.removePod(pod.metadata.uid);
    this.#queue.onEvent({ event: 'AssignedPodDelete', previous: assumedOn(pod, nodeName) });
  }

  #giveBack(queued: QueuedPod, thrown: unknown, startMs: number): void {
    const { pod } = queued;
    const failure = causeOf(thrown);
    const current = this.#options.informers.informer(pods).get(keyOf(pod));
    const gone = !current || current.metadata.uid !== pod.metadata.uid || current.spec.nodeName || isNotFound(failure);
    if (gone || current.metadata.deletionTimestamp) {
      this.#queue.remove(pod.metadata.uid);
      return;
    }
    const diagnosis = thrown instanceof FitError ? thrown.diagnosis : undefined;
    const quiet = diagnosis?.waitsForClaims === true && this.#claimGrace.covers(pod.metadata.uid);
    this.#metrics.attempted(diagnosis ? 'unschedulable' : 'error', schedulerNameOf(pod), startMs);
    explainFailure(this.#options.decisions, pod, thrown);
    const nominatedNodeName = diagnosis?.nominatedNodeName;
    if (nominatedNodeName) this.#nominator.add(current, nominatedNodeName);
    else if (nominatedNodeName === '') this.#nominator.remove(pod.metadata.uid);
    const refusedBy = diagnosis?.plugins ?? new Set<string>();
    const lostRace = isConflict(failure);
    this.#queue.giveBack(pod.metadata.uid, { refusedBy, spareBackoff: quiet || lostRace });
    if (quiet) return;
    this.#track(
      reportFailure(this.#reporterFor(pod), current, {
        reason: diagnosis ? 'Unschedulable' : 'SchedulerError',
        message: messageOf(thrown),
        ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }),
      }),
    );
  }

  #reporterFor(pod: Pod): ReporterOptions {
    const { client, clock, logger } = this.#options;
    return { client, clock, recorder: this.#profileOf(pod).recorder, logger, signal: this.#stop.signal };
  }

  async #clearNomination(pod: Pod): Promise<void> {
    this.#nominator.remove(pod.metadata.uid);
    const current = this.#options.informers.informer(pods).get(keyOf(pod));
    if (current?.metadata.uid === pod.metadata.uid) await clearNomination(this.#reporterFor(pod), current);
    this.#queue.activate(pod.metadata.uid);
  }
}

function causeOf(thrown: unknown): unknown {
  return thrown instanceof PluginError ? thrown.cause : thrown;
}

function assumedOn(pod: Pod, nodeName: string): Pod {
  return { ...pod, spec: { ...pod.spec, nodeName } };
}
