/** Objects for the tests of stores. */
import type { ConfigMap, KubernetesObject } from '../../api/index.ts';
import { deepFreeze } from '../../base/index.ts';

export function configMap(name: string, value: string): KubernetesObject {
  const map: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace: 'a',
      uid: `uid-${name}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      resourceVersion: '',
    },
    data: { value },
  };
  return deepFreeze(map);
}

export function dataOf(object: KubernetesObject | undefined): string | undefined {
  return (object as ConfigMap | undefined)?.data?.value;
}
