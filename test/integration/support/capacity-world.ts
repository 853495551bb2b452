/** A driver whose capacity is published, the nodes it runs on, and what others do to the objects. */
import {
  type CSIStorageCapacity,
  csiNodes,
  csiStorageCapacities,
  type Draft,
  type KubernetesObject,
  nodes,
  type OwnerReference,
  quantityValue,
  type StorageClass,
  storageClasses,
} from '../../../src/api/index.ts';
import { type Client, createInformerFactory } from '../../../src/client/index.ts';
import type { MetricsRegistry } from '../../../src/metrics/index.ts';
import { type CapacityFlags, startCapacity } from '../../../src/sidecars/index.ts';
import { ControlPlane } from './control-plane.ts';
import { FakeDriver } from './fake-driver.ts';
import { classDraft, nodeDraft } from './objects.ts';

export const place = 'topology.fake.csi/place';
export const driverLabels = {
  'csi.storage.k8s.io/drivername': 'fake.csi',
  'csi.storage.k8s.io/managed-by': 'external-provisioner',
};
const namespace = 'kube-system';

export const testOwner: OwnerReference = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  name: 'test-driver',
  uid: '309cd460-2d62-4f40-bbcf-b7765aac5a6d',
  controller: true,
};

/** `1Gi`, or `1Gi,1Mi` with the largest volume. */
type Answer = string;

export interface ObjectSketch {
  readonly name?: string;
  readonly className: string;
  readonly segment?: Readonly<Record<string, string>>;
  readonly capacity: Answer;
  readonly labels?: Readonly<Record<string, string>>;
  readonly owner?: OwnerReference;
}

export function objectDraft(sketch: ObjectSketch): Draft<CSIStorageCapacity> {
  const [capacity, maximumVolumeSize] = sketch.capacity.split(',');
  const { owner, name } = sketch;
  return {
    metadata: {
      namespace,
      ...(name === undefined ? { generateName: 'csisc-' } : { name }),
      labels: sketch.labels ?? driverLabels,
      ...(owner ? { ownerReferences: [owner] } : {}),
    },
    storageClassName: sketch.className,
    ...(sketch.segment ? { nodeTopology: { matchLabels: sketch.segment } } : {}),
    ...(capacity === undefined ? {} : { capacity }),
    ...(maximumVolumeSize === undefined ? {} : { maximumVolumeSize }),
  };
}

export class CapacityWorld implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly backend: FakeDriver;
  /** What there is, by the value of the one topology key. */
  readonly room = new Map<string, Answer>();
  /** Writes of CSIStorageCapacity objects since the last look. */
  #writes = 0;
  /** Objects by key, as they are committed. */
  readonly #present = new Map<string, CSIStorageCapacity>();
  /** What there was more than one object for, at any time. */
  readonly doubles: string[] = [];

  private constructor(plane: ControlPlane) {
    this.plane = plane;
    this.backend = new FakeDriver(plane.clock);
    this.backend.capacityOf = (segment, { factor = '1' }) => {
      const [available = '0', maximum] = (this.room.get(Object.values(segment).join('/')) ?? '0').split(',');
      return {
        availableCapacity: quantityValue(available) * BigInt(factor),
        ...(maximum === undefined ? {} : { maximumVolumeSize: quantityValue(maximum) }),
      };
    };
  }

  static async start(): Promise<CapacityWorld> {
    const world = new CapacityWorld(await ControlPlane.start());
    await world.plane.onCommit((events) => {
      for (const { key, current } of events) if (key.includes('csistoragecapacities')) world.#onWrite(key, current);
    });
    return world;
  }

  #onWrite(key: string, current: KubernetesObject | undefined): void {
    this.#writes++;
    // The key tells the kind.
    if (current) this.#present.set(key, current as CSIStorageCapacity);
    else this.#present.delete(key);
    const items = [...this.#present.values()]
      .filter(({ metadata }) => metadata.labels?.['csi.storage.k8s.io/drivername'] === 'fake.csi')
      .map(({ storageClassName, nodeTopology }) => `${storageClassName} ${JSON.stringify(nodeTopology)}`);
    this.doubles.push(...items.filter((item, index) => items.indexOf(item) < index));
  }

  /** Another process of the sidecar. */
  async publish(
    flags: Partial<CapacityFlags> = {},
    client: Client = this.plane.clientOf('fake.csi'),
    metrics?: MetricsRegistry,
  ): Promise<AsyncDisposable & ReturnType<typeof startCapacity>> {
    const { clock, logger, random } = this.plane;
    const stack = new AsyncDisposableStack();
    const informers = stack.use(createInformerFactory({ client, clock, logger, random }));
    const { driver } = this.backend;
    const running = stack.use(startCapacity({ client, informers, driver, clock, logger, metrics, flags }));
    const whole = { ...running, [Symbol.asyncDispose]: () => stack.disposeAsync() };
    this.plane.use(whole);
    informers.start();
    await clock.settle();
    return whole;
  }

  /** A node with the driver on it, at the place. */
  async addNode(name: string, at: string, keys: readonly string[] = [place]): Promise<void> {
    const { client, clock } = this.plane;
    await client.create(nodes, nodeDraft(name, { [place]: at }));
    const drivers = [{ name: 'fake.csi', nodeID: name, topologyKeys: keys }];
    await client.create(csiNodes, { metadata: { name }, spec: { drivers } });
    await clock.settle();
  }

  async removeNode(name: string): Promise<void> {
    await this.plane.client.delete(csiNodes, { name });
    await this.plane.client.delete(nodes, { name });
    await this.plane.clock.settle();
  }

  async addClass(name: string, mode = 'WaitForFirstConsumer', more: Partial<StorageClass> = {}): Promise<void> {
    const draft = classDraft(name, mode);
    await this.plane.client.create(storageClasses, { ...draft, ...more, metadata: draft.metadata });
    await this.plane.clock.settle();
  }

  async removeClass(name: string): Promise<void> {
    await this.plane.client.delete(storageClasses, { name });
    await this.plane.clock.settle();
  }

  async addObject(sketch: ObjectSketch): Promise<CSIStorageCapacity> {
    const made = await this.plane.client.create(csiStorageCapacities, objectDraft(sketch));
    await this.plane.clock.settle();
    return made;
  }

  async objects(): Promise<readonly CSIStorageCapacity[]> {
    const { items } = await this.plane.client.list(csiStorageCapacities, { namespace });
    return items;
  }

  /** Each object as `class topology capacity`, with the largest volume behind a comma, and its owner. */
  async shown(): Promise<string[]> {
    const lines = (await this.objects()).map((object) => {
      const { storageClassName, nodeTopology, capacity, maximumVolumeSize, metadata } = object;
      const topology = nodeTopology ? Object.values(nodeTopology.matchLabels ?? {}).join('/') || '*' : '-';
      const limit = maximumVolumeSize === undefined ? '' : `,${maximumVolumeSize}`;
      const owners = (metadata.ownerReferences ?? []).map(({ name }) => ` of ${name}`).join('');
      const stranger = metadata.labels?.['csi.storage.k8s.io/managed-by'] === 'external-provisioner' ? '' : ' not ours';
      return `${storageClassName} ${topology} ${capacity}${limit}${owners}${stranger}`;
    });
    return lines.sort();
  }

  takeWrites(): number {
    const writes = this.#writes;
    this.#writes = 0;
    return writes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane[Symbol.asyncDispose]();
  }
}
