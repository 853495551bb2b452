/**
 * Runs the pods of the node: one worker per pod, woken by its object, its containers, its probes and its timers. Each
 * run looks at everything and does what is next. A pod that hangs on its volumes or its grace period holds up nobody.
 *
 * Upstream: pkg/kubelet/pod_workers.go.
 */
import { isAbort, messageOf, type Timer } from '../../base/index.ts';
import { done, type Reconcile, runReconciler, type WorkQueue } from '../../client/index.ts';
import { isPodPhaseTerminal } from '../../component-helpers/index.ts';
import {
  adoptOrphanContainers,
  type KnownProblems,
  orphanRetryMs,
  removeOrphanDirectories,
  removeOrphanLogs,
} from './housekeeping.ts';
import { type ProbeNetwork, realProbeNetwork } from './network-action.ts';
import { allContainersOf, hasEnded } from './pod-containers.ts';
import type { PodContext } from './pod-context.ts';
import type { PodManager } from './pod-manager.ts';
import { ProbeManager } from './probe-manager.ts';
import { publishStatus } from './publish-status.ts';
import { StatusWriter } from './status-writer.ts';
import { stopContainer } from './stop-container.ts';
import { syncPod } from './sync-pod.ts';
import { terminatePod } from './terminate-pod.ts';
import type { WorkerHost } from './worker-host.ts';

export interface PodWorkersOptions extends PodContext {
  readonly manager: PodManager;
  readonly network?: ProbeNetwork;
}

/** More than a node can have pods: each may wait for as long as it must. */
const concurrency = 1_000;
/** A step that failed for a reason of the node's own is soon tried again. */
const backoff = { initialMs: 100, maxMs: 30_000 };
/** The key of what concerns no pod: it cannot be a uid. */
const housekeepingKey = '/housekeeping';

export class PodWorkers implements AsyncDisposable {
  readonly #host: WorkerHost;
  readonly #queue: WorkQueue & AsyncDisposable;
  readonly #subscriptions = new DisposableStack();
  readonly #knownProblems: KnownProblems = new Map();
  #retry: Timer | undefined;

  constructor(options: PodWorkersOptions) {
    const { manager, clock, logger, client } = options;
    const network = options.network ?? realProbeNetwork;
    const probes = new ProbeManager({ ...options, network }, (podUid) => this.#queue.add(podUid));
    this.#host = {
      ...options,
      network,
      probes,
      statusWriter: new StatusWriter({ client, clock, logger }),
      publish: (state) => publishStatus(this.#host, state),
    };
    const reconcile: Reconcile = (key) => this.#reconcile(key);
    this.#queue = runReconciler({ name: 'pod-workers', clock, logger, reconcile, concurrency, backoff });
    this.#subscriptions.use(probes);
    this.#subscriptions.use(manager.onChange((podUid) => this.#wake(podUid)));
  }

  /** Begins to work on the pods. Nothing is started or stopped before the runtime has said what runs already. */
  async start(signal: AbortSignal): Promise<void> {
    const { runtime, manager, clock, logger } = this.#host;
    for (;;) {
      try {
        manager.learnRecords(await runtime.list());
        return;
      } catch (thrown) {
        logger.error('containers cannot be listed', { error: messageOf(thrown) });
        await clock.sleep(backoff.maxMs / 10, signal);
      }
    }
  }

  /** Ends every container for the sake of the machine's shutdown. The pods stay in the API and run again later. */
  async stopContainers(graceLimitMs: number): Promise<void> {
    await this.#stopWorkers();
    const { manager } = this.#host;
    const stops = manager.states().flatMap((state) =>
      manager
        .recordsOf(state.uid)
        .filter((record) => !hasEnded(record))
        .map((record) => {
          const name = record.identity.containerName;
          const container = allContainersOf(state.pod).find((candidate) => candidate.name === name);
          const graceMs = Math.min((state.pod.spec.terminationGracePeriodSeconds ?? 0) * 1000, graceLimitMs);
          return stopContainer(this.#host, state, {
            container,
            record,
            graceMs,
            message: `Stopping container ${name}`,
          });
        }),
    );
    const results = await Promise.allSettled(stops);
    for (const result of results) {
      if (result.status === 'rejected')
        this.#host.logger.error('container not stopped', { error: messageOf(result.reason) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stopWorkers();
    await this.#host.statusWriter[Symbol.asyncDispose]();
  }

  async #stopWorkers(): Promise<void> {
    this.#subscriptions.dispose();
    this.#retry?.[Symbol.dispose]();
    for (const state of this.#host.manager.states()) state.interrupt();
    await this.#queue[Symbol.asyncDispose]();
  }

  #wake(podUid: string | undefined): void {
    const { manager } = this.#host;
    if (!manager.recordsKnown || !manager.sourcesReady()) return;
    if (podUid !== undefined) {
      this.#queue.add(podUid);
      if (!manager.findState(podUid)) this.#queue.add(housekeepingKey);
      return;
    }
    for (const state of manager.states()) this.#queue.add(state.uid);
    this.#queue.add(housekeepingKey);
  }

  async #reconcile(key: string) {
    if (key === housekeepingKey) return await this.#keepHouse();
    const state = this.#host.manager.findState(key);
    if (!state) return done;
    try {
      if (state.isTerminating || isPodPhaseTerminal(state.pod)) return await terminatePod(this.#host, state);
      return await syncPod(this.#host, state);
    } catch (thrown) {
      // The pod has changed: the change has queued it already.
      if (isAbort(thrown)) return done;
      throw thrown;
    }
  }

  async #keepHouse() {
    adoptOrphanContainers(this.#host);
    await removeOrphanLogs(this.#host);
    const left = await removeOrphanDirectories(this.#host, this.#knownProblems);
    if (left) {
      this.#retry?.[Symbol.dispose]();
      this.#retry = this.#host.clock.setTimer(orphanRetryMs, () => this.#queue.add(housekeepingKey));
    }
    return done;
  }
}
