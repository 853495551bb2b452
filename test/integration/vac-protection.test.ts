import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { persistentVolumeClaims, persistentVolumes, volumeAttributesClasses } from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startAttributesClassProtectionController } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { blindClient, type Kill, mortalClient, startOn } from './support/controllers.ts';
import { claimDraft } from './support/objects.ts';
import { refusingClient } from './support/refusing-client.ts';

const component = 'volumeattributesclass-protection-controller';
const finalizer = 'kubernetes.io/vac-protection';
const claimKey = { namespace: 'default', name: 'disk' };

describe('the VolumeAttributesClass protection controller', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await ControlPlane.start();
    for (const name of ['gold', 'silver'])
      await plane.client.create(volumeAttributesClasses, {
        metadata: { name },
        driverName: 'd',
        parameters: { iops: '1' },
      });
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = (client?: Client) => startOn(plane, component, startAttributesClassProtectionController, client);
  const isThere = async (name: string) => (await plane.get(volumeAttributesClasses, { name })) !== undefined;
  const deleteClass = async (name: string) => {
    await plane.client.delete(volumeAttributesClasses, { name });
    await plane.clock.settle();
  };
  const createClaim = async (volumeAttributesClassName?: string) => {
    const draft = claimDraft('disk', '');
    const spec = volumeAttributesClassName ? { ...draft.spec, volumeAttributesClassName } : draft.spec;
    return await plane.client.create(persistentVolumeClaims, { ...draft, spec });
  };

  it('[C3] protects classes that came without it, and lets those go that nobody names', async () => {
    await plane.client.patch(
      volumeAttributesClasses,
      { name: 'gold' },
      { type: 'merge', body: { metadata: { finalizers: null } } },
    );
    await start();
    const { metadata } = await plane.client.get(volumeAttributesClasses, { name: 'gold' });
    expect(metadata.finalizers).toEqual([finalizer]);
    await deleteClass('gold');
    expect(await isThere('gold')).toBe(false);
  });

  it('[C3] keeps a class that a claim asks for until the claim is gone', async () => {
    await start();
    await createClaim('gold');
    await deleteClass('gold');
    expect(await isThere('gold')).toBe(true);
    const body = { metadata: { finalizers: null } };
    await plane.client.patch(persistentVolumeClaims, claimKey, { type: 'merge', body });
    await plane.client.delete(persistentVolumeClaims, claimKey);
    await plane.clock.settle();
    expect(await isThere('gold')).toBe(false);
  });

  it('[C3] keeps the class that a claim has and the one it is on its way to', async () => {
    await start();
    const claim = await createClaim();
    const modifyVolumeStatus = { targetVolumeAttributesClassName: 'silver', status: 'InProgress' };
    const inBetween = {
      ...claim,
      status: { ...claim.status, currentVolumeAttributesClassName: 'gold', modifyVolumeStatus },
    };
    const written = await plane.client.updateStatus(persistentVolumeClaims, inBetween);
    await plane.clock.settle();
    await deleteClass('gold');
    await deleteClass('silver');
    expect([await isThere('gold'), await isThere('silver')]).toEqual([true, true]);
    const arrived = { phase: 'Bound', currentVolumeAttributesClassName: 'silver' };
    await plane.client.updateStatus(persistentVolumeClaims, { ...written, status: arrived });
    await plane.clock.settle();
    expect([await isThere('gold'), await isThere('silver')]).toEqual([false, true]);
  });

  it('[C3] keeps a class that a volume has', async () => {
    await start();
    await plane.client.create(persistentVolumes, {
      metadata: { name: 'v' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        csi: { driver: 'd', volumeHandle: 'h' },
        volumeAttributesClassName: 'gold',
      },
    });
    await deleteClass('gold');
    expect(await isThere('gold')).toBe(true);
  });

  it('[C3] reads claims live before it lets a class go', async () => {
    await start(blindClient(plane.clientOf(component), 'PersistentVolumeClaim'));
    await createClaim('gold');
    await deleteClass('gold');
    expect(await isThere('gold')).toBe(true);
  });

  it('[C3] keeps a class that a claim names which its cache does not show, and lets it go with the claim', async () => {
    await start(blindClient(plane.clientOf(component), 'PersistentVolumeClaim'));
    await createClaim('gold');
    await deleteClass('gold');
    const body = { metadata: { finalizers: null } };
    await plane.client.patch(persistentVolumeClaims, claimKey, { type: 'merge', body });
    await plane.client.delete(persistentVolumeClaims, claimKey);
    await plane.clock.advance(60_000);
    expect(await isThere('gold')).toBe(false);
  });

  it('[C3] tries again when a write is refused', async () => {
    await start(refusingClient(plane.clientOf(component), 'VolumeAttributesClass', 2));
    await deleteClass('gold');
    await plane.clock.advance(60_000);
    expect(await isThere('gold')).toBe(false);
  });

  it('[rel-L12] writes nothing at rest', async () => {
    const mortal = mortalClient(plane.clientOf(component), { afterWrites: 99, lastWriteLands: false });
    await start(mortal.client);
    await createClaim('gold');
    await deleteClass('gold');
    await plane.clock.advance(30 * 60_000);
    expect(mortal.writes).toEqual([]);
  });

  describe('[rel-L10] killed before and after every write', () => {
    it.each<Kill>([
      { afterWrites: 0, lastWriteLands: false },
      { afterWrites: 0, lastWriteLands: true },
      { afterWrites: 1, lastWriteLands: false },
      { afterWrites: 1, lastWriteLands: true },
    ])('%o: ends as if nothing had happened', async (kill) => {
      const mortal = mortalClient(plane.clientOf(component), kill);
      const body = { metadata: { finalizers: null } };
      await plane.client.patch(volumeAttributesClasses, { name: 'gold' }, { type: 'merge', body });
      const first = await start(mortal.client);
      const next = kill.afterWrites === 0 ? await start() : undefined;
      await deleteClass('gold');
      await first[Symbol.asyncDispose]();
      await start();
      await next?.[Symbol.asyncDispose]();
      expect(mortal.isDead).toBe(true);
      expect(await isThere('gold')).toBe(false);
    });
  });
});
