import { describe, expect, it } from 'vitest';
import { type Random, VirtualClock } from '../../base/index.ts';
import { Volunteers } from './volunteers.ts';

function volunteers(chance: number, delays = { baseDelayMs: 20_000, maxDelayMs: 60_000 }) {
  const clock = new VirtualClock();
  const random: Random = { next: () => chance, uuid: () => '', bytes: () => new Uint8Array() };
  return { clock, all: new Volunteers({ ...delays, clock, random }) };
}

describe('the turn of a provisioner', () => {
  it.each([
    [0, [20_000, 40_000, 60_000, 60_000]],
    [0.5, [10_000, 30_000, 50_000, 50_000]],
    [0.999, [20, 20_020, 40_020, 40_020]],
  ])('[O15] comes later each time, by chance %s', (chance, expected) => {
    const { all } = volunteers(chance);
    const waits = [all.waitMs('c'), all.again('c'), all.again('c'), all.again('c')];
    expect(waits.map(Math.round)).toEqual(expected);
  });

  it('[O15] stays the same however often it is asked for', async () => {
    const { all, clock } = volunteers(0);
    expect(all.waitMs('c')).toBe(20_000);
    await clock.advance(15_000);
    expect(all.waitMs('c')).toBe(5_000);
    await clock.advance(15_000);
    expect(all.waitMs('c')).toBe(0);
    expect(all.waitMs('other')).toBe(20_000);
  });

  it('[O15] is that of a new claim once the claim was forgotten', () => {
    const { all } = volunteers(0);
    all.waitMs('c');
    expect(all.again('c')).toBe(40_000);
    all.forget('c');
    expect(all.waitMs('c')).toBe(20_000);
  });

  it('[O15] is at once without a delay', () => {
    const { all } = volunteers(0.5, { baseDelayMs: 0, maxDelayMs: 0 });
    expect([all.waitMs('c'), all.again('c')]).toEqual([0, 0]);
  });
});
