import { describe, expect, it } from 'vitest';
import { type PersistentVolume, persistentVolumes } from '../../api/index.ts';
import { testClaim, testClaimRef, testVolume } from '../common/test-objects.ts';
import { VolumeCache } from './volume-cache.ts';
import { VolumeOffers } from './volume-offers.ts';

function setUp(...volumes: PersistentVolume[]) {
  const seen = new Map(volumes.map((volume) => [volume.metadata.name, volume]));
  const cache = new VolumeCache({
    type: persistentVolumes,
    hasSynced: true,
    synced: Promise.resolve(),
    get: (key) => seen.get(key),
    list: () => [...seen.values()],
    byIndex: () => [],
    addHandler: () => ({ [Symbol.dispose]() {} }),
    addIndex: () => {},
  });
  for (const volume of volumes) cache.observe(volume);
  const woken: string[] = [];
  return { cache, woken, offers: new VolumeOffers(cache, { add: (key) => woken.push(key) }) };
}

describe('the volumes as the binder sees them', () => {
  it('[rel-H4] hide a volume that is promised, and show it again when the promise is taken back', () => {
    const { cache } = setUp(testVolume('v'));
    const promise = cache.promise('v');
    expect(cache.findBestMatch(testClaim('c'), false).kind).toBe('none');
    promise[Symbol.dispose]();
    expect(cache.findBestMatch(testClaim('c'), false)).toMatchObject({ kind: 'available' });
  });

  it('[B9] prefer a volume that is reserved for the claim, unless it lacks an access mode', () => {
    const reserved = { claimRef: testClaimRef('c'), accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] };
    const { cache } = setUp(testVolume('free'), testVolume('mine', { size: '9Gi', spec: reserved }));
    expect(cache.findBestMatch(testClaim('c'), false)).toMatchObject({ kind: 'reserved' });
    expect(cache.findBestMatch(testClaim('c'), true)).toMatchObject({ kind: 'reserved' });
    const shared = testClaim('c', { spec: { accessModes: ['ReadWriteMany'] } });
    expect(cache.findBestMatch(shared, false).kind).toBe('none');
  });

  it('[B4] leave out volumes that are claimed, being deleted, Released or Failed', () => {
    const { cache } = setUp(
      testVolume('claimed', { spec: { claimRef: testClaimRef('other') } }),
      testVolume('deleted', { meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      testVolume('released', { status: { phase: 'Released' } }),
      testVolume('failed', { status: { phase: 'Failed' } }),
    );
    expect(cache.findBestMatch(testClaim('c'), false).kind).toBe('none');
  });

  it('[B4] tell of a volume that is about to be Available', () => {
    const { cache } = setUp(testVolume('v', { status: { phase: 'Pending' } }));
    expect(cache.findBestMatch(testClaim('c'), false).kind).toBe('arriving');
    expect(cache.isAvailable('v')).toBe(false);
  });
});

describe('the offers of volumes', () => {
  it('[B4] go on when the claim that was woken took another volume', () => {
    const labelled = testVolume('labelled', { size: '5Gi', meta: { labels: { tier: 'fast' } } });
    const { cache, woken, offers } = setUp(labelled, testVolume('plain', { size: '3Gi' }));
    offers.wait(testClaim('large', { size: '3Gi' }));
    offers.wait(testClaim('picky', { spec: { selector: { matchLabels: { tier: 'fast' } } } }));
    offers.offer(labelled);
    expect(woken).toEqual(['ns/large']);
    using promise = cache.promise('plain');
    void promise;
    offers.settle('ns/large');
    expect(woken).toEqual(['ns/large', 'ns/picky']);
  });

  it('[B4] end with a claim that took what it was woken for', () => {
    const { cache, woken, offers } = setUp(testVolume('v'));
    for (const name of ['a', 'b']) offers.wait(testClaim(name));
    const volume = cache.get('v');
    if (volume) offers.offer(volume);
    using promise = cache.promise('v');
    void promise;
    offers.settle('ns/a');
    expect(woken).toEqual(['ns/a']);
  });
});
