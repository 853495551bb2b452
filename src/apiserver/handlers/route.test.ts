import { describe, expect, it } from 'vitest';
import { resourceRoute, segmentsOf } from './route.ts';

const route = (path: string) => resourceRoute(segmentsOf(path));

describe('a path', () => {
  it.each([
    ['/api/v1/pods', { group: '', version: 'v1', plural: 'pods' }],
    ['/api/v1/namespaces/ns/pods/p/exec', { namespace: 'ns', plural: 'pods', name: 'p', subresource: 'exec' }],
    ['/api/v1/namespaces', { plural: 'namespaces' }],
    ['/api/v1/namespaces/ns', { plural: 'namespaces', name: 'ns' }],
    ['/api/v1/namespaces/ns/status', { plural: 'namespaces', name: 'ns', subresource: 'status' }],
    ['/api/v1/namespaces/ns/finalize', { plural: 'namespaces', name: 'ns', subresource: 'finalize' }],
    [
      '/apis/apps/v1/namespaces/ns/statefulsets/s',
      { group: 'apps', namespace: 'ns', plural: 'statefulsets', name: 's' },
    ],
    ['/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode', { plural: 'clusterroles', name: 'system:node' }],
    ['/api/v1/watch/namespaces/ns/pods', { isLegacyWatch: true, namespace: 'ns', plural: 'pods' }],
  ])('%s names a resource', (path, expected) => {
    expect(route(path)).toMatchObject(expected);
  });

  it.each(['/', '/version', '/api', '/apis/apps', '/apis/apps/v1', '/openapi/v3/api/v1'])('%s names none', (path) => {
    expect(route(path)).toBeUndefined();
  });

  it.each([
    '/api/v1/pods//x',
    '/api/v1/../x',
    '/api/v1/%2e/x',
    '/api/v1/pods/a%2fb',
    '/api/v1/pods/%00',
    `/api/v1/pods/${'x'.repeat(600)}`,
    '/api/v1/namespaces/ns/pods/p/log/more',
    `/${'a/'.repeat(30)}`,
  ])('[rel-S-API3] %s is refused', (path) => {
    expect(() => route(path)).toThrowError(/could not find the requested resource/);
  });
});
