import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { csiNodes, type Node, nodes } from '../../api/index.ts';
import { type Clock, realClock, realFs, realRandom, silentLogger } from '../../base/index.ts';
import { type CsiServer, Node as NodeService, Registration, serve, startServer } from '../../csi/index.ts';
import { FakeApi } from '../volumemanager/testing/fake-api.ts';
import { emptyMeta } from '../volumemanager/testing/objects.ts';
import { createPluginManager, type PluginManager, pluginRegistrationDir } from './plugin-manager.ts';

const driverName = 'test.csi.stowage';

let dir: string;
let api: FakeApi;
let manager: PluginManager;
const servers: CsiServer[] = [];
/** Ends the wait of a minute or more between two looks. */
let endMinute = Promise.withResolvers<void>();
const clock: Clock = Object.assign(Object.create(realClock) as Clock, {
  sleep: (ms: number, signal?: AbortSignal) => (ms >= 60_000 ? untilEnded(signal) : realClock.sleep(ms, signal)),
});

async function untilEnded(signal?: AbortSignal): Promise<void> {
  signal?.addEventListener('abort', () => endMinute.resolve(), { once: true });
  await endMinute.promise;
  endMinute = Promise.withResolvers();
  signal?.throwIfAborted();
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'plg-'));
  api = new FakeApi();
  const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: emptyMeta('n1'), spec: {} };
  api.put(nodes, node);
  manager = createPluginManager({
    nodeName: 'n1',
    rootDir: dir,
    clock,
    random: realRandom,
    fs: realFs,
    logger: silentLogger,
    client: api.client,
    informers: api.informers,
  });
});

afterEach(async () => {
  await manager[Symbol.asyncDispose]();
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

interface Plugin {
  readonly type?: string;
  readonly versions?: string[];
  readonly nodeId?: string;
  readonly socket?: string;
}

/** Serves a registrar and its driver; resolves with what the driver is told of its registration. */
async function startPlugin(
  plugin: Plugin = {},
): Promise<{ readonly told: Promise<string>; readonly stop: () => Promise<void> }> {
  const { type = 'CSIPlugin', versions = ['1.0.0'], nodeId = 'id-1', socket = 'reg.sock' } = plugin;
  const endpoint = join(dir, `csi-${socket}`);
  const { promise: told, resolve } = Promise.withResolvers<string>();
  const options = { clock: realClock, fs: realFs };
  const driver = await startServer({
    ...options,
    path: endpoint,
    services: [serve(NodeService, { nodeGetInfo: async () => ({ nodeId }), nodeGetCapabilities: async () => ({}) })],
  });
  const registrar = await startServer({
    ...options,
    path: join(pluginRegistrationDir(dir), socket),
    services: [
      serve(Registration, {
        getInfo: async () => ({ type, name: driverName, endpoint, supportedVersions: versions }),
        notifyRegistrationStatus: async ({ pluginRegistered, error }) => {
          resolve(pluginRegistered ? 'registered' : error);
          return {};
        },
      }),
    ],
  });
  servers.push(driver, registrar);
  const stop = async () => {
    await registrar[Symbol.asyncDispose]();
  };
  return { told, stop };
}

function changeOf(name: string): Promise<void> {
  return new Promise((resolve) => {
    const subscription = manager.csiDrivers.onChange((changed) => {
      if (changed !== name) return;
      subscription[Symbol.dispose]();
      resolve();
    });
  });
}

describe('a registration socket', () => {
  it('[I21] [I22] [I24] that appears registers its driver, and CSINode and Node tell of it', async () => {
    manager.start();
    const { told } = await startPlugin();
    expect(await told).toBe('registered');
    expect(manager.csiDrivers.names()).toEqual([driverName]);
    expect(manager.csiDrivers.find(driverName)).toBeDefined();
    const csiNode = api.find(csiNodes, 'n1');
    expect(csiNode?.spec.drivers).toEqual([{ name: driverName, nodeID: 'id-1' }]);
    expect(csiNode?.metadata.ownerReferences).toEqual([
      { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'uid-of-n1' },
    ]);
    expect(csiNode?.metadata.annotations?.['storage.alpha.kubernetes.io/migrated-plugins']).toBe(
      'kubernetes.io/aws-ebs,kubernetes.io/azure-disk,kubernetes.io/azure-file,kubernetes.io/cinder,kubernetes.io/gce-pd,kubernetes.io/portworx-volume,kubernetes.io/vsphere-volume',
    );
    expect(api.find(nodes, 'n1')?.metadata.annotations?.['csi.volume.kubernetes.io/nodeid']).toBe(
      `{"${driverName}":"id-1"}`,
    );
  });

  it('[I21] that lies there when the agent starts registers its driver', async () => {
    const { told } = await startPlugin();
    manager.start();
    expect(await told).toBe('registered');
  });

  it('[I24] [rel-E21] that goes takes the driver out of CSINode, and it is unknown from then on', async () => {
    manager.start();
    const { told, stop } = await startPlugin();
    await told;
    const gone = changeOf(driverName);
    await stop();
    await manager.look();
    await gone;
    expect(manager.csiDrivers.find(driverName)).toBeUndefined();
    await manager[Symbol.asyncDispose]();
    expect(api.find(csiNodes, 'n1')?.spec.drivers).toEqual([]);
  });

  it('[I21] that is replaced registers its driver anew', async () => {
    manager.start();
    const first = await startPlugin();
    await first.told;
    await first.stop();
    const second = await startPlugin({ nodeId: 'id-2', socket: 'reg.sock' }).catch(() => undefined);
    expect(second).toBeUndefined();
    await servers.shift()?.[Symbol.asyncDispose]();
    const third = await startPlugin({ nodeId: 'id-2' });
    expect(await third.told).toBe('registered');
    expect(api.find(csiNodes, 'n1')?.spec.drivers).toEqual([{ name: driverName, nodeID: 'id-2' }]);
  });

  it('[I22] of a plugin of an unknown type is told that nobody handles it', async () => {
    manager.start();
    const { told } = await startPlugin({ type: 'DevicePlugin' });
    expect(await told).toContain('RegisterPlugin error -- no handler registered for plugin type: DevicePlugin');
  });

  it('[I23] of a driver without a version of 1.x is told so', async () => {
    manager.start();
    const { told } = await startPlugin({ versions: ['0.3.0'] });
    expect(await told).toContain('None of the versions specified ["0.3.0"] are supported');
    expect(api.find(csiNodes, 'n1')?.spec.drivers ?? []).toEqual([]);
  });

  it('[I23] of a second driver with the same name is told that the name is taken', async () => {
    manager.start();
    await (await startPlugin()).told;
    const second = await startPlugin({ socket: 'second.sock' });
    expect(await second.told).toContain('Another driver with the same name is already registered');
  });

  it('[rel-X37] of a driver without a node id is told so, and CSINode stays as it is', async () => {
    manager.start();
    const { told } = await startPlugin({ nodeId: '' });
    expect(await told).toContain('reported an empty node id');
    expect(manager.csiDrivers.find(driverName)).toBeUndefined();
    expect(api.find(csiNodes, 'n1')?.spec.drivers ?? []).toEqual([]);
  });

  it('[rel-X39] is found among entries that are none', async () => {
    manager.start();
    await manager.look();
    await writeFile(join(pluginRegistrationDir(dir), 'garbage.sock'), 'no socket');
    const { told } = await startPlugin();
    expect(await told).toBe('registered');
  });
});

describe('a CSINode', () => {
  it('[I24] that is deleted is written anew with its drivers at the next look', async () => {
    manager.start();
    const { told } = await startPlugin();
    await told;
    api.delete(csiNodes, 'n1');
    endMinute.resolve();
    await vi.waitFor(() => expect(api.find(csiNodes, 'n1')?.spec.drivers).toHaveLength(1));
    expect(api.find(csiNodes, 'n1')?.spec.drivers).toEqual([{ name: driverName, nodeID: 'id-1' }]);
  });
});
