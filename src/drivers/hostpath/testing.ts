/** A hostpath driver without sockets, mounts and loop devices: its services called directly. For tests of this folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fs, realClock, realExec, realFs, realRandom } from '../../base/index.ts';
import {
  AccessMode,
  Controller,
  type ControllerClient,
  createCsiClient,
  directConnection,
  type Interceptor,
  Node,
  type NodeClient,
} from '../../csi/index.ts';
import { FakeMounter, type LoopDevices } from '../../mount/index.ts';
import { defaultConfig, type HostpathConfig } from './config.ts';
import { controllerService } from './controller-service.ts';
import type { HostpathDriver } from './driver.ts';
import { createHostpathDriver } from './main.ts';
import { nodeService } from './node-service.ts';

const timeoutMs = 10_000;

export const mountCapability = {
  accessType: { case: 'mount' as const, value: {} },
  accessMode: { mode: AccessMode.SINGLE_NODE_WRITER },
};

/** For drivers that are asked for directories only. */
const noLoops: LoopDevices = {
  attach: () => Promise.reject(new Error('no loop devices here')),
  find: async () => [],
  detach: async () => {},
  updateCapacity: async () => {},
  list: async () => [],
};

export interface TestDriver extends AsyncDisposable {
  readonly directory: string;
  readonly mounter: FakeMounter;
  readonly driver: HostpathDriver;
  readonly controller: ControllerClient;
  node(nodeId: string): NodeClient;
  /** The same directory and mount table with a new process's memory. */
  restart(): Promise<void>;
}

export interface TestDriverOptions {
  readonly config?: Partial<HostpathConfig>;
  readonly fs?: Fs;
  readonly interceptors?: readonly Interceptor[];
}

export async function startTestDriver(options: TestDriverOptions = {}): Promise<TestDriver> {
  const directory = await mkdtemp(join(tmpdir(), 'hostpath-'));
  const mounter = new FakeMounter();
  const stateDirectory = join(directory, 'state');
  const nodeIds = ['n0', 'n1'];
  const config = { ...defaultConfig, vendorVersion: 'test', stateDirectory, nodeIds, enableTopology: false };
  const world = { clock: realClock, exec: realExec(realClock), fs: options.fs ?? realFs };
  const boot = () =>
    createHostpathDriver({ ...config, ...options.config }, { ...world, mounter, loops: noLoops }, realRandom);
  let driver = await boot();
  const connect = (service: () => ReturnType<typeof controllerService>) =>
    directConnection({ clock: realClock, services: [service()], interceptors: options.interceptors ?? [] });
  return {
    directory,
    mounter,
    get driver() {
      return driver;
    },
    get controller() {
      return createCsiClient(
        Controller,
        connect(() => controllerService(driver)),
        { timeoutMs },
      );
    },
    node: (nodeId) =>
      createCsiClient(
        Node,
        connect(() => nodeService(driver, nodeId)),
        { timeoutMs },
      ),
    async restart() {
      driver = await boot();
    },
    async [Symbol.asyncDispose]() {
      await rm(directory, { recursive: true });
    },
  };
}
