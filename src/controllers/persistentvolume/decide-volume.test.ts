import { describe, expect, it } from 'vitest';
import type { PersistentVolume } from '../../api/index.ts';
import { type TestVolume, testClaim, testClaimRef, testVolume } from '../common/test-objects.ts';
import { decideReclaim, decideVolume } from './decide-volume.ts';

const provisioned = { annotations: { 'pv.kubernetes.io/provisioned-by': 'driver.example.com' } };
const byController = { annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes', keep: 'me' } };
const mine = { claimRef: testClaimRef('c', 'uid-c') };

function inPhase(phase: string, more: TestVolume = {}): PersistentVolume {
  return testVolume('v', { ...more, status: { phase } });
}

describe('the phase of a volume', () => {
  const cases: readonly [string, PersistentVolume, Parameters<typeof decideVolume>[1], object][] = [
    [
      '[W1] Pending, unclaimed: becomes Available',
      inPhase('Pending'),
      { claim: undefined, confirmed: false },
      { kind: 'setPhase', phase: 'Available' },
    ],
    [
      '[W1] Released or Failed, claimRef cleared by an administrator: becomes Available',
      inPhase('Failed'),
      { claim: undefined, confirmed: false },
      { kind: 'setPhase', phase: 'Available' },
    ],
    [
      '[B7] Available, unclaimed: is offered',
      inPhase('Available'),
      { claim: undefined, confirmed: false },
      { kind: 'offer' },
    ],
    [
      '[B7] reserved by name only: becomes Available and waits',
      inPhase('Pending', { spec: { claimRef: testClaimRef('c') } }),
      { claim: testClaim('c'), confirmed: false },
      { kind: 'setPhase', phase: 'Available' },
    ],
    [
      '[B7] reserved for a claim that does not name it: wakes the claim',
      inPhase('Pending', { spec: mine }),
      { claim: testClaim('c'), confirmed: false },
      { kind: 'wakeClaim' },
    ],
    [
      '[B7] reserved for a claim of another volume mode: tells both',
      inPhase('Available', { spec: { ...mine, volumeMode: 'Block' } }),
      { claim: testClaim('c'), confirmed: false },
      { kind: 'modeMismatch' },
    ],
    [
      '[B7] named by its claim: becomes Bound',
      inPhase('Available', { spec: mine }),
      { claim: testClaim('c', { spec: { volumeName: 'v' } }), confirmed: false },
      { kind: 'setPhase', phase: 'Bound' },
    ],
    [
      '[rel-B7] its claim missing in the cache: asks the API server',
      inPhase('Bound', { spec: mine }),
      { claim: undefined, confirmed: false },
      { kind: 'confirmClaim' },
    ],
    [
      '[W1] its claim gone for certain: becomes Released',
      inPhase('Bound', { spec: mine }),
      { claim: undefined, confirmed: true },
      { kind: 'setPhase', phase: 'Released' },
    ],
    [
      '[rel-B3] another claim of the same name in place of its own: becomes Released',
      inPhase('Bound', { spec: { claimRef: testClaimRef('c', 'uid-earlier') } }),
      { claim: testClaim('c'), confirmed: true },
      { kind: 'setPhase', phase: 'Released' },
    ],
    [
      '[W1] Released: is reclaimed',
      inPhase('Released', { spec: mine }),
      { claim: undefined, confirmed: false },
      { kind: 'reclaim' },
    ],
    [
      '[B2] Failed: is reclaimed again, and stays Failed meanwhile',
      inPhase('Failed', { spec: mine }),
      { claim: undefined, confirmed: true },
      { kind: 'reclaim' },
    ],
    [
      '[rel-B6] its claim bound elsewhere according to the cache: asks the API server',
      inPhase('Bound', { meta: provisioned, spec: { ...mine, persistentVolumeReclaimPolicy: 'Delete' } }),
      { claim: testClaim('c', { spec: { volumeName: 'other' } }), confirmed: false },
      { kind: 'confirmClaim' },
    ],
    [
      '[rel-B1] bound by the controller, its claim bound elsewhere according to the cache: asks the API server',
      inPhase('Bound', { meta: byController, spec: mine }),
      { claim: testClaim('c', { spec: { volumeName: 'other' } }), confirmed: false },
      { kind: 'confirmClaim' },
    ],
    [
      '[B7] provisioned for a claim that is bound elsewhere: becomes Released',
      inPhase('Bound', { meta: provisioned, spec: { ...mine, persistentVolumeReclaimPolicy: 'Delete' } }),
      { claim: testClaim('c', { spec: { volumeName: 'other' } }), confirmed: true },
      { kind: 'setPhase', phase: 'Released' },
    ],
  ];
  it.each(cases)('%s', (_title, volume, given, expected) => {
    expect(decideVolume(volume, given)).toMatchObject(expected);
  });
});

describe('a volume whose claim is bound elsewhere', () => {
  const elsewhere = { claim: testClaim('c', { spec: { volumeName: 'other' } }), confirmed: true };

  it('[B7] is freed when the controller bound it', () => {
    const decision = decideVolume(inPhase('Bound', { meta: byController, spec: mine }), elsewhere);
    expect(decision.kind).toBe('unbind');
    if (decision.kind !== 'unbind') return;
    expect(decision.volume.spec.claimRef).toBeUndefined();
    expect(decision.volume.metadata.annotations).toEqual({ keep: 'me' });
  });

  it('[B7] stays reserved by name when a user bound it', () => {
    const decision = decideVolume(inPhase('Bound', { spec: mine }), elsewhere);
    expect(decision).toMatchObject({ kind: 'unbind', volume: { spec: { claimRef: testClaimRef('c') } } });
    if (decision.kind === 'unbind') expect(decision.volume.spec.claimRef?.uid).toBeUndefined();
  });
});

describe('the reclaim of a volume', () => {
  const released = (policy: string, more: TestVolume = {}) =>
    inPhase('Released', { ...more, spec: { persistentVolumeReclaimPolicy: policy, ...more.spec } });
  const csi = { hostPath: undefined, csi: { driver: 'driver.example.com', volumeHandle: 'h' } };

  it('[B11] [rel-B5] does nothing under Retain', () => {
    expect(decideReclaim(released('Retain'))).toEqual({ kind: 'leave' });
  });

  it('[B11] leaves deletion to whoever provisioned the volume, and CSI volumes to their driver', () => {
    expect(decideReclaim(released('Delete', { meta: provisioned }))).toEqual({ kind: 'leave' });
    expect(
      decideReclaim({ ...released('Delete'), spec: { persistentVolumeReclaimPolicy: 'Delete', csi: csi.csi } }),
    ).toEqual({ kind: 'leave' });
  });

  it('[B11] deletes what nobody outside provisioned', () => {
    const annotations = { 'pv.kubernetes.io/provisioned-by': 'kubernetes.io/host-path' };
    expect(decideReclaim(released('Delete'))).toEqual({ kind: 'delete' });
    expect(decideReclaim(released('Delete', { meta: { annotations } }))).toEqual({ kind: 'delete' });
  });

  it('[B11] leaves a volume whose plugin a CSI driver took over to that driver, whatever its policy', () => {
    const annotations = { 'pv.kubernetes.io/migrated-to': 'ebs.csi.aws.com' };
    for (const policy of ['Delete', 'Recycle']) {
      expect(decideReclaim(released(policy, { meta: { annotations } }))).toEqual({ kind: 'leave' });
    }
  });

  it('[B12] recycles under Recycle', () => {
    expect(decideReclaim(released('Recycle'))).toEqual({ kind: 'recycle' });
  });

  it('[B11] fails under a policy that nobody knows', () => {
    expect(decideReclaim(released('Shred'))).toMatchObject({
      event: {
        reason: 'VolumeUnknownReclaimPolicy',
        message: 'Volume has unrecognized PersistentVolumeReclaimPolicy',
      },
    });
  });
});
