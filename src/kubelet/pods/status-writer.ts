/**
 * Brings pod.status to the API server: at once when something has changed, here or there, and never when nothing has.
 * While a write is on the way only the newest status waits.
 */
import { isConflict, isNewerVersion, isNotFound, type Pod, type PodStatus, pods } from '../../api/index.ts';
import { Backoff, type Clock, isAbort, type Logger, messageOf } from '../../base/index.ts';
import type { Client } from '../../client/index.ts';

export interface StatusWriterOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Entry {
  readonly pod: Pod;
  readonly status: PodStatus;
}

const retry = { initialMs: 200, maxMs: 10_000 };

/** Keys that the node writes: one that it leaves out has to go from the object. */
const optionalKeys = ['message', 'reason', 'podIP', 'podIPs', 'initContainerStatuses'] as const;

/** The same status, whatever the order of its keys. */
function fingerprint(status: PodStatus | undefined): string {
  return JSON.stringify(status, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value).filter(([, member]) => member !== undefined && member !== null);
    return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
  });
}

/** What the API server was last made to hold. */
interface Written {
  readonly text: string;
  readonly resourceVersion: string;
}

/**
 * Whether somebody else has changed what the node says of the pod: a node that nobody hears of is taken for lost, and its
 * pods for not ready. Upstream: status_manager.go needsReconcile.
 */
function isOverwritten(pod: Pod, written: Written, status: PodStatus): boolean {
  if (!isNewerVersion(pod.metadata.resourceVersion, written.resourceVersion)) return false;
  const held = new Map(pod.status?.conditions?.map((condition) => [condition.type, condition.status]));
  return (status.conditions ?? []).some((condition) => held.get(condition.type) !== condition.status);
}

export class StatusWriter implements AsyncDisposable {
  readonly #options: StatusWriterOptions;
  readonly #wanted = new Map<string, Entry>();
  readonly #written = new Map<string, Written>();
  readonly #writing = new Map<string, Promise<void>>();
  readonly #backoff = new Backoff<string>(retry);
  readonly #stop = new AbortController();

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** Hands over the pod's status. It is written in the background. */
  set(pod: Pod, status: PodStatus): void {
    const { uid } = pod.metadata;
    // What the API server holds already need not be written: as after the agent's restart.
    const { resourceVersion } = pod.metadata;
    let known = this.#written.get(uid);
    if (!known || isOverwritten(pod, known, status)) known = { text: fingerprint(pod.status), resourceVersion };
    this.#written.set(uid, known);
    this.#wanted.set(uid, { pod, status });
    if (!this.#writing.has(uid) && known.text === fingerprint(status)) this.#wanted.delete(uid);
    else this.#start(uid);
  }

  /** Resolves when the API server holds the last status, or nothing can be written any more. */
  async flush(podUid: string): Promise<void> {
    await this.#writing.get(podUid);
  }

  forget(podUid: string): void {
    this.#wanted.delete(podUid);
    this.#written.delete(podUid);
    this.#backoff.forget(podUid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#writing.values());
  }

  #start(uid: string): void {
    if (this.#writing.has(uid) || this.#stop.signal.aborted) return;
    const writing = this.#write(uid).finally(() => this.#writing.delete(uid));
    this.#writing.set(uid, writing);
  }

  async #write(uid: string): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#stop;
    for (let entry = this.#wanted.get(uid); entry && !signal.aborted; entry = this.#wanted.get(uid)) {
      const text = fingerprint(entry.status);
      try {
        if (text !== this.#written.get(uid)?.text) {
          const { metadata } = await this.#patch(entry, signal);
          this.#written.set(uid, { text, resourceVersion: metadata.resourceVersion });
        }
        this.#backoff.forget(uid);
        if (this.#wanted.get(uid) === entry) this.#wanted.delete(uid);
      } catch (thrown) {
        if (isNotFound(thrown) || isConflict(thrown)) {
          // The pod has gone, or another one has its name.
          this.#wanted.delete(uid);
          return;
        }
        if (isAbort(thrown)) return;
        const { namespace, name } = entry.pod.metadata;
        logger.warn('pod status not written', { pod: `${namespace}/${name}`, error: messageOf(thrown) });
        await clock.sleep(this.#backoff.next(uid), signal).catch(() => {});
      }
    }
  }

  async #patch({ pod, status }: Entry, signal: AbortSignal): Promise<Pod> {
    const { namespace, name, uid } = pod.metadata;
    const removed = Object.fromEntries(
      optionalKeys.filter((key) => status[key] === undefined).map((key) => [key, null]),
    );
    // Conditions are merged by type: what one does not say any more has to go.
    const conditions = status.conditions?.map((condition) => ({ message: null, reason: null, ...condition }));
    // The uid is a precondition.
    const body = { metadata: { uid }, status: { ...removed, ...status, ...(conditions ? { conditions } : {}) } };
    const patch = { type: 'strategic', body } as const;
    return await this.#options.client.patch(pods, { namespace, name }, patch, { subresource: 'status', signal });
  }
}
