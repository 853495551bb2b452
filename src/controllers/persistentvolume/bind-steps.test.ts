import { describe, expect, it } from 'vitest';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/index.ts';
import { testClaim, testClaimRef, testVolume } from '../common/test-objects.ts';
import { nextBindStep, unboundStatus, withVolumePhase } from './bind-steps.ts';

function bindToTheEnd(volume: PersistentVolume, claim: PersistentVolumeClaim) {
  const steps: string[] = [];
  let pair = { volume, claim };
  for (;;) {
    const step = nextBindStep(pair.volume, pair.claim);
    if (step.kind === 'complete') return { ...pair, steps };
    steps.push(step.kind);
    pair = { ...pair, ...('volume' in step ? { volume: step.volume } : { claim: step.claim }) };
  }
}

describe('the steps of a binding', () => {
  it('[B8] write volume spec, volume status, claim spec, claim status, in this order', () => {
    const { volume, claim, steps } = bindToTheEnd(testVolume('v', { size: '5Gi' }), testClaim('c'));
    expect(steps).toEqual(['volumeSpec', 'volumeStatus', 'claimSpec', 'claimStatus']);
    expect(volume.spec.claimRef).toEqual({ ...testClaimRef('c', 'uid-c'), resourceVersion: '1' });
    expect(volume.metadata.annotations).toEqual({ 'pv.kubernetes.io/bound-by-controller': 'yes' });
    expect(volume.status).toEqual({ phase: 'Bound' });
    expect(claim.spec.volumeName).toBe('v');
    expect(claim.metadata.annotations).toEqual({
      'pv.kubernetes.io/bind-completed': 'yes',
      'pv.kubernetes.io/bound-by-controller': 'yes',
    });
    expect(claim.status).toEqual({ phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '5Gi' } });
  });

  it('[B8] do nothing when all is written, whoever starts again', () => {
    const { volume, claim } = bindToTheEnd(testVolume('v'), testClaim('c'));
    expect(bindToTheEnd(volume, claim).steps).toEqual([]);
  });

  it('[B8] leave out the mark of the controller on the side that a user bound', () => {
    const reserved = bindToTheEnd(testVolume('v', { spec: { claimRef: testClaimRef('c') } }), testClaim('c'));
    expect(reserved.volume.metadata.annotations).toBeUndefined();
    expect(reserved.volume.spec.claimRef?.uid).toBe('uid-c');
    const named = bindToTheEnd(testVolume('v'), testClaim('c', { spec: { volumeName: 'v' } }));
    expect(named.claim.metadata.annotations).toEqual({ 'pv.kubernetes.io/bind-completed': 'yes' });
  });

  it('[B8] complete a provisioned volume that came with its claimRef', () => {
    const volume = testVolume('v', { spec: { claimRef: testClaimRef('c', 'uid-c') }, status: { phase: 'Pending' } });
    expect(bindToTheEnd(volume, testClaim('c')).steps).toEqual(['volumeStatus', 'claimSpec', 'claimStatus']);
  });

  it('[B3] copy size and access modes on entering Bound, the size before a resize included, and never refresh the size', () => {
    const annotations = { 'volume.alpha.kubernetes.io/pre-resize-capacity': '3Gi' };
    const { volume, claim } = bindToTheEnd(testVolume('v', { size: '9Gi', meta: { annotations } }), testClaim('c'));
    expect(claim.status?.capacity).toEqual({ storage: '3Gi' });
    const grown = { ...volume, spec: { ...volume.spec, capacity: { storage: '20Gi' } } };
    expect(nextBindStep(grown, claim).kind).toBe('complete');
    const widened = { ...volume, spec: { ...volume.spec, accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] } };
    const refreshed = bindToTheEnd(widened, claim);
    expect(refreshed.claim.status?.accessModes).toEqual(['ReadWriteOnce', 'ReadOnlyMany']);
    expect(refreshed.claim.status?.capacity).toEqual({ storage: '3Gi' });
  });

  it('[B8] take over the attributes class on Pending to Bound', () => {
    const spec = { volumeAttributesClassName: 'gold' };
    const { claim } = bindToTheEnd(testVolume('v', { spec }), testClaim('c', { spec }));
    expect(claim.status?.currentVolumeAttributesClassName).toBe('gold');
  });

  it('[B3] bring a Lost claim back to Bound', () => {
    const { volume, claim } = bindToTheEnd(testVolume('v'), testClaim('c'));
    const status = unboundStatus(claim, 'Lost');
    expect(status).toEqual({ phase: 'Lost' });
    const lost = status ? { ...claim, status } : claim;
    expect(bindToTheEnd(volume, lost)).toMatchObject({ steps: ['claimStatus'], claim: { status: { phase: 'Bound' } } });
  });
});

describe('phases', () => {
  it('[B2] carry a reason and a message only while they last', () => {
    const why = { reason: 'VolumeFailedDelete', message: 'no plugin' };
    const failed = withVolumePhase(testVolume('v'), 'Failed', why);
    expect(failed?.status).toEqual({ phase: 'Failed', ...why });
    expect(failed && withVolumePhase(failed, 'Available')?.status).toEqual({ phase: 'Available' });
    expect(withVolumePhase(testVolume('v'), 'Available')).toBeUndefined();
  });

  it('keep other fields of a claim that loses its volume', () => {
    const conditions = [{ type: 'Resizing', status: 'True' }];
    const claim = testClaim('c', { status: { phase: 'Bound', capacity: { storage: '1Gi' }, conditions } });
    expect(unboundStatus(claim, 'Pending')).toEqual({ phase: 'Pending', conditions });
    expect(unboundStatus(testClaim('c'), 'Pending')).toBeUndefined();
  });
});
