import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csiNodes, persistentVolumes, volumeAttachments } from '../../src/api/index.ts';
import { startAttacher } from '../../src/sidecars/index.ts';
import { csiAttachmentName } from '../../src/volume-plugins/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';

const finalizer = 'external-attacher/fake-csi';

describe('external-attacher', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock);
    const { client, informers, clock, logger } = plane;
    plane.use(startAttacher({ client, informers, driver: backend.driver, clock, logger }));
    await client.create(csiNodes, {
      metadata: { name: 'n1' },
      spec: { drivers: [{ name: 'fake.csi', nodeID: 'id-n1' }] },
    });
    await client.create(persistentVolumes, {
      metadata: { name: 'v' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        csi: { driver: 'fake.csi', volumeHandle: 'h' },
      },
    });
    await plane.run();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function attach(nodeName = 'n1') {
    const spec = { attacher: 'fake.csi', nodeName, source: { persistentVolumeName: 'v' } };
    await plane.client.create(volumeAttachments, { metadata: { name: 'a' }, spec });
    await plane.clock.settle();
  }
  const attachment = () => plane.get(volumeAttachments, { name: 'a' });

  it('[O17] attaches with the finalizers in place, and hands the publish context on', async () => {
    await attach();
    expect((await attachment())?.status).toMatchObject({ attached: true, attachmentMetadata: { device: '/dev/x' } });
    expect((await attachment())?.metadata.finalizers).toEqual([finalizer]);
    expect((await attachment())?.metadata.annotations).toEqual({ 'csi.alpha.kubernetes.io/node-id': 'id-n1' });
    expect((await plane.get(persistentVolumes, { name: 'v' }))?.metadata.finalizers).toContain(finalizer);
    expect([...backend.published]).toEqual(['h@id-n1']);
  });

  it('[O17] records what the driver says and tries again', async () => {
    backend.fail('refusals', 'ControllerPublishVolume', Code.RESOURCE_EXHAUSTED);
    await attach();
    expect((await attachment())?.status?.attachError).toMatchObject({
      message: 'rpc error: code = ResourceExhausted desc = ordered by the test',
      errorCode: Code.RESOURCE_EXHAUSTED,
    });
    await plane.clock.advance(3000);
    const status = (await attachment())?.status;
    expect(status?.attached).toBe(true);
    expect(status?.attachError).toBeUndefined();
  });

  it('[O17] [Q1] says why the volume of a migrated plugin cannot be attached', async () => {
    await plane.client.create(persistentVolumes, {
      metadata: { name: 'ebs' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        awsElasticBlockStore: { volumeID: 'aws:///disk' },
      },
    });
    const spec = { attacher: 'fake.csi', nodeName: 'n1', source: { persistentVolumeName: 'ebs' } };
    await plane.client.create(volumeAttachments, { metadata: { name: 'a' }, spec });
    await plane.clock.settle();
    expect((await attachment())?.status?.attachError?.message).toBe(
      'failed to translate in tree pv to CSI: failed to translate Kubernetes ID to EBS Volume ID Invalid format for AWS volume (aws:///disk)',
    );
    expect(backend.calls).toEqual([]);
  });

  describe('[O17] [rel-D7] the volume of another driver, whose handle may mean something to this one', () => {
    const csi = { driver: 'other.csi', volumeHandle: 'h' };
    const volumeSpec = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, csi };
    const sources = {
      'by its name': { persistentVolumeName: 'foreign' },
      inline: { inlineVolumeSpec: { accessModes: ['ReadWriteOnce'], csi } },
    };

    it.each(Object.entries(sources))('is not asked of this driver, %s', async (_title, source) => {
      await plane.client.create(persistentVolumes, { metadata: { name: 'foreign' }, spec: volumeSpec });
      const spec = { attacher: 'fake.csi', nodeName: 'n1', source };
      await plane.client.create(volumeAttachments, { metadata: { name: 'a' }, spec });
      await plane.clock.settle();
      expect((await attachment())?.status?.attachError?.message).toBe(
        'volume is of driver "other.csi", which is not "fake.csi"',
      );
      expect((await plane.get(persistentVolumes, { name: 'foreign' }))?.metadata.finalizers).not.toContain(finalizer);
      await plane.client.delete(volumeAttachments, { name: 'a' });
      await plane.clock.settle();
      expect(await attachment()).toBeUndefined();
      expect(backend.calls).toEqual([]);
    });

    it.each(Object.entries(sources))('is not detached by this driver either, %s', async (_title, source) => {
      await plane.client.create(persistentVolumes, { metadata: { name: 'foreign' }, spec: volumeSpec });
      const spec = { attacher: 'fake.csi', nodeName: 'n1', source };
      await plane.client.create(volumeAttachments, { metadata: { name: 'a', finalizers: [finalizer] }, spec });
      await plane.client.delete(volumeAttachments, { name: 'a' });
      await plane.clock.settle();
      expect(await attachment()).toBeUndefined();
      expect(backend.calls).toEqual([]);
    });
  });

  it('[O17] says which node does not have the driver', async () => {
    await attach('n2');
    expect((await attachment())?.status?.attachError?.message).toBe('csinode.storage.k8s.io "n2" not found');
    expect(backend.calls).toEqual([]);
  });

  it('[O18][rel-D5] keeps the object until the driver has detached', async () => {
    await attach();
    backend.fail('refusals', 'ControllerUnpublishVolume', Code.UNAVAILABLE);
    await plane.client.delete(volumeAttachments, { name: 'a' });
    await plane.clock.settle();
    expect((await attachment())?.status?.detachError?.message).toContain('Unavailable');
    await plane.clock.advance(3000);
    expect(await attachment()).toBeUndefined();
    expect(backend.published.size).toBe(0);
  });

  it('[O18][rel-D5] takes a volume that the backend does not know for detached', async () => {
    await attach();
    backend.fail('refusals', 'ControllerUnpublishVolume', Code.NOT_FOUND);
    await plane.client.delete(volumeAttachments, { name: 'a' });
    await plane.clock.settle();
    expect(await attachment()).toBeUndefined();
    expect(backend.methods().filter((method) => method === 'ControllerUnpublishVolume')).toHaveLength(1);
  });

  it.each([Code.FAILED_PRECONDITION, Code.INTERNAL, Code.INVALID_ARGUMENT, Code.DEADLINE_EXCEEDED])(
    '[O18][rel-D5] takes no other answer for that (code %i)',
    async (code) => {
      await attach();
      backend.fail('refusals', 'ControllerUnpublishVolume', ...Array(5).fill(code));
      await plane.client.delete(volumeAttachments, { name: 'a' });
      await plane.clock.advance(7000);
      expect((await attachment())?.metadata.finalizers).toEqual([finalizer]);
      await plane.clock.advance(60_000);
      expect(await attachment()).toBeUndefined();
      expect(backend.published.size).toBe(0);
    },
  );

  it('[O18][rel-D6] detaches what was attached in doubt', async () => {
    backend.fail('lostReplies', 'ControllerPublishVolume', ...Array(50).fill(Code.DEADLINE_EXCEEDED));
    await attach();
    expect(backend.published.size).toBe(1);
    await plane.client.delete(volumeAttachments, { name: 'a' });
    await plane.clock.advance(5000);
    expect(backend.published.size).toBe(0);
    expect(await attachment()).toBeUndefined();
  });

  it('[O17][rel-D10] refuses a volume that is being deleted, and lets it go once detached', async () => {
    await attach();
    await plane.client.delete(persistentVolumes, { name: 'v' });
    await plane.clock.settle();
    expect((await plane.get(persistentVolumes, { name: 'v' }))?.metadata.finalizers).toContain(finalizer);
    const spec = { attacher: 'fake.csi', nodeName: 'n1', source: { persistentVolumeName: 'v' } };
    await plane.client.create(volumeAttachments, { metadata: { name: 'late' }, spec });
    await plane.clock.settle();
    const late = await plane.get(volumeAttachments, { name: 'late' });
    expect(late?.status?.attachError?.message).toBe('PersistentVolume "v" is marked for deletion');
    await plane.client.delete(volumeAttachments, { name: 'late' });
    await plane.client.delete(volumeAttachments, { name: 'a' });
    await plane.clock.settle();
    expect((await plane.get(persistentVolumes, { name: 'v' }))?.metadata.finalizers ?? []).not.toContain(finalizer);
  });

  describe('a volume for one node', () => {
    beforeEach(async () => {
      const spec = { drivers: [{ name: 'fake.csi', nodeID: 'id-n2' }] };
      await plane.client.create(csiNodes, { metadata: { name: 'n2' }, spec });
    });
    async function create(name: string, nodeName: string) {
      const spec = { attacher: 'fake.csi', nodeName, source: { persistentVolumeName: 'v' } };
      await plane.client.create(volumeAttachments, { metadata: { name }, spec });
    }

    it('[rel-D1] [rel-A16] goes to one of two nodes that are asked for at once, and to the other when it is free', async () => {
      await Promise.all([create('a', 'n1'), create('b', 'n2')]);
      await plane.clock.advance(60_000);
      expect([...backend.published]).toEqual(['h@id-n1']);
      expect((await plane.get(volumeAttachments, { name: 'b' }))?.status?.attachError?.message).toBe(
        'PersistentVolume "v" is not detached yet from node "n1"',
      );
      await plane.client.delete(volumeAttachments, { name: 'a' });
      await plane.clock.settle();
      expect([...backend.published]).toEqual(['h@id-n2']);
      expect((await plane.get(volumeAttachments, { name: 'b' }))?.status?.attached).toBe(true);
    });

    it('[rel-D1] counts what may be attached: a publish whose answer was lost', async () => {
      backend.fail('lostReplies', 'ControllerPublishVolume', ...Array(100).fill(Code.DEADLINE_EXCEEDED));
      await create('a', 'n1');
      await plane.clock.advance(5_000);
      await create('b', 'n2');
      await plane.clock.advance(60_000);
      expect([...backend.published]).toEqual(['h@id-n1']);
    });

    it('[rel-D1] is no limit for shared volumes', async () => {
      const body = { spec: { accessModes: ['ReadWriteMany'] } };
      await plane.client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body });
      await plane.clock.settle();
      await Promise.all([create('a', 'n1'), create('b', 'n2')]);
      await plane.clock.settle();
      expect([...backend.published].sort()).toEqual(['h@id-n1', 'h@id-n2']);
    });
  });

  describe('an attachment whose volume was replaced by another of its name', () => {
    const name = csiAttachmentName({ driver: 'fake.csi', volumeHandle: 'h' }, 'n1');
    const spec = { attacher: 'fake.csi', nodeName: 'n1', source: { persistentVolumeName: 'v' } };
    async function replace() {
      const key = { name: 'v' };
      const volume = await plane.client.get(persistentVolumes, key);
      await plane.client.patch(persistentVolumes, key, { type: 'merge', body: { metadata: { finalizers: null } } });
      await plane.client.delete(persistentVolumes, key).catch(() => {});
      await plane.client
        .patch(persistentVolumes, key, { type: 'merge', body: { metadata: { finalizers: null } } })
        .catch(() => {});
      const csi = { driver: 'fake.csi', volumeHandle: 'other' };
      await plane.client.create(persistentVolumes, { metadata: key, spec: { ...volume.spec, csi } });
      await plane.clock.settle();
    }

    it('[rel-D10] does not publish the other', async () => {
      await replace();
      await plane.client.create(volumeAttachments, { metadata: { name }, spec });
      await plane.clock.advance(30_000);
      expect(backend.calls).toEqual([]);
      expect((await plane.get(volumeAttachments, { name }))?.status?.attachError?.message).toBe(
        'PersistentVolume "v" was replaced by another',
      );
    });

    it('[rel-D10] does not take the other from the node, and pins nothing', async () => {
      await plane.client.create(volumeAttachments, { metadata: { name }, spec });
      await plane.clock.settle();
      await replace();
      backend.published.add('other@id-n1');
      await plane.client.delete(volumeAttachments, { name });
      await plane.clock.settle();
      expect(backend.published.has('other@id-n1')).toBe(true);
      expect(await plane.get(volumeAttachments, { name })).toBeUndefined();
    });
  });
});
