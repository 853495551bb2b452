import { expect, it } from 'vitest';
import { ApiStatusError, pods } from '../api/index.ts';
import { discoverNamespacedTypes, discoverWatchableTypes } from './discovery.ts';

const verbs = ['get', 'list', 'delete', 'deletecollection'];
const documents: Record<string, unknown> = {
  '/apis': {
    groups: [
      { name: 'example.com', preferredVersion: { version: 'v2' } },
      { name: 'gone.example', preferredVersion: { version: 'v1' } },
    ],
  },
  '/api/v1': {
    resources: [
      { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs },
      { name: 'pods/status', namespaced: true, kind: 'Pod', verbs: ['get', 'update'] },
      { name: 'nodes', namespaced: false, kind: 'Node', verbs },
      { name: 'bindings', namespaced: true, kind: 'Binding', verbs: ['create'] },
    ],
  },
  '/apis/example.com/v2': {
    resources: [{ name: 'widgets', singularName: 'widget', namespaced: true, kind: 'Widget', verbs }],
  },
};

const get = async (path: string): Promise<unknown> => {
  if (documents[path]) return documents[path];
  throw ApiStatusError.of('NotFound', path);
};

it('finds every kind that a namespace may hold, custom resources too', async () => {
  const types = await discoverNamespacedTypes(get);
  expect(types.map(({ group, version, plural }) => `${group}/${version}/${plural}`)).toEqual([
    '/v1/pods',
    'example.com/v2/widgets',
  ]);
  expect(types[0]).toBe(pods);
});

it('fails when a group cannot say what it has: a namespace must not end with unknown content', async () => {
  const failing = async (path: string) => {
    if (path === '/apis/example.com/v2') throw ApiStatusError.of('ServiceUnavailable', 'the aggregated server is away');
    return await get(path);
  };
  await expect(discoverNamespacedTypes(failing)).rejects.toThrow('the aggregated server is away');
});

it('finds every kind that can be listed, watched and deleted, and tells which group does not answer', async () => {
  const all = [...verbs, 'watch'];
  const watched = async (path: string): Promise<unknown> => {
    if (path === '/apis/gone.example/v1') throw ApiStatusError.of('ServiceUnavailable', 'away');
    const { resources, ...rest } = (await get(path)) as { resources?: { name: string }[] };
    if (!resources) return rest;
    return { resources: resources.map((one) => (one.name === 'bindings' ? one : { ...one, verbs: all })) };
  };
  const { types, silentGroups } = await discoverWatchableTypes(watched);
  expect(types.map(({ plural }) => plural)).toEqual(['pods', 'nodes', 'widgets']);
  expect([...silentGroups]).toEqual(['gone.example']);
  expect((await discoverWatchableTypes(get)).types).toEqual([]);
});

it('takes a kind that is served in another version than the one known here for a kind of its own', async () => {
  const served: Record<string, unknown> = {
    '/apis': { groups: [{ name: 'policy', preferredVersion: { version: 'v1beta1' } }] },
    '/api/v1': { resources: [] },
    '/apis/policy/v1beta1': {
      resources: [{ name: 'poddisruptionbudgets', namespaced: true, kind: 'PodDisruptionBudget', verbs }],
    },
  };
  const types = await discoverNamespacedTypes(async (path) => served[path]);
  expect(types.map(({ group, version, plural }) => `${group}/${version}/${plural}`)).toEqual([
    'policy/v1beta1/poddisruptionbudgets',
  ]);
});
