import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stowage } from './support/stowage.ts';

const gone = (out: string) => out === '';

function claim(name: string, storageClassName: string): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName },
  };
}

describe('what becomes of hostPath volumes', () => {
  let stowage: Stowage;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'reclaim-'));
    stowage = await Stowage.start({ args: ['--enable-hostpath-provisioner'] });
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  const apply = (...items: object[]) =>
    stowage.ok(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const phase = (kind: string, name: string, expected: string) =>
    stowage.until(['get', kind, name, '-o', 'jsonpath={.status.phase}'], (out) => out === expected);
  const field = (kind: string, name: string, path: string) =>
    stowage.ok(['get', kind, name, '-o', `jsonpath={${path}}`]);
  const volume = (name: string, policy: string) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: policy,
      storageClassName: name,
      hostPath: { path: join(directory, name) },
    },
  });

  it('[B12] [W1] a recycled volume is really emptied by a pod, and goes to the next claim', async () => {
    const path = join(directory, 'used');
    await mkdir(join(path, '.hidden', 'deep'), { recursive: true });
    await writeFile(join(path, '.hidden', 'deep', 'file'), 'data');
    await writeFile(join(path, 'file'), 'data');
    await apply(volume('used', 'Recycle'), claim('first', 'used'));
    await phase('pvc', 'first', 'Bound');
    await stowage.ok(['delete', 'pvc', 'first']);
    await phase('pv', 'used', 'Available');
    expect(await readdir(path)).toEqual([]);
    expect(await field('pv', 'used', '.spec.claimRef')).toBe('');
    await stowage.until(['get', 'events', '--field-selector', 'involvedObject.name=used'], (out) =>
      out.includes('VolumeRecycled'),
    );
    const told = await stowage.ok(['get', 'events', '--field-selector', 'involvedObject.name=used']);
    expect(told).toMatch(/RecyclerPod .*Recycler pod: /);
    await stowage.until(['get', 'pods', '-o', 'name'], gone);
    await apply(claim('second', 'used'));
    await phase('pvc', 'second', 'Bound');
  });

  it('[B12] a volume that cannot be emptied is Failed, with the words of its pod', async () => {
    await apply(volume('missing', 'Recycle'), claim('missing', 'missing'));
    await phase('pvc', 'missing', 'Bound');
    await writeFile(join(directory, 'missing'), 'a file where the pod expects a directory');
    await stowage.ok(['delete', 'pvc', 'missing']);
    await phase('pv', 'missing', 'Failed');
    expect(await field('pv', 'missing', '.status.reason')).toBe('VolumeFailedRecycle');
    expect(await field('pv', 'missing', '.status.message')).toMatch(/^Recycle failed: failed to recycle volume: /);
  });

  it('[B14] a class of kubernetes.io/host-path makes directories below /tmp, and deletes them', async () => {
    await apply(
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: 'manual' },
        provisioner: 'kubernetes.io/host-path',
      },
      claim('made', 'manual'),
    );
    await phase('pvc', 'made', 'Bound');
    const name = await field('pvc', 'made', '.spec.volumeName');
    expect(name).toBe(`pvc-${await field('pvc', 'made', '.metadata.uid')}`);
    const path = await field('pv', name, '.spec.hostPath.path');
    expect(path).toMatch(/^\/tmp\/hostpath_pv\//);
    expect((await stat(path)).mode & 0o777).toBe(0o750);
    await writeFile(join(path, 'file'), 'data');
    await stowage.ok(['delete', 'pvc', 'made']);
    await stowage.until(['get', 'pv', name, '--ignore-not-found', '-o', 'name'], gone);
    await expect(stat(path)).rejects.toThrow('no such file or directory');
  });

  it('[B11] [rel-C5] a volume outside /tmp is not deleted', async () => {
    const outside = await mkdtemp('/var/tmp/reclaim-');
    await writeFile(join(outside, 'precious'), 'data');
    const draft = volume('outside', 'Delete');
    await apply({ ...draft, spec: { ...draft.spec, hostPath: { path: outside } } }, claim('outside', 'outside'));
    await phase('pvc', 'outside', 'Bound');
    await stowage.ok(['delete', 'pvc', 'outside']);
    await phase('pv', 'outside', 'Failed');
    expect(await readdir(outside)).toEqual(['precious']);
    await rm(outside, { recursive: true });
  });
});
