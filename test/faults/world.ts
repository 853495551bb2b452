/** A whole control plane in virtual time, each process with an API of its own, two nodes and a driver. */
import {
  configMaps,
  csiNodes,
  type Draft,
  isNotFound,
  type KubernetesObject,
  namespaces,
  nodes,
  type ObjectKey,
  type Pod,
  persistentVolumeClaims,
  pods,
  type ResourceType,
  serviceAccounts,
  storageClasses,
  volumeSnapshotClasses,
} from '../../src/api/index.ts';
import type { Logger } from '../../src/base/index.ts';
import { ControlPlane } from '../integration/support/control-plane.ts';
import { type Call, FakeDriver } from '../integration/support/fake-driver.ts';
import { FakeKubelet } from '../integration/support/fake-kubelet.ts';
import { FlexBackend } from '../integration/support/flex-backend.ts';
import { classDraft } from '../integration/support/objects.ts';
import { Judge } from './judge.ts';
import { Machine } from './machine/machine.ts';
import {
  controlProcesses,
  emptyTrace,
  kubeletProcesses,
  nodeOf,
  type Plan,
  type ProcessName,
  snapshotProcesses,
  type Trace,
} from './plan.ts';
import { Process } from './process.ts';

/** The longest that a step of a workload may take, the disturbance included. */
const stepMs = 10 * 60_000;

/** Who makes the calls that are not the provisioner's. */
const callers: Readonly<Record<string, ProcessName>> = {
  ControllerPublishVolume: 'attacher',
  ControllerUnpublishVolume: 'attacher',
  ControllerExpandVolume: 'resizer',
  ControllerModifyVolume: 'resizer',
  CreateSnapshot: 'snapshotter',
  DeleteSnapshot: 'snapshotter',
  ListSnapshots: 'snapshotter',
};

const snapshotClass = {
  metadata: { name: 'snaps', annotations: { 'snapshot.storage.kubernetes.io/is-default-class': 'true' } },
  driver: 'fake.csi',
  deletionPolicy: 'Delete',
};

const fakeNodes = ['n1', 'n2'];

export interface WorldOptions {
  readonly plan?: Plan | undefined;
  readonly logger?: Logger | undefined;
  /** So many nodes are machines with real node agents; 0: the nodes are fakes. */
  readonly machines?: 0 | 2 | 3 | undefined;
  /** Which half of the driver grows volumes; the controller's, unless given. */
  readonly expansion?: 'controller' | 'node' | undefined;
  /** Snapshots are taken. */
  readonly hasSnapshots?: boolean | undefined;
  /** It is noted which process writes what. */
  readonly recordsWrites?: boolean | undefined;
  /** Claims tell since when no pod uses them. */
  readonly tellsUnused?: boolean | undefined;
}

export class World implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly backend: FakeDriver;
  /** The FlexVolume driver beside the controller manager. */
  readonly flex: FlexBackend;
  readonly kubelets = new Map<string, FakeKubelet>();
  readonly machines = new Map<string, Machine>();
  readonly judge: Judge;
  readonly tellsUnused: boolean;
  readonly traces = new Map<ProcessName, Trace>();
  readonly #nodes = new Map<string, FakeKubelet | Machine>();
  readonly #processes = new Map<ProcessName, Process>();
  readonly #stack = new AsyncDisposableStack();

  private constructor(plane: ControlPlane, flex: FlexBackend, { tellsUnused = false, expansion }: WorldOptions) {
    this.plane = this.#stack.use(plane);
    this.backend = new FakeDriver(plane.clock, expansion);
    this.flex = flex;
    this.tellsUnused = tellsUnused;
    this.judge = new Judge(plane, this.backend, this.#nodes, this.machines);
  }

  static async start(options: WorldOptions = {}): Promise<World> {
    const { plan, logger, machines = 0, hasSnapshots = false } = options;
    const plane = await ControlPlane.start(logger);
    if (options.recordsWrites) await plane.recordWrites();
    const world = new World(plane, await FlexBackend.create(plane.clock), options);
    const kubelets = kubeletProcesses.slice(0, machines);
    if (machines > 0) await plane.client.create(namespaces, { metadata: { name: 'kube-node-lease' }, spec: {} });
    for (const name of kubelets) await world.#addMachine(nodeOf(name));
    if (machines === 0) for (const name of fakeNodes) await world.#addFakeKubelet(name);
    await plane.client.create(storageClasses, { ...classDraft('now', 'Immediate'), allowVolumeExpansion: true });
    await plane.client.create(storageClasses, classDraft('later'));
    if (hasSnapshots) await plane.client.create(volumeSnapshotClasses, snapshotClass);
    await plane.run();
    world.#listenToDriver();
    for (const name of [...controlProcesses, ...kubelets, ...(hasSnapshots ? snapshotProcesses : [])]) {
      const trace = emptyTrace();
      world.traces.set(name, trace);
      const process = new Process(world, name, trace, plan?.process === name ? plan : undefined);
      world.#processes.set(name, world.#stack.use(process));
      await process.start();
    }
    await world.#untilNamespaceIsReady();
    for (const name of world.machines.keys()) await world.untilReady(name);
    return world;
  }

  async #addFakeKubelet(name: string): Promise<void> {
    const kubelet = await FakeKubelet.start(this.plane, name, this.backend.name);
    this.kubelets.set(name, kubelet);
    this.#nodes.set(name, kubelet);
  }

  async #addMachine(name: string): Promise<void> {
    const machine = this.#stack.use(new Machine(name, this.backend.name, this.plane.clock));
    await machine.registerDriver();
    this.machines.set(name, machine);
    this.#nodes.set(name, machine);
    await this.judge.nodes.watch(machine);
  }

  #listenToDriver(): void {
    const { backend, flex, judge, machines } = this;
    flex.onCall = (command, volume, node) => {
      judge.onFlexCall(command, { volume, node, attached: flex.attached });
      this.processOf('controller-manager').onCall(command);
    };
    flex.onReply = () => this.processOf('controller-manager').onReply();
    backend.plug = (volumeId, node) => machines.get(node)?.plug(volumeId) ?? '/dev/x';
    backend.onCall = (call) => {
      judge.onCall(call);
      this.#callerOf(call)?.onCall(call.method);
    };
    backend.onReply = (call) => {
      const [volumeId = '', node = ''] = call.subject.split('@');
      if (call.method === 'ControllerUnpublishVolume') machines.get(node)?.unplug(volumeId);
      this.#callerOf(call)?.onReply();
    };
  }

  /** Pods that come before are made without a token. */
  async #untilNamespaceIsReady(): Promise<void> {
    const account = () => this.plane.get(serviceAccounts, { namespace: 'default', name: 'default' });
    const authority = () => this.plane.get(configMaps, { namespace: 'default', name: 'kube-root-ca.crt' });
    await this.until(
      'namespace ready',
      async () => (await account()) !== undefined && (await authority()) !== undefined,
    );
  }

  #callerOf({ method }: Call): Process | undefined {
    return this.#processes.get(callers[method] ?? 'provisioner');
  }

  processOf(name: ProcessName): Process {
    const process = this.#processes.get(name);
    if (!process) throw new Error(`there is no process ${name}`);
    return process;
  }

  machine(name: string): Machine {
    const machine = this.machines.get(name);
    if (!machine) throw new Error(`there is no machine ${name}`);
    return machine;
  }

  kubeletOf(node: string): Process {
    return this.processOf(`kubelet-${node}` as ProcessName);
  }

  /** The machine is off: what it had mounted is gone, and nobody hears of it. */
  async losePower(node: string): Promise<void> {
    const stopped = this.kubeletOf(node).stop();
    this.machine(node).losePower();
    this.judge.fenced.add(node);
    await this.#elapse(stopped);
  }

  async boot(node: string): Promise<void> {
    this.judge.fenced.delete(node);
    // Somebody may have meant to start it while the machine was off.
    await this.#elapse(this.kubeletOf(node).stop());
    this.machine(node).boot();
    await this.kubeletOf(node).start();
  }

  /** Lets as much time pass as something takes. */
  async #elapse(ending: Promise<void>): Promise<void> {
    let hasEnded = false;
    const noted = ending.finally(() => {
      hasEnded = true;
    });
    await this.plane.clock.until(() => hasEnded, stepMs);
    await noted;
  }

  /** The node says that it is ready, and what drivers it has. */
  async untilReady(name: string): Promise<void> {
    await this.until(`node ${name} ready`, async () => {
      const node = await this.plane.get(nodes, { name });
      const csiNode = await this.plane.get(csiNodes, { name });
      const isReady = node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
      return isReady === true && csiNode?.spec.drivers?.length === 1;
    });
  }

  async create<T extends KubernetesObject>(type: ResourceType<T>, draft: Draft<T>): Promise<T> {
    return await this.plane.client.create(type, draft);
  }

  async change<T extends KubernetesObject>(type: ResourceType<T>, key: ObjectKey, body: object): Promise<void> {
    await this.plane.client.patch(type, key, { type: 'merge', body });
  }

  /** Deletes as a user does: what is gone already is no matter. */
  async remove<T extends KubernetesObject>(type: ResourceType<T>, key: ObjectKey): Promise<void> {
    await this.plane.client.delete(type, key, { propagationPolicy: 'Background' }).catch((thrown: unknown) => {
      if (!isNotFound(thrown)) throw thrown;
    });
  }

  async until(what: string, condition: () => Promise<boolean>): Promise<void> {
    await this.plane.clock.until(condition, stepMs, what);
  }

  async untilGone<T extends KubernetesObject>(type: ResourceType<T>, key: ObjectKey): Promise<void> {
    await this.until(`${type.plural} ${key.name} gone`, async () => (await this.plane.get(type, key)) === undefined);
  }

  async untilBound(name: string): Promise<void> {
    const claim = () => this.plane.get(persistentVolumeClaims, { namespace: 'default', name });
    await this.until(`claim ${name} bound`, async () => (await claim())?.status?.phase === 'Bound');
  }

  async untilRunning(name: string, isRight: (pod: Pod) => boolean = () => true): Promise<void> {
    await this.until(`pod ${name} running`, async () => {
      const pod = await this.plane.get(pods, { namespace: 'default', name });
      return pod?.status?.phase === 'Running' && !pod.metadata.deletionTimestamp && isRight(pod);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Each process waits a moment for its last events.
    await this.#elapse(this.#stack.disposeAsync());
  }
}
