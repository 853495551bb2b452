/**
 * The volume manager of one node: wires the pods' wishes (populator), the steps (reconciler) and what was left on disk
 * (reconstruction) to the events that wake them. It owns every mount under the agent's root; nothing is unmounted
 * before the pods have been read in full and reconstruction is over, nor while a container of the pod may run.
 *
 * Upstream: pkg/kubelet/volumemanager/volume_manager.go.
 */
import {
  type CSIDriver,
  csiDrivers,
  type Node,
  nodes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
} from '../../api/index.ts';
import { type Clock, type Exec, type Fs, isAbort, type Logger, messageOf, type Random } from '../../base/index.ts';
import type { Client, EventRecorder, Informer, InformerFactory } from '../../client/index.ts';
import type { Mounter } from '../../mount/index.ts';
import {
  type CsiDriverRegistry,
  createNodePlugins,
  FlexProber,
  type InstalledDrivers,
  type VolumeHost,
  VolumePluginManager,
} from '../../volume-plugins/index.ts';
import { ActualStateOfWorld } from './cache/actual-state-of-world.ts';
import { DesiredStateOfWorld } from './cache/desired-state-of-world.ts';
import { ConfigObjectWatcher } from './config-object-watcher.ts';
import { explainPod } from './explain-pod.ts';
import {
  extraSupplementalGroups,
  holdsVolumes,
  mountedVolumesOfPod,
  possiblyMountedVolumesOfPod,
} from './mounted-volumes.ts';
import { createNodeVolumeHost } from './node-volume-host.ts';
import type { OperationContext } from './operation-executor/operation-context.ts';
import { PodWaits } from './pod-waits.ts';
import { DesiredStateOfWorldPopulator } from './populator/desired-state-of-world-populator.ts';
import { expectedVolumes } from './populator/pod-volumes.ts';
import { VolumeSpecResolver } from './populator/volume-spec-resolver.ts';
import type { ReconcileFacts } from './reconciler/decide-volume-steps.ts';
import { reconstruct } from './reconciler/reconstruct.ts';
import { UnknownVolumes } from './reconciler/unknown-volumes.ts';
import { type FinishedOperation, VolumeReconciler } from './reconciler/volume-reconciler.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';
import type {
  MountedVolume,
  OuterVolumeName,
  PodProvider,
  PodUid,
  UniqueVolumeName,
  VolumeManager,
} from './volume-manager.ts';
import { volumesInUse } from './volumes-in-use.ts';

/** Looks for what no event told of. */
const safetyNetMs = 2_000;
/** Upstream repeats setUp with each pod sync, about once a minute. */
const remountPeriodMs = 60_000;

export interface NodeVolumeManagerOptions {
  readonly nodeName: string;
  readonly rootDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly fs: Fs;
  readonly exec: Exec;
  readonly mounter: Mounter;
  readonly logger: Logger;
  readonly client: Client;
  readonly recorder: EventRecorder;
  /** CSIDrivers and this node are watched through it. */
  readonly informers: InformerFactory;
  /** Informers that wake pods whose claim changes. An agent that may not watch claims does without. */
  readonly claims?: {
    readonly claims: Informer<PersistentVolumeClaim>;
    readonly volumes: Informer<PersistentVolume>;
  };
  readonly pods: PodProvider;
  /** Drivers that the plugin manager has registered, and a call when one comes or goes. */
  readonly csiDrivers: CsiDriverRegistry & { onChange(listener: (driverName: string) => void): Disposable };
  /** Asks the owner of the node's status to publish getVolumesInUse() soon and then to call markVolumesAsReportedInUse. */
  readonly reportVolumesInUse: () => void;
  /** Whether the attach/detach controller attaches volumes to this node; true unless said otherwise. */
  readonly controllerAttachDetach?: boolean;
  /** For metrics: a step of a volume that has ended. */
  readonly observe?: (operation: FinishedOperation) => void;
  readonly plugins?: (host: VolumeHost) => VolumePluginManager;
  /** The FlexVolume drivers of this machine; their owner starts and ends them. */
  readonly flexDrivers?: InstalledDrivers;
  readonly bootId?: () => Promise<string>;
}

export function createVolumeManager(options: NodeVolumeManagerOptions): VolumeManager {
  return new NodeVolumeManager(options);
}

class NodeVolumeManager implements VolumeManager {
  readonly #options: NodeVolumeManagerOptions;
  readonly #desired = new DesiredStateOfWorld();
  readonly #actual = new ActualStateOfWorld();
  readonly #plugins: VolumePluginManager;
  readonly #flexProber: FlexProber | undefined;
  readonly #tokens: ServiceAccountTokens;
  readonly #reconciler: VolumeReconciler;
  readonly #populator: DesiredStateOfWorldPopulator;
  readonly #facts: ReconcileFacts;
  readonly #configObjects: ConfigObjectWatcher;
  readonly #nodeInformer: Informer<Node>;
  readonly #csiDriverInformer: Informer<CSIDriver>;
  readonly #stopping = new AbortController();
  readonly #waits: PodWaits;
  readonly #subscriptions = new DisposableStack();
  /** Labels and annotations that a pod's files were last written from. */
  readonly #shownMetadata = new Map<PodUid, string>();
  readonly #unknown: UnknownVolumes;
  #reconstructed = false;
  #booting: Promise<void> = Promise.resolve();

  constructor(options: NodeVolumeManagerOptions) {
    this.#options = options;
    const { informers, nodeName, client, clock, pods, recorder } = options;
    this.#nodeInformer = informers.informer(nodes, { fieldSelector: `metadata.name=${nodeName}` });
    this.#csiDriverInformer = informers.informer(csiDrivers);
    this.#tokens = new ServiceAccountTokens({ client, clock });
    this.#waits = new PodWaits({ clock, stopping: this.#stopping.signal, describe: (pod) => this.#describeWait(pod) });
    const findNode = () => this.#nodeInformer.get(nodeName);
    const host = createNodeVolumeHost({
      ...options,
      csiDriverInformer: this.#csiDriverInformer,
      tokens: this.#tokens,
      findNode,
    });
    this.#flexProber = options.flexDrivers && new FlexProber(host, options.flexDrivers);
    this.#plugins = options.plugins?.(host) ?? new VolumePluginManager(createNodePlugins(host), this.#flexProber);
    this.#facts = this.#createFacts();
    const context: OperationContext = {
      ...options,
      actual: this.#actual,
      findNode,
      recordEvent: (object, type, reason, message) => recorder.event(object, type, reason, message),
    };
    this.#reconciler = new VolumeReconciler({
      context,
      desired: this.#desired,
      facts: this.#facts,
      volumesInUseChanged: () => this.#reportInUse(),
      observe: options.observe,
      stepTaken: () => {
        this.#unknown.forgetKnown();
        this.#waits.changed();
      },
    });
    this.#populator = new DesiredStateOfWorldPopulator({
      pods,
      desired: this.#desired,
      actual: this.#actual,
      plugins: this.#plugins,
      resolver: new VolumeSpecResolver(client),
      clock,
      changed: (names) => this.#desiredChanged(names),
      processed: (podUid) => this.#podProcessed(podUid),
      failed: (pod, errors) => this.#podFailed(pod, errors),
    });
    const { logger } = options;
    this.#configObjects = new ConfigObjectWatcher({
      client,
      clock,
      logger,
      changed: (uid) => this.#sourceChanged(uid),
    });
    const { signal: stopping } = this.#stopping;
    this.#unknown = new UnknownVolumes({ pods, actual: this.#actual, logger, stopping });
    this.#watchInformers();
  }

  #createFacts(): ReconcileFacts {
    const { pods } = this.#options;
    const populated = () => this.#populator.hasAddedPods;
    const mayUnmount = (podUid: PodUid) => {
      if (pods.containersRunning(podUid)) return false;
      const known = pods.get(podUid) !== undefined && !pods.isTerminating(podUid);
      return !known || (this.#desired.hasPod(podUid) && this.#desired.podErrors(podUid).size === 0);
    };
    return {
      get populated() {
        return populated();
      },
      mayUnmount,
    };
  }

  /** Handlers must be registered before the informers start. */
  #watchInformers(): void {
    const wakeAttached = () => this.#reconciler.wakeAll();
    const use = (subscription: Disposable) => void this.#subscriptions.use(subscription);
    use(
      this.#nodeInformer.addHandler({
        onAdd: wakeAttached,
        onUpdate: (before, now) => {
          if (before.status?.volumesAttached !== now.status?.volumesAttached) wakeAttached();
        },
      }),
    );
    const driverChanged = (driver: CSIDriver) => this.#driverChanged(driver.metadata.name);
    use(this.#csiDriverInformer.addHandler({ onAdd: driverChanged, onUpdate: (_, now) => driverChanged(now) }));
    const { claims } = this.#options;
    const claimChanged = (claim: PersistentVolumeClaim) =>
      this.#wakePodsUsing(claim.metadata.namespace ?? '', claim.metadata.name);
    if (claims) use(claims.claims.addHandler({ onAdd: claimChanged, onUpdate: (_, now) => claimChanged(now) }));
    const volumeChanged = ({ spec: { claimRef } }: PersistentVolume) => {
      if (claimRef?.name) this.#wakePodsUsing(claimRef.namespace ?? '', claimRef.name);
    };
    if (claims) use(claims.volumes.addHandler({ onAdd: volumeChanged, onUpdate: (_, now) => volumeChanged(now) }));
  }

  start(): void {
    const { pods, csiDrivers: registry, flexDrivers } = this.#options;
    if (flexDrivers) this.#subscriptions.use(flexDrivers.onChange((driver) => this.#flexDriverChanged(driver)));
    this.#subscriptions.use(pods.onChange((podUid) => this.#podsChanged(podUid)));
    this.#subscriptions.use(registry.onChange((driver) => this.#driverChanged(driver)));
    this.#booting = this.#boot().catch((thrown: unknown) => {
      if (!isAbort(thrown)) this.#options.logger.error('volume manager could not start', { error: messageOf(thrown) });
    });
  }

  async #boot(): Promise<void> {
    const { informers, logger } = this.#options;
    await this.#flexProber?.prepare();
    const unknown = await reconstruct({ ...this.#options, plugins: this.#plugins, actual: this.#actual });
    this.#unknown.set(unknown);
    this.#reconstructed = true;
    logger.info('volumes reconstructed', { volumes: [...this.#actual.list()].length, unknown: unknown.length });
    this.#reportInUse();
    this.#every(safetyNetMs, () => this.#catchUp());
    this.#every(remountPeriodMs, () => this.#remountAll());
    void this.#populator.wakeAll().then(() => this.#reconciler.wakeAll());
    await informers.waitForSync(this.#stopping.signal);
    this.#settleAttachability();
    await this.#populator.wakeAll();
    this.#reconciler.wakeAll();
  }

  #every(periodMs: number, work: () => void): void {
    const { clock } = this.#options;
    const tick = () => {
      if (this.#stopping.signal.aborted) return;
      timer = clock.setTimer(periodMs, tick);
      work();
    };
    let timer = clock.setTimer(periodMs, tick);
    this.#subscriptions.defer(() => timer[Symbol.dispose]());
  }

  /** Volumes found on disk: with the CSIDriver objects at hand it is known which of them are attached by a controller. */
  #settleAttachability(): void {
    for (const { name, spec, plugin, attachability } of this.#actual.list()) {
      if (attachability !== 'unknown') continue;
      const required = plugin.canAttach?.(spec) ?? false;
      this.#actual.markAttachability(name, required ? 'required' : 'notRequired');
      if (!required) this.#actual.markAttached(name, '');
    }
  }

  #catchUp(): void {
    this.#populator.wakeOverlooked();
    if (this.#populator.hasAddedPods) this.#reconciler.wakeAll();
    else void this.#populator.wakeAll().then(() => this.#reconciler.wakeAll());
  }

  #remountAll(): void {
    for (const podUid of [...this.#actual.podUids()]) this.#remount(podUid);
    // Without a watch on claims this is how a volume that has grown is noticed.
    if (!this.#options.claims) void this.#populator.wakeAll();
    this.#cleanUnknown();
  }

  #remount(podUid: PodUid): void {
    for (const name of this.#actual.markRemountRequired(podUid)) this.#reconciler.wake(name);
  }

  /** A ConfigMap or Secret that the pod's volumes show: written anew, or tried again if it was missing. */
  #sourceChanged(podUid: PodUid): void {
    this.#remount(podUid);
    this.#reconciler.forgiveFailures((name) => name.includes(podUid));
  }

  #podsChanged(podUid: PodUid | undefined): void {
    if (!this.#reconstructed) return;
    if (podUid === undefined || !this.#populator.hasAddedPods) {
      void this.#populator.wakeAll().then(() => this.#reconciler.wakeAll());
    } else {
      this.#populator.wake(podUid);
      for (const { volume } of this.#actual.mountsOfPod(podUid)) this.#reconciler.wake(volume.name);
    }
  }

  #driverChanged(driver: string): void {
    const mark = `/${driver}^`;
    this.#reconciler.forgiveFailures((name) => name.includes(mark) || !name.includes('^'));
    this.#reconciler.wakeAll();
  }

  #flexDriverChanged(driver: string): void {
    this.#reconciler.forgiveFailures((name) => name.startsWith(`${driver}/`));
    // Pods that name a driver before it is installed have errors in place of volumes.
    void this.#populator.wakeAll().then(() => this.#reconciler.wakeAll());
  }

  #wakePodsUsing(namespace: string, claimName: string): void {
    for (const pod of this.#options.pods.list()) {
      if (pod.metadata.namespace === namespace && podNamesClaim(pod, claimName)) {
        this.#populator.wake(pod.metadata.uid, 'thorough');
      }
    }
  }

  #desiredChanged(names: Iterable<UniqueVolumeName>): void {
    for (const name of names) {
      if (this.#desired.get(name)?.expandToBytes === undefined) this.#actual.forgetExpandRefusal(name);
      this.#reconciler.wake(name);
    }
    this.#waits.changed();
  }

  #podProcessed(podUid: PodUid): void {
    const pod = this.#options.pods.get(podUid);
    if (!pod || !this.#desired.hasPod(podUid)) {
      this.#shownMetadata.delete(podUid);
      this.#tokens.forgetPod(podUid);
      this.#configObjects.removePod(podUid);
    } else {
      this.#configObjects.setPod(pod);
      const shown = JSON.stringify([pod.metadata.labels, pod.metadata.annotations]);
      const before = this.#shownMetadata.get(podUid);
      this.#shownMetadata.set(podUid, shown);
      if (before !== undefined && before !== shown) this.#remount(podUid);
    }
    // A mount that was found on disk and that nobody wants waits for this.
    for (const { volume } of this.#actual.mountsOfPod(podUid)) this.#reconciler.wake(volume.name);
    if (this.#unknown.has(podUid)) this.#cleanUnknown();
    this.#waits.changed();
  }

  #cleanUnknown(): void {
    if (this.#populator.hasAddedPods) void this.#unknown.clean().then(() => this.#waits.changed());
  }

  #podFailed(pod: Pod, errors: ReadonlyMap<OuterVolumeName, string>): void {
    const text = `Unable to attach or mount volumes: ${this.#describe(pod)}: ${[...errors.values()].join('; ')}`;
    this.#options.recorder.event(pod, 'Warning', 'FailedMount', text);
  }

  #reportInUse(): void {
    if (this.#reconstructed) this.#options.reportVolumesInUse();
  }

  async waitForAttachAndMount(pod: Pod, signal: AbortSignal): Promise<void> {
    const uid = pod.metadata.uid;
    const expected = expectedVolumes(pod);
    if (expected.length === 0) return;
    this.#populator.wake(uid);
    const ready = () => {
      const mounted = mountedVolumesOfPod(this.#actual, uid);
      return expected.every((name) => mounted.has(name));
    };
    await this.#waits.until(pod, ready, signal);
  }

  async waitForUnmount(pod: Pod, signal: AbortSignal): Promise<void> {
    const uid = pod.metadata.uid;
    this.#populator.wake(uid);
    const gone = () => !this.hasPossiblyMountedVolumes(uid) && !this.#desired.hasPod(uid);
    await this.#waits.until(pod, gone, signal);
  }

  /** The state of the pod's volumes and the last real errors, for a wait that ran out of time. */
  #describeWait(pod: Pod): string {
    const last = this.explainPod(pod.metadata.uid).flatMap(({ lastError }) => (lastError ? [lastError.message] : []));
    return `${this.#describe(pod)}: ${last.length > 0 ? last.join('; ') : 'timed out waiting for the condition'}`;
  }

  /** `unmounted volumes=[a], unattached volumes=[b], failed to process volumes=[c]` */
  #describe(pod: Pod): string {
    const uid = pod.metadata.uid;
    const mounted = mountedVolumesOfPod(this.#actual, uid);
    const unmounted = expectedVolumes(pod).filter((name) => !mounted.has(name));
    const unattached = this.#desired
      .volumesOfPod(uid)
      .filter(({ name }) => !this.#actual.get(name)?.attached)
      .flatMap(({ pods }) => [...pods.values()].flatMap(({ outerVolumeNames }) => [...outerVolumeNames]));
    const failed = [...this.#desired.podErrors(uid).keys()];
    const list = (names: readonly string[]) => `[${[...new Set(names)].sort().join(' ')}]`;
    return `unmounted volumes=${list(unmounted)}, unattached volumes=${list(unattached)}, failed to process volumes=${list(failed)}`;
  }

  getMountedVolumesForPod(podUid: PodUid): ReadonlyMap<OuterVolumeName, MountedVolume> {
    return mountedVolumesOfPod(this.#actual, podUid);
  }

  getPossiblyMountedVolumesForPod(podUid: PodUid): ReadonlyMap<OuterVolumeName, MountedVolume> {
    return possiblyMountedVolumesOfPod(this.#actual, podUid);
  }

  hasPossiblyMountedVolumes(podUid: PodUid): boolean {
    if (!this.#reconstructed) return true;
    return this.#unknown.has(podUid) || this.#actual.hasPod(podUid) || this.#reconciler.isWorkingFor(podUid);
  }

  holdsVolumes(): boolean {
    return this.#reconstructed && (holdsVolumes(this.#actual) || this.#reconciler.isWorking());
  }

  getExtraSupplementalGroupsForPod(pod: Pod): readonly number[] {
    return extraSupplementalGroups(this.#actual, pod);
  }

  getVolumesInUse(): readonly UniqueVolumeName[] {
    return volumesInUse(this.#desired, this.#actual);
  }

  markVolumesAsReportedInUse(names: readonly UniqueVolumeName[]): void {
    for (const name of this.#desired.markReportedInUse(new Set(names))) this.#reconciler.wake(name);
  }

  reconcilerStatesHasBeenSynced(): boolean {
    return this.#reconstructed;
  }

  volumeIsAttached(name: UniqueVolumeName): boolean {
    return this.#actual.get(name)?.attached ?? false;
  }

  explainPod(podUid: PodUid) {
    const { clock } = this.#options;
    const nowMs = clock.now();
    return explainPod(
      { desired: this.#desired, actual: this.#actual, reconciler: this.#reconciler, facts: this.#facts, nowMs },
      podUid,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#subscriptions.dispose();
    await this.#booting;
    await this.#unknown.clean();
    await this.#configObjects[Symbol.asyncDispose]();
    await this.#populator[Symbol.asyncDispose]();
    await this.#reconciler[Symbol.asyncDispose]();
  }
}

function podNamesClaim(pod: Pod, claimName: string): boolean {
  return (pod.spec.volumes ?? []).some(
    (volume) =>
      volume.persistentVolumeClaim?.claimName === claimName ||
      (volume.ephemeral !== undefined && `${pod.metadata.name}-${volume.name}` === claimName),
  );
}
