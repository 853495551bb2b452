import { expect, it } from 'vitest';
import { decode } from './decode.ts';
import type { ResourceType } from './meta/resource-type.ts';
import * as resources from './resources.ts';
import { warningsOf } from './warnings.ts';

const annotations = { 'volume.beta.kubernetes.io/storage-class': 'x' };

it.each<[ResourceType, object, string[]]>([
  [resources.persistentVolumeClaims, { spec: { resources: { requests: { storage: '1Gi' } } } }, []],
  [
    resources.persistentVolumeClaims,
    { metadata: { annotations }, spec: { resources: { requests: { storage: '100m' } } } },
    [
      'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
      'spec.resources.requests[storage]: fractional byte value "100m" is invalid, must be an integer',
    ],
  ],
  [
    resources.persistentVolumes,
    { spec: { persistentVolumeReclaimPolicy: 'Recycle' } },
    [
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    ],
  ],
  [
    resources.pods,
    {
      spec: {
        containers: [{ name: 'c', env: [{ name: 'A' }, { name: 'A' }] }],
        volumes: [{ name: 'g', gitRepo: { repository: 'r' } }],
      },
    },
    [
      'spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+',
      'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    ],
  ],
  [resources.configMaps, {}, []],
])('[A21] warns of what is ill-advised %#', (type, raw, warnings) => {
  expect(warningsOf(type, decode(type, { metadata: {}, ...raw }).object)).toEqual(warnings);
});
