import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
  volumeAttachments,
} from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startProvisioner } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { blindClient, laggingClient, startOn } from './support/controllers.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft, nodeDraft } from './support/objects.ts';

const provisionerNote = { 'volume.kubernetes.io/storage-provisioner': 'fake.csi' };
const intent = 'stowage.io/provisioning';

describe('external-provisioner', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock);
    await plane.client.create(storageClasses, classDraft('now', 'Immediate'));
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function start() {
    const { client, informers, clock, random, logger } = plane;
    const recorder = plane.recorder('fake.csi_host_1');
    const running = startProvisioner({ client, informers, recorder, driver: backend.driver, clock, random, logger });
    plane.use(running);
    await plane.run();
    return running;
  }

  async function createClaim(name = 'data') {
    const draft = claimDraft(name, 'now');
    return plane.client.create(persistentVolumeClaims, {
      ...draft,
      metadata: { ...draft.metadata, annotations: provisionerNote },
    });
  }

  /** A claim that waits for its pod, which was placed on the node. */
  async function createClaimFor(nodeName: string) {
    await plane.client.create(storageClasses, classDraft('later'));
    const draft = claimDraft('data', 'later');
    const annotations = { ...provisionerNote, 'volume.kubernetes.io/selected-node': nodeName };
    await plane.client.create(persistentVolumeClaims, { ...draft, metadata: { ...draft.metadata, annotations } });
    await plane.clock.settle();
  }

  const key = { namespace: 'default', name: 'data' };
  const claim = () => plane.get(persistentVolumeClaims, key);
  const theVolume = async (uid: string) => plane.get(persistentVolumes, { name: `pvc-${uid}` });

  it('[O3][O6] creates the volume, then its object, and says so', async () => {
    await start();
    const { metadata } = await createClaim();
    await plane.clock.settle();
    const volume = await theVolume(metadata.uid);
    expect(volume?.spec).toMatchObject({
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'now',
      csi: { driver: 'fake.csi', volumeHandle: `id-pvc-${metadata.uid}` },
      claimRef: { name: 'data', namespace: 'default', uid: metadata.uid },
    });
    expect(volume?.metadata.finalizers).toContain('external-provisioner.volume.kubernetes.io/finalizer');
    expect(await plane.eventsOf('data')).toEqual([
      'Normal Provisioning External provisioner is provisioning volume for claim "default/data"',
      `Normal ProvisioningSucceeded Successfully provisioned volume pvc-${metadata.uid}`,
    ]);
  });

  it('[rel-H3] gives a claim back whose node is gone, and makes no volume for it', async () => {
    await start();
    await createClaimFor('n1');
    expect((await claim())?.metadata.annotations).toEqual(provisionerNote);
    expect(await plane.eventsOf('data')).toEqual(['Warning ProvisioningFailed node "n1" not found']);
    expect(backend.calls).toEqual([]);
  });

  it('[rel-H3] leaves nothing behind of a volume for a node that went while it was made', async () => {
    backend.fail('lostReplies', 'CreateVolume', Code.UNAVAILABLE);
    await plane.client.create(nodes, nodeDraft('n1'));
    await start();
    await createClaimFor('n1');
    expect((await claim())?.metadata.finalizers).toContain(intent);
    await plane.client.delete(nodes, { name: 'n1' });
    await plane.clock.advance(30_000);
    expect((await claim())?.metadata.annotations).toEqual(provisionerNote);
    expect((await claim())?.metadata.finalizers ?? []).not.toContain(intent);
    expect([...backend.volumes.keys()]).toEqual([]);
  });

  it('[O7][rel-C1][rel-C3] asks again under the same name when the reply is lost, and makes one volume', async () => {
    backend.fail('lostReplies', 'CreateVolume', Code.DEADLINE_EXCEEDED, Code.UNAVAILABLE);
    await start();
    const { metadata } = await createClaim();
    await plane.clock.advance(10_000);
    expect(backend.calls.map(({ subject }) => subject)).toEqual(Array(3).fill(`pvc-${metadata.uid}`));
    expect(backend.volumes.size).toBe(1);
    expect(await theVolume(metadata.uid)).toBeDefined();
  });

  it('[rel-C2][rel-C9] deletes the volume of a claim that was deleted while the reply was lost', async () => {
    backend.fail('lostReplies', 'CreateVolume', Code.DEADLINE_EXCEEDED);
    await start();
    await createClaim();
    await plane.clock.settle();
    expect((await claim())?.metadata.finalizers).toContain(intent);
    await plane.client.patch(persistentVolumeClaims, key, {
      type: 'merge',
      body: { metadata: { finalizers: [intent] } },
    });
    await plane.client.delete(persistentVolumeClaims, key);
    await plane.clock.advance(10_000);
    expect(await claim()).toBeUndefined();
    expect(backend.volumes.size).toBe(0);
  });

  it('[rel-R12][rel-C9] remembers over a restart that a volume may exist', async () => {
    backend.fail('lostReplies', 'CreateVolume', Code.DEADLINE_EXCEEDED);
    const first = await start();
    await createClaim();
    await plane.clock.settle();
    await first[Symbol.asyncDispose]();
    await plane.client.patch(persistentVolumeClaims, key, {
      type: 'merge',
      body: { metadata: { finalizers: [intent] } },
    });
    await plane.client.delete(persistentVolumeClaims, key);
    expect(backend.volumes.size).toBe(1);
    await start();
    await plane.clock.advance(10_000);
    expect(backend.volumes.size).toBe(0);
    expect(await claim()).toBeUndefined();
  });

  it('[O7] forgets the intent after an error that is final, and tells the claim', async () => {
    backend.fail('refusals', 'CreateVolume', Code.INTERNAL);
    await start();
    await createClaim();
    await plane.clock.settle();
    expect((await claim())?.metadata.finalizers).not.toContain(intent);
    const told = await plane.eventsOf('data');
    expect(told).toContain(
      'Warning ProvisioningFailed failed to provision volume with StorageClass "now": rpc error: code = Internal desc = ordered by the test',
    );
  });

  async function releasedVolume(client?: Client) {
    if (client)
      await startOn(
        plane,
        'fake.csi_host_1',
        (given) => startProvisioner({ ...given, driver: backend.driver }),
        client,
      );
    else await start();
    const { metadata } = await createClaim();
    await plane.clock.settle();
    const name = `pvc-${metadata.uid}`;
    const patch = { type: 'merge', body: { status: { phase: 'Released' } } } as const;
    const release = async () => {
      await plane.client.delete(persistentVolumeClaims, key);
      const body = { metadata: { finalizers: null } };
      await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body }).catch(() => {});
      await plane.client.patch(persistentVolumes, { name }, patch, { subresource: 'status' });
    };
    return { name, release };
  }

  it('[O8][rel-C4] deletes a released volume only after its attachment has gone', async () => {
    const { name, release } = await releasedVolume();
    await plane.client.create(volumeAttachments, {
      metadata: { name: 'attachment' },
      spec: { attacher: 'fake.csi', nodeName: 'n1', source: { persistentVolumeName: name } },
    });
    await plane.clock.settle();
    await release();
    await plane.clock.advance(60_000);
    expect(backend.methods()).not.toContain('DeleteVolume');
    expect(await plane.eventsOf(name)).toContain(
      `Warning VolumeFailedDelete persistentvolume ${name} is still attached to node n1`,
    );
    await plane.client.delete(volumeAttachments, { name: 'attachment' });
    await plane.clock.settle();
    expect(backend.volumes.size).toBe(0);
    expect((await plane.get(persistentVolumes, { name }))?.metadata.finalizers ?? []).not.toContain(
      'external-provisioner.volume.kubernetes.io/finalizer',
    );
  });

  it('[O8][rel-C4] asks the API server for attachments before it deletes, when its cache shows none', async () => {
    const client = blindClient(plane.clientOf('provisioner'), 'VolumeAttachment');
    const { name, release } = await releasedVolume(client);
    await plane.client.create(volumeAttachments, {
      metadata: { name: 'attachment' },
      spec: { attacher: 'fake.csi', nodeName: 'n1', source: { persistentVolumeName: name } },
    });
    await release();
    await plane.clock.advance(60_000);
    expect(backend.methods()).not.toContain('DeleteVolume');
    await plane.client.delete(volumeAttachments, { name: 'attachment' });
    await plane.clock.advance(60_000);
    expect(backend.volumes.size).toBe(0);
  });

  it('[O8][rel-C4] deletes a released volume that is not attached only after every node let go of it', async () => {
    const { name, release } = await releasedVolume();
    await plane.client.create(nodes, nodeDraft('n1'));
    const report = (...volumesInUse: string[]) =>
      plane.client.patch(
        nodes,
        { name: 'n1' },
        { type: 'merge', body: { status: { volumesInUse } } },
        { subresource: 'status' },
      );
    await report(`kubernetes.io/csi/fake.csi^id-${name}`);
    await plane.clock.settle();
    await release();
    await plane.clock.advance(60_000);
    expect(backend.methods()).not.toContain('DeleteVolume');
    await report();
    await plane.clock.settle();
    expect(backend.volumes.size).toBe(0);
  });

  it('[O8][rel-B5] reads the volume once more before it deletes: it may be retained by now', async () => {
    const lagging = laggingClient(plane.clientOf('provisioner'), 'PersistentVolume');
    const { name, release } = await releasedVolume(lagging.client);
    backend.fail('refusals', 'DeleteVolume', Code.INTERNAL);
    await release();
    await plane.clock.settle();
    lagging.hold();
    const body = { spec: { persistentVolumeReclaimPolicy: 'Retain' } };
    await plane.client.patch(persistentVolumes, { name }, { type: 'merge', body });
    await plane.clock.advance(600_000);
    lagging.release();
    await plane.clock.settle();
    expect(backend.methods().filter((method) => method === 'DeleteVolume')).toHaveLength(1);
    expect(backend.volumes.size).toBe(1);
  });

  it('[O8][rel-C6] keeps the object while the driver refuses, and tries again', async () => {
    const { name, release } = await releasedVolume();
    backend.fail('refusals', 'DeleteVolume', Code.INTERNAL);
    await release();
    await plane.clock.settle();
    expect(await plane.get(persistentVolumes, { name })).toBeDefined();
    expect(await plane.eventsOf(name)).toContain(
      'Warning VolumeFailedDelete rpc error: code = Internal desc = ordered by the test',
    );
    await plane.clock.advance(5000);
    expect(backend.volumes.size).toBe(0);
  });

  it('[O8][rel-C6][rel-C9] asks again for the deletion of which no reply came, then lets the object go', async () => {
    const { name, release } = await releasedVolume();
    backend.fail('lostReplies', 'DeleteVolume', Code.DEADLINE_EXCEEDED, Code.UNAVAILABLE);
    await release();
    await plane.clock.settle();
    expect((await plane.get(persistentVolumes, { name }))?.metadata.finalizers).toContain(
      'external-provisioner.volume.kubernetes.io/finalizer',
    );
    await plane.clock.advance(10_000);
    expect(backend.methods().filter((method) => method === 'DeleteVolume')).toHaveLength(3);
    expect((await plane.get(persistentVolumes, { name }))?.metadata.finalizers ?? []).not.toContain(
      'external-provisioner.volume.kubernetes.io/finalizer',
    );
  });
});
