/**
 * What the agent knows about one pod beyond its object. Created when the pod is first seen, gone when nothing of it is
 * left on the node. Only the pod's own worker changes it, but for the events that come in through pod-manager.ts.
 */
import type { Pod, PodStatus } from '../../api/index.ts';
import type { WaitingReason } from './container-status.ts';
import { CrashBackoff } from './crash-backoff.ts';
import type { Verdict } from './pod-status.ts';

/** The phases of a pod's work on the node; it only ever goes forward. */
export type PodStage =
  /** Containers are kept running. */
  | 'running'
  /** Containers are being stopped for good. */
  | 'terminating'
  /** No container runs; volumes and directories are going. */
  | 'terminated'
  /** Nothing is left but logs, records and the object. */
  | 'cleaned';

export class PodState {
  readonly uid: string;
  /** The newest object, or the last one when it is gone. */
  pod: Pod;
  /** Whether the API server holds the pod. */
  inApi: boolean;
  stage: PodStage = 'running';
  /** Every container ended by itself: the pod is Succeeded or Failed. */
  finished = false;
  /** The node's own reason to end the pod. */
  verdict: Verdict | undefined;
  /** Containers whose start is on the way. */
  starting = 0;
  readonly backoff = new CrashBackoff();
  /** Why containers are not being started, by name. */
  readonly waiting = new Map<string, WaitingReason>();
  /** Texts that ended containers left, by id. */
  readonly terminationMessages = new Map<string, string>();
  /** Containers whose preStop hook has been run, by id. */
  readonly stopHooksRun = new Set<string>();
  /** Instances that were told to stop, by id: each is announced once. */
  readonly announcedStops = new Set<string>();
  /** The status that was generated last. */
  status: PodStatus | undefined;
  #interruption = new AbortController();

  constructor(pod: Pod, inApi: boolean) {
    this.uid = pod.metadata.uid;
    this.pod = pod;
    this.inApi = inApi;
  }

  /** Ends what the worker waits for: something has happened that changes what it has to do. */
  interrupt(): void {
    this.#interruption.abort();
    this.#interruption = new AbortController();
  }

  get interruption(): AbortSignal {
    return this.#interruption.signal;
  }

  get isTerminating(): boolean {
    return this.stage !== 'running' || this.finished || this.verdict !== undefined || this.mustGo;
  }

  /** The pod was deleted, or its object has gone. */
  get mustGo(): boolean {
    return !this.inApi || this.pod.metadata.deletionTimestamp !== undefined;
  }
}
