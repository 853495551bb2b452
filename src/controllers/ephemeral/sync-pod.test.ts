import { describe, expect, it } from 'vitest';
import { testClaim, testPod } from '../common/test-objects.ts';
import { decideEphemeralVolume } from './sync-pod.ts';

const template = {
  metadata: { labels: { app: 'web' }, annotations: { note: 'x' } },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};
// A template carries no identity: the type of metadata is wider than what templates hold.
const volume = { name: 'scratch', ephemeral: { volumeClaimTemplate: template as never } };
const pod = testPod('web-0', { volumes: [volume] });
const owner = { apiVersion: 'v1', kind: 'Pod', name: 'web-0', uid: 'uid-web-0', controller: true };

describe('a generic ephemeral volume', () => {
  it('[F1] gets a claim named after pod and volume, owned by the pod, with labels, annotations and spec of the template', () => {
    expect(decideEphemeralVolume(pod, volume, undefined)).toEqual({
      kind: 'create',
      claim: {
        metadata: {
          name: 'web-0-scratch',
          namespace: 'ns',
          labels: { app: 'web' },
          annotations: { note: 'x' },
          ownerReferences: [{ ...owner, blockOwnerDeletion: true }],
        },
        spec: template.spec,
      },
    });
  });

  it('[F1] is settled once the pod owns the claim', () => {
    const claim = testClaim('web-0-scratch', { meta: { ownerReferences: [owner] } });
    expect(decideEphemeralVolume(pod, volume, claim)).toEqual({ kind: 'settled' });
  });

  it('[F1] [rel-I1] is refused a claim of the same name that belongs to somebody else', () => {
    const earlier = testClaim('web-0-scratch', { meta: { ownerReferences: [{ ...owner, uid: 'uid-earlier' }] } });
    for (const claim of [testClaim('web-0-scratch'), earlier]) {
      expect(decideEphemeralVolume(pod, volume, claim)).toEqual({
        kind: 'conflict',
        message: 'ephemeral volume scratch: PVC ns/web-0-scratch was not created for pod ns/web-0 (pod is not owner)',
      });
    }
  });
});
