import { describe, expect, it } from 'vitest';
import type { Taint, Toleration } from '../../api/index.ts';
import { testPod } from '../common/test-objects.ts';
import { decideEviction } from './decide-eviction.ts';

const nowMs = Date.parse('2026-01-01T01:00:00Z');
const taint = (key: string, timeAdded?: string): Taint => ({
  key,
  effect: 'NoExecute',
  ...(timeAdded ? { timeAdded } : {}),
});
const tolerates = (key: string, tolerationSeconds?: number): Toleration => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
});

describe('a pod under NoExecute taints', () => {
  it.each<[string, readonly Taint[], readonly Toleration[], string]>([
    ['stays without any', [], [], 'stay'],
    ['leaves at once when it tolerates one of them not', [taint('a'), taint('b')], [tolerates('a')], 'leave 3600'],
    ['stays for ever when it tolerates them for ever', [taint('a')], [tolerates('a')], 'stay'],
    ['leaves after its time', [taint('a', '2026-01-01T00:30:00Z')], [tolerates('a', 300)], 'leave 2100'],
    [
      'leaves after the shortest of its times',
      [taint('a', '2026-01-01T00:30:00Z'), taint('b', '2026-01-01T00:00:00Z')],
      [tolerates('a', 300), tolerates('b', 900)],
      'leave 900',
    ],
    [
      'leaves after the shorter of two times for one taint',
      [taint('a', '2026-01-01T00:30:00Z')],
      [tolerates('a'), tolerates('a', 60)],
      'leave 1860',
    ],
    [
      'leaves at once with no or negative time',
      [taint('a', '2026-01-01T00:30:00Z')],
      [tolerates('a', -5)],
      'leave 1800',
    ],
    ['counts from now when a taint does not tell its time', [taint('a')], [tolerates('a', 10)], 'leave 3610'],
  ])('[U1] %s', (_title, taints, tolerations, expected) => {
    const decision = decideEviction(testPod('p', { tolerations }), taints, nowMs);
    const text =
      decision.kind === 'stay' ? 'stay' : `leave ${decision.atMs / 1000 - Date.parse('2026-01-01T00:00:00Z') / 1000}`;
    expect(text).toBe(expected);
  });

  it('[U1] that came after the taint has its time from then on', () => {
    const conditions = [{ type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-01T00:50:00Z' }];
    const pod = testPod('p', { tolerations: [tolerates('a', 300)] }, { status: { conditions } });
    const atMs = Date.parse('2026-01-01T00:55:00Z');
    expect(decideEviction(pod, [taint('a', '2026-01-01T00:00:00Z')], nowMs)).toEqual({ kind: 'leave', atMs });
  });
});
