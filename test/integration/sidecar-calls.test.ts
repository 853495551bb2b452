/** How the roles of one driver call it: one call per volume at a time, and no harm from failures in any mixture. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  csiNodes,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
} from '../../src/api/index.ts';
import { MetricsRegistry } from '../../src/metrics/index.ts';
import { startAttacher, startProvisioner, startResizer, startSnapshotter } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft } from './support/objects.ts';

const aWhileMs = 120_000;

describe('the roles of a driver', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock);
    backend.nodeExpansionRequired = false;
    const { client } = plane;
    await client.create(storageClasses, { ...classDraft('grows'), allowVolumeExpansion: true });
    for (const name of ['silver', 'gold', 'brass'])
      await client.create(volumeAttributesClasses, {
        metadata: { name },
        driverName: 'fake.csi',
        parameters: { tier: name },
      });
    const drivers = [{ name: 'fake.csi', nodeID: 'id-n1' }];
    await client.create(csiNodes, { metadata: { name: 'n1' }, spec: { drivers } });
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const startResizing = () =>
    startOn(plane, 'resizer', (options) => startResizer({ ...options, driver: backend.driver }));
  const startAttaching = () =>
    startOn(plane, 'attacher', (options) => startAttacher({ ...options, driver: backend.driver }));

  async function createBound(name: string, readOnly = false) {
    const { client } = plane;
    const draft = claimDraft(name, 'grows');
    const made = await client.create(persistentVolumeClaims, { ...draft, spec: { ...draft.spec, volumeName: name } });
    const csi = { driver: 'fake.csi', volumeHandle: name, ...(readOnly ? { readOnly } : {}) };
    await client.create(persistentVolumes, {
      metadata: { name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        storageClassName: 'grows',
        claimRef: { kind: 'PersistentVolumeClaim', namespace: 'default', name, uid: made.metadata.uid },
        csi,
      },
    });
    await client.updateStatus(persistentVolumeClaims, {
      ...made,
      status: { phase: 'Bound', capacity: { storage: '1Gi' } },
    });
  }

  async function change(name: string, spec: Partial<PersistentVolumeClaim['spec']>) {
    await plane.client.patch(persistentVolumeClaims, { namespace: 'default', name }, { type: 'merge', body: { spec } });
  }
  const larger = { resources: { requests: { storage: '2Gi' } } };

  async function attach(name: string) {
    const spec = { attacher: 'fake.csi', nodeName: 'n1', source: { persistentVolumeName: name } };
    await plane.client.create(volumeAttachments, { metadata: { name: `a-${name}` }, spec });
  }
  const isAttached = async (name: string) =>
    (await plane.get(volumeAttachments, { name: `a-${name}` }))?.status?.attached === true;
  const status = async (name: string) =>
    (await plane.client.get(persistentVolumeClaims, { namespace: 'default', name })).status;

  it('[rel-D8] make one call for a volume at a time, and for many volumes side by side', async () => {
    backend.latencyMs = 3000;
    const names = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6'];
    for (const name of names) await createBound(name);
    await startResizing();
    await startAttaching();
    for (const name of names) {
      await change(name, { ...larger, volumeAttributesClassName: 'gold' });
      await attach(name);
    }
    // One after the other, the calls of all volumes would take twice as long.
    await plane.clock.advance(10 * backend.latencyMs);
    expect(backend.overlaps).toEqual([]);
    for (const name of names) {
      expect(await isAttached(name)).toBe(true);
      expect(await status(name)).toMatchObject({
        capacity: { storage: '2Gi' },
        currentVolumeAttributesClassName: 'gold',
      });
    }
  });

  it('[rel-D8] [rel-L10] do no harm by a call that a process before them made and that is not over', async () => {
    backend.latencyMs = 5000;
    await createBound('v');
    const first = await startAttaching();
    await attach('v');
    await plane.clock.advance(1000);
    await first[Symbol.asyncDispose]();
    await startAttaching();
    await plane.clock.advance(20_000);
    expect(backend.overlaps).toEqual([{ method: 'ControllerPublishVolume', subject: 'v@id-n1' }]);
    expect([...backend.published]).toEqual(['v@id-n1']);
    expect(await isAttached('v')).toBe(true);
  });

  it('count what waits in the queues of each', async () => {
    const metrics = new MetricsRegistry();
    const { driver } = backend;
    await startOn(plane, 'resizer', (options) => startResizer({ ...options, driver, metrics }));
    await startOn(plane, 'attacher', (options) => startAttacher({ ...options, driver, metrics }));
    await startOn(plane, 'snapshotter', (options) => startSnapshotter({ ...options, driver, metrics }));
    await startOn(plane, 'provisioner', (options) => startProvisioner({ ...options, driver, metrics }));
    await createBound('v');
    await change('v', larger);
    await attach('v');
    await plane.clock.advance(aWhileMs);
    const text = await metrics.print();
    const queues = ['resize', 'modify', 'attach', 'attached-volume', 'snapshot', 'provision', 'delete-volume'];
    for (const queue of [...queues, 'cloning-protection', 'restore-protection'])
      expect(text).toContain(`workqueue_depth{name="fake.csi-${queue}"} 0\n`);
    for (const queue of ['resize', 'attach', 'provision'])
      expect(text).toMatch(new RegExp(`^workqueue_adds_total\\{name="fake.csi-${queue}"\\} [1-9]`, 'm'));
  });

  const codes = [Code.INVALID_ARGUMENT, Code.UNAVAILABLE, Code.INTERNAL, Code.DEADLINE_EXCEEDED, Code.ABORTED, 99];
  it('[rel-F5] [rel-L15] survive failures of growth and modification of many volumes at once', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `v${index}`);
    for (const name of names) await createBound(name);
    await startResizing();
    const mixture = Array.from({ length: 60 }, (_, index) => codes[index % codes.length] ?? 0);
    for (const method of ['ControllerExpandVolume', 'ControllerModifyVolume']) {
      backend.fail('refusals', method, ...mixture);
      backend.fail('lostReplies', method, ...mixture);
    }
    for (const name of names) await change(name, { ...larger, volumeAttributesClassName: 'gold' });
    await plane.clock.advance(60 * aWhileMs);
    for (const name of names) {
      expect(await status(name)).toMatchObject({
        capacity: { storage: '2Gi' },
        currentVolumeAttributesClassName: 'gold',
      });
      expect((await status(name))?.modifyVolumeStatus).toBeUndefined();
      expect(backend.attributes.get(name)).toEqual({ tier: 'gold' });
      expect(backend.sizes.get(name)).toBe(2n ** 31n);
    }
  });

  describe('a class that changes while the driver may have given the volume another', () => {
    const lose = (...lost: number[]) => backend.fail('lostReplies', 'ControllerModifyVolume', ...lost);
    const refuse = (...refused: number[]) => backend.fail('refusals', 'ControllerModifyVolume', ...refused);
    const choose = async (volumeAttributesClassName: string) => {
      await change('v', { volumeAttributesClassName });
      await plane.clock.settle();
    };

    /** A silver volume that may have become gold, and does not become brass. */
    async function beInDoubt() {
      await createBound('v');
      const running = await startResizing();
      await choose('silver');
      lose(Code.DEADLINE_EXCEEDED);
      await choose('gold');
      expect(backend.attributes.get('v')).toEqual({ tier: 'gold' });
      refuse(Code.INVALID_ARGUMENT);
      return running;
    }

    it('[rel-F6] goes back through the driver when the third is refused', async () => {
      await beInDoubt();
      await choose('brass');
      expect((await status('v'))?.modifyVolumeStatus).toEqual({
        targetVolumeAttributesClassName: 'brass',
        status: 'InProgress',
      });
      await choose('silver');
      await plane.clock.advance(aWhileMs);
      expect(backend.attributes.get('v')).toEqual({ tier: 'silver' });
      expect(await status('v')).toMatchObject({ currentVolumeAttributesClassName: 'silver' });
      expect((await status('v'))?.modifyVolumeStatus).toBeUndefined();
    });

    it('[rel-F6] [rel-L10] goes back through the driver when the third is refused after a crash', async () => {
      const running = await beInDoubt();
      refuse(Code.UNAVAILABLE);
      await choose('brass');
      await running[Symbol.asyncDispose]();
      refuse(Code.INVALID_ARGUMENT);
      await startResizing();
      await choose('silver');
      await plane.clock.advance(aWhileMs);
      expect(backend.attributes.get('v')).toEqual({ tier: 'silver' });
    });

    it('[rel-F6] goes on to the third when the driver takes it', async () => {
      await beInDoubt();
      refuse();
      await choose('brass');
      await plane.clock.advance(aWhileMs);
      expect(backend.attributes.get('v')).toEqual({ tier: 'brass' });
      expect(await status('v')).toMatchObject({ currentVolumeAttributesClassName: 'brass' });
    });

    it('[rel-F6] shows what the driver acknowledged when the class is replaced by another of its name', async () => {
      await createBound('v');
      await startResizing();
      lose(Code.DEADLINE_EXCEEDED);
      await choose('gold');
      const bare = { type: 'merge', body: { metadata: { finalizers: null } } } as const;
      await plane.client.patch(volumeAttributesClasses, { name: 'gold' }, bare);
      await plane.client.delete(volumeAttributesClasses, { name: 'gold' }).catch(() => {});
      await plane.clock.advance(aWhileMs);
      expect((await status('v'))?.currentVolumeAttributesClassName).toBeUndefined();
      expect((await status('v'))?.modifyVolumeStatus?.status).toBe('InProgress');
      const parameters = { tier: 'white gold' };
      await plane.client.create(volumeAttributesClasses, {
        metadata: { name: 'gold' },
        driverName: 'fake.csi',
        parameters,
      });
      await plane.clock.advance(aWhileMs);
      expect(backend.attributes.get('v')).toEqual(parameters);
      expect((await status('v'))?.currentVolumeAttributesClassName).toBe('gold');
    });
  });
});
