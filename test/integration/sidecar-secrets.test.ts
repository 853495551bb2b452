/** Which secret goes with which call to a driver's controller. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  csiNodes,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  secrets,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
} from '../../src/api/index.ts';
import { startPersistentVolumeController } from '../../src/controllers/index.ts';
import { startAttacher, startProvisioner, startResizer } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft } from './support/objects.ts';

const prefix = 'csi.storage.k8s.io';
const noteOfModify = 'volume.kubernetes.io/controller-modify-secret';
const purposes = ['provisioner', 'controller-publish', 'controller-expand', 'controller-modify'];
const key = { namespace: 'default', name: 'c' };

describe("the secrets of a driver's controller", () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock);
    backend.nodeExpansionRequired = false;
    const { client } = plane;
    await client.create(namespaces, { metadata: { name: 'vault' }, spec: {} });
    for (const purpose of purposes) {
      const data = { key: Buffer.from(`key of ${purpose}`).toString('base64') };
      await client.create(secrets, { metadata: { namespace: 'vault', name: `c-${purpose}` }, data });
    }
    await client.create(csiNodes, {
      metadata: { name: 'n1' },
      spec: { drivers: [{ name: 'fake.csi', nodeID: 'id-n1' }] },
    });
    const gold = { metadata: { name: 'gold' }, driverName: 'fake.csi', parameters: { tier: 'gold' } };
    await client.create(volumeAttributesClasses, gold);
    const { driver } = backend;
    await startOn(plane, 'binder', (options) => startPersistentVolumeController(options));
    await startOn(plane, 'provisioner', (options) => startProvisioner({ ...options, driver }));
    await startOn(plane, 'attacher', (options) => startAttacher({ ...options, driver }));
    await startOn(plane, 'resizer', (options) => startResizer({ ...options, driver }));
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const parametersOf = (named: readonly string[]) =>
    Object.fromEntries(
      named.flatMap((purpose) => [
        [`${prefix}/${purpose}-secret-name`, `\${pvc.name}-${purpose}`],
        [`${prefix}/${purpose}-secret-namespace`, 'vault'],
      ]),
    );

  async function createBound(named: readonly string[]): Promise<string> {
    const parameters = parametersOf(named);
    const storageClass = { ...classDraft('s', 'Immediate'), allowVolumeExpansion: true, parameters };
    await plane.client.create(storageClasses, storageClass);
    await plane.client.create(persistentVolumeClaims, claimDraft('c', 's'));
    await plane.clock.settle();
    const claim = await plane.client.get(persistentVolumeClaims, key);
    expect(claim.status?.phase).toBe('Bound');
    return claim.spec.volumeName ?? '';
  }

  async function changeClaim(spec: object) {
    await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body: { spec } });
    await plane.clock.settle();
  }
  const heard = (method: string) => backend.secrets.get(method);

  it('[W7] [O5] are those which the class names for each call', async () => {
    const persistentVolumeName = await createBound(purposes);
    const spec = { attacher: 'fake.csi', nodeName: 'n1', source: { persistentVolumeName } };
    await plane.client.create(volumeAttachments, { metadata: { name: 'a' }, spec });
    await plane.clock.settle();
    await changeClaim({ resources: { requests: { storage: '2Gi' } } });
    await changeClaim({ volumeAttributesClassName: 'gold' });
    await plane.client.delete(volumeAttachments, { name: 'a' });
    await plane.clock.settle();
    await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body: { metadata: { finalizers: null } } });
    await plane.client.delete(persistentVolumeClaims, key);
    await plane.clock.advance(60_000);
    expect(Object.fromEntries([...backend.secrets].map(([method, { key: value }]) => [method, value]))).toEqual({
      CreateVolume: 'key of provisioner',
      ControllerPublishVolume: 'key of controller-publish',
      ControllerExpandVolume: 'key of controller-expand',
      ControllerModifyVolume: 'key of controller-modify',
      ControllerUnpublishVolume: 'key of controller-publish',
      DeleteVolume: 'key of provisioner',
    });
  });

  it('[W7] [O5] are noted on the volume where it has no field for them', async () => {
    const name = await createBound(purposes);
    expect((await plane.client.get(persistentVolumes, { name })).metadata.annotations).toMatchObject({
      [`${noteOfModify}-name`]: 'c-controller-modify',
      [`${noteOfModify}-namespace`]: 'vault',
    });
  });

  it('[W7] [E5] are those of growing for a change where none is named', async () => {
    const name = await createBound(['controller-expand']);
    const { annotations = {} } = (await plane.client.get(persistentVolumes, { name })).metadata;
    expect(Object.keys(annotations).filter((note) => note.startsWith(noteOfModify))).toEqual([]);
    await changeClaim({ volumeAttributesClassName: 'gold' });
    expect(heard('ControllerModifyVolume')).toEqual({ key: 'key of controller-expand' });
  });

  it('[W7] are none where the class names none', async () => {
    await createBound([]);
    await changeClaim({ volumeAttributesClassName: 'gold' });
    expect([heard('CreateVolume'), heard('ControllerModifyVolume')]).toEqual([{}, {}]);
  });

  it('[W7] [rel-L13] keep a volume from its change while they are missing, which is told', async () => {
    await createBound(purposes);
    const missing = { namespace: 'vault', name: 'c-controller-modify' };
    const kept = await plane.client.get(secrets, missing);
    await plane.client.delete(secrets, missing);
    await changeClaim({ volumeAttributesClassName: 'gold' });
    expect(heard('ControllerModifyVolume')).toBeUndefined();
    expect(await plane.eventsOf('c')).toContain('Warning VolumeModifyFailed secrets "c-controller-modify" not found');
    await plane.client.create(secrets, { metadata: missing, data: kept.data ?? {} });
    await plane.clock.advance(60_000);
    expect(heard('ControllerModifyVolume')).toEqual({ key: 'key of controller-modify' });
  });
});
