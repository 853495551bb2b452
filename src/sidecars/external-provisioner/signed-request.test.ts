import { describe, expect, it } from 'vitest';
import type { StorageClass } from '../../api/index.ts';
import type { Attempt } from './attempts.ts';
import { readSignedRequest, signRequest } from './signed-request.ts';

const key = Buffer.alloc(32, 7);
const owner = { driver: 'drv', claimUid: 'u' };

const volumeClass: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'c', uid: '', resourceVersion: '', creationTimestamp: '' },
  provisioner: 'drv',
  parameters: { z: '1', a: 'ü' },
  mountOptions: ['ro'],
  reclaimPolicy: 'Retain',
  volumeBindingMode: 'Immediate',
};

function attemptOf(change: Partial<Attempt['request']> = {}, more: Partial<Attempt> = {}): Attempt {
  return {
    class: volumeClass,
    driverClass: volumeClass,
    fsType: 'xfs',
    requiredBytes: 1000n,
    request: { name: 'pvc-u', capacityRange: { requiredBytes: 1000n }, parameters: { z: '1', a: 'ü' }, ...change },
    secret: undefined,
    ...more,
  };
}

function segments(count: number) {
  const all = Array.from({ length: count }, (_, index) => ({ segments: { 'topology.drv/node': `node-${index}` } }));
  return { requisite: all, preferred: [...all.slice(1), ...all.slice(0, 1)] };
}

const kept = (attempt: Attempt) => readSignedRequest(signRequest(attempt, owner, key) ?? '', owner, key);

describe('the request that a claim carries', () => {
  it.each<[string, Attempt]>([
    ['plain', attemptOf()],
    ['without parameters', attemptOf({ parameters: {} })],
    ['with a secret', attemptOf({}, { secret: { name: 's', namespace: 'n' } })],
    ['for a clone', attemptOf({ volumeContentSource: { type: { case: 'volume', value: { volumeId: 'v' } } } })],
    ['for a restore', attemptOf({ volumeContentSource: { type: { case: 'snapshot', value: { snapshotId: 's' } } } })],
    ['for a block device', attemptOf({ volumeCapabilities: [{ accessType: { case: 'block', value: {} } }] })],
    [
      'of a size that no double holds',
      attemptOf({ capacityRange: { requiredBytes: 2n ** 62n + 1n } }, { requiredBytes: 2n ** 62n + 1n }),
    ],
    ['that names three places', attemptOf({ accessibilityRequirements: segments(3) })],
    ['that names 5,000 places', attemptOf({ accessibilityRequirements: segments(5000) })],
  ])('[rel-C3] comes back as it was: %s', (_title, attempt) => {
    const back = kept(attempt);
    expect(back).toEqual(attempt);
    // The order of parameters is part of what is sent.
    const inOrder = (of: Attempt | undefined) =>
      JSON.stringify(of?.request, (_key, value) => (typeof value === 'bigint' ? `${value}` : value));
    const { capacityRange, ...rest } = attempt.request;
    expect(inOrder(back)).toBe(inOrder({ ...attempt, request: { ...rest, capacityRange } }));
  });

  it('[rel-C3] is left out when it is larger than an object may be', () => {
    const random = (index: number) => Buffer.from(`${index * 7919}`.repeat(9)).toString('base64');
    const huge = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [random(index), random(index + 1)]));
    expect(signRequest(attemptOf({ parameters: huge }), owner, key)).toBeUndefined();
  });

  const good = signRequest(attemptOf(), owner, key) ?? '';
  it.each([
    ['nothing', ''],
    ['a dot', '.'],
    ['no signature', good.slice(good.indexOf('.'))],
    ['no body', good.slice(0, good.indexOf('.') + 1)],
    ['half a signature', good.slice(20)],
    ['the body changed', good.replace('"drv"', '"drw"')],
    ['something added', `${good} `],
    [
      'the signature of something else',
      `${(signRequest(attemptOf({ name: 'x' }), owner, key) ?? '').split('.')[0]}.${good.slice(good.indexOf('.') + 1)}`,
    ],
  ])('[rel-C3] is not believed when it is %s', (_title, text) => {
    expect(readSignedRequest(text, owner, key)).toBeUndefined();
  });

  it.each([
    ['another claim', { ...owner, claimUid: 'v' }, key],
    ['another driver', { ...owner, driver: 'other' }, key],
    ['whoever had another key', owner, Buffer.alloc(32, 8)],
  ])('[rel-C3] is not believed when it is that of %s', (_title, other, otherKey) => {
    expect(readSignedRequest(good, other, otherKey)).toBeUndefined();
  });
});
