import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/index.ts';
import { checkAccessModes, findMatchingVolume } from '../../component-helpers/index.ts';
import { testClaim, testVolume } from '../common/test-objects.ts';
import { MatchIndex, matchRequest } from './match-index.ts';

function indexOf(volumes: readonly PersistentVolume[]): MatchIndex {
  const index = new MatchIndex();
  for (const volume of volumes) index.set(volume);
  return index;
}

/** The rule in its plainest form: sets of access modes from small to large, in each the smallest volume, ties by name. */
function scan(claim: PersistentVolumeClaim, volumes: readonly PersistentVolume[]): string | undefined {
  const modesOf = (volume: PersistentVolume) => [...new Set(volume.spec.accessModes)].sort();
  const candidates = volumes.filter((volume) => checkAccessModes(claim, volume));
  const sets = [...new Set(candidates.map((volume) => modesOf(volume).join()))].sort(
    (left, right) => left.split(',').length - right.split(',').length || (left < right ? -1 : 1),
  );
  for (const set of sets) {
    const inSet = candidates.filter((volume) => modesOf(volume).join() === set);
    inSet.sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
    const found = findMatchingVolume({ claim, volumes: inSet });
    if (found) return found.metadata.name;
  }
  return undefined;
}

const modeSets = fc.subarray(['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany'], { minLength: 1 });
const classes = fc.constantFrom('', 'fast', 'slow');
const sizes = fc.constantFrom('500Mi', '1Gi', '1000M', '2Gi', '10Gi');
const labels = fc.dictionary(fc.constantFrom('tier', 'zone'), fc.constantFrom('a', 'b'), { maxKeys: 2 });
const volumeMode = fc.constantFrom('Filesystem', 'Block');
const volumes = fc.array(fc.tuple(modeSets, classes, sizes, labels, volumeMode), { maxLength: 60 }).map((rows) =>
  rows.map(([accessModes, storageClassName, size, given, mode], i) =>
    testVolume(`pv-${i}`, {
      size,
      meta: { labels: given },
      spec: { accessModes, storageClassName, volumeMode: mode },
    }),
  ),
);
const claims = fc
  .tuple(modeSets, classes, sizes, fc.option(labels, { nil: undefined }), volumeMode)
  .map(([accessModes, storageClassName, size, matchLabels, mode]) =>
    testClaim('c', {
      size,
      spec: { accessModes, storageClassName, volumeMode: mode, ...(matchLabels ? { selector: { matchLabels } } : {}) },
    }),
  );

describe('the match index', () => {
  it('[B9] chooses what a scan of all volumes chooses, also after volumes are taken out', () => {
    fc.assert(
      fc.property(volumes, fc.array(claims, { maxLength: 15 }), (all, requests) => {
        const index = indexOf(all);
        let left = all;
        for (const claim of requests) {
          const chosen = index.findSmallest(matchRequest(claim))?.metadata.name;
          expect(chosen).toBe(scan(claim, left));
          if (chosen === undefined) continue;
          index.delete(chosen);
          left = left.filter((volume) => volume.metadata.name !== chosen);
        }
      }),
    );
  });

  it('[B9] prefers the fewest access modes to the smallest size', () => {
    const index = indexOf([
      testVolume('many-modes', { size: '1Gi', spec: { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] } }),
      testVolume('one-mode', { size: '10Gi' }),
    ]);
    expect(index.findSmallest(matchRequest(testClaim('c')))?.metadata.name).toBe('one-mode');
  });

  it('[B9] obeys a selector with expressions', () => {
    const index = indexOf([
      testVolume('a', { meta: { labels: { tier: 'slow' } } }),
      testVolume('b', { size: '5Gi', meta: { labels: { tier: 'fast' } } }),
    ]);
    const selector = { matchExpressions: [{ key: 'tier', operator: 'In', values: ['fast', 'faster'] }] };
    expect(index.findSmallest(matchRequest(testClaim('c', { spec: { selector } })))?.metadata.name).toBe('b');
  });

  it('[B10] never gives a claim with a class a volume without one', () => {
    const index = indexOf([testVolume('a')]);
    const request = matchRequest(testClaim('c', { spec: { storageClassName: 'fast' } }));
    expect(index.findSmallest(request)).toBeUndefined();
  });

  it('follows a volume that changes its size, class or labels', () => {
    const index = indexOf([testVolume('a', { size: '1Gi' })]);
    index.set(testVolume('a', { size: '2Gi', spec: { storageClassName: 'fast' } }));
    expect(index.findSmallest(matchRequest(testClaim('c')))).toBeUndefined();
    const request = matchRequest(testClaim('c', { size: '2Gi', spec: { storageClassName: 'fast' } }));
    expect(index.findSmallest(request)?.metadata.name).toBe('a');
    expect(index.size).toBe(1);
  });
});
