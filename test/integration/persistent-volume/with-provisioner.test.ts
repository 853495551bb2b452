/** The controller together with the external provisioner of a driver: who deletes what, and when. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { persistentVolumes, storageClasses } from '../../../src/api/index.ts';
import { startClaimProtectionController, startVolumeProtectionController } from '../../../src/controllers/index.ts';
import { startProvisioner } from '../../../src/sidecars/index.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { startOn } from '../support/controllers.ts';
import { Code, FakeDriver } from '../support/fake-driver.ts';
import { classDraft } from '../support/objects.ts';
import { claim, volume } from './objects.ts';
import { World } from './table.ts';

describe('volumes that a driver provisions', () => {
  let plane: ControlPlane;
  let world: World;
  let backend: FakeDriver;
  beforeEach(async () => {
    plane = await ControlPlane.start();
    world = new World(plane);
    backend = new FakeDriver(plane.clock);
    await plane.client.create(storageClasses, classDraft('now', 'Immediate'));
    await startOn(plane, 'pvc-protection', startClaimProtectionController);
    await startOn(plane, 'pv-protection', startVolumeProtectionController);
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function startProvisioning(): Promise<void> {
    const { clock, random, logger, client, informers } = plane;
    const recorder = plane.recorder('fake.csi_host_1');
    plane.use(startProvisioner({ client, informers, recorder, driver: backend.driver, clock, random, logger }));
    await plane.run();
  }

  async function provisioned(): Promise<string> {
    await world.start();
    await startProvisioning();
    await world.createClaim(claim('c', { class: 'now' }));
    await plane.clock.settle();
    expect(await world.pictures()).toEqual(['pvc Bound to c', 'c Bound on pvc (controller) 1Gi']);
    return (await world.claim('c')).spec.volumeName ?? '';
  }

  it('[rel-L1] [rel-L5] come with their claims and go with them', async () => {
    await provisioned();
    await world.deleteClaim('c');
    await plane.clock.advance(60_000);
    expect(await world.pictures()).toEqual([]);
    expect(backend.volumes.size).toBe(0);
  });

  it('[rel-C6] whose object is deleted first: the object stays until the driver has deleted the volume', async () => {
    const name = await provisioned();
    backend.fail('refusals', 'DeleteVolume', Code.INTERNAL, Code.INTERNAL, Code.INTERNAL);
    await world.deleteVolume(name);
    await plane.clock.advance(60_000);
    expect(await world.pictures()).toEqual(['pvc Bound to c terminating', 'c Bound on pvc (controller) 1Gi']);
    await world.deleteClaim('c');
    await plane.clock.settle();
    expect(await world.pictures()).toEqual(['pvc Released to gone c terminating']);
    expect(backend.volumes.size).toBe(1);
    await plane.clock.advance(60_000);
    expect(await world.pictures()).toEqual([]);
    expect(backend.volumes.size).toBe(0);
  });

  it('[rel-C4] are not deleted while their claim lives, whatever their phase says', async () => {
    const name = await provisioned();
    const found = await world.volume(name);
    await plane.client.updateStatus(persistentVolumes, { ...found, status: { phase: 'Released' } });
    await plane.clock.advance(60_000);
    expect(await world.pictures()).toEqual(['pvc Bound to c', 'c Bound on pvc (controller) 1Gi']);
    expect(backend.calls.map(({ method }) => method)).toEqual(['CreateVolume']);
  });

  it('[rel-B5] are kept when their policy becomes Retain after their claim has gone', async () => {
    const name = await provisioned();
    backend.fail('refusals', 'DeleteVolume', Code.INTERNAL);
    await world.deleteClaim('c');
    await plane.clock.settle();
    await world.patchVolume(name, { spec: { persistentVolumeReclaimPolicy: 'Retain' } });
    await plane.clock.advance(10 * 60_000);
    expect(await world.pictures()).toEqual(['pvc Released to gone c']);
    expect(backend.volumes.size).toBe(1);
  });

  it('[rel-C5] are deleted by the driver that owns them, and by the handle in the object', async () => {
    await world.start();
    await startProvisioning();
    const csi = (driver: string, volumeHandle: string) => ({ csi: { driver, volumeHandle } });
    const released = { toGone: 'c', phase: 'Released', policy: 'Delete', class: 'now' };
    await world.createVolume(
      volume('mine', { ...released, provisionedBy: 'fake.csi', source: csi('fake.csi', 'some-handle') }),
    );
    await world.createVolume(
      volume('other', { ...released, provisionedBy: 'other.csi', source: csi('other.csi', 'other-handle') }),
    );
    await world.createVolume(volume('static', { ...released, source: csi('fake.csi', 'static-handle') }));
    await plane.clock.advance(60_000);
    expect(backend.calls).toEqual([{ method: 'DeleteVolume', subject: 'some-handle' }]);
    expect(await world.pictures()).toEqual(['other Released to gone c', 'static Released to gone c']);
  });
});
