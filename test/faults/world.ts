/** A whole control plane in virtual time, each process with an API of its own, two nodes and a driver. */
import {
  configMaps,
  type Draft,
  isNotFound,
  type KubernetesObject,
  type ObjectKey,
  type Pod,
  persistentVolumeClaims,
  pods,
  type ResourceType,
  serviceAccounts,
  storageClasses,
} from '../../src/api/index.ts';
import type { Logger } from '../../src/base/index.ts';
import { ControlPlane } from '../integration/support/control-plane.ts';
import { type Call, FakeDriver } from '../integration/support/fake-driver.ts';
import { FakeKubelet } from '../integration/support/fake-kubelet.ts';
import { classDraft } from '../integration/support/objects.ts';
import { Judge } from './judge.ts';
import { emptyTrace, type Plan, type ProcessName, processNames, type Trace } from './plan.ts';
import { Process } from './process.ts';

/** The longest that a step of a workload may take, the disturbance included. */
const stepMs = 10 * 60_000;

/** Who makes the calls that are not the provisioner's. */
const callers: Readonly<Record<string, ProcessName>> = {
  ControllerPublishVolume: 'attacher',
  ControllerUnpublishVolume: 'attacher',
  ControllerExpandVolume: 'resizer',
  ControllerModifyVolume: 'resizer',
};

export class World implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly backend: FakeDriver;
  readonly kubelets = new Map<string, FakeKubelet>();
  readonly judge: Judge;
  readonly traces = new Map<ProcessName, Trace>(processNames.map((name) => [name, emptyTrace()]));
  readonly #processes = new Map<ProcessName, Process>();
  readonly #stack = new AsyncDisposableStack();

  private constructor(plane: ControlPlane) {
    this.plane = this.#stack.use(plane);
    this.backend = new FakeDriver(plane.clock);
    this.judge = new Judge(plane, this.backend, this.kubelets);
  }

  static async start(plan: Plan | undefined, logger?: Logger): Promise<World> {
    const world = new World(await ControlPlane.start(logger));
    const { plane, backend } = world;
    for (const name of ['n1', 'n2']) world.kubelets.set(name, await FakeKubelet.start(plane, name, backend.name));
    await plane.client.create(storageClasses, { ...classDraft('now', 'Immediate'), allowVolumeExpansion: true });
    await plane.client.create(storageClasses, classDraft('later'));
    await plane.run();
    for (const [name, trace] of world.traces) {
      const process = new Process(world, name, trace, plan?.process === name ? plan : undefined);
      world.#processes.set(name, world.#stack.use(process));
      await process.start();
    }
    backend.onCall = (call) => {
      world.judge.onCall(call);
      world.#callerOf(call)?.onCall(call.method);
    };
    backend.onReply = (call) => world.#callerOf(call)?.onReply();
    await world.#untilNamespaceIsReady();
    return world;
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
    await this.#stack.disposeAsync();
  }
}
