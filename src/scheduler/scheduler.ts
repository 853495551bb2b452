/**
 * The scheduler: takes waiting pods one by one, chooses a node for each in memory, and lets the slow part (binding the
 * volumes, then the pod) run beside the next attempts. What it has chosen is assumed in its cache until the API shows
 * it or it is taken back.
 */
import {
  type Binding,
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  isConflict,
  isNotFound,
  keyOf,
  nodes,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
  volumeAttachments,
} from '../api/index.ts';
import { type Clock, type Logger, messageOf, timestamp } from '../base/index.ts';
import type { Client, EventRecorder, InformerFactory } from '../client/index.ts';
import { SchedulerCache } from './cache/scheduler-cache.ts';
import { Framework, type Placement } from './framework/framework.ts';
import type { ClusterEvent, Plugin } from './framework/plugin.ts';
import { FitError, isRejected } from './framework/status.ts';
import {
  nodeAffinity,
  nodeName,
  nodeResourcesFit,
  nodeUnschedulable,
  taintToleration,
} from './plugins/node-plugins.ts';
import { NodeVolumeLimits } from './plugins/node-volume-limits.ts';
import { VolumeBinding } from './plugins/volume-binding/volume-binding.ts';
import { VolumeRestrictions } from './plugins/volume-restrictions.ts';
import { VolumeZone } from './plugins/volume-zone.ts';
import { type QueuedPod, SchedulingQueue } from './queue/scheduling-queue.ts';

export interface SchedulerOptions {
  readonly client: Client;
  /** Not started yet: the scheduler adds its handlers and indexes. */
  readonly informers: InformerFactory;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly schedulerName?: string;
  readonly bindTimeoutMs?: number;
}

/** Upstream's VolumeBindingArgs.bindTimeoutSeconds. */
const defaultBindTimeoutMs = 600_000;

/** Pods placed before the event loop gets its turn again. */
const podsPerTurn = 8;

/**
 * A pod that only waits for claims being provisioned right now is not reported before this: most are bound by then,
 * and nobody needs a warning about them.
 */
const claimGraceMs = 1000;

const terminalPhases: ReadonlySet<string> = new Set(['Succeeded', 'Failed']);

export class Scheduler implements AsyncDisposable {
  readonly #options: SchedulerOptions;
  readonly #name: string;
  readonly #cache = new SchedulerCache();
  readonly #queue: SchedulingQueue;
  readonly #framework: Framework;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /** Pods told of nothing yet, because they wait for claims that are being provisioned. */
  readonly #claimGrace = new Map<string, number>();
  #pumpScheduled = false;
  #started = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#name = options.schedulerName ?? 'default-scheduler';
    const plugins = this.#createPlugins();
    this.#framework = new Framework(plugins);
    this.#queue = new SchedulingQueue({ clock: options.clock, plugins, wake: () => this.#schedulePump() });
    this.#listen();
  }

  /** Begins to place pods. Call when the informers have synced. */
  start(): void {
    this.#started = true;
    this.#schedulePump();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#queue[Symbol.dispose]();
    await Promise.allSettled(this.#running);
  }

  #createPlugins(): readonly Plugin[] {
    const { client, clock, informers } = this.#options;
    const claims = informers.informer(persistentVolumeClaims);
    const volumes = informers.informer(persistentVolumes);
    const classes = informers.informer(storageClasses);
    const attachments = informers.informer(volumeAttachments);
    const volumeBinding = new VolumeBinding({
      client,
      clock,
      claims,
      volumes,
      classes,
      drivers: informers.informer(csiDrivers),
      capacities: informers.informer(csiStorageCapacities),
      nodes: informers.informer(nodes),
      bindTimeoutMs: this.#options.bindTimeoutMs ?? defaultBindTimeoutMs,
    });
    return [
      nodeUnschedulable,
      nodeName,
      taintToleration,
      nodeAffinity,
      nodeResourcesFit,
      new VolumeRestrictions({ claims }),
      new NodeVolumeLimits({ claims, volumes, classes, attachments, csiNodes: informers.informer(csiNodes) }),
      volumeBinding,
      new VolumeZone({ claims, volumes }),
    ];
  }

  #listen(): void {
    const { informers } = this.#options;
    informers.informer(pods).addHandler({
      onAdd: (pod) => this.#onPod(undefined, pod),
      onUpdate: (previous, pod) => this.#onPod(previous, pod),
      onDelete: (pod) => this.#onPodGone(pod),
    });
    informers.informer(nodes).addHandler({
      onAdd: (node) => {
        this.#cache.setNode(node);
        this.#queue.onEvent('NodeAdd');
      },
      onUpdate: (_previous, node) => {
        this.#cache.setNode(node);
        this.#queue.onEvent('NodeUpdate');
      },
      onDelete: (node) => this.#cache.removeNode(node.metadata.name),
    });
    const tell = (event: ClusterEvent) => ({
      onAdd: () => this.#queue.onEvent(event),
      onUpdate: () => this.#queue.onEvent(event),
    });
    informers.informer(persistentVolumeClaims).addHandler(tell('ClaimChange'));
    informers.informer(persistentVolumes).addHandler(tell('VolumeChange'));
    informers.informer(storageClasses).addHandler(tell('ClassChange'));
    informers.informer(csiNodes).addHandler(tell('CSINodeChange'));
    informers.informer(csiDrivers).addHandler(tell('CSIDriverChange'));
    informers.informer(csiStorageCapacities).addHandler(tell('CapacityChange'));
    informers.informer(volumeAttachments).addHandler({ onDelete: () => this.#queue.onEvent('AttachmentDelete') });
  }

  #isOurs(pod: Pod): boolean {
    return (
      (pod.spec.schedulerName ?? 'default-scheduler') === this.#name && !terminalPhases.has(pod.status?.phase ?? '')
    );
  }

  #onPod(previous: Pod | undefined, pod: Pod): void {
    const uid = pod.metadata.uid;
    if (pod.spec.nodeName || terminalPhases.has(pod.status?.phase ?? '')) {
      this.#queue.remove(uid);
      this.#claimGrace.delete(uid);
      this.#cache.setPod(pod);
      if (terminalPhases.has(pod.status?.phase ?? '')) this.#queue.onEvent('PodDelete');
      return;
    }
    if (!this.#isOurs(pod)) return;
    if (pod.metadata.deletionTimestamp || (pod.spec.schedulingGates ?? []).length > 0) this.#queue.remove(uid);
    else if (!previous || previous.spec !== pod.spec || previous.metadata.labels !== pod.metadata.labels) {
      // Our own status writes come back as updates; only a changed spec or labels are worth a new try.
      if (previous && sameSchedulingInput(previous, pod)) this.#queue.update(pod);
      else this.#queue.add(pod);
    } else this.#queue.update(pod);
  }

  #onPodGone(pod: Pod): void {
    this.#queue.remove(pod.metadata.uid);
    this.#claimGrace.delete(pod.metadata.uid);
    this.#cache.removePod(pod.metadata.uid);
    this.#queue.onEvent('PodDelete');
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
    if (this.#queue.length > 0) this.#schedulePump();
  }

  #scheduleOne(queued: QueuedPod): void {
    const { pod } = queued;
    let placement: Placement;
    try {
      placement = this.#framework.place(pod, { nodes: this.#cache.nodes });
      this.#reserve(placement, pod);
    } catch (thrown) {
      this.#giveBack(queued, thrown);
      return;
    }
    const assumed: Pod = { ...pod, spec: { ...pod.spec, nodeName: placement.node.metadata.name } };
    this.#cache.setPod(assumed);
    const work = this.#bind(queued, placement).finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  #reserve(placement: Placement, pod: Pod): void {
    const reserved: Plugin[] = [];
    for (const plugin of this.#framework.plugins) {
      const status = plugin.reserve?.(placement.state, pod, placement.node);
      if (status && isRejected(status)) {
        for (const earlier of reserved.reverse()) earlier.unreserve?.(placement.state, pod, placement.node);
        throw new FitError(status.reasons.join(', '), new Set([plugin.name]));
      }
      reserved.push(plugin);
    }
  }

  async #bind(queued: QueuedPod, placement: Placement): Promise<void> {
    const { client, recorder, logger } = this.#options;
    const { pod } = queued;
    const { node, state } = placement;
    const { signal } = this.#stop;
    try {
      for (const plugin of this.#framework.plugins) await plugin.preBind?.(state, pod, node, signal);
      const binding = {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { namespace: pod.metadata.namespace, name: pod.metadata.name, uid: pod.metadata.uid },
        target: { kind: 'Node', name: node.metadata.name },
      } satisfies Omit<Binding, 'metadata'> & { metadata: object };
      await client.createSubresource(pods, pod.metadata, 'binding', binding, { signal });
      this.#queue.done(pod.metadata.uid);
      this.#claimGrace.delete(pod.metadata.uid);
      const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
      recorder.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${name} to ${node.metadata.name}`);
    } catch (thrown) {
      for (const plugin of this.#framework.plugins.toReversed()) plugin.unreserve?.(state, pod, node);
      this.#forget(pod);
      if (signal.aborted) return;
      logger.info('pod could not be bound', { pod: keyOf(pod), node: node.metadata.name, error: messageOf(thrown) });
      this.#giveBack(queued, thrown);
    }
  }

  /** Takes an assumed pod out of the cache, unless the API has confirmed it meanwhile. */
  #forget(pod: Pod): void {
    const current = this.#options.informers.informer(pods).get(keyOf(pod));
    if (current?.metadata.uid !== pod.metadata.uid || !current.spec.nodeName) this.#cache.removePod(pod.metadata.uid);
    this.#queue.onEvent('PodDelete');
  }

  #giveBack(queued: QueuedPod, thrown: unknown): void {
    const { pod } = queued;
    const current = this.#options.informers.informer(pods).get(keyOf(pod));
    const gone = !current || current.metadata.uid !== pod.metadata.uid || current.spec.nodeName || isNotFound(thrown);
    if (gone || current.metadata.deletionTimestamp) {
      this.#queue.done(pod.metadata.uid);
      return;
    }
    const fit = thrown instanceof FitError ? thrown : undefined;
    const quiet = fit?.waitsForClaims === true && this.#inClaimGrace(pod);
    const latest = { ...queued, pod: current };
    this.#queue.returnUnschedulable(latest, fit?.plugins ?? new Set(), !quiet && !isConflict(thrown));
    if (!quiet) this.#report(current, messageOf(thrown), fit === undefined);
  }

  /** Whether the pod's claims still have their time to be bound without a word; sees to it that it is told after. */
  #inClaimGrace(pod: Pod): boolean {
    const { clock } = this.#options;
    const uid = pod.metadata.uid;
    const since = this.#claimGrace.get(uid);
    if (since !== undefined) return clock.now() - since < claimGraceMs;
    this.#claimGrace.set(uid, clock.now());
    void clock.sleep(claimGraceMs, this.#stop.signal).then(
      () => {
        const current = this.#options.informers.informer(pods).get(keyOf(pod));
        if (this.#claimGrace.has(uid) && current?.metadata.uid === uid && !current.spec.nodeName)
          this.#queue.add(current);
      },
      () => {},
    );
    return true;
  }

  /** Tells the pod's owner why it waits: an event, and the condition PodScheduled. */
  #report(pod: Pod, message: string, isError: boolean): void {
    const { client, clock, recorder, logger } = this.#options;
    recorder.event(pod, 'Warning', 'FailedScheduling', message);
    const reason = isError ? 'SchedulerError' : 'Unschedulable';
    const known = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (known?.status === 'False' && known.reason === reason && known.message === message) return;
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason,
      message,
      lastProbeTime: null,
      lastTransitionTime: known?.status === 'False' ? known.lastTransitionTime : timestamp(clock),
    };
    const patch = { type: 'strategic', body: { status: { conditions: [condition] } } } as const;
    const options = { subresource: 'status', signal: this.#stop.signal };
    const write = client.patch(pods, pod.metadata, patch, options).then(
      () => {},
      (thrown: unknown) => {
        if (!this.#stop.signal.aborted) logger.warn('pod condition not written', { pod: keyOf(pod), error: thrown });
      },
    );
    const work: Promise<void> = write.finally(() => this.#running.delete(work));
    this.#running.add(work);
  }
}

/** Whether nothing that placement depends on differs between two versions of a pod. */
function sameSchedulingInput(a: Pod, b: Pod): boolean {
  const input = ({ spec, metadata }: Pod) => JSON.stringify([spec, metadata.labels]);
  return input(a) === input(b);
}
