/** One node in virtual time for tests: pods, an API, a CSI driver and a mount table, with a real directory below. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Node, nodes, type Pod, persistentVolumeClaims, persistentVolumes } from '../../../api/index.ts';
import { type Logger, realExec, seededRandom, silentLogger, VirtualClock } from '../../../base/index.ts';
import type { CsiConnection } from '../../../csi/index.ts';
import { FakeMounter } from '../../../mount/index.ts';
import type { InstalledDrivers } from '../../../volume-plugins/index.ts';
import { createVolumeManager } from '../node-volume-manager.ts';
import type { PodProvider, PodUid, VolumeManager } from '../volume-manager.ts';
import { boundaryFs } from './boundary-fs.ts';
import { FakeApi } from './fake-api.ts';
import { FakeCsiDriver, type FakeCsiDriverOptions } from './fake-csi-driver.ts';
import { emptyMeta } from './objects.ts';

export const testNodeName = 'n1';
export const testDriverName = 'test.csi.stowage';

export class TestPods implements PodProvider {
  readonly #pods = new Map<PodUid, Pod>();
  readonly #running = new Set<PodUid>();
  readonly #terminating = new Set<PodUid>();
  readonly #listeners = new Set<(podUid: PodUid | undefined) => void>();
  ready = true;

  list = () => [...this.#pods.values()];
  get = (podUid: PodUid) => this.#pods.get(podUid);
  isTerminating = (podUid: PodUid) => this.#terminating.has(podUid);
  containersRunning = (podUid: PodUid) => this.#running.has(podUid);
  sourcesReady = () => this.ready;
  onChange(listener: (podUid: PodUid | undefined) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  put(pod: Pod): void {
    this.#pods.set(pod.metadata.uid, pod);
    this.#tell(pod.metadata.uid);
  }
  startContainers(podUid: PodUid): void {
    this.#running.add(podUid);
    this.#tell(podUid);
  }
  stopContainers(podUid: PodUid): void {
    this.#running.delete(podUid);
    this.#tell(podUid);
  }
  terminate(podUid: PodUid): void {
    this.#terminating.add(podUid);
    this.#tell(podUid);
  }
  /** The pod is no longer known, as after its object was removed. */
  forget(podUid: PodUid): void {
    this.#pods.delete(podUid);
    this.#tell(podUid);
  }
  sourcesAreReady(): void {
    this.ready = true;
    this.#tell(undefined);
  }
  #tell(podUid: PodUid | undefined): void {
    for (const listener of this.#listeners) listener(podUid);
  }
}

export interface TestNodeOptions {
  readonly logger?: Logger;
  readonly capabilities?: FakeCsiDriverOptions['capabilities'];
  /** The node's status is brought up to date as soon as the volume manager asks. */
  readonly reportsAtOnce?: boolean;
  /** The agent may watch claims; it can do without. */
  readonly watchesClaims?: boolean;
  readonly controllerAttachDetach?: boolean;
  readonly flexDrivers?: InstalledDrivers;
}

export class TestNode implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly api = new FakeApi();
  readonly mounter = new FakeMounter();
  readonly pods = new TestPods();
  readonly rootDir: string;
  readonly driver: FakeCsiDriver;
  readonly connections = new Map<string, CsiConnection>();
  readonly #driverListeners = new Set<(name: string) => void>();
  readonly #options: TestNodeOptions;
  bootId = 'boot-1';
  /** How many more times the agent reaches out (files, mounts, calls) before it dies; undefined: it does not. */
  #crossingsLeft: number | undefined;
  /** What node.status.volumesInUse holds. */
  reported: readonly string[] = [];
  manager!: VolumeManager;

  private constructor(rootDir: string, options: TestNodeOptions) {
    this.rootDir = rootDir;
    this.#options = options;
    const { capabilities } = options;
    this.driver = new FakeCsiDriver({
      clock: this.clock,
      mounter: this.mounter,
      ...(capabilities ? { capabilities } : {}),
    });
    this.connections.set(testDriverName, this.driver.connection);
    this.setAttached([]);
    this.mounter.intercept(() => this.#cross());
    this.driver.before = () => this.#cross();
    this.driver.after = () => this.#cross();
  }

  /** A node whose volume manager runs. */
  static async start(options: TestNodeOptions = {}): Promise<TestNode> {
    const node = new TestNode(await mkdtemp(join(tmpdir(), 'stowage-volumes-')), options);
    node.startManager();
    return node;
  }

  startManager(): void {
    const { clock, api, mounter, pods, rootDir } = this;
    const { watchesClaims = true, controllerAttachDetach = true, flexDrivers } = this.#options;
    const { informers } = api;
    const claims = {
      claims: informers.informer(persistentVolumeClaims),
      volumes: informers.informer(persistentVolumes),
    };
    this.manager = createVolumeManager({
      nodeName: testNodeName,
      rootDir,
      clock,
      random: seededRandom(1),
      fs: boundaryFs(clock, () => this.#cross()),
      exec: realExec(clock),
      mounter,
      logger: this.#options.logger ?? silentLogger,
      client: api.client,
      recorder: { event: (object, type, reason, message) => api.recordEvent(object, type, reason, message) },
      informers: api.informers,
      pods,
      controllerAttachDetach,
      ...(watchesClaims ? { claims } : {}),
      ...(flexDrivers ? { flexDrivers } : {}),
      csiDrivers: {
        find: (name) => this.connections.get(name),
        onChange: (listener) => {
          this.#driverListeners.add(listener);
          return { [Symbol.dispose]: () => void this.#driverListeners.delete(listener) };
        },
      },
      reportVolumesInUse: () => {
        if (this.#options.reportsAtOnce ?? true) this.report();
      },
      bootId: async () => this.bootId,
    });
    this.manager.start();
  }

  /** What the owner of the node's status does. */
  report(): void {
    if (!this.manager.reconcilerStatesHasBeenSynced()) return;
    this.reported = this.manager.getVolumesInUse();
    const { reported } = this;
    this.clock.afterTurn(() => this.manager.markVolumesAsReportedInUse(reported));
  }

  setAttached(names: readonly string[]): void {
    nodeObject(this.api, names);
  }

  registerDriver(name: string, connection: CsiConnection): void {
    this.connections.set(name, connection);
    for (const listener of this.#driverListeners) listener(name);
  }

  unregisterDriver(name: string): void {
    this.connections.delete(name);
    for (const listener of this.#driverListeners) listener(name);
  }

  /** The agent dies when it has reached out so often: from then on nothing it tries has an effect. */
  dieAfter(crossings: number | undefined): void {
    this.#crossingsLeft = crossings;
  }

  get dead(): boolean {
    return this.#crossingsLeft !== undefined && this.#crossingsLeft <= 0;
  }

  #cross(): void {
    if (this.#crossingsLeft === undefined) return;
    if (this.#crossingsLeft-- <= 0) throw new Error('the agent is dead');
  }

  /** kill -9 and start: mounts, files and the API stay, memory goes. */
  async restartManager(): Promise<void> {
    await this.manager[Symbol.asyncDispose]();
    this.startManager();
  }

  async until(condition: () => boolean, what?: string): Promise<void> {
    await this.clock.until(condition, 600_000, what);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.manager[Symbol.asyncDispose]();
    await rm(this.rootDir, { recursive: true, force: true });
  }
}

/** Puts this node's object, with the volumes that are attached to it. */
export function nodeObject(api: FakeApi, attached: readonly string[]): void {
  const volumesAttached = attached.map((name) => ({ name, devicePath: '' }));
  const node: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { ...emptyMeta(testNodeName), labels: { 'kubernetes.io/hostname': testNodeName } },
    spec: {},
    status: { volumesAttached, allocatable: { memory: '8Gi', cpu: '4' } },
  };
  api.put(nodes, node);
}
