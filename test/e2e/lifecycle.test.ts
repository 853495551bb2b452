import { readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, Stowage } from './support/stowage.ts';

const manifest = join(import.meta.dirname, '..', '..', 'examples', 'statefulset.yaml');
const rawBlock = `
{ apiVersion: v1, kind: PersistentVolumeClaim, metadata: { name: raw }, spec: { volumeMode: Block,
  accessModes: [ReadWriteOnce], storageClassName: standard, resources: { requests: { storage: 8Mi } } } }
---
{ apiVersion: v1, kind: Pod, metadata: { name: raw }, spec: { terminationGracePeriodSeconds: 0,
  containers: [{ name: main, image: busybox, command: [sleep, infinity],
    volumeDevices: [{ name: raw, devicePath: /dev/raw }] }],
  volumes: [{ name: raw, persistentVolumeClaim: { claimName: raw } }] } }
`;
const mountsBelow = (directory: string) =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(directory));

describe('stop, crash and start again', () => {
  let directory: string;
  let stowage: Stowage;
  beforeAll(async () => {
    directory = await Stowage.makeDirectory();
    stowage = await Stowage.start({ directory });
    await stowage.ok(['apply', '-f', manifest]);
    await stowage.until('get pod web-1 --ignore-not-found -o jsonpath={.status.phase}', (out) => out === 'Running');
    await stowage.until('exec web-0 -- cat /data/log', (out) => out !== '');
    await stowage.ok('apply -f -', rawBlock);
    await stowage.ok('wait pod/raw --for=condition=Ready --timeout=30s');
  });
  afterAll(async () => {
    await stowage?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const firstLine = async () => (await stowage.ok('exec web-0 -- head -n 1 /data/log')).trim();
  const containerId = () => stowage.ok('get pod web-0 -o jsonpath={.status.containerStatuses[0].containerID}');

  it('[I12][rel-E7] adopts containers and mounts after a kill -9 of up', async () => {
    const before = { id: await containerId(), first: await firstLine(), mounts: mountsBelow(directory).length };
    await stowage.stop('SIGKILL');
    expect(mountsBelow(directory)).toHaveLength(before.mounts);
    stowage = await Stowage.start({ directory });
    await stowage.until('get pods', (out) => (out.match(/1\/1\s+Running/g) ?? []).length === 3);
    expect({ id: await containerId(), first: await firstLine(), mounts: mountsBelow(directory).length }).toEqual(
      before,
    );
    expect(await stowage.ok('get pod web-0 -o jsonpath={.status.containerStatuses[0].restartCount}')).toBe('0');
  });

  it('stops with status 0 and an empty mount table, and brings the pods back with their data', async () => {
    const first = await firstLine();
    expect(await stowage.stop()).toBe(0);
    expect(mountsBelow(directory)).toEqual([]);
    // What a volume leaves until the driver has unstaged it, mounted or not.
    const left = await readdir(join(stowage.dataDir, 'kubelet', 'node-0'), { recursive: true });
    expect(left.filter((path) => path.endsWith('vol_data.json'))).toEqual([]);
    stowage = await Stowage.start({ directory });
    await stowage.until('get pods', (out) => (out.match(/1\/1\s+Running/g) ?? []).length === 3);
    // The status is the one from before until the containers have been started anew.
    await stowage.until('exec web-0 -- head -n 1 /data/log', (out) => out.trim() === first);
  });

  it('[rel-F-ST8] refuses a second process on the same data directory', async () => {
    const entry = join(import.meta.dirname, '..', '..', 'src', 'cmd', 'main.ts');
    const args = [entry, 'up', '--data-dir', stowage.dataDir, '--listen', '127.0.0.1:0'];
    const second = await run(process.execPath, args);
    expect(second.code).not.toBe(0);
    expect(second.stderr).toContain(stowage.dataDir);
    await stowage.ok('get pods');
  });
});

describe('signals', () => {
  it.each(['SIGINT', 'SIGHUP'] as const)('stops with status 0 on %s', async (signal) => {
    await using stowage = await Stowage.start();
    expect(await stowage.stop(signal)).toBe(0);
    expect(mountsBelow(stowage.directory)).toEqual([]);
  });
});
