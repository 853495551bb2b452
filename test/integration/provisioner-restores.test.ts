/** Claims that are restored from snapshots, with all that takes part but the nodes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ApiStatusError,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../src/api/index.ts';
import { assert } from '../../src/base/index.ts';
import type { Client } from '../../src/client/index.ts';
import {
  startClaimProtectionController,
  startPersistentVolumeController,
  startSnapshotController,
} from '../../src/controllers/index.ts';
import { claimsBySource, sourceKeysOf } from '../../src/sidecars/external-provisioner/data-source.ts';
import { HeldSnapshots } from '../../src/sidecars/external-provisioner/held-snapshots.ts';
import { startRestoreProtection } from '../../src/sidecars/external-provisioner/restore-protection.ts';
import { type ProvisionerFlags, startProvisioner, startSnapshotter } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft } from './support/objects.ts';

const finalizer = 'provisioner.storage.kubernetes.io/volumesnapshot-as-source-protection';
const intent = 'stowage.io/provisioning';
const minutes = 60_000;
/** Controller and snapshotter write the same content, and one of them has to do it again. */
const takingMs = 2_000;
const unknown = [Code.DEADLINE_EXCEEDED, Code.UNAVAILABLE, Code.ABORTED, Code.CANCELED];

describe('external-provisioner and restores', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;
  let provisioner: AsyncDisposable;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock);
    await plane.client.create(storageClasses, classDraft('c', 'Immediate'));
    await plane.client.create(volumeSnapshotClasses, {
      metadata: { name: 's' },
      driver: 'fake.csi',
      deletionPolicy: 'Delete',
    });
    await startOn(plane, 'pv', startPersistentVolumeController);
    await startOn(plane, 'pvc-protection', startClaimProtectionController);
    await startOn(plane, 'snapshot-controller', startSnapshotController);
    await startOn(plane, 'csi-snapshotter', (options) => startSnapshotter({ ...options, driver: backend.driver }));
    await start();
    await createClaim('src');
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function start(flags: Partial<ProvisionerFlags> = {}, client?: Client): Promise<void> {
    provisioner = await startOn(
      plane,
      'fake.csi_host_1',
      (options) => startProvisioner({ ...options, driver: backend.driver, flags }),
      client,
    );
  }

  const apiGroup = 'snapshot.storage.k8s.io';
  async function createClaim(name: string, from?: string, spec: Partial<PersistentVolumeClaim['spec']> = {}) {
    const draft = claimDraft(name, 'c');
    const source = from === undefined ? {} : { dataSource: { apiGroup, kind: 'VolumeSnapshot', name: from } };
    await plane.client.create(persistentVolumeClaims, { ...draft, spec: { ...draft.spec, ...source, ...spec } });
    await plane.clock.settle();
  }

  async function createSnapshot(name = 'snap') {
    const spec = { source: { persistentVolumeClaimName: 'src' }, volumeSnapshotClassName: 's' };
    await plane.client.create(volumeSnapshots, { metadata: keyOf(name), spec });
    await plane.clock.advance(takingMs);
  }

  async function remove(type: typeof persistentVolumeClaims | typeof volumeSnapshots, name: string) {
    await plane.client.delete(type as typeof persistentVolumeClaims, keyOf(name));
    await plane.clock.settle();
  }

  const keyOf = (name: string) => ({ namespace: 'default', name });
  const claim = (name: string) => plane.get(persistentVolumeClaims, keyOf(name));
  const snapshot = (name = 'snap') => plane.get(volumeSnapshots, keyOf(name));
  const phaseOf = async (name: string) => (await claim(name))?.status?.phase;
  const isHeld = async (name = 'snap') => (await snapshot(name))?.metadata.finalizers?.includes(finalizer) ?? false;
  async function sourceOf(name: string) {
    const volume = await plane.get(persistentVolumes, { name: (await claim(name))?.spec.volumeName ?? '' });
    return backend.contents.get(volume?.spec.csi?.volumeHandle ?? '');
  }
  const snapshotIdOf = async (name = 'snap') => `id-of-snapshot-${(await snapshot(name))?.metadata.uid}`;
  const lose = (...codes: number[]) => backend.fail('lostReplies', 'CreateVolume', ...codes);
  const failure =
    'Warning ProvisioningFailed failed to provision volume with StorageClass "c": error getting handle for DataSource Type VolumeSnapshot by Name snap:';

  it('[O11] [S10] fills the volume from the snapshot, which stays until then', async () => {
    await createSnapshot();
    const held: boolean[] = [];
    backend.onCall = async ({ method }) => {
      if (method === 'CreateVolume') held.push(await isHeld());
    };
    await createClaim('data', 'snap');
    expect(await phaseOf('data')).toBe('Bound');
    expect(await sourceOf('data')).toBe(await snapshotIdOf());
    expect(held).toEqual([true]);
    expect(await isHeld()).toBe(false);
    await remove(volumeSnapshots, 'snap');
    expect(await snapshot()).toBeUndefined();
    expect(backend.snapshots.size).toBe(0);
  });

  it('[O11] [rel-L13] waits for a snapshot that is not there, not taken or not ready, and goes on when it is', async () => {
    await createClaim('data', 'snap');
    expect(await plane.eventsOf('data')).toContain(
      `${failure} error getting snapshot snap from api server: volumesnapshots.snapshot.storage.k8s.io "snap" not found`,
    );
    backend.fail('refusals', 'CreateSnapshot', ...Array.from({ length: 6 }, () => Code.INTERNAL));
    await createSnapshot();
    await plane.clock.advance(10_000);
    expect(await plane.eventsOf('data')).toContain(`${failure} snapshot snap is not Ready`);
    expect(backend.methods().filter((method) => method === 'CreateVolume')).toHaveLength(1);
    await plane.clock.advance(10 * minutes);
    expect(await phaseOf('data')).toBe('Bound');
    expect(await sourceOf('data')).toBe(await snapshotIdOf());
  });

  it.each([
    [
      'the snapshot is larger',
      { resources: { requests: { storage: '1Mi' } } },
      'requested volume size 1048576 is less than the size 1073741824 for the source snapshot snap',
    ],
    [
      'the snapshot is of another mode',
      { volumeMode: 'Block' },
      /requested volume default\/data modifies the mode of the source volume but does not have permission to do so\. snapshot\.storage\.kubernetes\.io\/allow-volume-mode-change annotation is not present on snapshotcontent snapcontent-/,
    ],
  ])('[O11] [rel-L6] says why nothing is made when %s, and holds nothing', async (_title, spec, reason) => {
    await createSnapshot();
    await createClaim('data', 'snap', spec);
    const told = (await plane.eventsOf('data')).at(-1) ?? '';
    expect(told.startsWith(failure)).toBe(true);
    expect(told).toMatch(typeof reason === 'string' ? `${failure} ${reason}` : reason);
    expect(backend.methods()).toEqual(['CreateVolume', 'CreateSnapshot']);
    expect(await isHeld()).toBe(false);
    expect((await claim('data'))?.metadata.finalizers).not.toContain(intent);
  });

  it('[O11] [S10] restores as another mode when the content allows it, and where all may', async () => {
    await createSnapshot();
    const [content] = (await plane.client.list(volumeSnapshotContents)).items;
    const body = { metadata: { annotations: { 'snapshot.storage.kubernetes.io/allow-volume-mode-change': 'true' } } };
    const name = content?.metadata.name ?? '';
    await plane.client.patch(volumeSnapshotContents, { name }, { type: 'merge', body });
    await createClaim('data', 'snap', { volumeMode: 'Block' });
    expect(await sourceOf('data')).toBe(await snapshotIdOf());
    await createSnapshot('other');
    await provisioner[Symbol.asyncDispose]();
    await start({ preventVolumeModeConversion: false });
    await createClaim('more', 'other', { volumeMode: 'Block' });
    expect(await sourceOf('more')).toBe(await snapshotIdOf('other'));
  });

  it('[O7] deletes a volume of which the driver does not say what it is restored from', async () => {
    await createSnapshot();
    backend.tellsContent = false;
    await createClaim('data', 'snap');
    expect(await plane.eventsOf('data')).toContain(
      'Warning ProvisioningFailed failed to provision volume with StorageClass "c": volume content source missing',
    );
    expect(backend.volumes.size).toBe(1);
    expect(await isHeld()).toBe(true);
  });

  it('[O11] [rel-C10] keeps the snapshot until the last of those is restored that began together', async () => {
    await createSnapshot();
    lose(...unknown, ...unknown);
    const names = ['a', 'b', 'c'];
    for (const name of names) {
      await createClaim(name, 'snap');
      await plane.clock.advance(200);
    }
    backend.lostReplies.set('CreateVolume', []);
    const restored = async () => (await Promise.all(names.map(phaseOf))).filter((phase) => phase === 'Bound').length;
    const seen = new Set<number>();
    for (let count = 0; count < names.length; count = await restored()) {
      seen.add(count);
      expect(await isHeld()).toBe(true);
      await plane.clock.advance(100);
    }
    expect([...seen]).toEqual([0, 1, 2]);
    expect(await isHeld()).toBe(false);
  });

  it('[O11] [rel-C10] keeps the snapshot for a claim that another process has not seen yet', async () => {
    await createSnapshot();
    await createClaim('a', 'snap');
    await startOn(plane, 'late', ({ informers, ...options }) => {
      const claims = informers.informer(persistentVolumeClaims, { fieldSelector: 'metadata.name=a' });
      claims.addIndex(claimsBySource, sourceKeysOf);
      const backoff = { initialMs: 1_000, maxMs: 5 * minutes };
      const { driver } = backend;
      return startRestoreProtection(
        { ...options, driver, claims, backoff, sweepIntervalMs: 5 * minutes },
        new HeldSnapshots(options.client),
      );
    });
    lose(...unknown);
    await createClaim('b', 'snap');
    await remove(persistentVolumeClaims, 'a');
    expect([await claim('a'), await phaseOf('b'), await isHeld()]).toEqual([undefined, 'Pending', true]);
    await plane.clock.advance(minutes);
    expect([await phaseOf('b'), await isHeld()]).toEqual(['Bound', false]);
  });

  it('[O11] does not take another snapshot of the name for the one that was read', async () => {
    await createSnapshot();
    const read = await snapshot();
    assert(read, 'the snapshot was just made');
    await remove(volumeSnapshots, 'snap');
    await plane.clock.advance(takingMs);
    await plane.client.create(volumeSnapshots, {
      metadata: { ...keyOf('snap'), finalizers: [finalizer] },
      spec: { source: { persistentVolumeClaimName: 'src' }, volumeSnapshotClassName: 's' },
    });
    const { signal } = new AbortController();
    expect(await new HeldSnapshots(plane.client).hold(read, signal)).toBe('deleted');
  });

  it('[O11] does not begin with a snapshot that is being deleted, though others are restored from it', async () => {
    await createSnapshot();
    lose(...unknown, ...unknown);
    await createClaim('data', 'snap');
    await remove(volumeSnapshots, 'snap');
    await createClaim('late', 'snap');
    expect(await plane.eventsOf('late')).toContain(`${failure} snapshot snap is being deleted`);
    expect((await claim('late'))?.metadata.finalizers).not.toContain(intent);
  });

  describe('while the end of the call is not known', () => {
    const restart = async () => {
      await provisioner[Symbol.asyncDispose]();
      await start();
    };
    const changes: Readonly<Record<string, () => Promise<unknown>>> = {
      'nothing else happens': async () => {},
      'the provisioner dies': restart,
      'the claim is deleted': () => remove(persistentVolumeClaims, 'data'),
      'the claim is deleted and the provisioner dies': async () => {
        await remove(persistentVolumeClaims, 'data');
        await restart();
      },
    };

    it.each(Object.entries(changes))(
      '[O11] [rel-C9] [rel-C10] keeps the snapshot that is deleted when %s',
      async (_title, change) => {
        await createSnapshot();
        const id = await snapshotIdOf();
        lose(...unknown, ...unknown);
        await createClaim('data', 'snap');
        await remove(volumeSnapshots, 'snap');
        await change();
        await plane.clock.advance(20_000);
        expect(backend.snapshots).toContain(id);
        expect((await snapshot())?.metadata.deletionTimestamp).toBeDefined();
        await plane.clock.advance(30 * minutes);
        expect(await snapshot()).toBeUndefined();
        expect(backend.snapshots.size).toBe(0);
        const isKept = (await claim('data')) !== undefined;
        expect(backend.volumes.size).toBe(isKept ? 2 : 1);
        if (isKept) expect(await sourceOf('data')).toBe(id);
        expect(new Set(backend.creations.slice(1)).size).toBe(1);
      },
    );

    it('[rel-C3] [rel-C10] asks for the same after a crash, though the snapshot is torn away and made anew', async () => {
      await createSnapshot();
      const id = await snapshotIdOf();
      lose(Code.DEADLINE_EXCEEDED);
      await createClaim('data', 'snap');
      await provisioner[Symbol.asyncDispose]();
      const body = { metadata: { finalizers: null } };
      await plane.client.patch(volumeSnapshots, keyOf('snap'), { type: 'merge', body });
      await remove(volumeSnapshots, 'snap').catch(() => {});
      const { items } = await plane.client.list(volumeSnapshots);
      for (const { metadata } of items) await plane.client.patch(volumeSnapshots, metadata, { type: 'merge', body });
      await createSnapshot();
      await start();
      await plane.clock.advance(minutes);
      expect(await sourceOf('data')).toBe(id);
      expect(new Set(backend.creations.slice(1)).size).toBe(1);
    });
  });

  it('[O11] [rel-L6] restores, and lets go, where it may not list snapshots', async () => {
    await provisioner[Symbol.asyncDispose]();
    const client = plane.clientOf('provisioner');
    const refuse = () => Promise.reject(ApiStatusError.of('Forbidden', 'no'));
    const isKnown = (type: { readonly kind: string }) => type.kind !== 'VolumeSnapshot';
    const short: Client = {
      ...client,
      list: (type, ...rest) => (isKnown(type) ? client.list(type, ...rest) : refuse()),
      watch: (type, ...rest) => (isKnown(type) ? client.watch(type, ...rest) : refuse()),
    };
    await start({}, short);
    await createSnapshot();
    await createClaim('data', 'snap');
    expect(await phaseOf('data')).toBe('Bound');
    expect(await isHeld()).toBe(false);
  });

  describe('snapshots that are kept for nobody', () => {
    async function createHeld() {
      await createSnapshot();
      const body = { metadata: { finalizers: [finalizer] } };
      await plane.client.patch(volumeSnapshots, keyOf('snap'), { type: 'merge', body });
      await plane.clock.settle();
    }

    it('[O11] [rel-C2] are let go at the next sweep', async () => {
      await createHeld();
      expect(await isHeld()).toBe(true);
      await plane.clock.advance(290_000);
      expect(await isHeld()).toBe(true);
      await plane.clock.advance(10_000);
      expect(await isHeld()).toBe(false);
    });

    it('[O11] are let go by a provisioner that starts', async () => {
      await provisioner[Symbol.asyncDispose]();
      await createHeld();
      await start();
      expect(await isHeld()).toBe(false);
    });

    it('[O11] are let go as soon as they are deleted', async () => {
      await createHeld();
      await remove(volumeSnapshots, 'snap');
      expect(await snapshot()).toBeUndefined();
    });

    it('[O11] are not those that a claim waits for', async () => {
      await createSnapshot();
      lose(...unknown, ...unknown);
      await createClaim('data', 'snap');
      await provisioner[Symbol.asyncDispose]();
      backend.fail('refusals', 'CreateVolume', ...Array.from({ length: 20 }, () => Code.UNAVAILABLE));
      await start({ snapshotOrphanSweepIntervalMs: 1000 });
      await plane.clock.advance(minutes);
      expect(await isHeld()).toBe(true);
    });

    it('[O11] are swept every so often, as the flag says', async () => {
      await provisioner[Symbol.asyncDispose]();
      await start({ snapshotOrphanSweepIntervalMs: 1000 });
      await createHeld();
      await plane.clock.advance(1001);
      expect(await isHeld()).toBe(false);
    });
  });
});
