/** Upstream: stateful_set_utils_test.go, its tables of claim owners. */
import { describe, expect, it } from 'vitest';
import type { OwnerReference, StatefulSet } from '../../api/index.ts';
import { testClaim, testMeta, testPod } from '../common/test-objects.ts';
import { isLeftBehind, withRetention } from './claim-retention.ts';

const pod = testPod('web-1');

function setOf(whenDeleted: string, whenScaled: string): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: testMeta('web', { namespace: 'ns' }),
    spec: {
      selector: {},
      serviceName: 'web',
      template: {} as never,
      persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled },
    },
  };
}

const references: Readonly<Record<string, OwnerReference>> = {
  set: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'uid-web', controller: true },
  pod: { apiVersion: 'v1', kind: 'Pod', name: 'web-1', uid: 'uid-web-1', controller: true },
  earlierSet: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'uid-earlier', controller: true },
  earlierPod: { apiVersion: 'v1', kind: 'Pod', name: 'web-1', uid: 'uid-earlier', controller: true },
  weakSet: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'uid-web' },
  stranger: { apiVersion: 'x/v1', kind: 'Backup', name: 'b', uid: 'uid-b', controller: true },
  friend: { apiVersion: 'x/v1', kind: 'Backup', name: 'f', uid: 'uid-f' },
};
const nameOf = (found: OwnerReference) =>
  Object.keys(references).find((name) => references[name]?.uid === found.uid && references[name]?.kind === found.kind);

/** What the owners become; undefined where they are left alone. */
function ownersAfter(set: StatefulSet, isScaledAway: boolean, owners: string): string | undefined {
  const ownerReferences = owners.split(' ').flatMap((name) => references[name] ?? []);
  const claim = testClaim('disk-web-1', { meta: { ownerReferences } });
  const changed = withRetention(claim, { set, pod, condemned: isScaledAway });
  if (changed) expect(withRetention(changed, { set, pod, condemned: isScaledAway })).toBeUndefined();
  return changed?.metadata.ownerReferences?.map(nameOf).join(' ');
}

/** whenDeleted, whenScaled, whether the pod is scaled away, the owners before, the owners after. */
type Row = readonly [string, string, boolean, string, string | undefined];

const rows: readonly Row[] = [
  ['Retain', 'Retain', false, '', undefined],
  ['Retain', 'Retain', true, '', undefined],
  ['Retain', 'Retain', false, 'set', ''],
  ['Retain', 'Retain', true, 'pod', ''],
  ['Retain', 'Retain', true, 'set pod', ''],
  ['Retain', 'Retain', false, 'stranger', undefined],
  ['Retain', 'Retain', false, 'stranger set', 'stranger'],
  ['Retain', 'Retain', false, 'earlierPod', undefined],
  ['Retain', 'Delete', false, '', undefined],
  ['Retain', 'Delete', true, '', 'pod'],
  ['Retain', 'Delete', false, 'pod', ''],
  ['Retain', 'Delete', true, 'pod', undefined],
  ['Retain', 'Delete', false, 'set', ''],
  ['Retain', 'Delete', true, 'set', 'pod'],
  ['Retain', 'Delete', true, 'set pod', 'pod'],
  ['Retain', 'Delete', true, 'stranger', undefined],
  ['Retain', 'Delete', true, 'stranger pod', 'stranger'],
  ['Retain', 'Delete', true, 'earlierPod', undefined],
  ['Retain', 'Delete', true, 'friend', 'friend pod'],
  ['Delete', 'Retain', false, '', 'set'],
  ['Delete', 'Retain', true, '', 'set'],
  ['Delete', 'Retain', false, 'set', undefined],
  ['Delete', 'Retain', false, 'pod', 'set'],
  ['Delete', 'Retain', true, 'set pod', 'set'],
  ['Delete', 'Retain', false, 'weakSet', 'set'],
  ['Delete', 'Retain', false, 'earlierSet', undefined],
  ['Delete', 'Retain', false, 'stranger', undefined],
  ['Delete', 'Retain', false, 'friend', 'friend set'],
  ['Delete', 'Delete', false, '', 'set'],
  ['Delete', 'Delete', true, '', 'pod'],
  ['Delete', 'Delete', false, 'set', undefined],
  ['Delete', 'Delete', true, 'set', 'pod'],
  ['Delete', 'Delete', false, 'pod', 'set'],
  ['Delete', 'Delete', true, 'pod', undefined],
  ['Delete', 'Delete', true, 'set pod', 'pod'],
  ['Delete', 'Delete', false, 'set pod', 'set'],
  ['Delete', 'Delete', true, 'stranger', undefined],
  ['Delete', 'Delete', false, 'stranger set pod', 'stranger'],
];

describe('the owners of a claim', () => {
  it.each(rows)(
    '[C4] [rel-I3] deleted with the set: %s, when scaled: %s, scaled away: %s, had "%s": become "%s"',
    (whenDeleted, whenScaled, isScaledAway, before, after) => {
      expect(ownersAfter(setOf(whenDeleted, whenScaled), isScaledAway, before)).toBe(after);
    },
  );

  it('[C4] [rel-I3] tell of a claim that is about to go with an earlier pod', () => {
    const claim = testClaim('disk-web-1', { meta: { ownerReferences: [references.earlierPod as OwnerReference] } });
    expect(isLeftBehind(claim, setOf('Retain', 'Delete'), 'web-1')).toBe(true);
    expect(isLeftBehind(claim, setOf('Retain', 'Delete'), 'web-2')).toBe(false);
    expect(isLeftBehind(claim, setOf('Retain', 'Retain'), 'web-1')).toBe(false);
    expect(isLeftBehind(testClaim('disk-web-1'), setOf('Retain', 'Delete'), 'web-1')).toBe(false);
  });
});
