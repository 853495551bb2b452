import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Draft,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '../../src/api/index.ts';
import {
  startClaimProtectionController,
  startPersistentVolumeController,
  startVolumeProtectionController,
} from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { blindClient, mortalClient, startOn } from './support/controllers.ts';
import { claimDraft, classDraft, podDraft, volumeDraft } from './support/objects.ts';

const component = 'persistentvolume-controller';

describe('the persistent volume controller', () => {
  let plane: ControlPlane;

  beforeEach(async () => {
    plane = await ControlPlane.start();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = () => startOn(plane, component, startPersistentVolumeController);
  const createVolume = (draft: Draft<PersistentVolume>) => plane.client.create(persistentVolumes, draft);
  const createClaim = (draft: Draft<PersistentVolumeClaim>) => plane.client.create(persistentVolumeClaims, draft);
  const volume = (name: string) => plane.client.get(persistentVolumes, { name });
  const claim = (name: string) => plane.client.get(persistentVolumeClaims, { namespace: 'default', name });
  const phaseOf = async (name: string) => (await volume(name)).status?.phase;

  function withSpec<T extends { readonly spec: object }>(draft: T, spec: Partial<T['spec']>): T {
    return { ...draft, spec: { ...draft.spec, ...spec } };
  }

  async function bound(claimName: string, volumeName: string): Promise<void> {
    const [boundClaim, boundVolume] = [await claim(claimName), await volume(volumeName)];
    expect(boundClaim.spec.volumeName).toBe(volumeName);
    expect(boundClaim.status?.phase).toBe('Bound');
    expect(boundClaim.metadata.annotations?.['pv.kubernetes.io/bind-completed']).toBe('yes');
    expect(boundVolume.status?.phase).toBe('Bound');
    expect(boundVolume.spec.claimRef).toMatchObject({
      kind: 'PersistentVolumeClaim',
      apiVersion: 'v1',
      namespace: 'default',
      name: claimName,
      uid: boundClaim.metadata.uid,
    });
  }

  it('[B2] [W1] makes a new volume Available and stamps the transition', async () => {
    await start();
    await createVolume(volumeDraft('v', ''));
    await plane.clock.settle();
    expect((await volume('v')).status).toMatchObject({
      phase: 'Available',
      lastPhaseTransitionTime: '2026-01-01T00:00:00Z',
    });
  });

  it('[B4] [B8] [W2] binds a claim to a volume, whichever comes first', async () => {
    await start();
    await createVolume(volumeDraft('v1', ''));
    await plane.clock.settle();
    await createClaim(claimDraft('c1', ''));
    await plane.clock.settle();
    await bound('c1', 'v1');
    await createClaim(claimDraft('c2', ''));
    await plane.clock.settle();
    expect((await claim('c2')).status?.phase).toBe('Pending');
    await createVolume(volumeDraft('v2', ''));
    await plane.clock.settle();
    await bound('c2', 'v2');
    expect((await claim('c2')).status).toMatchObject({ accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } });
    expect(await plane.eventsOf('c1')).toEqual([]);
    expect(await plane.eventsOf('c2')).toEqual([
      'Normal FailedBinding no persistent volumes available for this claim and no storage class is set',
    ]);
  });

  it('[B4] says nothing of a claim that is created together with its volume', async () => {
    await start();
    await Promise.all([createVolume(volumeDraft('v', '')), createClaim(claimDraft('c', ''))]);
    await plane.clock.settle();
    await bound('c', 'v');
    expect(await plane.eventsOf('c')).toEqual([]);
  });

  it('[B9] binds the smallest volume of those with the fewest access modes', async () => {
    const drafts = [
      withSpec(volumeDraft('large', ''), { capacity: { storage: '9Gi' } }),
      withSpec(volumeDraft('small', ''), { capacity: { storage: '2Gi' } }),
      withSpec(volumeDraft('smaller-more-modes', ''), { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] }),
      withSpec(volumeDraft('too-small', ''), { capacity: { storage: '1Mi' } }),
      volumeDraft('other-class', 'fast'),
    ];
    for (const draft of drafts) await createVolume(draft);
    await createClaim(claimDraft('c', ''));
    await start();
    await bound('c', 'small');
  });

  it('[B1] binds 200 claims to 200 volumes one to one, with at most two writes per object', async () => {
    for (let i = 0; i < 200; i++) await createVolume(volumeDraft(`v${i}`, ''));
    for (let i = 0; i < 200; i++) await createClaim(claimDraft(`c${i}`, ''));
    const { client, writes } = mortalClient(plane.clientOf(component), { afterWrites: 1e9, lastWriteLands: true });
    await startOn(plane, component, startPersistentVolumeController, client);
    const names = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const { volumeName = '' } = (await claim(`c${i}`)).spec;
      await bound(`c${i}`, volumeName);
      names.add(volumeName);
    }
    expect(names.size).toBe(200);
    const counts = Object.groupBy(writes, (write) => write);
    expect(counts['update PersistentVolume']?.length).toBe(200);
    expect(counts['update PersistentVolumeClaim']?.length).toBe(200);
    expect(counts['update PersistentVolumeClaim/status']?.length).toBe(200);
    // Pending to Available, Available to Bound.
    expect(counts['update PersistentVolume/status']?.length).toBe(400);
  });

  it('[B9] [rel-H4] never gives one volume to two claims that compete for it', async () => {
    await start();
    await createVolume(volumeDraft('v', ''));
    await plane.clock.settle();
    await Promise.all(Array.from({ length: 10 }, (_, i) => createClaim(claimDraft(`c${i}`, ''))));
    await plane.clock.settle();
    const { items } = await plane.client.list(persistentVolumeClaims);
    expect(items.filter(({ status }) => status?.phase === 'Bound').length).toBe(1);
    expect(items.filter(({ spec }) => spec.volumeName).length).toBe(1);
  });

  it('[rel-A16] [rel-B1] binds one to one when two controllers are active at once', async () => {
    await Promise.all([start(), start()]);
    const names = Array.from({ length: 50 }, (_, i) => i);
    await Promise.all(names.map((i) => createVolume(volumeDraft(`v${i}`, ''))));
    await Promise.all(names.map((i) => createClaim(claimDraft(`c${i}`, ''))));
    await plane.clock.advance(60_000);
    const taken = new Set<string>();
    for (const i of names) {
      const { volumeName = '' } = (await claim(`c${i}`)).spec;
      await bound(`c${i}`, volumeName);
      taken.add(volumeName);
    }
    expect(taken.size).toBe(50);
  });

  it('[B4] offers each volume to the claim that it fits, also when claims take others than they were woken for', async () => {
    await start();
    for (const size of ['1Gi', '2Gi', '3Gi']) await createClaim(claimDraft(`c-${size.toLowerCase()}`, '', size));
    await plane.clock.settle();
    const sizes = ['3Gi', '2Gi', '1Gi'];
    await Promise.all(
      sizes.map((storage) =>
        createVolume(withSpec(volumeDraft(`v-${storage.toLowerCase()}`, ''), { capacity: { storage } })),
      ),
    );
    await plane.clock.settle();
    for (const size of ['1gi', '2gi', '3gi']) await bound(`c-${size}`, `v-${size}`);
  });

  describe('reserved by a user', () => {
    it("[B5] [W1] completes a volume whose claimRef names the claim, and does not call it the controller's", async () => {
      await start();
      await createVolume(withSpec(volumeDraft('v', ''), { claimRef: { namespace: 'default', name: 'c' } }));
      await plane.clock.settle();
      expect(await phaseOf('v')).toBe('Available');
      await createVolume(volumeDraft('free', ''));
      await createClaim(claimDraft('c', ''));
      await plane.clock.settle();
      await bound('c', 'v');
      expect((await volume('v')).metadata.annotations?.['pv.kubernetes.io/bound-by-controller']).toBeUndefined();
      expect((await claim('c')).metadata.annotations?.['pv.kubernetes.io/bound-by-controller']).toBe('yes');
      expect(await phaseOf('free')).toBe('Available');
    });

    it('[B5] [W2] waits for a volume that the claim names, and binds when it comes', async () => {
      await start();
      await createVolume(volumeDraft('other', ''));
      await createClaim(withSpec(claimDraft('c', ''), { volumeName: 'v' }));
      await plane.clock.settle();
      expect((await claim('c')).status?.phase).toBe('Pending');
      await createVolume(volumeDraft('v', ''));
      await plane.clock.settle();
      await bound('c', 'v');
      expect((await claim('c')).metadata.annotations?.['pv.kubernetes.io/bound-by-controller']).toBeUndefined();
    });

    it('[B5] tells why a named volume does not do, and binds when it does', async () => {
      await start();
      await createVolume(withSpec(volumeDraft('v', 'fast'), {}));
      await createClaim(withSpec(claimDraft('c', ''), { volumeName: 'v' }));
      await plane.clock.settle();
      expect(await plane.eventsOf('c')).toEqual([
        'Warning VolumeMismatch Cannot bind to requested volume "v": storageClassName does not match',
      ]);
      const found = await volume('v');
      await plane.client.update(persistentVolumes, { ...found, spec: { ...found.spec, storageClassName: '' } });
      await plane.clock.settle();
      await bound('c', 'v');
    });

    it('[B7] tells both sides of a volume mode that differs', async () => {
      await start();
      const created = await createClaim(claimDraft('c', ''));
      const claimRef = { namespace: 'default', name: 'c', uid: created.metadata.uid };
      await createVolume(withSpec(volumeDraft('v', ''), { claimRef, volumeMode: 'Block' }));
      await plane.clock.settle();
      expect(await plane.eventsOf('v')).toEqual([
        'Warning VolumeMismatch Cannot bind PersistentVolume to requested PersistentVolumeClaim "c" due to incompatible volumeMode.',
      ]);
      expect(await plane.eventsOf('c')).toContain(
        'Warning VolumeMismatch Cannot bind PersistentVolume "v" to requested PersistentVolumeClaim due to incompatible volumeMode.',
      );
    });
  });

  describe('with classes', () => {
    it('[B13] asks the external provisioner, and binds what it makes', async () => {
      await start();
      await plane.client.create(storageClasses, classDraft('fast', 'Immediate'));
      const { metadata } = await createClaim(claimDraft('c', 'fast'));
      await plane.clock.settle();
      expect((await claim('c')).metadata.annotations).toMatchObject({
        'volume.kubernetes.io/storage-provisioner': 'fake.csi',
        'volume.beta.kubernetes.io/storage-provisioner': 'fake.csi',
      });
      expect(await plane.eventsOf('c')).toEqual([
        "Normal ExternalProvisioning Waiting for a volume to be created either by the external provisioner 'fake.csi' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
      ]);
      await createVolume(provisionedVolume('pvc-1', metadata.uid));
      await plane.clock.settle();
      await bound('c', 'pvc-1');
      expect((await volume('pvc-1')).metadata.annotations).toEqual({ 'pv.kubernetes.io/provisioned-by': 'fake.csi' });
    });

    it('[B13] takes up a claim whose class comes late', async () => {
      await start();
      await createClaim(claimDraft('c', 'fast'));
      expect(await plane.eventsOf('c')).toEqual([
        'Warning ProvisioningFailed storageclass.storage.k8s.io "fast" not found',
      ]);
      await plane.client.create(storageClasses, classDraft('fast', 'Immediate'));
      await plane.clock.settle();
      expect((await claim('c')).metadata.annotations?.['volume.kubernetes.io/storage-provisioner']).toBe('fake.csi');
    });

    it('[B4] waits for a consumer, names the pod that has no node, and provisions once a node is selected', async () => {
      await start();
      await plane.client.create(storageClasses, classDraft('wait'));
      await createVolume(volumeDraft('free', 'wait'));
      await createClaim(claimDraft('c', 'wait'));
      expect(await plane.eventsOf('c')).toEqual([
        'Normal WaitForFirstConsumer waiting for first consumer to be created before binding',
      ]);
      await plane.client.create(pods, podDraft('web-0', 'c'));
      await plane.clock.advance(15_000);
      expect(await plane.eventsOf('c')).toContain('Normal WaitForPodScheduled waiting for pod web-0 to be scheduled');
      const annotations = { 'volume.kubernetes.io/selected-node': 'n1' };
      const body = { metadata: { annotations } };
      await plane.client.patch(persistentVolumeClaims, { namespace: 'default', name: 'c' }, { type: 'merge', body });
      await plane.clock.settle();
      expect((await claim('c')).metadata.annotations?.['volume.kubernetes.io/storage-provisioner']).toBe('fake.csi');
      expect(await phaseOf('free')).toBe('Available');
    });

    it('[B15] gives a claim without a class the default class when one appears', async () => {
      await start();
      const { storageClassName: _, ...spec } = claimDraft('c', '').spec;
      await createClaim({ ...claimDraft('c', ''), spec });
      await createClaim(claimDraft('empty', ''));
      await plane.clock.settle();
      const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
      await plane.client.create(storageClasses, {
        ...classDraft('std', 'Immediate'),
        metadata: { name: 'std', annotations },
      });
      await plane.clock.settle();
      expect((await claim('c')).spec.storageClassName).toBe('std');
      expect((await claim('c')).metadata.annotations?.['volume.kubernetes.io/storage-provisioner']).toBe('fake.csi');
      expect((await claim('empty')).spec.storageClassName).toBe('');
    });
  });

  function provisionedVolume(name: string, claimUid: string, claimName = 'c'): Draft<PersistentVolume> {
    return {
      metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': 'fake.csi' } },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        storageClassName: 'fast',
        persistentVolumeReclaimPolicy: 'Delete',
        csi: { driver: 'fake.csi', volumeHandle: name },
        claimRef: {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          namespace: 'default',
          name: claimName,
          uid: claimUid,
        },
      },
    };
  }

  describe('after the claim', () => {
    async function bindPair(policy: string): Promise<void> {
      await startOn(plane, 'pvc-protection', startClaimProtectionController);
      await startOn(plane, 'pv-protection', startVolumeProtectionController);
      await start();
      await createVolume(withSpec(volumeDraft('v', ''), { persistentVolumeReclaimPolicy: policy }));
      await createClaim(claimDraft('c', ''));
      await plane.clock.settle();
      await bound('c', 'v');
    }
    const deleteClaim = async (name = 'c') => {
      await plane.client.delete(persistentVolumeClaims, { namespace: 'default', name });
      await plane.clock.settle();
    };

    it('[W1] [rel-B3] keeps a retained volume Released, from a claim of the same name too, until claimRef is cleared', async () => {
      await bindPair('Retain');
      await deleteClaim();
      expect(await phaseOf('v')).toBe('Released');
      await createClaim(claimDraft('c', ''));
      await plane.clock.advance(60_000);
      expect(await phaseOf('v')).toBe('Released');
      expect((await claim('c')).status?.phase).toBe('Pending');
      const body = { spec: { claimRef: null } };
      await plane.client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body });
      await plane.clock.settle();
      await bound('c', 'v');
    });

    it('[B11] [W1] fails a volume that no plugin can delete', async () => {
      await bindPair('Delete');
      await deleteClaim();
      const message = 'error getting deleter volume plugin for volume "v": no volume plugin matched';
      expect((await volume('v')).status).toMatchObject({ phase: 'Failed', message });
      expect(await plane.eventsOf('v')).toEqual([`Warning VolumeFailedDelete ${message}`]);
    });

    it('[B12] fails a volume that nobody can recycle', async () => {
      await bindPair('Recycle');
      await deleteClaim();
      expect(await phaseOf('v')).toBe('Failed');
      expect(await plane.eventsOf('v')).toEqual([
        'Warning VolumeFailedRecycle No recycler plugin found for the volume!',
      ]);
    });

    it('[B11] only releases a provisioned volume: its provisioner deletes it', async () => {
      await start();
      await plane.client.create(storageClasses, classDraft('fast', 'Immediate'));
      const { metadata } = await createClaim(claimDraft('c', 'fast'));
      await createVolume(provisionedVolume('pvc-1', metadata.uid));
      await plane.clock.settle();
      await startOn(plane, 'pvc-protection', startClaimProtectionController);
      await deleteClaim();
      expect(await phaseOf('pvc-1')).toBe('Released');
      expect(await plane.eventsOf('pvc-1')).toEqual([]);
    });

    it('[B7] releases a volume that was provisioned for a claim which is bound elsewhere', async () => {
      await start();
      await plane.client.create(storageClasses, classDraft('fast', 'Immediate'));
      await createVolume(volumeDraft('static', 'fast'));
      await plane.clock.settle();
      const { metadata } = await createClaim(claimDraft('c', 'fast'));
      await plane.clock.settle();
      await bound('c', 'static');
      await createVolume(provisionedVolume('late', metadata.uid));
      await plane.clock.settle();
      expect(await phaseOf('late')).toBe('Released');
    });

    it('[C1] [C2] [W2] keeps claim and volume Terminating while they are in use', async () => {
      await bindPair('Retain');
      await plane.client.create(pods, { ...podDraft('p', 'c'), spec: { ...podDraft('p', 'c').spec, nodeName: 'n1' } });
      await plane.clock.settle();
      await plane.client.delete(persistentVolumes, { name: 'v' });
      await deleteClaim();
      await plane.clock.advance(60_000);
      expect((await claim('c')).status?.phase).toBe('Bound');
      expect(await phaseOf('v')).toBe('Bound');
      await plane.client.delete(pods, { namespace: 'default', name: 'p' }, { gracePeriodSeconds: 0 });
      await plane.clock.settle();
      expect(await plane.get(persistentVolumeClaims, { namespace: 'default', name: 'c' })).toBeUndefined();
      expect(await plane.get(persistentVolumes, { name: 'v' })).toBeUndefined();
    });

    it('[B6] [W2] [rel-B8] loses a claim whose volume is gone, and finds it again with its volume', async () => {
      await bindPair('Retain');
      const found = await volume('v');
      const body = { metadata: { finalizers: null } };
      await plane.client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body });
      await plane.client.delete(persistentVolumes, { name: 'v' });
      await plane.client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body }).catch(() => {});
      await createVolume(volumeDraft('empty', ''));
      await plane.clock.settle();
      expect((await claim('c')).status).toEqual({ phase: 'Lost' });
      expect(await plane.eventsOf('c')).toContain(
        'Warning ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is lost!',
      );
      await createVolume({ metadata: { name: 'v' }, spec: found.spec });
      await plane.clock.settle();
      await bound('c', 'v');
      expect(await phaseOf('empty')).toBe('Available');
    });
  });

  it('[rel-B7] asks the API server before it releases, when its cache knows nothing of the claim', async () => {
    const client = blindClient(plane.clientOf(component), 'PersistentVolumeClaim');
    const { metadata } = await createClaim(claimDraft('c', 'fast'));
    await createVolume(provisionedVolume('pvc-1', metadata.uid));
    await startOn(plane, component, startPersistentVolumeController, client);
    await plane.clock.advance(60_000);
    expect(await phaseOf('pvc-1')).toBe('Pending');
  });

  it('[rel-B8] asks the API server before it calls a claim Lost', async () => {
    const first = await start();
    await createVolume(volumeDraft('v', ''));
    await createClaim(claimDraft('c', ''));
    await plane.clock.settle();
    await first[Symbol.asyncDispose]();
    const client = blindClient(plane.clientOf(component), 'PersistentVolume');
    await startOn(plane, component, startPersistentVolumeController, client);
    await plane.clock.advance(60_000);
    await bound('c', 'v');
  });

  it('[C1] asks the API server for pods before it lets a claim go', async () => {
    await createClaim(claimDraft('c', ''));
    await plane.client.create(pods, { ...podDraft('p', 'c'), spec: { ...podDraft('p', 'c').spec, nodeName: 'n1' } });
    const client = blindClient(plane.clientOf('pvc-protection'), 'Pod');
    await startOn(plane, 'pvc-protection', startClaimProtectionController, client);
    await plane.client.delete(persistentVolumeClaims, { namespace: 'default', name: 'c' });
    await plane.clock.advance(60_000);
    expect((await claim('c')).metadata.deletionTimestamp).toBeDefined();
  });

  it('[B4] offers a volume on when the claim that it woke takes another', async () => {
    await start();
    const selector = { matchLabels: { tier: 'fast' } };
    await createClaim(withSpec(claimDraft('picky', '', '1Gi'), { selector }));
    await createClaim(claimDraft('large', '', '3Gi'));
    await plane.clock.settle();
    const labelled = withSpec(volumeDraft('labelled', ''), { capacity: { storage: '5Gi' } });
    await Promise.all([
      createVolume({ ...labelled, metadata: { name: 'labelled', labels: { tier: 'fast' } } }),
      createVolume(withSpec(volumeDraft('plain', ''), { capacity: { storage: '3Gi' } })),
    ]);
    await plane.clock.settle();
    await bound('large', 'plain');
    await bound('picky', 'labelled');
  });

  it('[rel-L12] writes nothing at rest, pending claims included', async () => {
    await start();
    await createClaim(claimDraft('stuck', ''));
    await createVolume(volumeDraft('v', ''));
    await createVolume(volumeDraft('odd', 'other'));
    await createClaim(claimDraft('other', 'missing'));
    await plane.clock.advance(1000);
    const { resourceVersion } = await plane.client.list(persistentVolumes);
    await plane.clock.advance(10 * 60_000);
    expect((await plane.client.list(persistentVolumes)).resourceVersion).toBe(resourceVersion);
  });

  describe('killed around any write of a binding', () => {
    const plans = [0, 1, 2, 3, 4].flatMap((afterWrites) =>
      [false, true].map((lastWriteLands) => ({ afterWrites, lastWriteLands })),
    );
    it.each(plans)('[B8] [rel-L10] ends as if nothing had happened: %o', async (kill) => {
      await createVolume(volumeDraft('v', ''));
      await createVolume(volumeDraft('w', ''));
      await createClaim(claimDraft('c', ''));
      const mortal = mortalClient(plane.clientOf(component), kill);
      const first = await startOn(plane, component, startPersistentVolumeController, mortal.client);
      expect(mortal.isDead).toBe(true);
      await first[Symbol.asyncDispose]();
      await start();
      const { volumeName = '' } = (await claim('c')).spec;
      await bound('c', volumeName);
      const other = volumeName === 'v' ? 'w' : 'v';
      expect((await volume(other)).spec.claimRef).toBeUndefined();
      expect(await phaseOf(other)).toBe('Available');
    });
  });
});
