import { expect, it } from 'vitest';
import type { Volume } from '../api/index.ts';
import { createNodePlugins } from './node-plugins.ts';
import type { VolumePlugin } from './plugin.ts';
import { VolumePluginManager } from './plugin-manager.ts';
import { TestHost } from './testing/test-host.ts';
import { specFromVolume } from './volume-spec.ts';

async function plugins(): Promise<readonly VolumePlugin[]> {
  await using host = await TestHost.create('memory');
  return createNodePlugins(host);
}

it.each<[string, Partial<Volume>]>([
  ['kubernetes.io/empty-dir', { emptyDir: {} }],
  ['kubernetes.io/host-path', { hostPath: { path: '/p' } }],
  ['kubernetes.io/configmap', { configMap: { name: 'c' } }],
  ['kubernetes.io/secret', { secret: { secretName: 's' } }],
  ['kubernetes.io/downward-api', { downwardAPI: {} }],
  ['kubernetes.io/projected', { projected: {} }],
  ['kubernetes.io/nfs', { nfs: { server: 's', path: '/' } }],
  ['kubernetes.io/csi', { csi: { driver: 'd' } }],
  ['kubernetes.io/git-repo', { gitRepo: { repository: 'r' } }],
])('[K0] %s supports its own source and no other plugin does', async (name, source) => {
  const manager = new VolumePluginManager(await plugins());
  expect(manager.findPluginBySpec(specFromVolume({ name: 'v', ...source })).name).toBe(name);
});

it.each<[string, Partial<Volume>]>([
  ['glusterfs', { glusterfs: { endpoints: 'e', path: 'p' } }],
  ['rbd', { rbd: { image: 'i', monitors: [] } }],
  ['cephfs', { cephfs: { monitors: [] } }],
  ['flocker', { flocker: {} }],
  ['nothing', {}],
])('[K17] no plugin matches %s', async (_, source) => {
  const manager = new VolumePluginManager(await plugins());
  expect(() => manager.findPluginBySpec(specFromVolume({ name: 'v', ...source }))).toThrow('no volume plugin matched');
});

it('[K0] several plugins for one volume are refused by name', async () => {
  const [first] = await plugins();
  if (!first) throw new Error('there are plugins');
  const manager = new VolumePluginManager([first, { ...first, name: 'example.com/other' }]);
  expect(() => manager.findPluginBySpec(specFromVolume({ name: 'v', emptyDir: {} }))).toThrow(
    'multiple volume plugins matched: kubernetes.io/empty-dir,example.com/other',
  );
});

it('[K0] [M2] plugins come and go with each look', async () => {
  const [first] = await plugins();
  if (!first) throw new Error('there are plugins');
  const changes = [
    { addOrUpdate: [first], remove: [] },
    { addOrUpdate: [], remove: [first.name] },
  ];
  const probe = () => changes.shift() ?? { addOrUpdate: [], remove: [] };
  const manager = new VolumePluginManager([], { probe });
  expect(manager.list().map(({ name }) => name)).toEqual([first.name]);
  expect(manager.list()).toEqual([]);
});
