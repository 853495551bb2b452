/**
 * The pods of this node: those that the API server binds to it, and those of which containers or directories are left.
 * The volume manager asks here whether a pod may still use its volumes; the answer is yes until the opposite is known.
 */
import { type Pod, pods } from '../../api/index.ts';
import type { Logger } from '../../base/index.ts';
import type { Informer, InformerFactory } from '../../client/index.ts';
import { isPodPhaseTerminal } from '../../component-helpers/index.ts';
import type { ContainerRecord, ContainerRuntime } from '../runtime/runtime.ts';
import type { PodProvider, PodUid } from '../volumemanager/volume-manager.ts';
import { hasEnded } from './pod-containers.ts';
import { PodState } from './pod-state.ts';

export interface PodManagerOptions {
  readonly nodeName: string;
  readonly informers: InformerFactory;
  readonly runtime: Pick<ContainerRuntime, 'onChange'>;
  readonly logger: Logger;
}

export class PodManager implements PodProvider, Disposable {
  readonly #informer: Informer<Pod>;
  readonly #states = new Map<PodUid, PodState>();
  readonly #records = new Map<string, ContainerRecord>();
  readonly #listeners = new Set<(podUid: PodUid | undefined) => void>();
  readonly #subscriptions = new DisposableStack();
  #recordsKnown = false;
  #sourcesReady = false;
  #retired = false;

  constructor(options: PodManagerOptions) {
    const fieldSelector = `spec.nodeName=${options.nodeName}`;
    this.#informer = options.informers.informer(pods, { fieldSelector });
    this.#subscriptions.use(
      this.#informer.addHandler({
        onAdd: (pod) => this.#see(pod),
        onUpdate: (_, pod) => this.#see(pod),
        onDelete: (pod) => this.#lose(pod),
      }),
    );
    this.#subscriptions.use(options.runtime.onChange((record) => this.#learn(record)));
  }

  /** The records that the runtime has listed: from now on it is known which containers run. */
  learnRecords(records: readonly ContainerRecord[]): void {
    for (const record of records) this.#records.set(record.id, record);
    this.#recordsKnown = true;
    this.#tell(undefined);
  }

  get recordsKnown(): boolean {
    return this.#recordsKnown;
  }

  recordsOf(podUid: PodUid): ContainerRecord[] {
    return [...this.#records.values()].filter((record) => record.identity.podUid === podUid);
  }

  /** Pods that have containers, whether or not anything else is known of them. */
  podsWithRecords(): ReadonlyMap<PodUid, ContainerRecord> {
    return new Map([...this.#records.values()].map((record) => [record.identity.podUid, record]));
  }

  forgetRecord(id: string): void {
    this.#records.delete(id);
  }

  findState(podUid: PodUid): PodState | undefined {
    return this.#states.get(podUid);
  }

  states(): readonly PodState[] {
    return [...this.#states.values()];
  }

  /** Takes up a pod of which only the containers are left. */
  adopt(pod: Pod): PodState {
    const state = new PodState(pod, false);
    this.#states.set(state.uid, state);
    this.changed(state.uid);
    return state;
  }

  drop(podUid: PodUid): void {
    this.#states.delete(podUid);
    this.changed(podUid);
  }

  /** Tells everybody to look at the pod again. */
  changed(podUid: PodUid): void {
    this.#tell(podUid);
  }

  /** The agent ends: no pod needs its volumes any more, once its containers have ended. */
  retire(): void {
    this.#retired = true;
    this.#tell(undefined);
  }

  /** Looks whether the pods have been read in full, and tells of it once. */
  checkSources(): void {
    if (this.#sourcesReady || !this.#informer.hasSynced) return;
    this.#sourcesReady = true;
    this.#tell(undefined);
  }

  list(): readonly Pod[] {
    return [...this.#states.values()].map((state) => state.pod);
  }

  get(podUid: PodUid): Pod | undefined {
    return this.#states.get(podUid)?.pod;
  }

  findByName(namespace: string, name: string): PodState | undefined {
    const candidates = [...this.#states.values()].filter(
      ({ pod }) => pod.metadata.namespace === namespace && pod.metadata.name === name,
    );
    return candidates.find((state) => state.inApi) ?? candidates[0];
  }

  isTerminating(podUid: PodUid): boolean {
    const state = this.#states.get(podUid);
    return this.#retired || !state || state.isTerminating || isPodPhaseTerminal(state.pod);
  }

  containersRunning(podUid: PodUid): boolean {
    if (!this.#recordsKnown || (this.#states.get(podUid)?.starting ?? 0) > 0) return true;
    return this.recordsOf(podUid).some((record) => !hasEnded(record));
  }

  sourcesReady(): boolean {
    return this.#sourcesReady;
  }

  onChange(listener: (podUid: PodUid | undefined) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    this.#subscriptions.dispose();
  }

  #see(pod: Pod): void {
    const { uid } = pod.metadata;
    const known = this.#states.get(uid);
    if (!known) this.#states.set(uid, new PodState(pod, true));
    else {
      const before = known.pod.metadata;
      known.pod = pod;
      known.inApi = true;
      const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
      const hurry = deletionGracePeriodSeconds !== before.deletionGracePeriodSeconds;
      if (deletionTimestamp !== before.deletionTimestamp || hurry) known.interrupt();
    }
    this.changed(uid);
  }

  #lose(pod: Pod): void {
    const known = this.#states.get(pod.metadata.uid);
    if (!known) return;
    known.inApi = false;
    known.interrupt();
    this.changed(known.uid);
  }

  #learn(record: ContainerRecord): void {
    this.#records.set(record.id, record);
    this.changed(record.identity.podUid);
  }

  #tell(podUid: PodUid | undefined): void {
    for (const listener of [...this.#listeners]) listener(podUid);
  }
}
