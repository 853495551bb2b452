import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SortedList } from './sorted-list.ts';

const byValue = (left: number, right: number) => left - right;

describe('a sorted list', () => {
  it('agrees with a sorted array after any additions and removals', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 2000 })), { maxLength: 3000 });
    fc.assert(
      fc.property(steps, fc.integer({ min: -1, max: 2001 }), (changes, bound) => {
        const list = new SortedList<number>(byValue);
        const model = new Set<number>();
        for (const [add, value] of changes) {
          if (!add) expect(list.delete(value)).toBe(model.delete(value));
          else if (!model.has(value)) {
            model.add(value);
            list.add(value);
          }
        }
        const sorted = [...model].sort(byValue);
        expect(list.length).toBe(sorted.length);
        expect([...list.ascending((item) => item < bound)]).toEqual(sorted.filter((item) => item >= bound));
        expect([...list.descending((item) => item < bound)]).toEqual(sorted.filter((item) => item < bound).reverse());
      }),
      { numRuns: 60 },
    );
  });

  it('splits and drops chunks when it grows and shrinks', () => {
    const list = new SortedList<number>(byValue);
    for (let value = 0; value < 5000; value++) list.add((value * 7919) % 5000);
    expect([...list.ascending(() => false)]).toEqual(Array.from({ length: 5000 }, (_, value) => value));
    for (let value = 0; value < 5000; value++) expect(list.delete(value)).toBe(true);
    expect(list.length).toBe(0);
    expect([...list.ascending(() => false)]).toEqual([]);
    expect([...list.descending(() => true)]).toEqual([]);
    expect(list.delete(3)).toBe(false);
  });
});
