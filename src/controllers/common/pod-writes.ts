/**
 * What a controller did to its pods and the cache does not show yet. Read through this, a cache that lags never makes a
 * controller create a pod twice, nor delete two where one was meant. Upstream: controller_utils.go expectations, which
 * wait instead.
 */
import { type KubernetesObject, keyOf, type LabelMatcher, type Pod } from '../../api/index.ts';
import { type Clock, timestamp } from '../../base/index.ts';
import type { Informer } from '../../client/index.ts';
import { dependentsOf } from './owners.ts';
import { WrittenCache } from './written-cache.ts';

/** A pod that came and went unseen is given up after this long. Upstream: ExpectationsTimeout. */
export const pendingWriteTimeoutMs = 5 * 60_000;

interface Pending {
  readonly pod: Pod;
  readonly atMs: number;
}

export class PodWrites {
  readonly #clock: Clock;
  readonly #pods: Informer<Pod>;
  /** Pods as this controller last wrote them. */
  readonly #written: WrittenCache<Pod>;
  /** By the owner's uid, then by the pod's. */
  readonly #created = new Map<string, Map<string, Pending>>();
  /** When a deletion was asked for, by the pod's uid. */
  readonly #deleted = new Map<string, number>();

  constructor(clock: Clock, pods: Informer<Pod>) {
    this.#clock = clock;
    this.#pods = pods;
    this.#written = new WrittenCache(pods);
  }

  /** Keeps the record as short as the cache allows. To be disposed with the controller. */
  watch(): Disposable {
    return this.#pods.addHandler({
      onAdd: (pod) => this.#forgetCreation(pod),
      onUpdate: (_previous, pod) => {
        this.#written.observe(pod);
        if (pod.metadata.deletionTimestamp) this.#deleted.delete(pod.metadata.uid);
      },
      onDelete: (pod) => {
        this.#forgetCreation(pod);
        this.#written.observeDeletion(pod);
        this.#deleted.delete(pod.metadata.uid);
      },
    });
  }

  recordCreation(ownerUid: string, pod: Pod): void {
    if (this.#pods.get(keyOf(pod))?.metadata.uid === pod.metadata.uid) return;
    const pending = this.#created.get(ownerUid) ?? new Map<string, Pending>();
    this.#created.set(ownerUid, pending.set(pod.metadata.uid, { pod, atMs: this.#clock.monotonic() }));
  }

  recordUpdate(pod: Pod): void {
    this.#written.record(pod);
  }

  /** To be told before the call: the answer may come later than the watch. */
  recordDeletion(pod: Pod): void {
    this.#deleted.set(pod.metadata.uid, this.#clock.monotonic());
  }

  forgetDeletion(pod: Pod): void {
    this.#deleted.delete(pod.metadata.uid);
  }

  /** Whether the cache lags behind what was done for this owner: then it is worth another look after the timeout. */
  isPending(ownerUid: string): boolean {
    return this.#created.has(ownerUid);
  }

  /** The pods that the owner controls, as they must be by now. */
  podsOf(ownerUid: string): readonly Pod[] {
    const shown = dependentsOf(this.#pods, ownerUid).map((pod) => this.#latest(pod));
    const pending = this.#created.get(ownerUid);
    if (!pending) return shown;
    for (const [uid, { pod, atMs }] of pending) {
      if (this.#isOver(atMs)) pending.delete(uid);
      else shown.push(this.#latest(pod));
    }
    if (pending.size === 0) this.#created.delete(ownerUid);
    return shown;
  }

  /** Pods that were claimed a moment ago, with what was done to them and created since. */
  refreshed(owner: KubernetesObject, selector: LabelMatcher, claimed: readonly Pod[]): readonly Pod[] {
    const byUid = new Map(claimed.map((pod) => [pod.metadata.uid, pod]));
    for (const pod of this.podsOf(owner.metadata.uid)) {
      if (selector.matches(pod.metadata.labels)) byUid.set(pod.metadata.uid, pod);
    }
    return [...byUid.values()];
  }

  #latest(seen: Pod): Pod {
    const written = this.#written.get(keyOf(seen));
    const pod = written?.metadata.uid === seen.metadata.uid ? written : seen;
    const atMs = this.#deleted.get(pod.metadata.uid);
    if (atMs === undefined) return pod;
    if (this.#isOver(atMs)) {
      this.#deleted.delete(pod.metadata.uid);
      return pod;
    }
    return { ...pod, metadata: { ...pod.metadata, deletionTimestamp: timestamp(this.#clock) } };
  }

  #isOver(atMs: number): boolean {
    return this.#clock.monotonic() - atMs >= pendingWriteTimeoutMs;
  }

  #forgetCreation(pod: Pod): void {
    for (const { uid } of pod.metadata.ownerReferences ?? []) {
      const pending = this.#created.get(uid);
      pending?.delete(pod.metadata.uid);
      if (pending?.size === 0) this.#created.delete(uid);
    }
  }
}
