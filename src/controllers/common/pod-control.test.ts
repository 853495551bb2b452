import { describe, expect, it } from 'vitest';
import { ApiStatusError, labelSelectorMatcher } from '../../api/index.ts';
import { decideOwnership } from './owners.ts';
import { availableInMs, isActive, nextAvailableInMs } from './pod-availability.ts';
import { inGrowingBatches, isNamespaceTerminating, podFromTemplate } from './pod-control.ts';
import { testPod } from './test-objects.ts';

const setType = { group: 'apps', version: 'v1', kind: 'ReplicaSet' } as never;

describe('growing batches', () => {
  const run = async (count: number, failAt: number) => {
    const started: number[] = [];
    const failure = await inGrowingBatches(count, async (index) => {
      started.push(index);
      if (index === failAt) throw new Error(`at ${index}`);
    });
    return { started: started.length, failure };
  };
  it.each([
    [0, -1, 0],
    [1, -1, 1],
    [10, -1, 10],
    [10, 0, 1],
    [10, 1, 3],
    [10, 2, 3],
    [10, 3, 7],
    [10, 9, 10],
  ])('[U1] of %i with a failure at %i try %i', async (count, failAt, started) => {
    const result = await run(count, failAt);
    expect(result.started).toBe(started);
    expect(result.failure).toEqual(failAt < 0 ? undefined : new Error(`at ${failAt}`));
  });
});

describe('a pod of a template', () => {
  it('[U1] has room in its name for what the server appends', () => {
    const owner = testPod('x'.repeat(253));
    const { metadata } = podFromTemplate({}, owner, setType);
    expect(metadata.generateName).toBe(`${'x'.repeat(247)}-`);
    expect(metadata.ownerReferences?.[0]).toMatchObject({ apiVersion: 'apps/v1', kind: 'ReplicaSet' });
  });

  it('[U1] is refused without a word when the namespace goes away', () => {
    const causes = [{ reason: 'NamespaceTerminating', message: 'x', field: 'metadata.namespace' }];
    expect(isNamespaceTerminating(ApiStatusError.of('Forbidden', 'x', { causes }))).toBe(true);
    expect(isNamespaceTerminating(ApiStatusError.of('Forbidden', 'x'))).toBe(false);
    expect(isNamespaceTerminating(new Error('x'))).toBe(false);
  });
});

describe('ownership', () => {
  const owner = testPod('owner');
  const dying = testPod('owner', {}, { meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
  const selector = labelSelectorMatcher({ matchLabels: { app: 'web' } });
  const labels = { app: 'web' };
  const ownedBy = (uid: string, more = {}) =>
    testPod(
      'p',
      {},
      { meta: { ...more, ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid, controller: true }] } },
    );
  it.each([
    ['owns what it controls and selects', owner, ownedBy('uid-owner', { labels }), 'own'],
    ['owns it also while it is deleted', dying, ownedBy('uid-owner', { labels }), 'own'],
    ['lets go what it controls and does not select', owner, ownedBy('uid-owner'), 'release'],
    ['keeps that when it is deleted itself', dying, ownedBy('uid-owner'), 'ignore'],
    ['leaves what others control', owner, ownedBy('uid-other', { labels }), 'ignore'],
    ['takes up orphans that it selects', owner, testPod('p', {}, { meta: { labels } }), 'adopt'],
    ['takes up nothing when it is deleted itself', dying, testPod('p', {}, { meta: { labels } }), 'ignore'],
    ['leaves orphans that it does not select', owner, testPod('p'), 'ignore'],
    [
      'leaves orphans that are being deleted',
      owner,
      testPod('p', {}, { meta: { labels, deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      'ignore',
    ],
  ])('[U1] %s', (_title, claimant, pod, expected) => {
    expect(decideOwnership(claimant, selector, pod)).toBe(expected);
  });
});

describe('the availability of a pod', () => {
  const nowMs = Date.parse('2026-01-01T00:00:10Z');
  const readySince = (lastTransitionTime: string) =>
    testPod('p', {}, { status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] } });
  const pod = readySince('2026-01-01T00:00:00Z');
  it('[U1] begins minReadySeconds after it became ready', () => {
    expect(availableInMs(testPod('p'), 0, nowMs)).toBeUndefined();
    expect(availableInMs(pod, undefined, nowMs)).toBe(0);
    expect(availableInMs(pod, 10, nowMs)).toBe(0);
    expect(availableInMs(pod, 15, nowMs)).toBe(5000);
    expect(nextAvailableInMs([pod, readySince('2026-01-01T00:00:05Z')], 12, nowMs)).toBe(2000);
    expect(nextAvailableInMs([pod], 0, nowMs)).toBeUndefined();
  });
  it('[U1] needs a pod that neither ended nor is about to', () => {
    expect(isActive(pod)).toBe(true);
    expect(isActive(testPod('p', {}, { status: { phase: 'Succeeded' } }))).toBe(false);
    expect(isActive(testPod('p', {}, { meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } }))).toBe(false);
  });
});
