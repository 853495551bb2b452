import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Stowage } from './support/stowage.ts';

const driverEntry = join(import.meta.dirname, 'support', 'other-driver.ts');
const driverName = 'other.example.com';

describe('a CSI driver that is not ours', () => {
  let directory: string;
  let driver: ChildProcess;
  let attachMode: string;

  async function startDriver(): Promise<void> {
    const args = [
      driverEntry,
      join(directory, 'csi.sock'),
      join(directory, 'state'),
      driverName,
      attachMode,
      join(directory, 'log'),
    ];
    driver = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (driver.stdout) await once(driver.stdout, 'data');
  }
  beforeEach(async () => {
    directory = await Stowage.makeDirectory();
  });
  afterEach(async () => {
    driver.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  const calls = () =>
    (existsSync(join(directory, 'log')) ? readFileSync(join(directory, 'log'), 'utf8') : '')
      .split('\n')
      .filter(Boolean);
  const methods = () => calls().map((line) => line.split(' ')[0]);

  function manifest(): string {
    const container = {
      name: 'main',
      image: 'busybox',
      command: ['sh', '-c', 'echo hi > /data/f; exec sleep infinity'],
      volumeMounts: [{ name: 'd', mountPath: '/data' }],
    };
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        ...(attachMode === 'attach'
          ? []
          : [
              {
                apiVersion: 'storage.k8s.io/v1',
                kind: 'CSIDriver',
                metadata: { name: driverName },
                spec: { attachRequired: false },
              },
            ]),
        {
          apiVersion: 'storage.k8s.io/v1',
          kind: 'StorageClass',
          metadata: { name: 'other' },
          provisioner: driverName,
          volumeBindingMode: 'WaitForFirstConsumer',
        },
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name: 'c' },
          spec: {
            accessModes: ['ReadWriteOnce'],
            storageClassName: 'other',
            resources: { requests: { storage: '1Mi' } },
          },
        },
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'p' },
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [container],
            volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'c' } }],
          },
        },
      ],
    });
  }

  const start = () =>
    Stowage.start({ directory, args: ['--no-default-drivers', '--csi-driver', join(directory, 'csi.sock')] });
  const running = (stowage: Stowage) =>
    stowage.until('get pod p -o jsonpath={.status.phase}', (out) => out === 'Running', 60_000);

  async function remove(stowage: Stowage): Promise<void> {
    await stowage.ok('delete pod p');
    await stowage.ok('delete pvc c');
    await stowage.until('get pv --no-headers', (out) => out === '');
  }

  it('[D8][N4][N5] goes through the six steps with attach', async () => {
    attachMode = 'attach';
    await startDriver();
    await using stowage = await start();
    await stowage.ok(['apply', '-f', '-'], manifest());
    await running(stowage);
    expect(await stowage.ok('exec p -- cat /data/f')).toBe('hi\n');
    await remove(stowage);
    expect(methods()).toEqual([
      'CreateVolume',
      'ControllerPublishVolume',
      'NodeStageVolume',
      'NodePublishVolume',
      'NodeUnpublishVolume',
      'NodeUnstageVolume',
      'ControllerUnpublishVolume',
      'DeleteVolume',
    ]);
    expect(calls()[2]).toContain('slot=7 made=here');
  });

  it('[N15] goes through the six steps without attach', async () => {
    attachMode = 'no-attach';
    await startDriver();
    await using stowage = await start();
    await stowage.ok(['apply', '-f', '-'], manifest());
    await running(stowage);
    expect(await stowage.ok('get volumeattachments --no-headers')).toBe('');
    await remove(stowage);
    expect(methods()).toEqual([
      'CreateVolume',
      'NodeStageVolume',
      'NodePublishVolume',
      'NodeUnpublishVolume',
      'NodeUnstageVolume',
      'DeleteVolume',
    ]);
  });

  it.each(['CreateVolume', 'ControllerPublishVolume', 'NodeStageVolume', 'NodePublishVolume'])(
    '[rel-F-DR1] resumes after the driver dies in %s',
    async (method) => {
      attachMode = 'attach';
      await startDriver();
      await using stowage = await start();
      writeFileSync(join(directory, 'state', 'die-in'), method);
      const died = once(driver, 'exit');
      await stowage.ok(['apply', '-f', '-'], manifest());
      await died;
      await startDriver();
      await running(stowage);
      expect(methods().filter((name) => name === method).length).toBeGreaterThan(1);
      await remove(stowage);
    },
  );
});
