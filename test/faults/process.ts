/** A process of the control plane that can die at any moment and is started again by whoever supervises it. */
import type { Transport } from '../../src/api/index.ts';
import { DecisionLog } from '../../src/base/index.ts';
import { createClient, createEventRecorder, createInformerFactory } from '../../src/client/index.ts';
import { defaultControllerSettings } from '../../src/cluster/controller-settings.ts';
import { startControllers } from '../../src/cluster/controllers.ts';
import { startSnapshotController } from '../../src/controllers/index.ts';
import { MetricsRegistry } from '../../src/metrics/index.ts';
import { Scheduler } from '../../src/scheduler/index.ts';
import {
  startAttacher,
  startCapacity,
  startProvisioner,
  startResizer,
  startSnapshotter,
} from '../../src/sidecars/index.ts';
import type { ControlPlane } from '../integration/support/control-plane.ts';
import { KilledError } from '../integration/support/controllers.ts';
import type { FakeDriver } from '../integration/support/fake-driver.ts';
import type { FlexBackend } from '../integration/support/flex-backend.ts';
import type { Judge } from './judge.ts';
import type { Machine } from './machine/machine.ts';
import { startMachineKubelet } from './machine/start-kubelet.ts';
import type { FsSteps } from './machine/sync-fs.ts';
import { type KubeletName, nodeOf, type Plan, type ProcessName, type Trace } from './plan.ts';
import { ProcessApi } from './process-api.ts';

const restartMs = 1000;

interface Surroundings {
  readonly plane: ControlPlane;
  readonly backend: FakeDriver;
  readonly flex: FlexBackend;
  readonly judge: Judge;
  readonly tellsUnused: boolean;
  /** By the name of their node; empty where nodes are fakes. */
  readonly machines: ReadonlyMap<string, Machine>;
}

type Start = (
  surroundings: Surroundings,
  transport: Transport,
  stack: AsyncDisposableStack,
  stepsOf: (machine: Machine) => FsSteps,
) => Promise<void>;

const startKubeletOf =
  (name: KubeletName): Start =>
  async ({ plane, machines }, transport, stack, stepsOf) => {
    const machine = machines.get(nodeOf(name));
    if (machine?.isOn) await startMachineKubelet(plane, machine, transport, stepsOf(machine), stack);
  };

function tools({ plane }: Surroundings, transport: Transport, stack: AsyncDisposableStack, component: string) {
  const { clock, random, logger } = plane;
  const clientOf = (fieldManager: string) => createClient({ transport, fieldManager });
  const client = clientOf(component);
  const informers = stack.use(createInformerFactory({ client, clock, logger, random }));
  const recorder = stack.use(createEventRecorder({ client, clock, random, component, logger }));
  return { clock, random, logger, client, clientOf, informers, recorder };
}

const starts: Readonly<Record<ProcessName, Start>> = {
  'controller-manager': async (surroundings, transport, stack) => {
    const { clientOf, ...rest } = tools(surroundings, transport, stack, 'kube-controller-manager');
    const told = { metrics: new MetricsRegistry(), decisions: new DecisionLog(rest.clock) };
    const flexPlugin = surroundings.flex.newPlugin();
    const settings = { ...defaultControllerSettings, claimProtection: { tellsUnused: surroundings.tellsUnused } };
    stack.use(startControllers({ ...rest, ...told, client: clientOf, rootCa: 'ca', settings, flexPlugin }));
    rest.informers.start();
  },
  scheduler: async (surroundings, transport, stack) => {
    const { client, informers, recorder, clock, logger } = tools(surroundings, transport, stack, 'default-scheduler');
    const scheduler = stack.use(new Scheduler({ client, informers, recorder, clock, logger }));
    informers.start();
    await informers.waitForSync();
    scheduler.start();
  },
  provisioner: async (surroundings, transport, stack) => {
    const parts = tools(surroundings, transport, stack, 'fake.csi_host_1');
    const { driver } = surroundings.backend;
    const capacity = stack.use(startCapacity({ ...parts, driver, flags: { publish: 'asDriverSays' } }));
    stack.use(startProvisioner({ ...parts, driver, capacity }));
    parts.informers.start();
  },
  attacher: async (surroundings, transport, stack) => {
    const parts = tools(surroundings, transport, stack, 'fake.csi');
    stack.use(startAttacher({ ...parts, driver: surroundings.backend.driver }));
    parts.informers.start();
  },
  resizer: async (surroundings, transport, stack) => {
    const parts = tools(surroundings, transport, stack, 'external-resizer fake.csi');
    stack.use(startResizer({ ...parts, driver: surroundings.backend.driver }));
    parts.informers.start();
  },
  'snapshot-controller': async (surroundings, transport, stack) => {
    const parts = tools(surroundings, transport, stack, 'snapshot-controller');
    const told = { metrics: new MetricsRegistry(), decisions: new DecisionLog(parts.clock) };
    stack.use(startSnapshotController({ ...parts, ...told }));
    parts.informers.start();
  },
  snapshotter: async (surroundings, transport, stack) => {
    const parts = tools(surroundings, transport, stack, 'csi-snapshotter fake.csi');
    stack.use(startSnapshotter({ ...parts, driver: surroundings.backend.driver }));
    parts.informers.start();
  },
  'kubelet-n1': startKubeletOf('kubelet-n1'),
  'kubelet-n2': startKubeletOf('kubelet-n2'),
  'kubelet-n3': startKubeletOf('kubelet-n3'),
};

export class Process implements AsyncDisposable {
  readonly #surroundings: Surroundings;
  readonly #name: ProcessName;
  readonly #trace: Trace;
  #plan: Plan | undefined;
  #api: ProcessApi | undefined;
  #stack = new AsyncDisposableStack();
  #starting = Promise.resolve();
  #restart = Promise.resolve();
  #isPartitioned = false;
  #ended = new AbortController();

  constructor(surroundings: Surroundings, name: ProcessName, trace: Trace, plan: Plan | undefined) {
    this.#surroundings = surroundings;
    this.#name = name;
    this.#trace = trace;
    this.#plan = plan;
  }

  async start(): Promise<void> {
    const { plane } = this.#surroundings;
    const transport = new ProcessApi({
      inner: plane.transportOf(this.#name),
      clock: plane.clock,
      trace: this.#trace,
      plan: this.#plan,
      onDeath: () => this.#die(),
      onStorm: () => this.#surroundings.judge.violate('rel-F4', `${this.#name} writes without end`),
    });
    if (this.#isPartitioned) transport.partition();
    this.#api = transport;
    const stack = new AsyncDisposableStack();
    this.#stack = stack;
    const stepsOf = (machine: Machine) => this.#stepsOn(machine, transport);
    this.#starting = starts[this.#name](this.#surroundings, transport, stack, stepsOf).catch((thrown: unknown) => {
      // It died while it started, and will be started again.
      if (!(thrown instanceof KilledError)) throw thrown;
    });
    await this.#starting;
  }

  /** What the process does to its machine, as long as it lives. */
  #stepsOn(machine: Machine, api: ProcessApi): FsSteps {
    const requireLife = () => api.requireLife();
    return {
      requireLife,
      onChange: (path) => this.#surroundings.judge.nodes.onFileChange(machine, path),
      step: async (what, effect) => {
        requireLife();
        const call = this.#trace.calls.push(what) - 1;
        this.#dieIfPlanned(call, false);
        const result = await effect();
        this.#dieIfPlanned(call, true);
        requireLife();
        return result;
      },
    };
  }

  /** kill -9; whoever supervises the process starts it again. */
  kill(): void {
    this.#api?.cut();
    this.#die();
  }

  /** kill -9, with nobody to start it again. */
  async stop(): Promise<void> {
    this.#api?.cut();
    this.#ended.abort();
    await this.#restart;
    this.#ended = new AbortController();
    await this.#end();
  }

  /** Between the process and the API nothing gets through. */
  partition(): void {
    this.#isPartitioned = true;
    this.#api?.partition();
  }

  heal(): void {
    this.#isPartitioned = false;
    this.#api?.heal();
  }

  /** Every watch of the process breaks off at once. */
  breakWatches(why?: Error): void {
    this.#api?.breakWatches(why);
  }

  takeNews(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#api?.takeNews() ?? new Map();
  }

  /** A call of this process reaches the driver: dies before its effect if that is the plan. */
  onCall(method: string): void {
    const call = this.#trace.calls.push(method) - 1;
    this.#dieIfPlanned(call, false);
  }

  /** The call has had its effect; the reply is lost if that is the plan. */
  onReply(): void {
    this.#dieIfPlanned(this.#trace.calls.length - 1, true);
  }

  #dieIfPlanned(call: number, lands: boolean): void {
    const plan = this.#plan;
    if (plan?.kind !== 'call' || plan.lands !== lands || plan.call !== call) return;
    this.#api?.cut();
    this.#die();
    throw new KilledError('killed');
  }

  #die(): void {
    this.#plan = undefined;
    const { clock } = this.#surroundings.plane;
    const { signal } = this.#ended;
    const before = this.#restart;
    this.#restart = (async () => {
      await before;
      await this.#end();
      await clock.sleep(restartMs, signal);
      await this.start();
    })().catch((thrown: unknown) => {
      if (!signal.aborted) throw thrown;
    });
  }

  async #end(): Promise<void> {
    await this.#starting;
    await this.#stack.disposeAsync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#restart;
    await this.#end();
  }
}
