import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../base/index.ts';
import { RecentCharges, settleMs } from './recent-charges.ts';
import { decideUsed } from './sync-quota.ts';

const one = (storage?: string) => (storage === undefined ? {} : { 'requests.storage': storage });

describe('what is used of a quota', () => {
  it.each<[string, { known?: string; counted?: string; recent?: string }, string | undefined]>([
    ['[A19] is counted at first', { counted: '3Gi' }, '3Gi'],
    ['[A19] grows to what is counted at once', { known: '1Gi', counted: '3Gi', recent: '1Gi' }, '3Gi'],
    ['[A19] shrinks to what is counted when nothing was charged of late', { known: '5Gi', counted: '3Gi' }, '3Gi'],
    ['[A19] keeps what was charged of late', { known: '5Gi', counted: '3Gi', recent: '1Gi' }, '4Gi'],
    ['[A19] never grows by what was charged of late', { known: '5Gi', counted: '3Gi', recent: '9Gi' }, '5Gi'],
    ['[A19] stays where nobody can count', { known: '5Gi' }, '5Gi'],
  ])('%s', (_title, { known, counted, recent }, expected) => {
    expect(decideUsed({ known: one(known), counted: one(counted), recent: one(recent) })).toEqual(one(expected));
  });
});

describe('recent charges', () => {
  it('[A19] are forgotten after a while, and are all that is used at first', async () => {
    const clock = new VirtualClock();
    const charges = new RecentCharges(clock);
    charges.observe('ns/q', one('5Gi'));
    await clock.advance(settleMs / 2);
    charges.observe('ns/q', one('7Gi'), one('5Gi'));
    charges.observe('ns/q', one('6Gi'), one('7Gi'));
    expect(charges.of('ns/q')).toEqual(one('7Gi'));
    await clock.advance(settleMs / 2);
    expect(charges.of('ns/q')).toEqual(one('2Gi'));
    await clock.advance(settleMs / 2);
    expect(charges.of('ns/q')).toEqual({});
  });
});
