/** Claims that are filled from other claims. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
} from '../../src/api/index.ts';
import { startClaimProtectionController, startPersistentVolumeController } from '../../src/controllers/index.ts';
import { startProvisioner } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft } from './support/objects.ts';

const protection = 'provisioner.storage.kubernetes.io/cloning-protection';
const intent = 'stowage.io/provisioning';
const minutes = 60_000;
const unknown = [Code.DEADLINE_EXCEEDED, Code.UNAVAILABLE, Code.ABORTED, Code.CANCELED];

describe('external-provisioner and clones', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;
  let provisioner: AsyncDisposable;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock);
    await plane.client.create(storageClasses, classDraft('c', 'Immediate'));
    await startOn(plane, 'pv', startPersistentVolumeController);
    await startOn(plane, 'pvc-protection', startClaimProtectionController);
    await startAgain();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function startAgain(): Promise<void> {
    provisioner = await startOn(plane, 'fake.csi_host_1', (options) =>
      startProvisioner({ ...options, driver: backend.driver }),
    );
  }

  async function createClaim(name: string, from?: string, spec: Partial<PersistentVolumeClaim['spec']> = {}) {
    const draft = claimDraft(name, 'c');
    const dataSource = from === undefined ? {} : { dataSource: { kind: 'PersistentVolumeClaim', name: from } };
    await plane.client.create(persistentVolumeClaims, { ...draft, spec: { ...draft.spec, ...dataSource, ...spec } });
    await plane.clock.settle();
  }

  async function remove(name: string) {
    await plane.client.delete(persistentVolumeClaims, keyOf(name));
    await plane.clock.settle();
  }

  const keyOf = (name: string) => ({ namespace: 'default', name });
  const claim = (name: string) => plane.get(persistentVolumeClaims, keyOf(name));
  const phaseOf = async (name: string) => (await claim(name))?.status?.phase;
  const finalizersOf = async (name: string) => (await claim(name))?.metadata.finalizers ?? [];
  async function handleOf(name: string) {
    const volume = await plane.get(persistentVolumes, { name: (await claim(name))?.spec.volumeName ?? '' });
    return volume?.spec.csi?.volumeHandle ?? '';
  }
  const lose = (...codes: number[]) => backend.fail('lostReplies', 'CreateVolume', ...codes);
  const failure =
    'Warning ProvisioningFailed failed to provision volume with StorageClass "c": error getting handle for DataSource Type PersistentVolumeClaim by Name src:';

  it('[O10] [S9] fills the volume from that of the source, which stays until then', async () => {
    await createClaim('src');
    const seen: string[][] = [];
    backend.onCall = async ({ method }) => {
      if (method === 'CreateVolume') seen.push([...(await finalizersOf('src')), ...(await finalizersOf('clone'))]);
    };
    await createClaim('clone', 'src');
    expect(await phaseOf('clone')).toBe('Bound');
    expect(backend.contents.get(await handleOf('clone'))).toBe(await handleOf('src'));
    expect(seen).toEqual([expect.arrayContaining([protection, intent])]);
    // As in Kubernetes the finalizer is taken off when somebody minds.
    expect(await finalizersOf('src')).toContain(protection);
    await remove('src');
    expect(await claim('src')).toBeUndefined();
    await plane.clock.advance(minutes);
    expect([...backend.contents.keys()]).toEqual([await handleOf('clone')]);
    expect(backend.volumes.size).toBe(1);
  });

  it('[O10] clones a clone, and one source many times', async () => {
    await createClaim('src');
    for (const name of ['a', 'b']) await createClaim(name, 'src');
    await createClaim('c', 'b', { resources: { requests: { storage: '2Gi' } } });
    expect(backend.contents.get(await handleOf('a'))).toBe(await handleOf('src'));
    expect(backend.contents.get(await handleOf('c'))).toBe(await handleOf('b'));
    expect(backend.sizes.get(await handleOf('c'))).toBe(2n * 1024n ** 3n);
  });

  it.each([
    [
      'there is none',
      undefined,
      'error getting PVC src (namespace "default") from api server: persistentvolumeclaims "src" not found',
    ],
    [
      'it waits for a pod',
      { storageClassName: 'later' },
      'the PVC DataSource src must have a status of Bound.  Got {Pending [] map[] [] map[] map[] <nil> <nil>}',
    ],
  ])(
    '[O10] [rel-L6] [rel-L13] says why the source cannot be cloned: %s; and asks the driver nothing',
    async (_title, source, reason) => {
      await plane.client.create(storageClasses, classDraft('later'));
      if (source) await createClaim('src', undefined, source);
      await createClaim('clone', 'src');
      expect(await plane.eventsOf('clone')).toContain(`${failure} ${reason}`);
      expect(backend.calls).toEqual([]);
      expect(await finalizersOf('clone')).not.toContain(intent);
      expect(await finalizersOf('src')).not.toContain(protection);
      await remove('clone');
      expect(await claim('clone')).toBeUndefined();
    },
  );

  it('[O10] [rel-L13] goes on as soon as the source has its volume', async () => {
    await createClaim('clone', 'src');
    await plane.clock.advance(30 * minutes);
    await createClaim('src');
    expect(await phaseOf('clone')).toBe('Bound');
    expect(backend.contents.get(await handleOf('clone'))).toBe(await handleOf('src'));
  });

  it.each([
    [
      'is larger',
      { resources: { requests: { storage: '1Mi' } } },
      'error, new PVC request must be greater than or equal in size to the specified PVC data source, requested 1048576 but source is 1073741824',
    ],
    [
      'is a file system',
      { volumeMode: 'Block' },
      'the source PVC and destination PVCs must have the same volume mode for cloning.  Source is Filesystem, but new PVC requested Block',
    ],
  ])('[O10] refuses a source that %s', async (_title, spec, reason) => {
    await createClaim('src');
    await createClaim('clone', 'src', spec);
    expect(await plane.eventsOf('clone')).toContain(`${failure} ${reason}`);
    expect(backend.methods()).toEqual(['CreateVolume']);
    expect(await finalizersOf('src')).not.toContain(protection);
  });

  it('[O10] refuses a source that is being deleted', async () => {
    await createClaim('src');
    const body = { metadata: { finalizers: ['example.com/hold'] } };
    await plane.client.patch(persistentVolumeClaims, keyOf('src'), { type: 'merge', body });
    await remove('src');
    await createClaim('clone', 'src');
    expect(await plane.eventsOf('clone')).toContain(`${failure} the PVC DataSource src is currently being deleted`);
    expect(backend.methods()).toEqual(['CreateVolume']);
  });

  it('[O7] deletes a volume of which the driver does not say what it is filled from', async () => {
    await createClaim('src');
    backend.tellsContent = false;
    await createClaim('clone', 'src');
    expect(await plane.eventsOf('clone')).toContain(
      'Warning ProvisioningFailed failed to provision volume with StorageClass "c": volume content source missing',
    );
    expect(backend.volumes.size).toBe(1);
    expect(await finalizersOf('clone')).toContain(intent);
    backend.tellsContent = true;
    await plane.clock.advance(minutes);
    expect(await phaseOf('clone')).toBe('Bound');
  });

  it('[O7] [rel-C2] deletes it with its claim when it could not be deleted at once', async () => {
    await createClaim('src');
    backend.tellsContent = false;
    backend.fail('refusals', 'DeleteVolume', Code.INTERNAL);
    await createClaim('clone', 'src');
    expect((await plane.eventsOf('clone')).at(-1)).toMatch(
      /: volume content source missing\. cleanup of volume pvc-.* failed, volume is orphaned: rpc error: code = Internal/,
    );
    await remove('clone');
    await plane.clock.advance(minutes);
    expect(backend.volumes.size).toBe(1);
    expect(await claim('clone')).toBeUndefined();
  });

  describe('while the end of the call is not known', () => {
    const changes: Readonly<Record<string, () => Promise<unknown>>> = {
      'nothing else happens': async () => {},
      'the provisioner dies': async () => {
        await provisioner[Symbol.asyncDispose]();
        await startAgain();
      },
      'the clone is deleted': () => remove('clone'),
      'the clone is deleted and the provisioner dies': async () => {
        await remove('clone');
        await provisioner[Symbol.asyncDispose]();
        await startAgain();
      },
    };

    it.each(Object.entries(changes))(
      '[O10] [rel-C9] [rel-C10] keeps the source that is deleted when %s',
      async (_title, change) => {
        await createClaim('src');
        const handle = await handleOf('src');
        lose(...unknown, ...unknown);
        await createClaim('clone', 'src');
        await remove('src');
        await change();
        await plane.clock.advance(20_000);
        expect(backend.sizes.has(handle)).toBe(true);
        expect((await claim('src'))?.metadata.deletionTimestamp).toBeDefined();
        await plane.clock.advance(30 * minutes);
        expect(await claim('src')).toBeUndefined();
        expect(backend.sizes.has(handle)).toBe(false);
        const isKept = (await claim('clone')) !== undefined;
        expect(backend.volumes.size).toBe(isKept ? 1 : 0);
        if (isKept) expect(backend.contents.get(await handleOf('clone'))).toBe(handle);
        // All that the driver was asked for on behalf of the clone is one request.
        expect(new Set(backend.creations.slice(1)).size).toBe(1);
      },
    );

    it.each(['at once', 'after a crash'])(
      '[rel-C10] [rel-C4] does not delete a source volume whose claim was torn away, %s',
      async (when) => {
        await createClaim('src');
        const handle = await handleOf('src');
        const { volumeName } = (await claim('src'))?.spec ?? {};
        lose(...unknown);
        await createClaim('clone', 'src');
        if (when === 'after a crash') await provisioner[Symbol.asyncDispose]();
        await remove('src');
        await plane.client.patch(persistentVolumeClaims, keyOf('src'), {
          type: 'merge',
          body: { metadata: { finalizers: null } },
        });
        await plane.clock.settle();
        if (when === 'after a crash') await startAgain();
        await plane.clock.advance(2000);
        expect(backend.sizes.has(handle)).toBe(true);
        expect(await plane.eventsOf(volumeName ?? '')).toContain(
          `Warning VolumeFailedDelete persistentvolume ${volumeName} is still being cloned`,
        );
        await plane.clock.advance(10 * minutes);
        expect(await phaseOf('clone')).toBe('Bound');
        expect(backend.contents.get(await handleOf('clone'))).toBe(handle);
        expect(backend.sizes.has(handle)).toBe(false);
      },
    );
  });
});
