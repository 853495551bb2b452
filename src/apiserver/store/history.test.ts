import { describe, expect, it } from 'vitest';
import { History, type HistoryLimits } from './history.ts';
import { StoreCompacted } from './store.ts';

const unlimited: HistoryLimits = { events: 1e9, bytes: 1e9, ageMs: 1e9 };

function historyOf(revisions: readonly number[], limits: HistoryLimits = unlimited): History {
  const history = new History(limits, 1);
  for (const revision of revisions) {
    const event = { revision, key: `k/${revision}`, current: undefined, previous: undefined };
    history.add({ event, bytes: 100, atMs: revision * 10 });
  }
  return history;
}

const revisionsOf = (events: Iterable<{ revision: number }>) => [...events].map((event) => event.revision);

describe('history', () => {
  it('reads forward and backward from any revision, also one that was skipped', () => {
    const history = historyOf([2, 3, 5, 9]);
    expect(revisionsOf(history.after(1))).toEqual([2, 3, 5, 9]);
    expect(revisionsOf(history.after(4))).toEqual([5, 9]);
    expect(revisionsOf(history.backTo(3))).toEqual([9, 5]);
    expect(revisionsOf(history.after(9))).toEqual([]);
    expect(revisionsOf(history.after(70))).toEqual([]);
  });

  it.each([
    ['number', { events: 2 }, 0, [2, 3]],
    ['size', { bytes: 250 }, 0, [2, 3]],
    ['age', { ageMs: 100 }, 130, [2, 3]],
  ])('drops the oldest beyond its %s', (_, limit, nowMs, dropped) => {
    const history = historyOf([2, 3, 5, 9], { ...unlimited, ...limit });
    expect(revisionsOf(history.prune(nowMs))).toEqual(dropped);
    expect(history.compacted).toBe(3);
    expect(revisionsOf(history.after(3))).toEqual([5, 9]);
    expect(() => history.after(2)).toThrow(StoreCompacted);
    expect(() => history.backTo(2)).toThrow(StoreCompacted);
  });

  it('tells when the oldest comes of age', () => {
    const history = historyOf([2, 3], { ...unlimited, ageMs: 100 });
    expect(history.expiresAtMs).toBe(120);
    history.prune(1000);
    expect(history.expiresAtMs).toBeUndefined();
  });

  it('stays itself while tens of thousands pass through it', () => {
    const history = historyOf([], { ...unlimited, events: 100 });
    for (let revision = 2; revision < 20_000; revision++) {
      const event = { revision, key: 'k', current: undefined, previous: undefined };
      history.add({ event, bytes: 1, atMs: 0 });
      history.prune(0);
    }
    expect(revisionsOf(history.after(19_990))).toEqual([
      19_991, 19_992, 19_993, 19_994, 19_995, 19_996, 19_997, 19_998, 19_999,
    ]);
    expect(history.compacted).toBe(19_899);
  });
});
