/** A node for tests of single plugins: a real directory, the kernel's mounts when we are root, objects from a map. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ApiStatusError,
  type ConfigMap,
  type CSIDriver,
  type Pod,
  type PodSpec,
  type Secret,
  type Volume,
  type VolumeAttachment,
} from '../../api/index.ts';
import { type Clock, realClock, realExec, realFs, seededRandom, silentLogger } from '../../base/index.ts';
import type { CsiConnection } from '../../csi/index.ts';
import { createMounter, FakeMounter, type Mounter } from '../../mount/index.ts';
import type { MounterArgs, VolumePlugin } from '../plugin.ts';
import type { ServiceAccountTokenRequest, VolumeHost } from '../volume-host.ts';
import { specFromVolume, type VolumeSpec } from '../volume-spec.ts';

export const isRoot = process.getuid?.() === 0;

export class TestHost implements VolumeHost, AsyncDisposable {
  readonly nodeName = 'n1';
  readonly rootDir: string;
  readonly clock: Clock = realClock;
  readonly random = seededRandom(1);
  readonly fs = realFs;
  readonly exec = realExec(realClock);
  readonly mounter: Mounter;
  readonly logger = silentLogger;
  readonly configMaps = new Map<string, ConfigMap>();
  readonly secrets = new Map<string, Secret>();
  readonly attachments = new Map<string, VolumeAttachment>();
  readonly drivers = new Map<string, CSIDriver>();
  readonly connections = new Map<string, CsiConnection>();
  readonly events: string[] = [];
  readonly tokenRequests: ServiceAccountTokenRequest[] = [];
  readonly csiDrivers = { find: (name: string) => this.connections.get(name) };
  allocatable: Readonly<Record<string, string>> = { cpu: '4', memory: '8Gi' };

  private constructor(rootDir: string, mounter: Mounter) {
    this.rootDir = rootDir;
    this.mounter = mounter;
  }

  /** With the kernel's mounts, for tests that are skipped unless we are root, or with a table in memory. */
  static async create(mounts: 'kernel' | 'memory'): Promise<TestHost> {
    const real = () => createMounter({ fs: realFs, exec: realExec(realClock), clock: realClock });
    const mounter = mounts === 'kernel' ? real() : new FakeMounter();
    return new TestHost(await mkdtemp(join(tmpdir(), 'stowage-plugin-')), mounter);
  }

  bootId = async () => 'boot-1';
  getSecret = async (namespace: string, name: string) => find(this.secrets, 'secrets', namespace, name);
  getConfigMap = async (namespace: string, name: string) => find(this.configMaps, 'configmaps', namespace, name);
  getVolumeAttachment = async (name: string) => find(this.attachments, 'volumeattachments', '', name);
  findCsiDriver = (name: string) => this.drivers.get(name);
  csiDriversSynced = () => true;
  nodeAllocatable = () => this.allocatable;
  getServiceAccountToken = async (request: ServiceAccountTokenRequest) => {
    this.tokenRequests.push(request);
    return { token: `token-${request.audiences.join('+')}`, expirationTimestamp: '2026-01-01T01:00:00Z' };
  };
  recordPodEvent(_pod: Pod, type: string, reason: string, message: string): void {
    this.events.push(`${type} ${reason} ${message}`);
  }

  /** Unmounts what a failed test left, and removes the directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    const mounts = (await this.mounter.listMounts()).filter(({ path }) => path.startsWith(this.rootDir));
    for (const { path } of mounts.toReversed()) await this.mounter.unmount(path);
    await rm(this.rootDir, { recursive: true, force: true });
  }
}

function find<T>(objects: ReadonlyMap<string, T>, plural: string, namespace: string, name: string): T {
  const object = objects.get(namespace ? `${namespace}/${name}` : name);
  if (!object) throw ApiStatusError.notFound({ group: '', plural }, name);
  return object;
}

const meta = { resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };

export function podWith(volumes: readonly Volume[], spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...meta, name: 'p', namespace: 'default', uid: 'pod-uid', labels: { app: 'web', tier: 'front "end"' } },
    spec: { containers: [{ name: 'c', image: 'i' }], volumes, ...spec },
  };
}

export function configMap(name: string, data: Readonly<Record<string, string>>): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...meta, name, namespace: 'default', uid: name }, data };
}

export function secret(name: string, data: Readonly<Record<string, string>>): Secret {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  const metadata = { ...meta, name, namespace: 'default', uid: name };
  return { apiVersion: 'v1', kind: 'Secret', metadata, data: Object.fromEntries(encoded) };
}

const neverAborted = new AbortController().signal;

/** Sets the volume up for the pod and answers its path. */
export async function setUp(
  plugin: VolumePlugin,
  volume: Volume | VolumeSpec,
  pod: Pod,
  args: Partial<MounterArgs> = {},
): Promise<string> {
  const mounter = plugin.newMounter('kind' in volume ? volume : specFromVolume(volume), pod);
  await mounter.setUp({ remount: false, reconstructed: false, ...args }, neverAborted);
  return mounter.path;
}

export async function tearDown(plugin: VolumePlugin, volumeName: string, pod: Pod): Promise<void> {
  await plugin.newUnmounter({ podUid: pod.metadata.uid, volumeName }).tearDown(neverAborted);
}
