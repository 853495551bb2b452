import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Draft, type Pod, persistentVolumeClaims, pods } from '../../src/api/index.ts';
import { startEphemeralVolumeController } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { claimDraft, podDraft } from './support/objects.ts';

const key = { namespace: 'default', name: 'web-scratch' };

function ephemeralPod(): Draft<Pod> {
  const draft = podDraft('web');
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'std', resources: { requests: { storage: '1Gi' } } },
  };
  // A template carries no identity; the type asks for more than the server does.
  const volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate: template as never } }];
  return { ...draft, spec: { ...draft.spec, volumes } };
}

describe('the ephemeral volume controller', () => {
  let plane: ControlPlane;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    await startOn(plane, 'ephemeral_volume', startEphemeralVolumeController);
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const createPod = async () => {
    const pod = await plane.client.create(pods, ephemeralPod());
    await plane.clock.settle();
    return pod;
  };

  it('[F1] makes the claim of a pod that has no node yet, and makes it again when it vanishes', async () => {
    const pod = await createPod();
    const claim = await plane.client.get(persistentVolumeClaims, key);
    expect(claim.metadata.labels).toEqual({ app: 'web' });
    expect(claim.metadata.ownerReferences).toEqual([
      { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: pod.metadata.uid, controller: true, blockOwnerDeletion: true },
    ]);
    await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body: { metadata: { finalizers: null } } });
    await plane.client.delete(persistentVolumeClaims, key);
    await plane.clock.settle();
    const again = await plane.client.get(persistentVolumeClaims, key);
    expect(again.metadata.uid).not.toBe(claim.metadata.uid);
  });

  it('[F1] [rel-I1] tells the pod of a claim that is not its own, once, and makes its own when there is room', async () => {
    await plane.client.create(persistentVolumeClaims, claimDraft('web-scratch', ''));
    await createPod();
    await plane.clock.advance(10 * 60_000);
    expect(await plane.eventsOf('web')).toEqual([
      'Warning FailedBinding ephemeral volume scratch: PVC default/web-scratch was not created for pod default/web (pod is not owner)',
    ]);
    await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body: { metadata: { finalizers: null } } });
    await plane.client.delete(persistentVolumeClaims, key);
    await plane.clock.settle();
    expect((await plane.client.get(persistentVolumeClaims, key)).metadata.ownerReferences?.length).toBe(1);
  });

  it('[F1] makes nothing for a pod that is being deleted', async () => {
    const finalizers = ['test/hold'];
    const draft = ephemeralPod();
    await plane.client.create(pods, { ...draft, metadata: { ...draft.metadata, finalizers } });
    await plane.client.delete(pods, { namespace: 'default', name: 'web' });
    await plane.clock.settle();
    await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body: { metadata: { finalizers: null } } });
    await plane.client.delete(persistentVolumeClaims, key);
    await plane.clock.settle();
    expect(await plane.get(persistentVolumeClaims, key)).toBeUndefined();
  });
});
