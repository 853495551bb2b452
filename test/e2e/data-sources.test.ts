/** Claims that are filled from a claim, from a snapshot and from nothing we know, by the hostpath driver and real pods. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stowage } from './support/stowage.ts';

const apiGroup = 'snapshot.storage.k8s.io';
const fromClaim = (name: string) => ({ dataSource: { kind: 'PersistentVolumeClaim', name } });
const fromSnapshot = (name: string) => ({ dataSource: { apiGroup, kind: 'VolumeSnapshot', name } });
const sized = (storage: string) => ({ resources: { requests: { storage } } });

function claim(name: string, spec: object = {}): object {
  const asked = { accessModes: ['ReadWriteOnce'], ...sized('16Mi') };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: { ...asked, ...spec } };
}

const snapshotOf = (name: string, persistentVolumeClaimName: string): object => ({
  apiVersion: `${apiGroup}/v1`,
  kind: 'VolumeSnapshot',
  metadata: { name },
  spec: { source: { persistentVolumeClaimName } },
});

const running = { name: 'main', image: 'busybox', command: ['sleep', 'infinity'] };
const mounted = { ...running, volumeMounts: [{ name: 'data', mountPath: '/data' }] };
const mapped = { ...running, volumeDevices: [{ name: 'data', devicePath: '/dev/data' }] };

function pod(claimName: string, container: object = mounted): object {
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName } }];
  const spec = { terminationGracePeriodSeconds: 0, containers: [container], volumes };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: claimName }, spec };
}

describe('claims with a data source', () => {
  let stowage: Stowage;
  beforeAll(async () => {
    stowage = await Stowage.start();
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
  });

  const apply = (...items: object[]) =>
    stowage.ok(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const untilRunning = (name: string) =>
    stowage.until(['get', 'pod', name, '-o', 'jsonpath={.status.phase}'], (out) => out === 'Running');
  const sh = (name: string, command: string) => stowage.ok(['exec', name, '--', 'sh', '-c', command]);
  const field = (object: string, path: string) => stowage.ok(['get', ...object.split('/'), '-o', `jsonpath={${path}}`]);
  const remove = (what: string) => stowage.ok(`delete ${what} --wait=true --timeout=60s`);
  const told = (name: string, accept: (out: string) => boolean) =>
    stowage.until(['get', 'events', '--field-selector', `involvedObject.name=${name}`], accept);

  it('[O10] [S9] [W5] get the files of the claim that they clone, and a life of their own', async () => {
    // The source, its clone and their users all at once: each waits for what it needs.
    await apply(claim('src'), pod('src'));
    await untilRunning('src');
    await sh('src', 'mkdir -p /data/deep && echo first > /data/deep/file && sync');
    await apply(claim('clone', { ...fromClaim('src'), ...sized('32Mi') }), pod('clone'));
    await untilRunning('clone');
    expect(await sh('clone', 'cat /data/deep/file')).toBe('first\n');
    expect(await field('pvc/clone', '.status.capacity.storage')).toBe('32Mi');
    await sh('clone', 'echo second > /data/deep/file');
    expect(await sh('src', 'cat /data/deep/file')).toBe('first\n');
    expect(await field('pvc/src', '.metadata.finalizers')).toContain(
      'provisioner.storage.kubernetes.io/cloning-protection',
    );
    await remove('pod src');
    await remove('pvc src');
    expect(await sh('clone', 'cat /data/deep/file')).toBe('second\n');
  });

  it('[O11] [W5] get the files that the snapshot was taken of', async () => {
    await apply(snapshotOf('monday', 'clone'), claim('restored', fromSnapshot('monday')), pod('restored'));
    const refusal = 'requested volume size 16777216 is less than the size 33554432 for the source snapshot monday';
    await told('restored', (out) => out.includes(refusal));
    await remove('pod restored');
    await remove('pvc restored');
    await sh('clone', 'echo third > /data/deep/file');
    await apply(claim('restored', { ...fromSnapshot('monday'), ...sized('32Mi') }), pod('restored'));
    await untilRunning('restored');
    expect(await sh('restored', 'cat /data/deep/file')).toBe('second\n');
    expect(await field('vs/monday', '.metadata.finalizers')).not.toContain('provisioner');
    await remove('vs monday');
    expect(await sh('restored', 'cat /data/deep/file')).toBe('second\n');
  });

  it('[O10] [O11] [S10] are block devices as well', async () => {
    const block = { volumeMode: 'Block' };
    await apply(claim('disk', block), pod('disk', mapped));
    await untilRunning('disk');
    await sh('disk', 'printf stowage | dd of=/dev/data bs=512 seek=9 conv=fsync 2>/dev/null');
    await apply(snapshotOf('image', 'disk'));
    await apply(claim('copy', { ...block, ...fromClaim('disk') }), pod('copy', mapped));
    await apply(claim('again', { ...block, ...fromSnapshot('image') }), pod('again', mapped));
    for (const name of ['copy', 'again']) {
      await untilRunning(name);
      expect(await sh(name, 'dd if=/dev/data bs=512 skip=9 count=1 2>/dev/null | head -c 7')).toBe('stowage');
    }
    await apply(claim('files', fromSnapshot('image')));
    await told('files', (out) => out.includes('modifies the mode of the source volume but does not have permission'));
    await remove('pvc files');
  });

  it('[O12] are left to whoever knows the source', async () => {
    const dataSourceRef = { apiGroup: 'hello.example.com', kind: 'Hello', name: 'world' };
    await apply(claim('populated', { dataSourceRef }));
    await told('populated', (out) => out.includes('Assuming an external populator will provision the volume'));
    expect(await field('pvc/populated', '.status.phase')).toBe('Pending');
    await remove('pvc populated');
  });

  it('[O10] [rel-C2] leave nothing behind', async () => {
    await remove('pod,pvc,vs --all');
    await stowage.until('get pv,vsc -o name', (out) => out === '');
    const state = JSON.parse(readFileSync(join(stowage.dataDir, 'hostpath', 'state.json'), 'utf8'));
    expect([state.Volumes ?? [], state.Snapshots ?? []]).toEqual([[], []]);
  });
});
