import { describe, expect, it } from 'vitest';
import { testClaim, testVolume } from '../common/test-objects.ts';
import { WaitingClaims } from './waiting-claims.ts';

describe('claims that wait for a volume', () => {
  it('are woken one per volume: the largest request that fits, of equals the one that waited longest', () => {
    const waiting = new WaitingClaims();
    waiting.add(testClaim('small', { size: '1Gi' }));
    waiting.add(testClaim('first', { size: '2Gi' }));
    waiting.add(testClaim('second', { size: '2Gi' }));
    waiting.add(testClaim('large', { size: '8Gi' }));
    const taken = [1, 2, 3, 4].map(() => waiting.take(testVolume('v', { size: '4Gi' })));
    expect(taken).toEqual(['ns/first', 'ns/second', 'ns/small', undefined]);
    expect(waiting.size).toBe(1);
  });

  it('are passed over when class, modes or selector do not fit', () => {
    const waiting = new WaitingClaims();
    waiting.add(testClaim('other-class', { spec: { storageClassName: 'fast' } }));
    waiting.add(testClaim('other-mode', { spec: { accessModes: ['ReadWriteMany'] } }));
    waiting.add(testClaim('selective', { spec: { selector: { matchLabels: { tier: 'fast' } } } }));
    expect(waiting.take(testVolume('plain'))).toBeUndefined();
    expect(waiting.take(testVolume('labelled', { meta: { labels: { tier: 'fast' } } }))).toBe('ns/selective');
  });

  it('wait once, with their newest request', () => {
    const waiting = new WaitingClaims();
    waiting.add(testClaim('c', { size: '8Gi' }));
    waiting.add(testClaim('c', { size: '1Gi' }));
    expect(waiting.size).toBe(1);
    expect(waiting.take(testVolume('v'))).toBe('ns/c');
    waiting.delete('ns/c');
    expect(waiting.size).toBe(0);
  });
});
