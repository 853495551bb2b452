import { describe, expect, it } from 'vitest';
import type { Pod } from '../../api/index.ts';
import { testPod } from '../common/test-objects.ts';
import { pickPodsToDelete } from './rank-pods.ts';

const nowMs = Date.parse('2026-01-02T00:00:00Z');
const ready = (since = '2026-01-01T12:00:00Z') => ({
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: since }],
});
const restarted = (restartCount: number) => ({
  ...ready(),
  containerStatuses: [{ name: 'main', image: '', imageID: '', ready: true, restartCount }],
});
const onNode = (name: string, status: Pod['status'], meta = {}) =>
  testPod(name, { nodeName: 'n1' }, { status: status ?? {}, meta });
const cost = (value: string) => ({ annotations: { 'controller.kubernetes.io/pod-deletion-cost': value } });

describe('the pod that a set gives up first', () => {
  it.each([
    ['has no node', testPod('b', {}, { status: ready() }), onNode('a', ready())],
    ['is pending', onNode('b', { phase: 'Pending' }), onNode('a', ready())],
    ['is of unknown phase', onNode('b', { phase: 'Unknown' }), onNode('a', { phase: 'Running' })],
    ['is not ready', onNode('b', { phase: 'Running' }), onNode('a', ready())],
    ['costs less', onNode('b', ready(), cost('-1')), onNode('a', ready())],
    [
      'costs less, where costs that are no numbers count as 0',
      onNode('b', ready(), cost('x')),
      onNode('a', ready(), cost('1')),
    ],
    ['has been ready for an order of magnitude less', onNode('b', ready('2026-01-01T23:00:00Z')), onNode('a', ready())],
    ['restarted more often', onNode('b', restarted(3)), onNode('a', restarted(1))],
    [
      'is younger by an order of magnitude',
      onNode('b', ready(), { creationTimestamp: '2026-01-01T23:59:00Z' }),
      onNode('a', ready()),
    ],
    ['has the lower uid, when nothing else tells them apart', onNode('a', ready()), onNode('b', ready())],
  ])('[U1] %s', (_title, first, second) => {
    for (const pods of [
      [first, second],
      [second, first],
    ]) {
      expect(pickPodsToDelete(pods, pods, 1, nowMs)).toEqual([first]);
    }
  });

  it('[U1] shares its node with most pods of its Deployment', () => {
    const alone = testPod('a', { nodeName: 'n1' }, { status: ready() });
    const crowded = testPod('b', { nodeName: 'n2' }, { status: ready() });
    const sibling = testPod('c', { nodeName: 'n2' }, { status: ready() });
    expect(pickPodsToDelete([alone, crowded], [alone, crowded, sibling], 1, nowMs)).toEqual([crowded]);
  });

  it('[U1] is any of them when all have to go', () => {
    const pods = [onNode('a', ready()), onNode('b', ready())];
    expect(pickPodsToDelete(pods, pods, 2, nowMs)).toBe(pods);
  });
});
