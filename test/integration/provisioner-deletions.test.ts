/** What each answer of DeleteVolume does to the volume's object. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { persistentVolumes } from '../../src/api/index.ts';
import { startVolumeProtectionController } from '../../src/controllers/index.ts';
import { codeName } from '../../src/csi/index.ts';
import { startProvisioner } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { volumeDraft } from './support/objects.ts';

const finalizer = 'external-provisioner.volume.kubernetes.io/finalizer';
const failing = [...Object.values(Code).filter((code) => code !== Code.OK && code !== Code.NOT_FOUND), 99];

describe('a released volume', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock);
    await startOn(plane, 'pv-protection', startVolumeProtectionController);
    await startOn(plane, 'fake.csi_host_1', (options) => startProvisioner({ ...options, driver: backend.driver }));
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function release(spec: { persistentVolumeReclaimPolicy?: string } = {}, provisionedBy = 'fake.csi') {
    const { hostPath: _, ...rest } = volumeDraft('v', 'c').spec;
    const csi = { driver: 'fake.csi', volumeHandle: 'handle' };
    const annotations = { 'pv.kubernetes.io/provisioned-by': provisionedBy };
    await plane.client.create(persistentVolumes, {
      metadata: { name: 'v', annotations, finalizers: [finalizer] },
      spec: { ...rest, persistentVolumeReclaimPolicy: 'Delete', csi, ...spec },
    });
    const body = { status: { phase: 'Released' } };
    await plane.client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body }, { subresource: 'status' });
    await plane.clock.settle();
  }

  const theVolume = () => plane.get(persistentVolumes, { name: 'v' });

  it('[O8] is deleted by its handle, and its object after it', async () => {
    await release();
    expect(backend.calls).toEqual([{ method: 'DeleteVolume', subject: 'handle' }]);
    expect(await theVolume()).toBeUndefined();
    expect(await plane.eventsOf('v')).toEqual([]);
  });

  it('[O8] is deleted when the driver does not find it', async () => {
    backend.fail('refusals', 'DeleteVolume', Code.NOT_FOUND);
    await release();
    expect(await theVolume()).toBeUndefined();
    expect(await plane.eventsOf('v')).toEqual([]);
  });

  it.each(failing.map((code) => [codeName(code), code] as const))(
    '[O8] [rel-C6] keeps its object, says why and is deleted later: %s',
    async (name, code) => {
      backend.fail('refusals', 'DeleteVolume', code);
      await release();
      expect((await theVolume())?.metadata.finalizers).toContain(finalizer);
      const message = `Warning VolumeFailedDelete rpc error: code = ${name} desc = ordered by the test`;
      expect(await plane.eventsOf('v')).toEqual([message]);
      await plane.clock.advance(60_000);
      expect(await theVolume()).toBeUndefined();
      expect(backend.calls).toHaveLength(2);
    },
  );

  it('[O8] [rel-C6] whose object is deleted first goes first all the same', async () => {
    backend.fail('refusals', 'DeleteVolume', ...Array.from({ length: 5 }, () => Code.INTERNAL));
    await release();
    await plane.client.delete(persistentVolumes, { name: 'v' });
    await plane.clock.settle();
    expect((await theVolume())?.metadata.deletionTimestamp).toBeDefined();
    await plane.clock.advance(60_000);
    expect(await theVolume()).toBeUndefined();
    expect(backend.calls.length).toBeGreaterThan(1);
  });

  it.each([
    ['is to be kept', { persistentVolumeReclaimPolicy: 'Retain' }, 'fake.csi'],
    ['another driver made', {}, 'other.csi'],
  ])('[O8] [rel-C5] is left alone when it %s', async (_title, spec, provisionedBy) => {
    await release(spec, provisionedBy);
    await plane.clock.advance(600_000);
    expect(backend.calls).toEqual([]);
    expect(await theVolume()).toBeDefined();
  });
});
