import { describe, expect, it } from 'vitest';
import { testClaim, testPod } from '../common/test-objects.ts';
import { keepsClaim } from './sync-claim.ts';

const claim = testClaim('disk');
const volumes = [{ name: 'disk', persistentVolumeClaim: { claimName: 'disk' } }];

describe('a pod', () => {
  it.each([
    ['[C1] keeps the claim it uses once it has a node', testPod('p', { nodeName: 'n1', volumes }), true],
    ['[C1] keeps no claim while it has no node', testPod('p', { volumes }), false],
    [
      '[C1] keeps the claim after it ended',
      testPod('p', { nodeName: 'n1', volumes }, { status: { phase: 'Succeeded' } }),
      true,
    ],
    ['[C1] keeps no claim that it does not name', testPod('p', { nodeName: 'n1' }), false],
    [
      '[C1] keeps no claim that only has the name of its ephemeral volume',
      testPod('p', { nodeName: 'n1', volumes: [{ name: 'disk', ephemeral: {} }] }),
      false,
    ],
  ])('%s', (_title, pod, expected) => {
    expect(
      keepsClaim(pod, {
        ...claim,
        metadata: { ...claim.metadata, name: pod.spec.volumes?.[0]?.ephemeral ? 'p-disk' : 'disk' },
      }),
    ).toBe(expected);
  });
});
