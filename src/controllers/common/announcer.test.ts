import { describe, expect, it } from 'vitest';
import { DecisionLog, VirtualClock } from '../../base/index.ts';
import { Announcer } from './announcer.ts';
import { testClaim } from './test-objects.ts';

const wait = { type: 'Normal', reason: 'WaitForFirstConsumer', message: 'waiting' } as const;

describe('announcements', () => {
  it('[rel-L12] are made once, again when they change, and rarely while they last', async () => {
    const clock = new VirtualClock();
    const told: string[] = [];
    const announcer = new Announcer(clock, { event: (_object, _type, _reason, message) => told.push(message) });
    const claim = testClaim('c');
    for (let i = 0; i < 3; i++) announcer.announce(claim, wait);
    announcer.announce(claim, { ...wait, message: 'other topic' }, 'disk');
    announcer.announce(claim, wait);
    expect(told).toEqual(['waiting', 'other topic']);
    announcer.announce(testClaim('c', { meta: { uid: 'another' } }), wait);
    announcer.forget('ns/c');
    announcer.announce(claim, wait);
    await clock.advance(30 * 60_000);
    announcer.announce(claim, wait);
    expect(told.slice(2)).toEqual(['waiting', 'waiting', 'waiting']);
  });
});

describe('the log of decisions', () => {
  it('keeps the time at which a decision became what it is', async () => {
    const clock = new VirtualClock(0);
    const log = new DecisionLog(clock);
    log.record('claim/ns/c', 'wait', { kind: 'wait' });
    await clock.advance(1000);
    log.record('claim/ns/c', 'wait', { kind: 'wait' });
    expect(log.get('claim/ns/c')).toMatchObject({ decision: { kind: 'wait' }, sinceMs: 0 });
    log.record('claim/ns/c', 'bind v', { kind: 'bind', volume: 'v' });
    expect(log.get('claim/ns/c')).toMatchObject({ decision: { kind: 'bind' }, sinceMs: 1000 });
    log.forget('claim/ns/c');
    expect(log.get('claim/ns/c')).toBeUndefined();
  });

  it('forgets the oldest beyond its limit', () => {
    const log = new DecisionLog(new VirtualClock());
    for (let i = 0; i <= 20_000; i++) log.record(`k${i}`, 'x', {});
    expect(log.get('k0')).toBeUndefined();
    expect(log.get('k20000')).toBeDefined();
  });
});
