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
  readonly createdAtMs?: number;
}

const attachedAtMs = nowMs - 24 * 60 * 60_000;
const timestamp = (atMs: number) => new Date(atMs).toISOString();
const attachment = { metadata: testMeta('csi-x', { creationTimestamp: timestamp(attachedAtMs) }) };

function node({ inUse = true, ready = 'Unknown', taint, createdAtMs = attachedAtMs }: NodeState = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: testMeta('n1', { creationTimestamp: timestamp(createdAtMs) }),
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
  const timeout = (unwantedForMs: number) => ({ unwantedForMs, forceDetachOnTimeout: true });
  const cases: readonly [string, Partial<NodeEvidence>, object][] = [
    ['[D4] is the node no longer listing the volume', { node: node({ inUse: false }) }, { kind: 'unmounted' }],
    ['[D4] is missing while the node lists the volume', { node: node({ ready: 'True' }) }, { kind: 'inUse' }],
    ['[rel-D2] is never time, by default', { node: node(), unwantedForMs: long }, { kind: 'inUse' }],
    ['[rel-D2] is six minutes for those who chose so', { node: node(), ...timeout(360_000) }, { kind: 'fenced' }],
    ['[rel-D2] is not less than six minutes', { node: node(), ...timeout(359_999) }, { kind: 'inUse' }],
    [
      '[rel-D2] is no time on a node whose Ready condition outlived its lease',
      { node: node({ ready: 'True' }), lease: lease(long), ...timeout(long) },
      { kind: 'inUse', agentAlive: false },
    ],
    [
      '[rel-D2] is never time while the agent renews its lease, whatever its condition says',
      { node: node(), lease: lease(10_000), ...timeout(long) },
      { kind: 'inUse', agentAlive: true },
    ],
    [
      '[rel-D2] is never time while the node is Ready',
      { node: node({ ready: 'True' }), ...timeout(long) },
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
    [
      '[rel-L4] is a deleted node that stays silent',
      { absentForMs: 50_000, unwantedForMs: 50_000 },
      { kind: 'fenced', reason: 'node-deleted' },
    ],
    [
      '[rel-D2] is no node deleted a moment ago: its lease went with it and tells nothing',
      { absentForMs: 49_999, unwantedForMs: long },
      { kind: 'inUse', agentAlive: false },
    ],
    [
      '[rel-D2] is no deleted node whose pods went a moment ago: they may still be ending',
      { absentForMs: long, unwantedForMs: 49_999 },
      { kind: 'inUse', agentAlive: false },
    ],
    [
      '[rel-D2] is no deleted node whose agent renews its lease',
      { absentForMs: long, unwantedForMs: long, lease: lease(1) },
      { kind: 'inUse', agentAlive: true },
    ],
    [
      '[rel-D2] is no list of a node made anew whose agent is not Ready yet',
      { node: node({ inUse: false, ready: 'False', createdAtMs: nowMs }) },
      { kind: 'inUse' },
    ],
    [
      '[rel-D2] is the list of a node made anew once its agent is Ready',
      { node: node({ inUse: false, ready: 'True', createdAtMs: nowMs }) },
      { kind: 'unmounted' },
    ],
    [
      '[rel-L8] is the taint on a node made anew that stays silent',
      { node: node({ inUse: false, ready: 'Unknown', createdAtMs: nowMs, taint: outOfService }) },
      { kind: 'fenced', reason: 'out-of-service' },
    ],
    [
      '[rel-L8] is a stale lease that a Ready condition outlived, with the taint',
      { node: node({ ready: 'True', taint: outOfService }), lease: lease(50_000) },
      { kind: 'fenced', reason: 'out-of-service' },
    ],
  ];
  it.each(cases)('%s', (_title, evidence, expected) => {
    const since = { unwantedForMs: 0, absentForMs: 0, forceDetachOnTimeout: false };
    const given = { node: undefined, lease: undefined, attachment, nowMs, ...since, ...evidence };
    expect(findDetachEvidence(volumeName, given)).toMatchObject(expected);
  });
});
