import { describe, expect, it } from 'vitest';
import { decideProtection, withFinalizer, withoutFinalizer } from './finalizers.ts';
import { testVolume } from './test-objects.ts';

const finalizer = 'kubernetes.io/pv-protection';
const deletionTimestamp = '2026-01-01T00:00:00Z';

describe('the protection of an object', () => {
  it.each([
    ['is added when it is missing', { finalizers: ['other'] }, 'protect'],
    ['is left alone when it is there', { finalizers: [finalizer] }, 'settled'],
    ['may go when the object is being deleted', { finalizers: [finalizer], deletionTimestamp }, 'releaseIfUnused'],
    ['[rel-A12] is never added to an object that is being deleted', { deletionTimestamp }, 'settled'],
  ])('%s', (_title, meta, kind) => {
    expect(decideProtection(testVolume('v', { meta }), finalizer).kind).toBe(kind);
  });

  it('leaves other finalizers in their place', () => {
    const guarded = withFinalizer(testVolume('v', { meta: { finalizers: ['a'] } }), finalizer);
    expect(guarded.metadata.finalizers).toEqual(['a', finalizer]);
    expect(withoutFinalizer(guarded, finalizer).metadata.finalizers).toEqual(['a']);
  });
});
