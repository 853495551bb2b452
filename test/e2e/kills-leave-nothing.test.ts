import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/index.ts';
import { Stowage } from './support/stowage.ts';
import { leftBehind, lookAtWorld, type World } from './support/world.ts';

const rounds = 6;
/** A kill comes at any moment until a pod has surely come up or gone. */
const longestMs = 1500;

function claim(name: string, volumeMode: string): object {
  const resources = { requests: { storage: '16Mi' } };
  const spec = { accessModes: ['ReadWriteOnce'], storageClassName: 'standard-wait', volumeMode, resources };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec };
}

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'both' },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'main',
        image: 'busybox',
        command: ['sleep', 'infinity'],
        volumeMounts: [{ name: 'files', mountPath: '/data' }],
        volumeDevices: [{ name: 'device', devicePath: '/dev/disk' }],
      },
    ],
    volumes: ['files', 'device'].map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
  },
};

const items = [claim('files', 'Filesystem'), claim('device', 'Block'), pod];
const manifest = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

describe('a system that is killed again and again while volumes come and go', () => {
  const random = seededRandom(7);
  let stowage: Stowage;
  let before: World;

  beforeAll(async () => {
    stowage = await Stowage.start();
    await stowage.ok('apply -f -', manifest);
    await stowage.until('get pods', (out) => /both\s+1\/1\s+Running/.test(out));
    await removeEverything();
    before = look();
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
  });

  /** The processes by what they are: a restarted one has another number. */
  function look(): World {
    const world = lookAtWorld(stowage.dataDir, new Set([join(stowage.dataDir, 'store')]));
    return { ...world, processes: world.processes.map((line) => line.replace(/^\d+ /, '')) };
  }

  async function killAll(): Promise<void> {
    await stowage.stop('SIGKILL');
    stowage = await Stowage.start({ directory: stowage.directory });
  }

  function killDriver(): void {
    const children = readFileSync(`/proc/${stowage.child.pid}/task/${stowage.child.pid}/children`, 'utf8');
    const driver = children
      .trim()
      .split(' ')
      .find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('\0driver\0hostpath\0'));
    if (driver) process.kill(Number(driver), 'SIGKILL');
  }

  async function removeEverything(): Promise<void> {
    await stowage.ok('delete pod both --ignore-not-found --wait=false');
    await stowage.ok('delete pvc --all --wait=false');
    await stowage.until('get pods,pvc,pv,volumeattachments --no-headers', (out) => out === '', 60_000);
  }

  it('[rel-L3] [rel-L7] leaves no mount, loop device, process, socket or file behind', async () => {
    for (let round = 0; round < rounds; round++) {
      const kill = async () => (round % 2 === 0 ? await killAll() : killDriver());
      await stowage.ok('apply -f -', manifest);
      await delay(random.next() * longestMs);
      await kill();
      // Every other pair of rounds, everything is taken away before the pod can run.
      if (round % 4 < 2) await stowage.until('get pods', (out) => /both\s+1\/1\s+Running/.test(out), 60_000);
      await stowage.ok('delete pod both --wait=false');
      await stowage.ok('delete pvc --all --wait=false');
      await delay(random.next() * longestMs);
      await kill();
      await removeEverything();
    }
    await expect.poll(() => leftBehind(before, look()), { timeout: 15_000 }).toEqual({});
  });
});
