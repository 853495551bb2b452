/** Claims that name a VolumeAttributesClass from the start. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
  volumeAttributesClasses,
} from '../../src/api/index.ts';
import { startPersistentVolumeController } from '../../src/controllers/index.ts';
import { ControllerCapability } from '../../src/csi/index.ts';
import { startProvisioner, startResizer } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft } from './support/objects.ts';

const key = { namespace: 'default', name: 'data' };
const aWhileMs = 60_000;

describe('external-provisioner and VolumeAttributesClasses', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock);
    await plane.client.create(storageClasses, classDraft('c', 'Immediate'));
    await startOn(plane, 'pv', startPersistentVolumeController);
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function start(driver = backend.driver) {
    await startOn(plane, 'external-resizer', (options) => startResizer({ ...options, driver }));
    return await startOn(plane, 'fake.csi_host_1', (options) => startProvisioner({ ...options, driver }));
  }

  const createClass = (tier: string, driverName = 'fake.csi') =>
    plane.client.create(volumeAttributesClasses, { metadata: { name: 'gold' }, driverName, parameters: { tier } });

  async function createClaim(volumeAttributesClassName: string) {
    const { metadata, spec } = claimDraft('data', 'c');
    await plane.client.create(persistentVolumeClaims, { metadata, spec: { ...spec, volumeAttributesClassName } });
    await plane.clock.settle();
  }

  const theClaim = () => plane.client.get(persistentVolumeClaims, key);
  const failed = 'Warning ProvisioningFailed failed to provision volume with StorageClass "c":';

  async function expectGold(tier: string) {
    const claim = await theClaim();
    const volume = await plane.client.get(persistentVolumes, { name: claim.spec.volumeName ?? '' });
    expect(claim.status).toMatchObject({ phase: 'Bound', currentVolumeAttributesClassName: 'gold' });
    expect(volume.spec.volumeAttributesClassName).toBe('gold');
    expect(backend.attributes.get(volume.spec.csi?.volumeHandle ?? '')).toEqual({ tier });
    expect(backend.methods()).not.toContain('ControllerModifyVolume');
  }

  it('[G1] makes the volume with the mutable parameters, and says on both what class it has', async () => {
    await createClass('gold');
    await start();
    await createClaim('gold');
    await expectGold('gold');
  });

  it('[G1] [rel-L13] says that the class is missing, and goes on when it comes', async () => {
    await start();
    await createClaim('gold');
    expect(await plane.eventsOf('data')).toContain(`${failed} volumeattributesclasses.storage.k8s.io "gold" not found`);
    expect(backend.calls).toEqual([]);
    await plane.clock.advance(10 * aWhileMs);
    await createClass('gold');
    await plane.clock.settle();
    await expectGold('gold');
  });

  it.each([
    [
      'the driver changes no volumes',
      [ControllerCapability.CREATE_DELETE_VOLUME],
      'fake.csi',
      'CSI driver does not support VolumeAttributesClass: controller MODIFY_VOLUME capability is not reported',
    ],
    [
      'the class is for another driver',
      [ControllerCapability.CREATE_DELETE_VOLUME, ControllerCapability.MODIFY_VOLUME],
      'other.csi',
      'VAC gold referenced in PVC is for driver other.csi which does not match driver name fake.csi',
    ],
  ])('[G1] makes nothing, and says why, when %s', async (_title, capabilities, driverName, message) => {
    await createClass('gold', driverName);
    await start({ ...backend.driver, controllerCapabilities: new Set(capabilities) });
    await createClaim('gold');
    expect(await plane.eventsOf('data')).toContain(`${failed} ${message}`);
    expect(backend.calls).toEqual([]);
    expect((await theClaim()).metadata.finalizers).not.toContain('stowage.io/provisioning');
  });

  it('[G1] [rel-C3] keeps to the parameters of the first call when the class is replaced meanwhile', async () => {
    await createClass('gold');
    backend.fail('lostReplies', 'CreateVolume', Code.DEADLINE_EXCEEDED);
    await start();
    await createClaim('gold');
    const body = { metadata: { finalizers: null } };
    await plane.client.patch(volumeAttributesClasses, { name: 'gold' }, { type: 'merge', body });
    await plane.client.delete(volumeAttributesClasses, { name: 'gold' }).catch(() => {});
    await createClass('brass');
    await plane.clock.advance(aWhileMs);
    expect(new Set(backend.creations).size).toBe(1);
    await expectGold('gold');
  });
});
