import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../base/index.ts';
import { SortedMap } from './sorted-map.ts';

describe('a sorted map', () => {
  it('agrees with sorting after any insertions and deletions', () => {
    const random = seededRandom(3);
    const map = new SortedMap<string>();
    const model = new Set<string>();
    for (let i = 0; i < 20_000; i++) {
      const key = `${Math.floor(random.next() * 4)}/${Math.floor(random.next() * 5000)}`;
      if (random.next() < 0.35) {
        map.delete(key);
        model.delete(key);
      } else {
        map.set(key, key);
        model.add(key);
      }
    }
    const sorted = [...model].sort();
    expect(map.size).toBe(model.size);
    expect(map.under('')).toEqual(sorted);
    for (const prefix of ['0/', '2/', '3/49', '9/']) {
      expect(map.under(prefix)).toEqual(sorted.filter((key) => key.startsWith(prefix)));
    }
    for (const key of sorted) map.delete(key);
    expect(map.under('')).toEqual([]);
  });

  it('replaces the value of a key that it has', () => {
    const map = new SortedMap<number>();
    map.set('a', 1);
    map.set('a', 2);
    expect(map.under('')).toEqual([2]);
  });
});
