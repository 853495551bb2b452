import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Pod } from '../api/index.ts';
import { createConfigMapPlugin } from './config-map/config-map-plugin.ts';
import { createDownwardApiPlugin } from './downward-api/downward-api-plugin.ts';
import { createProjectedPlugin } from './projected/projected-plugin.ts';
import { createSecretPlugin } from './secret/secret-plugin.ts';
import { configMap, isRoot, podWith, secret, setUp, TestHost, tearDown } from './testing/test-host.ts';

let host: TestHost;
let pod: Pod;

beforeEach(async () => {
  host = await TestHost.create(isRoot ? 'kernel' : 'memory');
  pod = podWith([]);
  host.configMaps.set('default/c', configMap('c', { one: '1', two: '2' }));
  host.secrets.set('default/s', secret('s', { password: 'secret' }));
});
afterEach(() => host[Symbol.asyncDispose]());

const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe('a configMap volume', () => {
  const volume = { name: 'v', configMap: { name: 'c' } };

  it('[K3] holds a file per key, 0644 by default', async () => {
    const path = await setUp(createConfigMapPlugin(host), volume, pod);
    expect(path).toBe(join(host.rootDir, 'pods/pod-uid/volumes/kubernetes.io~configmap/v'));
    expect(await readFile(join(path, 'one'), 'utf8')).toBe('1');
    expect(await mode(join(path, 'two'))).toBe('644');
  });

  it('[K3] holds chosen keys at chosen paths with chosen modes', async () => {
    const items = [{ key: 'two', path: 'a/b', mode: 0o400 }];
    const chosen = { name: 'v', configMap: { name: 'c', items, defaultMode: 0o600 } };
    const path = await setUp(createConfigMapPlugin(host), chosen, pod);
    expect((await readdir(path)).filter((name) => !name.startsWith('.'))).toEqual(['a']);
    expect(await mode(join(path, 'a/b'))).toBe('400');
  });

  it('[K3] follows a change of its object, and keeps its directory when nothing changed', async () => {
    const plugin = createConfigMapPlugin(host);
    const path = await setUp(plugin, volume, pod);
    const before = await readlink(join(path, '..data'));
    await setUp(plugin, volume, pod, { remount: true });
    expect(await readlink(join(path, '..data'))).toBe(before);
    host.configMaps.set('default/c', configMap('c', { one: 'new' }));
    await setUp(plugin, volume, pod, { remount: true });
    expect(await readFile(join(path, 'one'), 'utf8')).toBe('new');
    expect(await readdir(path)).not.toContain('two');
  });

  it('[K3] of a missing object fails with its name and leaves nothing, unless it is optional', async () => {
    const plugin = createConfigMapPlugin(host);
    const missing = { name: 'v', configMap: { name: 'x' } };
    await expect(setUp(plugin, missing, pod)).rejects.toThrow('configmap "x" not found');
    expect(await readdir(host.rootDir)).toEqual([]);
    const path = await setUp(plugin, { name: 'v', configMap: { name: 'x', optional: true } }, pod);
    expect(await readdir(path)).toHaveLength(2);
  });

  it('[K3] of a missing key fails with the key', async () => {
    const items = [{ key: 'k', path: 'p' }];
    await expect(
      setUp(createConfigMapPlugin(host), { name: 'v', configMap: { name: 'c', items } }, pod),
    ).rejects.toThrow('configmap references non-existent config key: k');
  });

  it('[K3] is removed whole', async () => {
    const plugin = createConfigMapPlugin(host);
    const path = await setUp(plugin, volume, pod);
    await tearDown(plugin, 'v', pod);
    expect(await readdir(join(path, '..'))).toEqual([]);
    await tearDown(plugin, 'v', pod);
  });

  it.skipIf(!isRoot)('[J4] belongs to the group and is read-only to it', async () => {
    const path = await setUp(createConfigMapPlugin(host), volume, pod, { fsGroup: 4242 });
    const { gid } = await stat(join(path, 'one'));
    expect(gid).toBe(4242);
    expect((await lstat(join(path, 'one'))).gid).toBe(4242);
    expect(await mode(join(path, 'one'))).toBe('644');
  });
});

describe('a secret volume', () => {
  it.skipIf(!isRoot)('[K4] lies on a tmpfs that goes with it', async () => {
    const plugin = createSecretPlugin(host);
    const path = await setUp(plugin, { name: 'v', secret: { secretName: 's', defaultMode: 0o400 } }, pod);
    expect(await readFile(join(path, 'password'), 'utf8')).toBe('secret');
    const mount = (await host.mounter.listMounts()).find((one) => one.path === path);
    expect(mount?.fsType).toBe('tmpfs');
    await tearDown(plugin, 'v', pod);
    expect(await host.mounter.isMountPoint(path)).toBe(false);
    expect(await readdir(join(path, '..'))).toEqual([]);
  });

  it('[K4] of a missing object or key fails with its name', async () => {
    const plugin = createSecretPlugin(host);
    await expect(setUp(plugin, { name: 'v', secret: { secretName: 'x' } }, pod)).rejects.toThrow(
      'secret "x" not found',
    );
    const items = [{ key: 'k', path: 'p' }];
    await expect(setUp(plugin, { name: 'v', secret: { secretName: 's', items } }, pod)).rejects.toThrow(
      'references non-existent secret key: k',
    );
  });
});

describe('a downwardAPI volume', () => {
  const container = { name: 'c', image: 'i', resources: { limits: { cpu: '250m' }, requests: { memory: '32Mi' } } };

  it('[K5] shows fields and resources of the pod', async () => {
    const field = (path: string, fieldPath: string) => ({ path, fieldRef: { fieldPath } });
    const resource = (path: string, name: string, divisor?: string) => ({
      path,
      resourceFieldRef: { containerName: 'c', resource: name, ...(divisor ? { divisor } : {}) },
    });
    const items = [
      field('name', 'metadata.name'),
      field('labels', 'metadata.labels'),
      field('app', "metadata.labels['app']"),
      resource('cpu', 'limits.cpu'),
      resource('milli', 'limits.cpu', '1m'),
      resource('memory', 'limits.memory', '1Mi'),
      resource('request', 'requests.memory', '1Mi'),
    ];
    const shown = podWith([], { containers: [container] });
    const path = await setUp(createDownwardApiPlugin(host), { name: 'v', downwardAPI: { items } }, shown);
    const read = (name: string) => readFile(join(path, name), 'utf8');
    expect(await read('name')).toBe('p');
    expect(await read('labels')).toBe('app="web"\ntier="front \\"end\\""');
    expect(await read('app')).toBe('web');
    expect(await read('cpu')).toBe('1');
    expect(await read('milli')).toBe('250');
    expect(await read('memory')).toBe('8192');
    expect(await read('request')).toBe('32');
  });
});

describe('a projected volume', () => {
  const sources = [
    { secret: { name: 's' } },
    { configMap: { name: 'c', items: [{ key: 'one', path: 'sub/one' }] } },
    { serviceAccountToken: { path: 'token', audience: 'vault', expirationSeconds: 600 } },
  ];
  const volume = { name: 'v', projected: { sources, defaultMode: 0o644 } };

  it.skipIf(!isRoot)('[K6] holds all its sources in one directory', async () => {
    const path = await setUp(createProjectedPlugin(host), volume, pod);
    expect((await readdir(path)).filter((name) => !name.startsWith('.')).sort()).toEqual(['password', 'sub', 'token']);
    expect(await readFile(join(path, 'token'), 'utf8')).toBe('token-vault');
    expect(host.tokenRequests[0]).toMatchObject({ audiences: ['vault'], expirationSeconds: 600 });
    expect(await mode(join(path, 'token'))).toBe('644');
  });

  it.skipIf(!isRoot)('[K6] [rel-S-SE9] keeps the token to the user that all containers run as', async () => {
    const path = await setUp(createProjectedPlugin(host), volume, pod, { fsUser: 1234 });
    const { uid } = await stat(join(path, 'token'));
    expect(uid).toBe(1234);
    expect(await mode(join(path, 'token'))).toBe('600');
    expect(await mode(join(path, 'password'))).toBe('644');
  });

  it('[K6] tells every source that is missing', async () => {
    const missing = [{ secret: { name: 'x' } }, { configMap: { name: 'y' } }];
    await expect(
      setUp(createProjectedPlugin(host), { name: 'v', projected: { sources: missing } }, pod),
    ).rejects.toThrow('[secret "x" not found, configmap "y" not found]');
  });
});
