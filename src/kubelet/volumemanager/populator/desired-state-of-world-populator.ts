/**
 * Keeps the desired state of the world in step with the pods of this node: adds the volumes of pods that are to run,
 * and takes a pod out once its containers are gone. One pod is worked on at a time for itself; pods do not wait for
 * each other. Reads the pods anew each time, never the event that woke it.
 *
 * Upstream: pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go.
 */
import type { Pod, Volume } from '../../../api/index.ts';
import { Backoff, type Clock, messageOf, type Timer } from '../../../base/index.ts';
import type { VolumePlugin, VolumePluginManager } from '../../../volume-plugins/index.ts';
import { finalError, transientError, volumeModeOf } from '../../../volume-plugins/index.ts';
import type { ActualStateOfWorld } from '../cache/actual-state-of-world.ts';
import type { DesiredStateOfWorld } from '../cache/desired-state-of-world.ts';
import type { OuterVolumeName, PodProvider, PodUid, UniqueVolumeName } from '../volume-manager.ts';
import { expectedVolumes, type UsedVolumes, usedVolumes } from './pod-volumes.ts';
import type { ResolvedVolume, VolumeSpecResolver } from './volume-spec-resolver.ts';

/** Between tries for a pod whose volumes could not be resolved; changes of its claims come at once. */
const retryBackoff = { initialMs: 300, maxMs: 10_000 };

/** Passes within moments of the agent's start: not worth an event. */
const notListedYet = 'CSIDriver objects have not been listed yet';

type PodErrors = ReadonlyMap<OuterVolumeName, string>;

export interface PopulatorOptions {
  readonly pods: PodProvider;
  readonly desired: DesiredStateOfWorld;
  readonly actual: ActualStateOfWorld;
  readonly plugins: VolumePluginManager;
  readonly resolver: VolumeSpecResolver;
  readonly clock: Clock;
  /** Volumes that the pod gained or lost. */
  readonly changed: (names: Iterable<UniqueVolumeName>) => void;
  /** The pod's volumes have been looked at, whether or not all could be added. */
  readonly processed: (podUid: PodUid) => void;
  /** Volumes of the pod cannot be added, for other reasons than before. */
  readonly failed: (pod: Pod, errors: PodErrors) => void;
}

interface PodWorker {
  dirty: boolean;
  /** Its claims are to be read again although all its volumes are known. */
  thorough: boolean;
  running: Promise<void> | undefined;
  retry: Timer | undefined;
}

export class DesiredStateOfWorldPopulator implements AsyncDisposable {
  readonly #options: PopulatorOptions;
  readonly #workers = new Map<PodUid, PodWorker>();
  readonly #backoff = new Backoff<PodUid>(retryBackoff);
  readonly #stopping = new AbortController();
  #hasAddedPods = false;

  constructor(options: PopulatorOptions) {
    this.#options = options;
  }

  /** Whether every pod has been looked at once since all sources of pods are known. */
  get hasAddedPods(): boolean {
    return this.#hasAddedPods;
  }

  /**
   * Looks at the pod now, or once more after the pass that runs. A thorough look reads its claims although all its
   * volumes are known: they may have grown.
   */
  wake(podUid: PodUid, look: 'quick' | 'thorough' = 'quick'): void {
    if (this.#stopping.signal.aborted) return;
    const worker = this.#workers.get(podUid) ?? { dirty: false, thorough: false, running: undefined, retry: undefined };
    this.#workers.set(podUid, worker);
    worker.dirty = true;
    worker.thorough ||= look === 'thorough';
    worker.running ??= this.#run(podUid, worker);
  }

  /** Looks at every pod that is known here or to the pod side. Resolves when each has been looked at. */
  async wakeAll(): Promise<void> {
    const { pods, desired } = this.#options;
    const ready = pods.sourcesReady();
    const uids = new Set([...pods.list().map((pod) => pod.metadata.uid), ...desired.podUids()]);
    for (const uid of uids) this.wake(uid, 'thorough');
    await Promise.all([...uids].map((uid) => this.#workers.get(uid)?.running));
    if (ready) this.#hasAddedPods = true;
  }

  /** Looks at the pods for which something seems to be left to do. Asks nobody: cheap enough for a short period. */
  wakeOverlooked(): void {
    const { pods, desired } = this.#options;
    for (const pod of pods.list()) {
      const uid = pod.metadata.uid;
      const idle = !this.#workers.has(uid);
      if (idle && !pods.isTerminating(uid) && !desired.hasPod(uid) && expectedVolumes(pod).length > 0) this.wake(uid);
    }
    for (const uid of desired.podUids()) if (!pods.get(uid) || pods.isTerminating(uid)) this.wake(uid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    for (const worker of this.#workers.values()) worker.retry?.[Symbol.dispose]();
    await Promise.all([...this.#workers.values()].map((worker) => worker.running));
  }

  async #run(podUid: PodUid, worker: PodWorker): Promise<void> {
    // Callers change several things in one turn: look once, after the last.
    await Promise.resolve();
    worker.retry?.[Symbol.dispose]();
    let complete = true;
    while (worker.dirty && !this.#stopping.signal.aborted) {
      const { thorough } = worker;
      worker.dirty = false;
      worker.thorough = false;
      complete = await this.#syncPod(podUid, thorough);
    }
    worker.running = undefined;
    if (this.#stopping.signal.aborted) return;
    if (!complete) {
      worker.retry = this.#options.clock.setTimer(this.#backoff.next(podUid), () => this.wake(podUid));
    } else {
      this.#backoff.forget(podUid);
      this.#workers.delete(podUid);
    }
    this.#options.processed(podUid);
  }

  /** Answers whether nothing is left to try again. */
  async #syncPod(podUid: PodUid, thorough: boolean): Promise<boolean> {
    const { pods, desired, changed } = this.#options;
    const pod = pods.get(podUid);
    if (!pod || pods.isTerminating(podUid)) {
      if (!pods.containersRunning(podUid)) changed(desired.deletePod(podUid));
      else if (pod) await this.#keepRunning(pod);
      return true;
    }
    if (!thorough && this.#isComplete(pod)) {
      desired.refreshPod(pod);
      return true;
    }
    return await this.#addVolumes(pod);
  }

  #isComplete(pod: Pod): boolean {
    const { desired } = this.#options;
    const uid = pod.metadata.uid;
    const known = desired.outerVolumeNames(uid);
    return desired.podErrors(uid).size === 0 && known.size > 0 && expectedVolumes(pod).every((name) => known.has(name));
  }

  /** After a restart of the agent: a pod that is being stopped keeps its volumes while a container runs. */
  async #keepRunning(pod: Pod): Promise<void> {
    if (!this.#options.desired.hasPod(pod.metadata.uid)) await this.#addVolumes(pod, true);
  }

  async #addVolumes(pod: Pod, onlyMounted = false): Promise<boolean> {
    const used = usedVolumes(pod);
    const { desired, actual, changed } = this.#options;
    const uid = pod.metadata.uid;
    const errors = new Map<string, string>();
    const names = new Set<UniqueVolumeName>();
    const mounted = actual.mountsOfPod(uid);
    const volumes = (pod.spec.volumes ?? []).filter(
      (volume) => volume.image === undefined && (used.mounts.has(volume.name) || used.devices.has(volume.name)),
    );
    await Promise.all(
      volumes.map(async (volume) => {
        try {
          const isMounted = mounted.length > 0;
          const resolved = await this.#resolve(pod, volume, used, isMounted);
          const plugin = this.#findPlugin(resolved);
          const add = { ...resolved, pod, plugin, outerVolumeName: volume.name, nowMs: this.#options.clock.now() };
          // The pod may have gone while its objects were read; its last word then is that it wants nothing.
          if (!onlyMounted && !this.#isWanted(uid)) return;
          if (onlyMounted && !mounted.some(({ mount }) => mount.spec.name === resolved.spec.name)) return;
          names.add(desired.addPodToVolume(add));
        } catch (thrown) {
          errors.set(volume.name, messageOf(thrown));
        }
      }),
    );
    if (this.#stopping.signal.aborted) return true;
    if (!onlyMounted && !this.#isWanted(uid)) errors.clear();
    const before = desired.podErrors(uid);
    desired.setPodErrors(uid, errors);
    this.#report(pod, before, errors);
    changed(names);
    return errors.size === 0;
  }

  #isWanted(podUid: PodUid): boolean {
    const { pods } = this.#options;
    return pods.get(podUid) !== undefined && !pods.isTerminating(podUid);
  }

  async #resolve(pod: Pod, volume: Volume, used: UsedVolumes, mounted: boolean): Promise<ResolvedVolume> {
    return await this.#options.resolver.resolve({ pod, volume, used, mounted }, this.#stopping.signal);
  }

  #findPlugin({ spec }: ResolvedVolume): VolumePlugin {
    const plugin = this.#options.plugins.findPluginBySpec(spec);
    if (plugin.canAttach && plugin.attachabilityKnown === false) {
      throw transientError(notListedYet);
    }
    if (volumeModeOf(spec) === 'Block' && !plugin.blockMapper) {
      throw finalError(`volume plugin ${plugin.name} does not support block volumes`);
    }
    return plugin;
  }

  #report(pod: Pod, before: PodErrors, errors: PodErrors): void {
    const known = (volume: string, error: string) => before.get(volume) === error || error === notListedYet;
    if ([...errors].every(([volume, error]) => known(volume, error))) return;
    this.#options.failed(pod, errors);
  }
}
