/**
 * Which segments and classes have to be looked at, and when. It owns the queue of them; what is true of one of them is
 * worked out in sync-capacity.ts alone, so that one too many here costs a call to the driver and nothing else.
 */
import {
  type CSIStorageCapacity,
  csiDrivers,
  csiStorageCapacities,
  type StorageClass,
  storageClasses,
  type VolumeNodeAffinity,
} from '../../../api/index.ts';
import type { Clock, Logger } from '../../../base/index.ts';
import { type Informer, type InformerFactory, runReconciler, type WorkQueue } from '../../../client/index.ts';
import type { Synced } from '../../common/after-sync.ts';
import { itemKey, itemKeyOf, labelsOf } from './capacity-object.ts';
import { type CapacityContext, capacitiesByItem, isPublished } from './context.ts';
import type { CapacityCounts } from './metrics.ts';
import { segmentOfTerm, segmentText, selectorText } from './segment.ts';
import type { SegmentSource } from './segment-source.ts';
import { syncCapacity } from './sync-capacity.ts';

export interface PublicationOptions {
  readonly informers: InformerFactory;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly segments: SegmentSource;
  readonly context: Omit<CapacityContext, 'capacities' | 'classes' | 'segments' | 'isOn'>;
}

/** Of everything that there should be objects for; all of it where nothing is said. */
interface Part {
  readonly className?: string;
  readonly texts?: Iterable<string>;
}

export class Publication implements AsyncDisposable {
  readonly #options: PublicationOptions;
  readonly #stack = new AsyncDisposableStack();
  readonly #capacities: Informer<CSIStorageCapacity>;
  readonly #classes: Informer<StorageClass>;
  readonly #context: CapacityContext;
  /** What must be filled before the start. */
  readonly caches: readonly Synced[];
  #queue: WorkQueue | undefined;

  constructor(options: PublicationOptions) {
    this.#options = options;
    const { informers, segments, context } = options;
    const { manager, driver, flags } = context;
    const labelSelector = Object.entries(labelsOf(manager))
      .map(([label, value]) => `${label}=${value}`)
      .join(',');
    this.#capacities = informers.informer(csiStorageCapacities, { namespace: manager.namespace, labelSelector });
    this.#capacities.addIndex(capacitiesByItem, (capacity) => [itemKeyOf(capacity)]);
    this.#classes = informers.informer(storageClasses);
    const csiDriver = flags.publish === 'always' ? undefined : informers.informer(csiDrivers);
    this.caches = [this.#capacities, this.#classes, ...(csiDriver ? [csiDriver] : [])];
    const isOn = () => csiDriver === undefined || csiDriver.get(driver.name)?.spec.storageCapacity === true;
    this.#context = { ...context, capacities: this.#capacities, classes: this.#classes, segments, isOn };
  }

  /** The caches, and those of the segments, must have been filled. */
  start(): void {
    const { clock, logger, segments, context } = this.#options;
    const { threads, pollIntervalMs, retryIntervalStartMs, retryIntervalMaxMs } = context.flags;
    this.#queue = this.#stack.use(
      runReconciler({
        name: 'csistoragecapacity',
        clock,
        logger,
        concurrency: threads,
        backoff: { initialMs: retryIntervalStartMs, maxMs: retryIntervalMaxMs },
        reconcile: (key, signal) => syncCapacity(this.#context, key, signal),
      }),
    );
    this.#stack.use(segments.start((texts) => this.#segmentsChanged(texts)));
    this.#watchClasses();
    this.#watchCapacities();
    this.#watchDriver();
    const poll = (): Disposable =>
      clock.setTimer(pollIntervalMs, () => {
        this.#addAll(this.#items());
        timer = poll();
      });
    let timer = poll();
    this.#stack.defer(() => timer[Symbol.dispose]());
  }

  volumeChanged(affinity: VolumeNodeAffinity | undefined, className: string): void {
    const terms = affinity?.required?.nodeSelectorTerms;
    if (!terms) {
      this.classChanged(className);
      return;
    }
    const texts = new Set(
      terms.flatMap((term) => {
        const segment = segmentOfTerm(term);
        return segment ? [segmentText(segment)] : [];
      }),
    );
    this.#addAll(this.#items({ texts }));
  }

  classChanged(className: string): void {
    this.#addAll(this.#items({ className }));
  }

  counts(): CapacityCounts {
    const wanted = new Set(this.#items());
    const objects = this.#capacities.list();
    const present = new Set(objects.map(itemKeyOf));
    return {
      goal: wanted.size,
      current: [...wanted].filter((key) => present.has(key)).length,
      obsolete: objects.filter((capacity) => !wanted.has(itemKeyOf(capacity))).length,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  /** The keys of what there should be objects for. */
  *#items({ className, texts }: Part = {}): Iterable<string> {
    if (!this.#context.isOn()) return;
    const { segments } = this.#options;
    const found = className === undefined ? this.#classes.list() : [this.#classes.get(className)];
    for (const volumeClass of found) {
      if (!volumeClass || !isPublished(this.#context, volumeClass)) continue;
      const { name } = volumeClass.metadata;
      for (const text of texts ?? segments.texts()) if (segments.get(text)) yield itemKey(name, text);
    }
  }

  #addAll(keys: Iterable<string>): void {
    for (const key of keys) this.#queue?.add(key);
  }

  /** Looks at what there should be, and at the objects that there are: they may have become one too many. */
  #look(wanted: Part, isObject: (capacity: CSIStorageCapacity) => boolean): void {
    this.#addAll(this.#items(wanted));
    this.#addAll(this.#capacities.list().filter(isObject).map(itemKeyOf));
  }

  #segmentsChanged(texts: ReadonlySet<string>): void {
    this.#look({ texts }, ({ nodeTopology }) => texts.has(selectorText(nodeTopology)));
  }

  #watchClasses(): void {
    const look = ({ metadata, provisioner }: StorageClass) => {
      if (provisioner !== this.#context.driver.name) return;
      const { name: className } = metadata;
      this.#look({ className }, ({ storageClassName }) => storageClassName === className);
    };
    const onUpdate = (previous: StorageClass, current: StorageClass) => {
      // A relist that shows nothing new is no reason to ask the driver.
      if (previous.metadata.resourceVersion !== current.metadata.resourceVersion) look(current);
    };
    this.#stack.use(this.#classes.addHandler({ onAdd: look, onUpdate, onDelete: look }));
  }

  /** What this process has written itself is no news. */
  #watchCapacities(): void {
    const onAdd = (capacity: CSIStorageCapacity, isInitial = false) => {
      const key = itemKeyOf(capacity);
      const isExpected = this.#capacities.byIndex(capacitiesByItem, key).length === 1 && this.#isWanted(capacity);
      if (isInitial || !isExpected) this.#queue?.add(key);
    };
    this.#stack.use(
      this.#capacities.addHandler({
        onAdd,
        onUpdate: (_previous, capacity) => onAdd(capacity),
        onDelete: (capacity) => this.#queue?.add(itemKeyOf(capacity)),
      }),
    );
  }

  #isWanted({ storageClassName, nodeTopology }: CSIStorageCapacity): boolean {
    const volumeClass = this.#classes.get(storageClassName);
    const segment = this.#options.segments.get(selectorText(nodeTopology));
    const isThere = segment !== undefined && volumeClass !== undefined;
    return isThere && isPublished(this.#context, volumeClass) && this.#context.isOn();
  }

  #watchDriver(): void {
    const { informers, context } = this.#options;
    if (context.flags.publish === 'always') return;
    let wasOn = this.#context.isOn();
    const look = () => {
      if (this.#context.isOn() === wasOn) return;
      wasOn = !wasOn;
      this.#look({}, () => true);
    };
    this.#stack.use(informers.informer(csiDrivers).addHandler({ onAdd: look, onUpdate: look, onDelete: look }));
  }
}
