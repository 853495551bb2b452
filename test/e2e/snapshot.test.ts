/** Snapshots from kubectl apply to the hostpath driver's archive, and back to nothing. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stowage } from './support/stowage.ts';

const apiVersion = 'snapshot.storage.k8s.io/v1';
const driver = 'hostpath.csi.k8s.io';

function claim(name: string, spec: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '16Mi' } }, ...spec },
  };
}

function pod(name: string, claimName: string): object {
  const container = {
    name: 'main',
    image: 'busybox',
    command: ['sleep', 'infinity'],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName } }];
  const spec = { terminationGracePeriodSeconds: 0, containers: [container], volumes };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec };
}

const snapshotOf = (name: string, source: object, volumeSnapshotClassName?: string): object => ({
  apiVersion,
  kind: 'VolumeSnapshot',
  metadata: { name },
  spec: { source, ...(volumeSnapshotClassName ? { volumeSnapshotClassName } : {}) },
});

interface DriverState {
  readonly volumes: readonly object[];
  readonly snapshots: readonly { readonly id: string; readonly name: string }[];
}

describe('snapshots', () => {
  let stowage: Stowage;
  beforeAll(async () => {
    stowage = await Stowage.start();
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
  });

  const apply = (...items: object[]) =>
    stowage.ok(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const write = (name: string, text: string) =>
    stowage.ok(['exec', name, '--', 'sh', '-c', `echo ${text} > /data/file; sync`]);
  const untilRunning = (name: string) =>
    stowage.until(['get', 'pod', name, '-o', 'jsonpath={.status.phase}'], (out) => out === 'Running');
  const untilReady = (name: string) =>
    stowage.until(['get', 'vs', name, '-o', 'jsonpath={.status.readyToUse}'], (out) => out === 'true');
  const field = (object: string, path: string) => stowage.ok(['get', ...object.split('/'), '-o', `jsonpath={${path}}`]);
  const remove = (what: string) => stowage.ok(`delete ${what} --wait=true --timeout=60s`);
  const stateDir = () => join(stowage.dataDir, 'hostpath');

  function driverState(): DriverState {
    const state = JSON.parse(readFileSync(join(stateDir(), 'state.json'), 'utf8'));
    return { volumes: state.Volumes ?? [], snapshots: state.Snapshots ?? [] };
  }

  /** The file of the claim, as each archive in the driver's directory has it. */
  function archivedFiles(): string[] {
    return readdirSync(stateDir())
      .filter((file) => file.endsWith('.snap'))
      .map((file) => spawnSync('tar', ['xzOf', join(stateDir(), file), './file'], { encoding: 'utf8' }).stdout.trim());
  }

  it('[S2] [W3] are taken of a claim in use, and keep what was written before', async () => {
    await apply(claim('data'), pod('writer', 'data'));
    await untilRunning('writer');
    await write('writer', 'before');
    await apply(snapshotOf('monday', { persistentVolumeClaimName: 'data' }));
    await untilReady('monday');
    await write('writer', 'after');
    const uid = await field('vs/monday', '.metadata.uid');
    const content = await field('vs/monday', '.status.boundVolumeSnapshotContentName');
    expect(content).toBe(`snapcontent-${uid}`);
    expect(await field('vs/monday', '.status.restoreSize')).toBe('16Mi');
    expect(await field(`vsc/${content}`, '.spec.volumeSnapshotClassName')).toBe('csi-hostpath-snapclass');
    expect(await field(`vsc/${content}`, '.status.creationTime')).toMatch(/^\d{19}$/);
    expect(driverState().snapshots).toEqual([
      expect.objectContaining({
        id: await field(`vsc/${content}`, '.status.snapshotHandle'),
        name: `snapshot-${uid}`,
      }),
    ]);
    expect(archivedFiles()).toEqual(['before']);
  });

  it('[O11] [S2] are restored into claims of their own, whose pods read what was written before', async () => {
    const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'monday' };
    await apply(claim('restored', { dataSource }), pod('reader', 'restored'));
    await untilRunning('reader');
    expect(await stowage.ok('exec reader -- cat /data/file')).toBe('before\n');
    await write('reader', 'restored');
    expect(await stowage.ok('exec writer -- cat /data/file')).toBe('after\n');
    expect(archivedFiles()).toEqual(['before']);
  });

  it('[S4] go without a trace, and leave what was restored from them', async () => {
    await remove('vs monday');
    await stowage.until('get vsc -o name', (out) => out === '');
    expect(driverState().snapshots).toEqual([]);
    expect(archivedFiles()).toEqual([]);
    expect(await stowage.ok('exec reader -- cat /data/file')).toBe('restored\n');
  });

  it('[S5] [S4] are kept by a class of policy Retain, and taken up again', async () => {
    const keeping = {
      apiVersion,
      kind: 'VolumeSnapshotClass',
      metadata: { name: 'keep' },
      driver,
      deletionPolicy: 'Retain',
    };
    await apply(keeping, snapshotOf('kept', { persistentVolumeClaimName: 'data' }, 'keep'));
    await untilReady('kept');
    const content = await field('vs/kept', '.status.boundVolumeSnapshotContentName');
    const snapshotHandle = await field(`vsc/${content}`, '.status.snapshotHandle');
    await remove('vs kept');
    await remove(`vsc ${content}`);
    expect(driverState().snapshots.map(({ id }) => id)).toEqual([snapshotHandle]);
    const volumeSnapshotRef = { namespace: 'default', name: 'again' };
    const source = { snapshotHandle };
    const spec = { deletionPolicy: 'Delete', driver, source, volumeSnapshotRef };
    await apply(
      { apiVersion, kind: 'VolumeSnapshotContent', metadata: { name: 'again' }, spec },
      snapshotOf('again', { volumeSnapshotContentName: 'again' }),
    );
    await untilReady('again');
    expect(await field('vs/again', '.status.restoreSize')).toBe('16Mi');
    await remove('vs again');
    await stowage.until('get vsc -o name', (out) => out === '');
    expect(driverState().snapshots).toEqual([]);
  });

  it('[S3] [rel-L13] say why they cannot be taken', async () => {
    await apply(snapshotOf('early', { persistentVolumeClaimName: 'data' }, 'typo'));
    const told = await stowage.until('describe vs early', (out) => out.includes('Warning'));
    expect(told).toContain('"typo" not found');
    await remove('vs early');
  });

  it('[S4] leave nothing with the driver when everything is deleted', async () => {
    await remove('pod,pvc --all');
    await stowage.until('get pv -o name', (out) => out === '');
    expect(driverState()).toEqual({ volumes: [], snapshots: [] });
  });
});
