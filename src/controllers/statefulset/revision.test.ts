import { describe, expect, it } from 'vitest';
import { type ControllerRevision, type StatefulSet, statefulSets } from '../../api/index.ts';
import { expiredRevisions, revisionOf as revisionOfOwner, sameTemplate } from '../common/controller-revision.ts';
import { testMeta, testPod } from '../common/test-objects.ts';
import { arrangePods, ordinalRange, parsePodName } from './ordinals.ts';
import { statusOf } from './set-status.ts';

function testSet(spec: Partial<StatefulSet['spec']> = {}): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: testMeta('web', { namespace: 'ns', generation: 3 }),
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { spec: { containers: [{ name: 'main', image: 'busybox:1' }] } },
      ...spec,
    },
  };
}

describe('names and ordinals', () => {
  it("[C4] are read off a pod's name, whatever dashes and digits the set has", () => {
    expect(parsePodName('web-0')).toEqual({ parent: 'web', ordinal: 0 });
    expect(parsePodName('my-db-2-11')).toEqual({ parent: 'my-db-2', ordinal: 11 });
    expect([parsePodName('web'), parsePodName('web-x'), parsePodName('-1')]).toEqual([undefined, undefined, undefined]);
  });

  it('[C4] start where the set says', () => {
    const set = testSet({ replicas: 2, ordinals: { start: 5 } });
    expect(ordinalRange(set)).toEqual({ start: 5, end: 7 });
    const { replicas, condemned } = arrangePods(
      set,
      ['web-7', 'web-4', 'web-6', 'other-5'].map((name) => testPod(name)),
    );
    expect(replicas.map(({ pod }) => pod?.metadata.name)).toEqual([undefined, 'web-6']);
    expect(condemned.map(({ metadata }) => metadata.name)).toEqual(['web-4', 'web-7']);
  });
});

describe('a revision', () => {
  const kind = { type: statefulSets, hashLabel: 'controller.kubernetes.io/hash' };
  const revisionOf = (set: StatefulSet, revision: number, collisions: number) =>
    revisionOfOwner(set, kind, revision, collisions);

  const stored = (set: StatefulSet, revision: number): ControllerRevision => {
    const draft = revisionOf(set, revision, 0);
    return {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      ...draft,
      metadata: { ...testMeta('r', {}), ...draft.metadata, name: draft.metadata.name ?? '', namespace: 'ns' },
    };
  };

  it('[C4] has a name that the template alone decides, whatever the order of its fields', () => {
    const reordered = testSet({ template: { spec: { containers: [{ image: 'busybox:1', name: 'main' }] } } });
    expect(revisionOf(reordered, 1, 0).metadata.name).toBe(revisionOf(testSet({ replicas: 9 }), 2, 0).metadata.name);
    const other = testSet({ template: { spec: { containers: [{ name: 'main', image: 'busybox:2' }] } } });
    expect(revisionOf(other, 1, 0).metadata.name).not.toBe(revisionOf(testSet(), 1, 0).metadata.name);
    expect(revisionOf(testSet(), 1, 1).metadata.name).not.toBe(revisionOf(testSet(), 1, 0).metadata.name);
    expect(sameTemplate(stored(testSet(), 1), stored(reordered, 2))).toBe(true);
  });

  it('[C4] expires when nothing refers to it and newer ones fill the limit', () => {
    const revisions = [1, 2, 3, 4].map((number) => {
      const image = `busybox:${number}`;
      return stored(testSet({ template: { spec: { containers: [{ name: 'main', image }] } } }), number);
    });
    const [first, second] = revisions.map(({ metadata }) => metadata.name);
    const expired = expiredRevisions(revisions, new Set([first ?? '']), 2);
    expect(expired.map(({ metadata }) => metadata.name)).toEqual([second]);
  });
});

describe('the status of a set', () => {
  const revisions = { currentRevision: 'old', updateRevision: 'new', collisionCount: 0 };
  const ready = (name: string, revision: string, meta = {}) =>
    testPod(
      name,
      {},
      {
        meta: { labels: { 'controller-revision-hash': revision }, ...meta },
        status: {
          phase: 'Running',
          conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
        },
      },
    );
  const nowMs = Date.parse('2026-01-01T00:00:05Z');

  it('[C4] counts pods by revision and leaves out counts of zero', () => {
    expect(statusOf(testSet(), [ready('web-0', 'old'), ready('web-1', 'old')], revisions, nowMs)).toEqual({
      replicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      currentReplicas: 2,
      ...revisions,
      observedGeneration: 3,
    });
  });

  it('[C4] makes the new revision the current one when all pods have it and are ready', () => {
    const status = statusOf(testSet(), [ready('web-0', 'new')], revisions, nowMs);
    expect(status).toMatchObject({ currentRevision: 'new', currentReplicas: 1, updatedReplicas: 1 });
  });

  it('[C4] counts a pod as available after minReadySeconds', () => {
    const pods = [ready('web-0', 'new')];
    expect(statusOf(testSet({ minReadySeconds: 5 }), pods, revisions, nowMs).availableReplicas).toBe(1);
    expect(statusOf(testSet({ minReadySeconds: 6 }), pods, revisions, nowMs).availableReplicas).toBe(0);
  });
});
