import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMounter, MountError } from '../../mount/index.ts';
import { podWith, setUp, TestHost, tearDown } from '../testing/test-host.ts';
import { reconstructedVolume, specFromPersistentVolume } from '../volume-spec.ts';
import { createNfsPlugin, nfsSource } from './nfs-plugin.ts';

let host: TestHost;
beforeEach(async () => {
  host = await TestHost.create('memory');
});
afterEach(() => host[Symbol.asyncDispose]());

const table = () => {
  if (!(host.mounter instanceof FakeMounter)) throw new Error('the table is in memory');
  return host.mounter;
};
const volume = { name: 'v', nfs: { server: 'server', path: '/export' } };

describe('an NFS volume', () => {
  it('[K9] is mounted from its server and path, with the options of its PersistentVolume', async () => {
    const spec = { nfs: { ...volume.nfs, readOnly: true }, mountOptions: ['nfsvers=4.2', 'hard'] };
    const persistent = specFromPersistentVolume(reconstructedVolume('pv', spec), false);
    await setUp(createNfsPlugin(host), persistent, podWith([]));
    expect(table().mounted).toMatchObject([
      { source: 'server:/export', fsType: 'nfs', options: expect.arrayContaining(['ro', 'hard', 'nfsvers=4.2']) },
    ]);
  });

  it('[K9] puts an IPv6 address in brackets', () => {
    expect(nfsSource({ server: 'fd00::1', path: '/e' })).toBe('[fd00::1]:/e');
    expect(nfsSource({ server: '[fd00::1]', path: '/e' })).toBe('[fd00::1]:/e');
  });

  it('[K9] is mounted once, and unmounted whole', async () => {
    const plugin = createNfsPlugin(host);
    const path = await setUp(plugin, volume, podWith([]));
    await setUp(plugin, volume, podWith([]), { remount: true });
    expect(table().calls).toHaveLength(1);
    await tearDown(plugin, 'v', podWith([]));
    expect(table().mounted).toEqual([]);
    expect(await host.fs.access(path).catch(() => 'gone')).toBe('gone');
  });

  it('[rel-E1] of another export in its place is not taken for it', async () => {
    const plugin = createNfsPlugin(host);
    const path = plugin.newUnmounter({ podUid: 'pod-uid', volumeName: 'v' }).path;
    await host.fs.mkdir(path, { recursive: true });
    await table().mount({ source: 'other:/export', target: path, fsType: 'nfs' });
    await expect(setUp(plugin, volume, podWith([]))).rejects.toThrow('is mounted from other:/export');
  });

  it('[K9] that cannot be mounted leaves no directory', async () => {
    table().intercept(() => {
      throw new MountError('Failed', 'no route to host');
    });
    const plugin = createNfsPlugin(host);
    await expect(setUp(plugin, volume, podWith([]))).rejects.toThrow('no route to host');
    const { path } = plugin.newUnmounter({ podUid: 'pod-uid', volumeName: 'v' });
    expect(await host.fs.access(path).catch(() => 'gone')).toBe('gone');
  });
});
