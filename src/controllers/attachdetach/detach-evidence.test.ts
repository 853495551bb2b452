import { describe, expect, it } from 'vitest';
import type { Lease, Node } from '../../api/index.ts';
import { testMeta } from '../common/test-objects.ts';
import { findDetachEvidence, type NodeEvidence } from './detach-evidence.ts';

const volumeName = 'kubernetes.io/csi/d^h';
const nowMs = Date.parse('2026-01-01T01:00:00Z');

interface NodeState {
  readonly inUse?: boolean;
  readonly ready?: string;
  readonly taint?: string;
}

function node({ inUse = true, ready = 'Unknown', taint }: NodeState = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: testMeta('n1', {}),
    spec: taint ? { taints: [{ key: taint, effect: 'NoExecute' }] } : {},
    status: { volumesInUse: inUse ? [volumeName] : [], conditions: [{ type: 'Ready', status: ready }] },
  };
}

function lease(ageMs: number): Lease {
  const renewTime = new Date(nowMs - ageMs).toISOString();
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: testMeta('n1', { namespace: 'kube-node-lease' }),
    spec: { renewTime },
  };
}

describe('the evidence for a detach', () => {
  const outOfService = 'node.kubernetes.io/out-of-service';
  const long = 24 * 60 * 60_000;
  const cases: readonly [string, Partial<NodeEvidence>, object][] = [
    ['[D4] is the node no longer listing the volume', { node: node({ inUse: false }) }, { kind: 'unmounted' }],
    ['[D4] is missing while the node lists the volume', { node: node({ ready: 'True' }) }, { kind: 'inUse' }],
    ['[rel-D2] is never time, by default', { node: node(), unwantedForMs: undefined }, { kind: 'inUse' }],
    ['[rel-D2] is six minutes for those who chose so', { node: node(), unwantedForMs: 360_000 }, { kind: 'fenced' }],
    ['[rel-D2] is not less than six minutes', { node: node(), unwantedForMs: 359_999 }, { kind: 'inUse' }],
    [
      '[rel-D2] is never time while the agent renews its lease, whatever its condition says',
      { node: node(), lease: lease(10_000), unwantedForMs: long },
      { kind: 'inUse', agentAlive: true },
    ],
    [
      '[rel-D2] is never time while the node is Ready',
      { node: node({ ready: 'True' }), unwantedForMs: long },
      { kind: 'inUse', agentAlive: true },
    ],
    [
      '[D4] is the out-of-service taint on a silent node',
      { node: node({ taint: outOfService }) },
      { kind: 'fenced', reason: 'out-of-service' },
    ],
    [
      '[rel-D2] is no taint while the agent is alive',
      { node: node({ taint: outOfService }), lease: lease(49_999) },
      { kind: 'inUse', agentAlive: true },
    ],
    ['[D4] is no other taint', { node: node({ taint: 'node.kubernetes.io/unreachable' }) }, { kind: 'inUse' }],
    ['[rel-L4] is a deleted node', { node: undefined }, { kind: 'fenced', reason: 'node-deleted' }],
    [
      '[rel-D2] is no deleted node whose agent is alive',
      { node: undefined, lease: lease(1) },
      { kind: 'inUse', agentAlive: true },
    ],
    [
      '[rel-L8] is a stale lease that a Ready condition outlived, with the taint',
      { node: node({ ready: 'True', taint: outOfService }), lease: lease(50_000) },
      { kind: 'fenced', reason: 'out-of-service' },
    ],
  ];
  it.each(cases)('%s', (_title, evidence, expected) => {
    const given = { node: undefined, lease: undefined, unwantedForMs: undefined, nowMs, ...evidence };
    expect(findDetachEvidence(volumeName, given)).toMatchObject(expected);
  });
});
