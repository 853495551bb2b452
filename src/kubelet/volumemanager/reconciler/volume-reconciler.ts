/**
 * Drives every volume from what is there to what is desired. One volume is worked on by one step at a time, whichever
 * pods it belongs to; different volumes do not wait for each other, so a driver that hangs delays its own volumes
 * only. A failed step is tried again after a back-off of its own; whatever changes meanwhile wakes the volume.
 */
import { Backoff, type Clock, isAbort, type Logger, messageOf, type Timer, unreachable } from '../../../base/index.ts';
import { volumeModeOf } from '../../../volume-plugins/index.ts';
import type { ActualStateOfWorld } from '../cache/actual-state-of-world.ts';
import type { DesiredStateOfWorld, DesiredVolume } from '../cache/desired-state-of-world.ts';
import { expandVolume } from '../operation-executor/expand-volume.ts';
import { mapDevice, mapVolume } from '../operation-executor/map-volume.ts';
import { mountDevice, setUpVolume } from '../operation-executor/mount-volume.ts';
import type { OperationContext } from '../operation-executor/operation-context.ts';
import { OperationError, operationError } from '../operation-executor/operation-error.ts';
import { tearDownVolume, unmountDevice } from '../operation-executor/unmount-volume.ts';
import { verifyAttached } from '../operation-executor/verify-attached.ts';
import type { UniqueVolumeName } from '../volume-manager.ts';
import { decideVolumeSteps, type ReconcileFacts, type VolumeStepAction } from './decide-volume-steps.ts';

/** Upstream's back-off of volume operations. */
const retryBackoff = { initialMs: 500, maxMs: 122_000 };

/** Steps that the agent waits for when it stops. Calls to drivers are cancelled at once. */
const stopGraceMs = 5_000;

export interface FailedOperation {
  readonly message: string;
  readonly atMs: number;
  readonly retryAtMs: number;
}

export interface FinishedOperation {
  readonly step: VolumeStepAction['kind'];
  readonly volumeMode: 'Filesystem' | 'Block';
  readonly pluginName: string;
  readonly durationMs: number;
  readonly failed: boolean;
}

export interface VolumeReconcilerOptions {
  readonly context: OperationContext;
  readonly desired: DesiredStateOfWorld;
  readonly facts: ReconcileFacts;
  /** The set of volumes in use has changed: the node's status is to be brought up to date. */
  readonly volumesInUseChanged: () => void;
  /** For metrics: a step that has ended. */
  readonly observe?: ((operation: FinishedOperation) => void) | undefined;
  /** A volume has taken a step: whoever waits for it looks again. */
  readonly stepTaken: (name: UniqueVolumeName) => void;
}

interface Worker {
  /** Something changed since the running pass began. */
  dirty: boolean;
  running: Promise<void> | undefined;
  retry: Timer | undefined;
  step: VolumeStepAction | undefined;
  /** Aborts when the pod of the running step no longer wants the volume. */
  unwanted: AbortController | undefined;
}

export class VolumeReconciler implements AsyncDisposable {
  readonly #options: VolumeReconcilerOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #actual: ActualStateOfWorld;
  readonly #workers = new Map<UniqueVolumeName, Worker>();
  readonly #backoff = new Backoff<string>(retryBackoff);
  readonly #failures = new Map<UniqueVolumeName, Map<string, FailedOperation>>();
  readonly #stopping = new AbortController();

  constructor(options: VolumeReconcilerOptions) {
    this.#options = options;
    this.#clock = options.context.clock;
    this.#log = options.context.logger;
    this.#actual = options.context.actual;
  }

  /** Looks at the volume now, or once more when its running step has ended. */
  wake(name: UniqueVolumeName): void {
    if (this.#stopping.signal.aborted) return;
    const worker = this.#workers.get(name) ?? this.#createWorker(name);
    worker.dirty = true;
    if (worker.running) this.#abortUnwanted(name, worker);
    else worker.running = this.#run(name, worker).catch((thrown: unknown) => this.#survive(name, worker, thrown));
  }

  /** A bug in deciding must not end the care for the volume. */
  #survive(name: UniqueVolumeName, worker: Worker, thrown: unknown): void {
    this.#log.error('reconciling a volume failed', { volume: name, error: messageOf(thrown) });
    worker.running = undefined;
    if (this.#stopping.signal.aborted) return;
    worker.retry = this.#clock.setTimer(retryBackoff.maxMs, () => this.wake(name));
  }

  /** The same for every volume that is desired or there. */
  wakeAll(): void {
    for (const { name } of this.#options.desired.list()) this.wake(name);
    for (const { name } of this.#actual.list()) this.wake(name);
  }

  /** What made the last tries fail is gone (a driver has registered): the next try need not wait. */
  forgiveFailures(matches: (name: UniqueVolumeName) => boolean): void {
    for (const name of [...this.#failures.keys()]) {
      if (!matches(name)) continue;
      this.#forgetFailures(name);
      this.wake(name);
    }
  }

  failuresOf(name: UniqueVolumeName): readonly FailedOperation[] {
    return [...(this.#failures.get(name)?.values() ?? [])];
  }

  runningStepOf(name: UniqueVolumeName): VolumeStepAction | undefined {
    return this.#workers.get(name)?.step;
  }

  isWorking(): boolean {
    return [...this.#workers.values()].some(({ step }) => step !== undefined);
  }

  /** Whether a step for the pod is under way: its mount shows in the actual state only when it has ended. */
  isWorkingFor(podUid: string): boolean {
    for (const { step } of this.#workers.values()) {
      if (step && 'pod' in step && step.pod.pod.metadata.uid === podUid) return true;
    }
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    for (const worker of this.#workers.values()) worker.retry?.[Symbol.dispose]();
    const ended = Promise.all([...this.#workers.values()].map((worker) => worker.running));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    // A step that waits in the kernel cannot be ended: the agent stops without it.
    using timer = this.#clock.setTimer(stopGraceMs, resolve);
    void timer;
    await Promise.race([ended, late]);
  }

  #createWorker(name: UniqueVolumeName): Worker {
    const worker: Worker = { dirty: false, running: undefined, retry: undefined, step: undefined, unwanted: undefined };
    this.#workers.set(name, worker);
    return worker;
  }

  async #run(name: UniqueVolumeName, worker: Worker): Promise<void> {
    // Callers change several things in one turn: look once, after the last.
    await Promise.resolve();
    worker.retry?.[Symbol.dispose]();
    while (worker.dirty && !this.#stopping.signal.aborted) {
      worker.dirty = false;
      const step = this.#nextStep(name);
      if (step && (await this.#take(name, worker, step))) worker.dirty = true;
    }
    worker.running = undefined;
    this.#scheduleRetry(name, worker);
    if (!this.#options.desired.get(name) && !this.#actual.get(name)) this.#dropWorker(name, worker);
  }

  #dropWorker(name: UniqueVolumeName, worker: Worker): void {
    worker.retry?.[Symbol.dispose]();
    this.#workers.delete(name);
    this.#forgetFailures(name);
  }

  /** The first step whose back-off is over. */
  #nextStep(name: UniqueVolumeName): VolumeStepAction | undefined {
    const failures = this.#failures.get(name);
    return this.#decide(name).find((step) => {
      const failure = failures?.get(stepKey(step));
      return failure === undefined || failure.retryAtMs <= this.#clock.now();
    });
  }

  #decide(name: UniqueVolumeName): readonly VolumeStepAction[] {
    return decideVolumeSteps(this.#options.desired.get(name), this.#actual.get(name), this.#options.facts);
  }

  /** Answers whether another step may follow at once; false when this one waits for something to change. */
  async #take(name: UniqueVolumeName, worker: Worker, step: VolumeStepAction): Promise<boolean> {
    worker.step = step;
    worker.unwanted = new AbortController();
    const observe = this.#observer(name, step);
    try {
      const progressed = await this.#execute(name, step, worker.unwanted.signal);
      this.#settle(name, stepKey(step));
      observe(false);
      return progressed;
    } catch (thrown) {
      if (this.#stopping.signal.aborted) return false;
      this.#fail(name, step, thrown);
      observe(true);
      // Another pod's step may not have failed.
      return true;
    } finally {
      worker.step = undefined;
      worker.unwanted = undefined;
      this.#options.stepTaken(name);
    }
  }

  #observer(name: UniqueVolumeName, step: VolumeStepAction): (failed: boolean) => void {
    const { observe, desired } = this.#options;
    const volume = this.#actual.get(name) ?? desired.get(name);
    const spec = this.#actual.get(name)?.spec ?? desired.get(name)?.pods.values().next().value?.spec;
    if (!observe || !volume || !spec) return () => {};
    const startMs = this.#clock.monotonic();
    return (failed) =>
      observe({
        step: step.kind,
        volumeMode: volumeModeOf(spec),
        pluginName: volume.plugin.name,
        durationMs: this.#clock.monotonic() - startMs,
        failed,
      });
  }

  async #execute(name: UniqueVolumeName, step: VolumeStepAction, unwanted: AbortSignal): Promise<boolean> {
    const { context } = this.#options;
    const { signal } = this.#stopping;
    switch (step.kind) {
      case 'awaitReportedInUse':
        this.#options.volumesInUseChanged();
        return false;
      case 'verifyAttached':
        return await this.#verify(name, signal);
      case 'forget':
        this.#actual.forget(name);
        this.#options.volumesInUseChanged();
        return true;
      case 'unmountDevice':
        await unmountDevice(context, this.#volume(name), signal);
        return true;
      case 'tearDown': {
        // Asked again at the last moment: a container may have been started since the decision.
        if (!this.#options.facts.mayUnmount(step.mount.podUid)) return true;
        await tearDownVolume(context, { volume: this.#volume(name), ...step }, signal);
        return true;
      }
      case 'mountDevice':
        this.#tellUnattached(name);
        await this.#mountDevice(name, signal);
        return true;
      case 'setUp':
        this.#tellUnattached(name);
        await this.#forPod(name, step, unwanted);
        return true;
      case 'adopt':
      case 'expand':
        await this.#forPod(name, step, unwanted);
        return true;
      default:
        return unreachable(step);
    }
  }

  /** A volume that nobody attaches is never waited for; that it is in use is told all the same. */
  #tellUnattached(name: UniqueVolumeName): void {
    if (this.#options.desired.get(name)?.attachable === false) this.#options.volumesInUseChanged();
  }

  async #verify(name: UniqueVolumeName, signal: AbortSignal): Promise<boolean> {
    const desired = this.#options.desired.get(name);
    if (!desired) return true;
    const spec = desired.pods.values().next().value?.spec;
    try {
      return await verifyAttached(this.#options.context, desired, signal);
    } catch (thrown) {
      if (thrown instanceof OperationError) throw thrown;
      throw operationError({ what: 'VerifyControllerAttachedVolume failed', volumeName: spec?.name ?? name }, thrown);
    }
  }

  async #mountDevice(name: UniqueVolumeName, signal: AbortSignal): Promise<void> {
    const desired = this.#options.desired.get(name);
    const pod = desired?.pods.values().next().value;
    if (!desired || !pod) return;
    const target = { desired, actual: this.#volume(name), pod };
    if (volumeModeOf(pod.spec) === 'Block') await mapDevice(this.#options.context, target, signal);
    else await mountDevice(this.#options.context, target, signal);
  }

  async #forPod(
    name: UniqueVolumeName,
    step: VolumeStepAction & { kind: 'adopt' | 'setUp' | 'expand' },
    unwanted: AbortSignal,
  ): Promise<void> {
    const { context, desired } = this.#options;
    const { signal } = this.#stopping;
    const volume = desired.get(name);
    if (!volume) return;
    const { podKey, pod } = step;
    const target = { desired: volume, actual: this.#volume(name), podKey, pod };
    switch (step.kind) {
      case 'adopt':
        this.#adopt(name, step);
        return;
      case 'setUp':
        if (volumeModeOf(pod.spec) === 'Block') await mapVolume(context, target, signal);
        else await setUpVolume(context, { ...target, unwanted }, signal);
        return;
      case 'expand': {
        const volumePath = target.actual.pods.get(podKey)?.path ?? '';
        await expandVolume(context, { ...target, volumePath, online: true }, signal);
      }
    }
  }

  /** The kernel's mount is the one that was made before the restart: nothing needs to be done again. */
  #adopt(name: UniqueVolumeName, { podKey, pod }: VolumeStepAction & { kind: 'adopt' }): void {
    const volume = this.#volume(name);
    const mount = volume.pods.get(podKey);
    if (!mount) return;
    const mounter = volume.plugin.newMounter(pod.spec, pod.pod);
    this.#actual.initializeSize(name, this.#options.desired.get(name)?.claimSizeBytes);
    this.#actual.setPodMount(name, {
      ...mount,
      pod: pod.pod,
      spec: pod.spec,
      outerVolumeNames: pod.outerVolumeNames,
      gid: pod.gid,
      state: 'mounted',
      reconstructed: false,
      intact: false,
      path: mounter.path,
      attributes: mounter.attributes,
    });
  }

  #volume(name: UniqueVolumeName) {
    const volume = this.#actual.get(name);
    if (!volume) throw new OperationError(`volume ${name} is not known to this node`, { cause: undefined });
    return volume;
  }

  #fail(name: UniqueVolumeName, step: VolumeStepAction, thrown: unknown): void {
    const key = stepKey(step);
    const delayMs = this.#backoff.next(`${name}|${key}`);
    const nowMs = this.#clock.now();
    const message = messageOf(thrown);
    const failures = this.#failures.get(name) ?? new Map<string, FailedOperation>();
    this.#failures.set(name, failures.set(key, { message, atMs: nowMs, retryAtMs: nowMs + delayMs }));
    if (isAbort(thrown)) return;
    this.#log.warn('volume operation failed', {
      volume: name,
      step: key,
      durationBeforeRetryMs: delayMs,
      error: message,
    });
    const reason = thrown instanceof OperationError ? thrown.eventReason : undefined;
    if (reason === undefined) return;
    for (const pod of this.#podsConcerned(name, step)) {
      this.#options.context.recordEvent(pod, 'Warning', reason, message);
    }
  }

  /** A step for one pod is told to that pod, a step for the node's pods to all of them. */
  #podsConcerned(name: UniqueVolumeName, step: VolumeStepAction) {
    if ('pod' in step) return [step.pod.pod];
    return [...(this.#options.desired.get(name)?.pods.values() ?? [])].map(({ pod }) => pod);
  }

  #settle(name: UniqueVolumeName, key: string): void {
    this.#backoff.forget(`${name}|${key}`);
    const failures = this.#failures.get(name);
    failures?.delete(key);
    if (failures?.size === 0) this.#failures.delete(name);
  }

  #forgetFailures(name: UniqueVolumeName): void {
    for (const key of this.#failures.get(name)?.keys() ?? []) this.#backoff.forget(`${name}|${key}`);
    this.#failures.delete(name);
  }

  #scheduleRetry(name: UniqueVolumeName, worker: Worker): void {
    const failures = this.#failures.get(name);
    if (!failures || this.#stopping.signal.aborted) return;
    // A failure of a step that is no longer wanted must not keep the volume busy.
    const wanted = new Set(this.#decide(name).map(stepKey));
    for (const key of [...failures.keys()]) if (!wanted.has(key)) this.#settle(name, key);
    const dueMs = Math.min(...[...failures.values()].map((failure) => failure.retryAtMs));
    if (!Number.isFinite(dueMs)) return;
    worker.retry = this.#clock.setTimer(dueMs - this.#clock.now(), () => this.wake(name));
  }

  #abortUnwanted(name: UniqueVolumeName, worker: Worker): void {
    const { step } = worker;
    if (step?.kind !== 'setUp') return;
    const desired: DesiredVolume | undefined = this.#options.desired.get(name);
    if (!desired?.pods.has(step.podKey)) worker.unwanted?.abort();
  }
}

/** The key of a step's back-off: a pod's step fails for itself, a device's step for all pods of the node. */
function stepKey(step: VolumeStepAction): string {
  return 'podKey' in step ? `${step.kind}/${step.podKey}` : step.kind;
}
