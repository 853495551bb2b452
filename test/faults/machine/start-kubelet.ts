/** The node agent as a process that may die around each thing it does to its machine. */
import type { Transport } from '../../../src/api/index.ts';
import { realExec } from '../../../src/base/index.ts';
import { createClient, createInformerFactory } from '../../../src/client/index.ts';
import type { CsiConnection } from '../../../src/csi/index.ts';
import { startKubelet } from '../../../src/kubelet/index.ts';
import type { ContainerRuntime } from '../../../src/kubelet/runtime/runtime.ts';
import type { Mounter } from '../../../src/mount/index.ts';
import type { ControlPlane } from '../../integration/support/control-plane.ts';
import type { Machine } from './machine.ts';
import { type FsSteps, syncFs } from './sync-fs.ts';

/** Calls of the agent that change something, by what they are called on. */
const mounterChanges: ReadonlySet<string> = new Set(['mount', 'unmount', 'makeRShared', 'makeRSlave', 'makeRPrivate']);
const runtimeChanges: ReadonlySet<string> = new Set(['createAndStart', 'stop', 'remove']);
const driverChanges: ReadonlySet<string> = new Set([
  'NodeStageVolume',
  'NodeUnstageVolume',
  'NodePublishVolume',
  'NodeUnpublishVolume',
  'NodeExpandVolume',
]);

type AnyCall = (...args: unknown[]) => unknown;

/** The object with each call that changes something as a step; a dead process reaches nothing of it. */
function stepped<T extends object>(target: T, changes: ReadonlySet<string>, { step, requireLife }: FsSteps): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key, object);
      if (typeof value !== 'function' || key === 'onChange' || key === Symbol.asyncDispose)
        return typeof value === 'function' ? value.bind(object) : value;
      const run = (args: unknown[]) => (value as AnyCall).apply(object, args);
      if (!changes.has(String(key)))
        return (...args: unknown[]) => {
          requireLife();
          return run(args);
        };
      return (...args: unknown[]) => step(`${String(key)} ${String(args[0])}`, () => run(args));
    },
  });
}

function steppedConnection(inner: CsiConnection, { step, requireLife }: FsSteps): CsiConnection {
  return {
    call: async (method, request, options) => {
      if (driverChanges.has(method.name)) return await step(method.name, () => inner.call(method, request, options));
      requireLife();
      return await inner.call(method, request, options);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

export async function startMachineKubelet(
  plane: ControlPlane,
  machine: Machine,
  transport: Transport,
  steps: FsSteps,
  stack: AsyncDisposableStack,
): Promise<void> {
  const { clock, random, logger } = plane;
  const client = createClient({ transport, fieldManager: 'kubelet' });
  const informers = stack.use(createInformerFactory({ client, clock, random, logger }));
  const kubelet = await startKubelet({
    nodeName: machine.name,
    nodeIp: '127.0.0.1',
    rootDir: machine.rootDir,
    client,
    informers,
    runtime: stepped<ContainerRuntime>(machine.runtime, runtimeChanges, steps),
    clock,
    random,
    fs: syncFs(steps),
    exec: realExec(clock),
    mounter: stepped<Mounter>(machine.mounter, mounterChanges, steps),
    logger,
    connect: () => steppedConnection(machine.driver.connection, steps),
    watch: () => ({ [Symbol.dispose]() {} }),
    bootId: async () => `boot-${machine.bootCount}`,
    stopPods: false,
  });
  stack.use(kubelet);
}
