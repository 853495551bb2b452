import { describe, expect, it } from 'vitest';
import { ApiStatusError } from '../../api/index.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';

function refusal(object: unknown, body: unknown): ApiStatusError {
  try {
    applyJsonPatch(object, body);
  } catch (thrown) {
    if (thrown instanceof ApiStatusError) return thrown;
  }
  throw new TypeError('it was not refused');
}

function applyQuietly(object: unknown, body: unknown): void {
  try {
    applyJsonPatch(object, body);
  } catch {
    // Refused is as good as harmless.
  }
}

describe('[A4] JSON patch', () => {
  it('applies its operations in order and leaves the object alone', () => {
    const object = Object.freeze({ a: Object.freeze({ b: 1 }), list: Object.freeze([1, 2]) });
    const patch = [
      { op: 'test', path: '/a/b', value: 1 },
      { op: 'replace', path: '/a/b', value: 2 },
      { op: 'add', path: '/list/-', value: 3 },
      { op: 'copy', from: '/a', path: '/c' },
      { op: 'move', from: '/a', path: '/d' },
      { op: 'remove', path: '/list/0' },
    ];
    expect(applyJsonPatch(object, patch)).toEqual({ list: [2, 3], c: { b: 2 }, d: { b: 2 } });
    expect(object).toEqual({ a: { b: 1 }, list: [1, 2] });
  });

  it('replaces what is not there, as long as what would hold it is', () => {
    const patch = [
      { op: 'replace', path: '/spec/volumeSnapshotClassName', value: 'gold' },
      { op: 'replace', path: '/metadata/annotations', value: { a: 'b' } },
    ];
    const patched = { spec: { volumeSnapshotClassName: 'gold' }, metadata: { annotations: { a: 'b' } } };
    expect(applyJsonPatch({ spec: {}, metadata: {} }, patch)).toEqual(patched);
    expect(refusal({ spec: {} }, patch).code).toBe(422);
    expect(refusal({ spec: 'x' }, patch).code).toBe(422);
  });

  it('[rel-X10] refuses what cannot be applied', () => {
    const object = { a: [1] };
    expect(refusal(object, [{ op: 'test', path: '/a/0', value: 2 }]).code).toBe(422);
    expect(refusal(object, [{ op: 'remove', path: '/missing' }]).code).toBe(422);
    expect(refusal(object, [{ op: 'replace', path: '/a/-1', value: 2 }]).code).toBe(422);
    expect(refusal(object, [{ op: 'add', path: 'no-slash', value: 2 }]).code).toBe(422);
    expect(refusal(object, { op: 'remove' }).code).toBe(400);
    expect(refusal(object, [{ op: 'explode', path: '/a' }]).code).toBe(400);
  });

  it('[rel-X10] limits the number of operations', () => {
    const many = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: {} }));
    expect(refusal({}, many).code).toBe(413);
  });

  it('[rel-X10] limits what copies add up to', () => {
    const doubling = Array.from({ length: 30 }, (_, i) => ({ op: 'copy', from: '', path: `/x${i}` }));
    expect(refusal({ text: 'x'.repeat(1000) }, doubling).code).toBe(413);
  });

  it('[rel-X4] does not reach prototypes', () => {
    applyQuietly({}, [{ op: 'add', path: '/__proto__/polluted', value: true }]);
    applyQuietly({}, [{ op: 'add', path: '/constructor/prototype/polluted', value: true }]);
    applyQuietly({}, [{ op: 'replace', path: '/__proto__/polluted', value: true }]);
    applyQuietly({}, [{ op: 'replace', path: '/constructor/prototype/polluted', value: true }]);
    expect('polluted' in {}).toBe(false);
  });
});

describe('[A4] merge patch', () => {
  it('merges objects, replaces everything else and removes what is null', () => {
    const target = { a: { b: 1, c: [1, 2] }, d: 'x' };
    const patch = { a: { b: null, c: [3] }, d: { e: null, f: 1 } };
    expect(applyMergePatch(target, patch)).toEqual({ a: { c: [3] }, d: { f: 1 } });
    expect(target).toEqual({ a: { b: 1, c: [1, 2] }, d: 'x' });
  });

  it('[rel-X4] treats __proto__ as data', () => {
    const text = '{"__proto__":{"polluted":true}}';
    const merged = applyMergePatch({}, JSON.parse(text) as Record<string, unknown>);
    expect('polluted' in {}).toBe(false);
    expect(JSON.stringify(merged)).toBe(text);
  });
});
