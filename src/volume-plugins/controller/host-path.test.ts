import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/index.ts';
import { realClock, realFs } from '../../base/index.ts';
import { reconstructedVolume } from '../volume-spec.ts';
import { defaultControllerPluginConfig } from './controller-plugins.ts';
import { createHostPathControllerPlugin } from './host-path.ts';

const config = { provisioning: true, recycler: defaultControllerPluginConfig.hostPathRecycler };
const host = { fs: realFs, clock: realClock };
const plugin = createHostPathControllerPlugin(host, config);

const volumeAt = (path: string): PersistentVolume => reconstructedVolume('v', { hostPath: { path } });

function claimOf(uid: string, spec: PersistentVolumeClaim['spec'] = {}): PersistentVolumeClaim {
  const metadata = { namespace: 'default', name: 'c', uid, resourceVersion: '1', creationTimestamp: '' };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata,
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '2Gi' } }, ...spec },
  };
}

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'host-path-deleter-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('the deletion of a hostPath volume', () => {
  it('[B11] [B14] removes what lies below /tmp, with all that is in it', async () => {
    const path = join(dir, 'v');
    await mkdir(join(path, 'a', 'b'), { recursive: true });
    await writeFile(join(path, 'a', 'b', 'file'), 'data');
    await plugin.delete?.(volumeAt(path));
    expect(await readdir(dir)).toEqual([]);
    await plugin.delete?.(volumeAt(path));
  });

  it.each(['/', '/tmp', '/tmp/', '/tmp/.', '/var/tmp/x', '/tmp/../etc', '/data/tmp/x', '/tmpfiles/x', 'tmp/x'])(
    '[B14] [rel-C5] refuses %s: it is not below /tmp',
    async (path) => {
      await expect(plugin.delete?.(volumeAt(path))).rejects.toThrow(
        `host_path deleter only supports /tmp/.+ but received provided ${path}`,
      );
    },
  );

  it('[B14] [rel-C5] does not follow a link out of /tmp, and removes a link without what it points to', async () => {
    const outside = await mkdtemp('/var/tmp/host-path-outside-');
    try {
      await mkdir(join(outside, 'precious'));
      await symlink(outside, join(dir, 'link'));
      await expect(plugin.delete?.(volumeAt(join(dir, 'link', 'precious')))).rejects.toThrow('only supports /tmp/.+');
      await plugin.delete?.(volumeAt(`${join(dir, 'link')}/`));
      expect(await readdir(dir)).toEqual([]);
      expect(await readdir(outside)).toEqual(['precious']);
    } finally {
      await rm(outside, { recursive: true });
    }
  });

  it('[B11] takes what was never there for deleted', async () => {
    await plugin.delete?.(volumeAt(join(dir, 'no', 'such', 'path')));
  });
});

describe('the provisioning of a hostPath volume', () => {
  const uid = '00000000-0000-4000-8000-000000000001';
  const path = `/tmp/hostpath_pv/${uid}`;
  const intentPath = `/tmp/hostpath_pv/.provisioning/${uid}`;
  afterEach(async () => {
    for (const made of [path, intentPath]) await rm(made, { recursive: true, force: true });
  });
  const request = (claim: PersistentVolumeClaim) => ({ claim, volumeName: `pvc-${uid}`, reclaimPolicy: 'Delete' });

  it('[B14] makes a directory below /tmp/hostpath_pv, once', async () => {
    const first = await plugin.provision?.(request(claimOf(uid)));
    await writeFile(join(path, 'file'), 'data');
    const second = await plugin.provision?.(request(claimOf(uid)));
    expect(second).toEqual(first);
    expect(first).toEqual({
      metadata: {
        name: `pvc-${uid}`,
        annotations: { 'kubernetes.io/createdby': 'hostpath-dynamic-provisioner' },
      },
      spec: {
        persistentVolumeReclaimPolicy: 'Delete',
        accessModes: ['ReadWriteMany'],
        capacity: { storage: '2Gi' },
        hostPath: { path },
      },
    });
    expect((await stat(path)).mode & 0o777).toBe(0o750);
    expect(await readdir(path)).toEqual(['file']);
    expect((await plugin.intents?.list())?.map(({ claimUid }) => claimUid)).toContain(uid);
    await plugin.intents?.forget(uid);
    expect((await plugin.intents?.list())?.map(({ claimUid }) => claimUid)).not.toContain(uid);
  });

  it('[B14] refuses a Block volume', async () => {
    await expect(plugin.provision?.(request(claimOf(uid, { volumeMode: 'Block' })))).rejects.toThrow(
      'kubernetes.io/host-path does not support block volume provisioning',
    );
  });
});
