/** Volumes that may only be read: the node never gets more than that, however often it is tried. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csiNodes, persistentVolumes, volumeAttachments } from '../../src/api/index.ts';
import { ControllerCapability } from '../../src/csi/index.ts';
import { startAttacher } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';

describe('external-attacher and read-only volumes', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock);
    const drivers = [{ name: 'fake.csi', nodeID: 'id-n1' }];
    await plane.client.create(csiNodes, { metadata: { name: 'n1' }, spec: { drivers } });
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  function start(...more: ControllerCapability[]) {
    const { driver } = backend;
    const controllerCapabilities = new Set([...driver.controllerCapabilities, ...more]);
    return startOn(plane, 'attacher', (options) =>
      startAttacher({ ...options, driver: { ...driver, controllerCapabilities } }),
    );
  }

  async function attach(readOnly: boolean | undefined) {
    const csi = { driver: 'fake.csi', volumeHandle: 'h', ...(readOnly === undefined ? {} : { readOnly }) };
    const spec = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, csi };
    await plane.client.create(persistentVolumes, { metadata: { name: 'v' }, spec });
    const source = { persistentVolumeName: 'v' };
    await plane.client.create(volumeAttachments, {
      metadata: { name: 'a' },
      spec: { attacher: 'fake.csi', nodeName: 'n1', source },
    });
    await plane.clock.settle();
  }

  const isReadOnly = () => backend.publishedReadOnly.has('h@id-n1');
  const isAttached = async () => (await plane.get(volumeAttachments, { name: 'a' }))?.status?.attached === true;

  it.each([
    [true, true],
    [false, false],
    [undefined, false],
  ])('[rel-D11] attaches as the volume says: readOnly %s', async (readOnly, expected) => {
    await start(ControllerCapability.PUBLISH_READONLY);
    await attach(readOnly);
    expect(await isAttached()).toBe(true);
    expect(isReadOnly()).toBe(expected);
  });

  it('[rel-D11] stays read-only over lost replies, refusals and a crash', async () => {
    backend.fail('lostReplies', 'ControllerPublishVolume', Code.DEADLINE_EXCEEDED, Code.UNAVAILABLE);
    const first = await start(ControllerCapability.PUBLISH_READONLY);
    await attach(true);
    const seen: boolean[] = [];
    backend.onReply = () => seen.push(isReadOnly());
    await plane.clock.advance(1500);
    await first[Symbol.asyncDispose]();
    backend.fail('refusals', 'ControllerPublishVolume', Code.ABORTED);
    await start(ControllerCapability.PUBLISH_READONLY);
    await plane.clock.advance(60_000);
    expect(await isAttached()).toBe(true);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen).not.toContain(false);
  });

  it('[rel-D11] an attached volume cannot be made writable', async () => {
    await start(ControllerCapability.PUBLISH_READONLY);
    await attach(true);
    const body = { spec: { csi: { readOnly: false } } };
    await expect(plane.client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body })).rejects.toThrow(
      'is immutable after creation',
    );
    await plane.clock.advance(60_000);
    expect(isReadOnly()).toBe(true);
  });

  it('[rel-D11] leaves it to the node where the driver cannot attach read-only, as CSI asks', async () => {
    await start();
    await attach(true);
    expect(await isAttached()).toBe(true);
    expect(isReadOnly()).toBe(false);
    expect((await plane.client.get(persistentVolumes, { name: 'v' })).spec.csi?.readOnly).toBe(true);
  });
});
