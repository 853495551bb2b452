/** A process of the control plane that can die at any moment and is started again by whoever supervises it. */
import type { Transport } from '../../src/api/index.ts';
import { DecisionLog, MetricsRegistry } from '../../src/base/index.ts';
import { createClient, createEventRecorder, createInformerFactory } from '../../src/client/index.ts';
import { startControllers } from '../../src/cluster/controllers.ts';
import { Scheduler } from '../../src/scheduler/index.ts';
import { startAttacher, startProvisioner, startResizer } from '../../src/sidecars/index.ts';
import type { ControlPlane } from '../integration/support/control-plane.ts';
import { KilledError } from '../integration/support/controllers.ts';
import type { FakeDriver } from '../integration/support/fake-driver.ts';
import type { Judge } from './judge.ts';
import type { Plan, ProcessName, Trace } from './plan.ts';
import { ProcessApi } from './process-api.ts';

const restartMs = 1000;

interface Surroundings {
  readonly plane: ControlPlane;
  readonly backend: FakeDriver;
  readonly judge: Judge;
}

type Start = (surroundings: Surroundings, transport: Transport, stack: AsyncDisposableStack) => Promise<void>;

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
    stack.use(startControllers({ ...rest, ...told, client: clientOf, rootCa: 'ca' }));
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
    stack.use(startProvisioner({ ...parts, driver: surroundings.backend.driver }));
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
};

export class Process implements AsyncDisposable {
  readonly #surroundings: Surroundings;
  readonly #name: ProcessName;
  readonly #trace: Trace;
  #plan: Plan | undefined;
  #api: ProcessApi | undefined;
  #stack = new AsyncDisposableStack();
  #restart = Promise.resolve();
  readonly #ended = new AbortController();

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
    this.#api = transport;
    this.#stack = new AsyncDisposableStack();
    await starts[this.#name](this.#surroundings, transport, this.#stack);
  }

  /** A call of this process reaches the driver: dies before its effect if that is the plan. */
  onCall(method: string): void {
    this.#trace.calls.push(method);
    this.#dieIfPlanned(false);
  }

  /** The call has had its effect; the reply is lost if that is the plan. */
  onReply(): void {
    this.#dieIfPlanned(true);
  }

  #dieIfPlanned(lands: boolean): void {
    const plan = this.#plan;
    if (plan?.kind !== 'call' || plan.lands !== lands || plan.call !== this.#trace.calls.length - 1) return;
    this.#api?.cut();
    this.#die();
    throw new KilledError('killed');
  }

  #die(): void {
    this.#plan = undefined;
    const { clock } = this.#surroundings.plane;
    this.#restart = (async () => {
      await this.#stack.disposeAsync();
      await clock.sleep(restartMs, this.#ended.signal);
      await this.start();
    })().catch((thrown: unknown) => {
      if (!this.#ended.signal.aborted) throw thrown;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#restart;
    await this.#stack.disposeAsync();
  }
}
