import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stowage } from './support/stowage.ts';

const examples = join(import.meta.dirname, '..', '..', 'examples');

describe('volumes of a pod', () => {
  let stowage: Stowage;
  let host: string;
  beforeAll(async () => {
    stowage = await Stowage.start();
    host = mkdtempSync(join(tmpdir(), 'host-'));
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
    rmSync(host, { recursive: true, force: true });
  });

  const apply = (...items: object[]) =>
    stowage.ok(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const running = (pod: string) =>
    stowage.until(['get', 'pod', pod, '-o', 'jsonpath={.status.phase}'], (out) => out === 'Running');
  const sh = (pod: string, script: string) => stowage.ok(['exec', pod, '--', 'sh', '-c', script]);

  function pod(name: string, volumes: Readonly<Record<string, object>>, containers = ['main']): object {
    const volumeMounts = Object.keys(volumes).map((volume) => ({ name: volume, mountPath: `/${volume}` }));
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { app: name }, annotations: { note: 'a "quoted" word' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: containers.map((container) => ({
          name: container,
          image: 'busybox',
          command: ['sleep', 'infinity'],
          volumeMounts,
        })),
        volumes: Object.entries(volumes).map(([volume, source]) => ({ name: volume, ...source })),
      },
    };
  }

  it('[K1][J13] shares an emptyDir on disk and one in memory between containers', async () => {
    const volumes = { disk: { emptyDir: {} }, memory: { emptyDir: { medium: 'Memory', sizeLimit: '8Mi' } } };
    await apply(pod('scratch', volumes, ['one', 'two']));
    await running('scratch');
    await stowage.ok(['exec', 'scratch', '-c', 'one', '--', 'sh', '-c', 'echo hello > /disk/file']);
    expect(await stowage.ok(['exec', 'scratch', '-c', 'two', '--', 'cat', '/disk/file'])).toBe('hello\n');
    expect(await sh('scratch', 'stat -c %a /disk; grep " /memory " /proc/mounts')).toMatch(
      /777\ntmpfs \/memory tmpfs rw.*size=8192k/,
    );
  });

  it('[U3][J13] keeps the volumes of a pod over the restart of its container', async () => {
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '16Mi' } } };
    await apply(
      { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'kept' }, spec: claim },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' }, data: { key: 'value' } },
    );
    const volumes = {
      disk: { emptyDir: {} },
      memory: { emptyDir: { medium: 'Memory' } },
      claim: { persistentVolumeClaim: { claimName: 'kept' } },
      map: { configMap: { name: 'kept' } },
    };
    const written = ['disk', 'memory', 'claim'];
    // The first run ends with an error, the second one stays.
    const script = [
      'test -s /map/key || exit 2',
      ...written.map((volume) => `echo run >> /${volume}/log`),
      'test $(wc -l < /claim/log) -gt 1 && exec sleep infinity',
      'exit 1',
    ].join('\n');
    const restarting = pod('restarting', volumes) as { spec: { containers: object[] } };
    const containers = restarting.spec.containers.map((one) => ({ ...one, command: ['sh', '-c', script] }));
    await apply({ ...restarting, spec: { ...restarting.spec, containers } });
    const path = '{.status.containerStatuses[0].restartCount},{.status.containerStatuses[0].ready}';
    await stowage.until(['get', 'pod', 'restarting', '-o', `jsonpath=${path}`], (out) => out === '1,true');
    for (const volume of written) {
      expect(await sh('restarting', `cat /${volume}/log; grep -c " /${volume} " /proc/mounts`)).toBe('run\nrun\n1\n');
    }
    expect(await sh('restarting', 'cat /map/key')).toBe('value');
  });

  it('[K2] checks the type of a hostPath and creates what may be created', async () => {
    await apply(pod('made', { dir: { hostPath: { path: join(host, 'a/b'), type: 'DirectoryOrCreate' } } }));
    await running('made');
    await sh('made', 'echo data > /dir/file');
    expect(readFileSync(join(host, 'a/b/file'), 'utf8')).toBe('data\n');
    writeFileSync(join(host, 'plain'), '');
    await apply(pod('refused', { dir: { hostPath: { path: join(host, 'plain'), type: 'Directory' } } }));
    const message = `hostPath type check failed: ${join(host, 'plain')} is not a directory`;
    await stowage.until('describe pod refused', (out) => out.includes(message));
  });

  it('[K3][K4][K7] shows config maps and secrets as files behind one link, and their changes', async () => {
    await apply(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { level: 'debug' } },
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login' }, stringData: { user: 'admin' } },
      pod('config', {
        map: { configMap: { name: 'settings' } },
        secret: { secret: { secretName: 'login', defaultMode: 0o400 } },
      }),
    );
    await running('config');
    expect(
      await sh('config', 'cat /map/level /secret/user; readlink /map/level; stat -L -c %a /map/level /secret/user'),
    ).toBe('debugadmin..data/level\n644\n400\n');
    expect(await sh('config', 'readlink /map/..data')).toMatch(/^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+\n$/);
    expect(await sh('config', 'grep " /secret " /proc/mounts')).toMatch(/^tmpfs /);
    await stowage.ok(['patch', 'configmap', 'settings', '-p', '{"data":{"level":"info"}}']);
    await stowage.until(['exec', 'config', '--', 'cat', '/map/level'], (out) => out === 'info', 90_000);
  });

  it('[I8] says which config map is missing, and starts the pod when it comes', async () => {
    await apply(pod('waits', { map: { configMap: { name: 'late' } } }));
    await stowage.until('describe pod waits', (out) =>
      out.includes('MountVolume.SetUp failed for volume "map" : configmap "late" not found'),
    );
    await apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' }, data: { key: 'value' } });
    await running('waits');
  });

  it('[K5] shows the fields of the pod', async () => {
    const items = [
      { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
      { path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } },
      { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
    ];
    await apply(pod('fields', { info: { downwardAPI: { items } } }));
    await running('fields');
    expect(await sh('fields', 'cat /info/labels; echo; cat /info/name')).toBe('app="fields"\nfields');
    expect(await sh('fields', 'cat /info/annotations')).toContain('note="a \\"quoted\\" word"');
  });

  it('[K6] projects a secret, fields and a config map into one directory', async () => {
    await stowage.ok(['apply', '-f', join(examples, 'projected-all-in-one.yaml')]);
    await running('all-in-one');
    const script =
      'cd /projected; cat my-group/my-username; echo; cat labels; echo; cat cpu_limit; echo; cat my-group/my-config; stat -L -c %a my-group/my-username';
    expect(await sh('all-in-one', script)).toBe('admin\nzone="us-est-coast"\n500\nlevel=debug\n400\n');
  });

  it.each(['static-pv', 'hostpath', 'emptydir'])('runs the example %s', async (example) => {
    const file = join(examples, `${example}.yaml`);
    await stowage.ok(['delete', '-f', file, '--ignore-not-found']);
    await stowage.ok(['apply', '-f', file]);
    const name = { 'static-pv': 'static', hostpath: 'host-dir', emptydir: 'scratch' }[example] ?? '';
    await running(name);
    await stowage.ok(['delete', '-f', file, '--ignore-not-found']);
  });

  it('[J1] mounts a sub-directory and makes it where it is missing', async () => {
    const base = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'sub' },
      spec: {
        terminationGracePeriodSeconds: 0,
        volumes: [{ name: 'v', hostPath: { path: host } }],
        containers: [
          {
            name: 'main',
            image: 'busybox',
            command: ['sleep', 'infinity'],
            volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'inner/dir' }],
          },
        ],
      },
    };
    await apply(base);
    await running('sub');
    await sh('sub', 'echo here > /v/file');
    expect(readFileSync(join(host, 'inner/dir/file'), 'utf8')).toBe('here\n');
  });
});
