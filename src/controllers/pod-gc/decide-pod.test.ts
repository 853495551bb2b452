import { describe, expect, it } from 'vitest';
import type { Lease, Node } from '../../api/index.ts';
import { testMeta, testPod } from '../common/test-objects.ts';
import { decidePod } from './decide-pod.ts';

const nowMs = Date.parse('2026-01-01T01:00:00Z');

function testNode(ready: string, taintKey?: string): Node {
  const taints = taintKey === undefined ? {} : { taints: [{ key: taintKey, effect: 'NoExecute' }] };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: testMeta('n1', {}),
    spec: taints,
    status: { conditions: [{ type: 'Ready', status: ready }] },
  };
}

function leaseOf(renewTime: string): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: testMeta('n1', { namespace: 'kube-node-lease' }),
    spec: { renewTime },
  };
}

const bound = { nodeName: 'n1' };
const ending = { deletionTimestamp: '2026-01-01T00:59:00Z', deletionGracePeriodSeconds: 30 };
const ended = { ...ending, deletionGracePeriodSeconds: 0 };
const fenced = 'node.kubernetes.io/out-of-service';
const lookAgain = (delayMs: number) => ({ kind: 'lookAgain', delayMs });
const forced = (cause: string) => ({ kind: 'forceDelete', cause });

describe('a pod', () => {
  it.each([
    ['on a node that is there stays', testPod('p', bound), testNode('True'), undefined, 0, { kind: 'keep' }],
    [
      'that ends on a ready node is the node’s',
      testPod('p', bound, { meta: ending }),
      testNode('True', fenced),
      undefined,
      0,
      { kind: 'keep' },
    ],
    [
      'that ends on a silent node stays',
      testPod('p', bound, { meta: ending }),
      testNode('Unknown'),
      undefined,
      0,
      { kind: 'keep' },
    ],
    [
      'that ends on a silent, fenced node goes',
      testPod('p', bound, { meta: ending }),
      testNode('Unknown', fenced),
      undefined,
      0,
      forced('out-of-service'),
    ],
    [
      'that was put on a silent, fenced node just now waits a little',
      testPod('p', bound, { meta: { ...ending, creationTimestamp: '2026-01-01T00:59:57Z' } }),
      testNode('Unknown', fenced),
      undefined,
      0,
      lookAgain(7000),
    ],
    [
      'that does not end stays on a fenced node',
      testPod('p', bound),
      testNode('Unknown', fenced),
      undefined,
      0,
      { kind: 'keep' },
    ],
    [
      'that only finalizers hold stays',
      testPod('p', bound, { meta: ended }),
      testNode('Unknown', fenced),
      undefined,
      0,
      { kind: 'keep' },
    ],
    ['without a node stays', testPod('p'), undefined, undefined, 0, { kind: 'keep' }],
    [
      'that ends without ever having a node goes',
      testPod('p', {}, { meta: ending }),
      undefined,
      undefined,
      0,
      forced('never-scheduled'),
    ],
    ['whose node is gone waits', testPod('p', bound), undefined, undefined, 15_000, lookAgain(25_000)],
    ['whose node is gone for long goes', testPod('p', bound), undefined, undefined, 40_000, forced('node-gone')],
    [
      'whose node is gone and whose agent lives waits',
      testPod('p', bound),
      undefined,
      leaseOf('2026-01-01T00:59:50Z'),
      90_000,
      lookAgain(40_000),
    ],
    [
      'whose node is gone and whose agent is silent goes',
      testPod('p', bound),
      undefined,
      leaseOf('2026-01-01T00:59:00Z'),
      90_000,
      forced('node-gone'),
    ],
  ])('[U1] %s', (_title, pod, node, lease, nodeMissingForMs, expected) => {
    expect(decidePod(pod, { node, lease, nodeMissingForMs, nowMs })).toEqual(expected);
  });
});
