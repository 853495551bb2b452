import { describe, expect, it } from 'vitest';
import type { PersistentVolumeClaim, Pod } from '../../api/index.ts';
import { VirtualClock } from '../../base/index.ts';
import { testClaim, testPod } from '../common/test-objects.ts';
import { decideUnused, withUnusedCondition } from './unused-condition.ts';

const bound = testClaim('web-disk');
const claim = { ...bound, status: { phase: 'Bound' } };
const volumes = [{ name: 'disk', persistentVolumeClaim: { claimName: 'web-disk' } }];
const ephemeral = [{ name: 'disk', ephemeral: {} }];
const pod = (phase: string, spec: object = { nodeName: 'n1' }) =>
  testPod('web', { volumes, ...spec }, { status: { phase } });
const ending = (state: object): Pod => {
  const running = pod('Running');
  const container = { name: 'c', image: '', imageID: '', ready: false, restartCount: 0, state };
  return {
    ...running,
    metadata: { ...running.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    status: { phase: 'Running', containerStatuses: [container] },
  };
};
const ownedBy = (uid: string): PersistentVolumeClaim => ({
  ...claim,
  metadata: {
    ...claim.metadata,
    ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid, controller: true }],
  },
});
const telling = (status: string): PersistentVolumeClaim => ({
  ...claim,
  status: { ...claim.status, conditions: [{ type: 'Unused', status }] },
});
const deleted = { ...claim, metadata: { ...claim.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
const unused = { kind: 'mark', status: 'True' };
const used = { kind: 'mark', status: 'False' };
const settled = { kind: 'settled' };

describe('whether a claim is told to be unused', () => {
  it.each<[string, PersistentVolumeClaim, readonly Pod[], object]>([
    ['[C5] it is when no pod names it', claim, [], unused],
    ['[C5] it is not when a pod runs with it', claim, [pod('Running')], used],
    ['[C5] it is not when a pod with it starts', claim, [pod('Pending')], used],
    ['[C5] it is not when a pod with it has no node', claim, [pod('Pending', {})], used],
    ['[C5] it is not when nobody knows how the pod is', claim, [pod('Unknown')], used],
    ['[C5] it is when its only pod has succeeded', claim, [pod('Succeeded')], unused],
    ['[C5] it is when its only pod has failed', claim, [pod('Failed')], unused],
    ['[C5] it is not while one of its pods has not ended', claim, [pod('Failed'), pod('Running')], used],
    ['[C5] it is when all of its pods have ended', claim, [pod('Failed'), pod('Succeeded')], unused],
    ['[C5] it is not while a pod that is being deleted runs', claim, [ending({ running: {} })], used],
    [
      '[C5] it is when a pod that is being deleted has stopped',
      claim,
      [ending({ terminated: { exitCode: 0 } })],
      unused,
    ],
    [
      '[C5] it is not when a pod uses another volume, too',
      claim,
      [pod('Running', { volumes: [...ephemeral, ...volumes] })],
      used,
    ],
    [
      '[C5] it is not while the pod lives that it was made for',
      ownedBy('uid-web'),
      [pod('Running', { volumes: ephemeral })],
      used,
    ],
    [
      '[C5] it is when a pod only has an ephemeral volume of its name',
      claim,
      [pod('Running', { volumes: ephemeral })],
      unused,
    ],
    [
      '[C5] it is when it was made for the pod that had the name before',
      ownedBy('other'),
      [pod('Pending', { volumes: ephemeral })],
      unused,
    ],
    ['[C5] nothing is told before it is bound', { ...claim, status: { phase: 'Pending' } }, [], settled],
    ['[C5] nothing is told before it has a status', bound, [pod('Running')], settled],
    ['[C5] nothing is told when it is lost', { ...claim, status: { phase: 'Lost' } }, [], settled],
    ['[C5] nothing is told when it is being deleted', deleted, [], settled],
    ['[C5] nothing is told to one in use that is being deleted', deleted, [pod('Running')], settled],
    ['[C5] what is true is not told again', telling('True'), [], settled],
    ['[C5] what is not true is not told again', telling('False'), [pod('Running')], settled],
    ['[C5] a first user changes it', telling('True'), [pod('Pending', {})], used],
    ['[C5] the end of the last user changes it', telling('False'), [pod('Succeeded')], unused],
    ['[C5] what nobody knew becomes known', telling('Unknown'), [], unused],
  ])('%s', (_title, given, users, expected) => {
    expect(decideUnused(given, users)).toEqual(expected);
  });
});

describe('the condition', () => {
  const clock = new VirtualClock();
  const now = new Date(clock.now()).toISOString().replace('.000', '');

  it('[C5] says why and since when, after the other conditions', () => {
    const resizing = { type: 'Resizing', status: 'True' };
    const given = { ...claim, status: { ...claim.status, conditions: [resizing] } };
    expect(withUnusedCondition(given, 'True', clock).status?.conditions).toEqual([
      resizing,
      {
        type: 'Unused',
        status: 'True',
        lastTransitionTime: now,
        reason: 'NoPodsUsingPVC',
        message: 'No pods are currently referencing this PVC',
      },
    ]);
  });

  it('[C5] takes the place of the one before', () => {
    const resizing = { type: 'Resizing', status: 'True' };
    const before = { type: 'Unused', status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z', lastProbeTime: now };
    const given = { ...claim, status: { ...claim.status, conditions: [before, resizing] } };
    expect(withUnusedCondition(given, 'False', clock).status?.conditions).toEqual([
      {
        type: 'Unused',
        status: 'False',
        lastTransitionTime: now,
        reason: 'PodUsingPVC',
        message: 'A pod is currently referencing this PVC',
      },
      resizing,
    ]);
  });
});
