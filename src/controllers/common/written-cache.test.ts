import { describe, expect, it } from 'vitest';
import { keyOf, type PersistentVolume, persistentVolumes } from '../../api/index.ts';
import type { Informer } from '../../client/index.ts';
import { testVolume } from './test-objects.ts';
import { WrittenCache } from './written-cache.ts';

/** An informer whose cache the test sets. */
function cacheOver(seen: Map<string, PersistentVolume>): WrittenCache<PersistentVolume> {
  const informer: Informer<PersistentVolume> = {
    type: persistentVolumes,
    hasSynced: true,
    synced: Promise.resolve(),
    get: (key) => seen.get(key),
    list: () => [...seen.values()],
    byIndex: () => [...seen.values()],
    addHandler: () => ({ [Symbol.dispose]() {} }),
    addIndex: () => {},
  };
  return new WrittenCache(informer);
}

const version = (resourceVersion: string, uid = 'uid-v') => testVolume('v', { meta: { resourceVersion, uid } });

describe('the cache of written versions', () => {
  it('[B1] shows a write at once and drops events that are older', () => {
    const seen = new Map([['v', version('9')]]);
    const cache = cacheOver(seen);
    cache.record(version('11'));
    expect(cache.get('v')?.metadata.resourceVersion).toBe('11');
    expect(cache.list()[0]?.metadata.resourceVersion).toBe('11');
    seen.set('v', version('10'));
    expect(cache.observe(version('10'))).toBe(false);
    expect(cache.get('v')?.metadata.resourceVersion).toBe('11');
  });

  it("[B1] tells its own write from a stranger's when it comes back", () => {
    const seen = new Map([['v', version('9')]]);
    const cache = cacheOver(seen);
    cache.record(version('11'));
    expect(cache.observe(version('11'))).toBe(false);
    expect(cache.observe(version('12'))).toBe(true);
    cache.record(version('13'));
    expect(cache.observe(version('14'))).toBe(true);
  });

  it('[rel-A15] forgets a write to an object that is gone or was replaced', () => {
    const seen = new Map<string, PersistentVolume>();
    const cache = cacheOver(seen);
    cache.record(version('11'));
    expect(cache.get('v')).toBeUndefined();
    seen.set('v', version('20', 'uid-new'));
    cache.record(version('11'));
    expect(cache.get('v')?.metadata.uid).toBe('uid-new');
    cache.record(version('21', 'uid-new'));
    seen.delete('v');
    cache.observeDeletion(version('22', 'uid-new'));
    expect(cache.get('v')).toBeUndefined();
    expect(keyOf(version('1'))).toBe('v');
  });
});
