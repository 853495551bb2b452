/** Everything that works on a cluster's volumes, as one process: controllers, scheduler, and the sidecars of a driver. */
import { type Identity, isForbidden, type KubernetesObject } from '../../../src/api/index.ts';
import { DecisionLog, messageOf, type Random, seededRandom } from '../../../src/base/index.ts';
import { type Client, createEventRecorder, createInformerFactory } from '../../../src/client/index.ts';
import { defaultControllerSettings } from '../../../src/cluster/controller-settings.ts';
import { startControllers } from '../../../src/cluster/controllers.ts';
import { MetricsRegistry } from '../../../src/metrics/index.ts';
import { Scheduler } from '../../../src/scheduler/index.ts';
import {
  type CapacityFlags,
  canResize,
  startAttacher,
  startCapacity,
  startProvisioner,
  startResizer,
} from '../../../src/sidecars/index.ts';
import type { ControlPlane } from './control-plane.ts';
import type { FakeDriver } from './fake-driver.ts';

export interface ControlLoopOptions {
  readonly backend: FakeDriver;
  /** Makes it slow: each call waits, and what watches show comes late, differently for each seed. */
  readonly seed?: number;
  /** Uses upstream's users and service accounts in place of an administrator. */
  readonly restricted?: boolean;
  /** Publishes the driver's capacity, too. */
  readonly capacity?: Partial<CapacityFlags>;
}

const longestCallDelayMs = 40;
const longestWatchDelayMs = 400;

/** A client whose calls and watches are late by a random time, in order. */
function lateClient(plane: ControlPlane, client: Client, random: Random): Client {
  const late = async () => await plane.clock.sleep(Math.ceil(random.next() * longestCallDelayMs));
  return {
    ...client,
    get: async (...args) => {
      await late();
      return await client.get(...args);
    },
    create: async (...args) => {
      await late();
      return await client.create(...args);
    },
    update: async (...args) => {
      await late();
      return await client.update(...args);
    },
    updateStatus: async (...args) => {
      await late();
      return await client.updateStatus(...args);
    },
    patch: async (...args) => {
      await late();
      return await client.patch(...args);
    },
    delete: async (...args) => {
      await late();
      await client.delete(...args);
    },
    createSubresource: async (...args) => {
      await late();
      return await client.createSubresource(...args);
    },
    watch: async (type, options) => {
      const stream = await client.watch(type, options);
      async function* delayed() {
        for await (const event of stream) {
          await plane.clock.sleep(Math.ceil(random.next() * longestWatchDelayMs), options.signal).catch(() => {});
          yield event;
        }
      }
      return { [Symbol.asyncIterator]: delayed, [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose]() };
    },
  };
}

/** A client that notes what it was not allowed to do. */
function notingClient<C extends Client>(client: C, refusals: string[]): Client {
  const entries = Object.entries(client).map(([name, call]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await (call as (...args: unknown[]) => Promise<KubernetesObject>)(...args);
      } catch (thrown) {
        // A namespace that goes refuses everybody.
        const message = messageOf(thrown);
        if (isForbidden(thrown) && !message.includes('because it is being terminated')) refusals.push(message);
        throw thrown;
      }
    },
  ]);
  return Object.fromEntries(entries) as Client;
}

const accountGroups = ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'];
const accountIdentity = (account: string): Identity => ({
  user: `system:serviceaccount:kube-system:${account}`,
  groups: accountGroups,
});
const userIdentity = (user: string): Identity => ({ user, groups: ['system:authenticated'] });

export interface ControlLoops extends AsyncDisposable {
  /** What was refused with 403. */
  readonly refusals: readonly string[];
  readonly decisions: DecisionLog;
}

export async function startControlLoops(
  plane: ControlPlane,
  { backend, seed, restricted = false, capacity: flags }: ControlLoopOptions,
): Promise<ControlLoops> {
  const { clock, logger } = plane;
  const random = seededRandom(seed ?? 1);
  const stack = new AsyncDisposableStack();
  const refusals: string[] = [];
  const wrap = (client: Client) => (seed === undefined ? client : lateClient(plane, client, random));
  const as = (identity: Identity, component: string) =>
    wrap(notingClient(restricted ? plane.clientAs(identity, component) : plane.clientOf(component), refusals));
  const informersOf = (client: Client) => stack.use(createInformerFactory({ client, clock, logger, random }));
  const manager = as(userIdentity('system:kube-controller-manager'), 'kube-controller-manager');
  const informers = informersOf(manager);
  const decisions = new DecisionLog(clock);
  const told = { metrics: new MetricsRegistry(), decisions };
  const client = (component: string, account: string) => as(accountIdentity(account), component);
  const basics = { clock, random, logger };
  // With all that a gate may switch on, for the sake of the rights that it takes.
  const settings = { ...defaultControllerSettings, claimProtection: { tellsUnused: restricted } };
  stack.use(startControllers({ ...basics, ...told, informers, client, reader: manager, rootCa: 'ca', settings }));

  const schedulerClient = as(userIdentity('system:kube-scheduler'), 'kube-scheduler');
  const schedulerInformers = informersOf(schedulerClient);
  const component = 'default-scheduler';
  const schedulerRecorder = stack.use(createEventRecorder({ ...basics, client: schedulerClient, component }));
  const scheduler = stack.use(
    new Scheduler({ client: schedulerClient, informers: schedulerInformers, recorder: schedulerRecorder, ...basics }),
  );
  // The sidecars' rights are those of the driver's own manifests.
  const sidecarInformers = informersOf(wrap(plane.clientOf('csi-sidecar')));
  const { driver } = backend;
  const roleOf = (component: string) => {
    const client = wrap(plane.clientOf(component));
    const recorder = stack.use(createEventRecorder({ ...basics, client, component: 'fake.csi_h_1' }));
    return { client, recorder, informers: sidecarInformers, driver, ...basics };
  };
  const provisioner = roleOf('external-provisioner');
  const capacity = flags && stack.use(startCapacity({ ...provisioner, flags }));
  stack.use(startProvisioner({ ...provisioner, ...(capacity ? { capacity } : {}) }));
  stack.use(startAttacher(roleOf('external-attacher')));
  if (canResize(driver)) stack.use(startResizer(roleOf('external-resizer')));
  for (const factory of [informers, schedulerInformers, sidecarInformers]) factory.start();
  const synced = schedulerInformers.waitForSync();
  await clock.advance(2_000);
  await synced;
  scheduler.start();
  await clock.settle();
  plane.use({ [Symbol.asyncDispose]: () => stack.disposeAsync() });
  return { refusals, decisions, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
