/** What the provisioner asks a driver for a second time, and what it makes of odd answers. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  csiNodes,
  type Draft,
  nodes,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  type StorageClass,
  secrets,
  storageClasses,
} from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startProvisioner } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { blindClient, startOn } from './support/controllers.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft, nodeDraft } from './support/objects.ts';

const provisionerNote = { 'volume.kubernetes.io/storage-provisioner': 'fake.csi' };
const intent = 'stowage.io/provisioning';
const key = { namespace: 'default', name: 'data' };
const zone = 'topology.fake.csi/zone';
const secretParameters = {
  'csi.storage.k8s.io/provisioner-secret-name': 'creator',
  'csi.storage.k8s.io/provisioner-secret-namespace': 'default',
};
const minutes = 60_000;

describe('external-provisioner, asked again', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  const placed = { name: 'fake.csi', volumeIdOf: (name: string) => `id-${name}`, resolveId: (id: string) => id };
  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock, 'controller', { ...placed, topology: { [zone]: 'a' } });
    await createNode('first', 'a');
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = (client?: Client) =>
    startOn(plane, 'fake.csi_host_1', (options) => startProvisioner({ ...options, driver: backend.driver }), client);

  async function createClass(more: Partial<Draft<StorageClass>> = {}) {
    await plane.client.create(storageClasses, { ...classDraft('c', 'Immediate'), parameters: { tier: 'a' }, ...more });
  }

  /** What an administrator must do who wants other parameters in a class. */
  async function replaceClass(more: Partial<Draft<StorageClass>>) {
    await plane.client.delete(storageClasses, { name: 'c' });
    await createClass(more);
    await plane.clock.settle();
  }

  async function createNode(name: string, inZone: string) {
    await plane.client.create(nodes, nodeDraft(name, { [zone]: inZone }));
    await plane.client.create(csiNodes, {
      metadata: { name },
      spec: { drivers: [{ name: 'fake.csi', nodeID: name, topologyKeys: [zone] }] },
    });
  }

  async function createClaim(
    annotations: Record<string, string> = {},
    spec: Partial<PersistentVolumeClaim['spec']> = {},
  ) {
    const draft = claimDraft('data', 'c');
    const made = await plane.client.create(persistentVolumeClaims, {
      metadata: { ...draft.metadata, annotations: { ...provisionerNote, ...annotations } },
      spec: { ...draft.spec, ...spec },
    });
    await plane.clock.settle();
    return made;
  }

  async function deleteClaim() {
    const body = { metadata: { finalizers: (await theClaim())?.metadata.finalizers?.filter((own) => own === intent) } };
    await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body });
    await plane.client.delete(persistentVolumeClaims, key);
    await plane.clock.settle();
  }

  const theClaim = () => plane.get(persistentVolumeClaims, key);
  const theVolume = async () => (await plane.client.list(persistentVolumes)).items[0];
  const isIntended = async () => (await theClaim())?.metadata.finalizers?.includes(intent) ?? false;
  const lose = (...codes: number[]) => backend.fail('lostReplies', 'CreateVolume', ...codes);
  const requests = () => [...new Set(backend.creations)];

  describe('while the end of the first call is not known', () => {
    const changes: Readonly<Record<string, () => Promise<unknown>>> = {
      'the class is replaced by one with other parameters': () =>
        replaceClass({ parameters: { tier: 'b' }, mountOptions: ['ro'], reclaimPolicy: 'Retain' }),
      'the class is replaced by one of another driver': () => replaceClass({ provisioner: 'other.csi' }),
      'the class is deleted': () => plane.client.delete(storageClasses, { name: 'c' }),
      'a node moves to another zone': () =>
        plane.client.patch(nodes, { name: 'n1' }, { type: 'merge', body: { metadata: { labels: { [zone]: 'x' } } } }),
      'a node comes': () => createNode('n3', 'c'),
      'the driver goes from a node': () =>
        plane.client.patch(csiNodes, { name: 'n2' }, { type: 'merge', body: { spec: { drivers: [] } } }),
      'another node is selected': () =>
        plane.client.patch(persistentVolumeClaims, key, {
          type: 'merge',
          body: { metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'n2' } } },
        }),
    };
    it.each(Object.entries(changes))('[rel-C3] asks for the same although %s', async (_title, change) => {
      await createClass({ volumeBindingMode: 'WaitForFirstConsumer' });
      await createNode('n1', 'a');
      await createNode('n2', 'b');
      lose(Code.DEADLINE_EXCEEDED, Code.UNAVAILABLE, Code.ABORTED, Code.CANCELED);
      await start();
      await createClaim({ 'volume.kubernetes.io/selected-node': 'n1' });
      expect(backend.creations).toHaveLength(1);
      await change();
      await plane.clock.advance(minutes);
      expect(backend.creations).toHaveLength(5);
      expect(requests()).toHaveLength(1);
      const { metadata, spec } = (await theVolume()) ?? {};
      expect(spec).toMatchObject({ persistentVolumeReclaimPolicy: 'Delete', storageClassName: 'c' });
      expect(spec?.mountOptions).toBeUndefined();
      expect(metadata?.annotations?.['pv.kubernetes.io/provisioned-by']).toBe('fake.csi');
    });

    it('[rel-C3] [rel-C9] asks for the same to delete it, when the claim and the class are deleted', async () => {
      await createClass();
      lose(Code.DEADLINE_EXCEEDED, Code.DEADLINE_EXCEEDED);
      await start();
      await createClaim();
      await plane.client.delete(storageClasses, { name: 'c' });
      await deleteClaim();
      await plane.clock.advance(minutes);
      expect(requests()).toHaveLength(1);
      expect(backend.volumes.size).toBe(0);
      expect(await theClaim()).toBeUndefined();
    });

    it('[rel-C3] [rel-L10] asks for the same after a crash, when nothing else has changed', async () => {
      await createClass();
      for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) await createNode(`n${index}`, name);
      lose(Code.DEADLINE_EXCEEDED);
      const first = await start();
      await createClaim();
      await first[Symbol.asyncDispose]();
      await start();
      await plane.clock.advance(minutes);
      expect(backend.creations).toHaveLength(2);
      expect(requests()).toHaveLength(1);
    });

    it('[rel-C3] may ask for something else after an answer that is final', async () => {
      await createClass();
      backend.fail('refusals', 'CreateVolume', Code.INVALID_ARGUMENT);
      await start();
      await createClaim();
      await replaceClass({ parameters: { tier: 'b' } });
      await plane.clock.advance(minutes);
      expect(backend.requests.get((await theVolume())?.metadata.name ?? '')?.parameters).toEqual({ tier: 'b' });
    });

    it('[rel-C9] does not forget a volume that the driver says exists with other parameters', async () => {
      await createClass();
      lose(Code.DEADLINE_EXCEEDED);
      const first = await start();
      await createClaim();
      await first[Symbol.asyncDispose]();
      await replaceClass({ parameters: { tier: 'b' } });
      backend.fail('refusals', 'CreateVolume', Code.ALREADY_EXISTS, Code.ALREADY_EXISTS);
      await start();
      expect(await isIntended()).toBe(true);
      await deleteClaim();
      expect(await isIntended()).toBe(true);
      await plane.clock.advance(minutes);
      expect(backend.volumes.size).toBe(0);
      expect(await theClaim()).toBeUndefined();
      expect(await plane.eventsOf('data')).toContain(
        'Warning VolumeFailedDelete failed to delete what was provisioned for the claim: rpc error: code = AlreadyExists desc = ordered by the test',
      );
    });

    it.each([Code.INTERNAL, Code.UNAVAILABLE, Code.FAILED_PRECONDITION])(
      '[rel-C9] deletes the volume of a deleted claim until that succeeds (code %i)',
      async (code) => {
        await createClass();
        lose(Code.DEADLINE_EXCEEDED);
        await start();
        await createClaim();
        backend.fail('refusals', 'DeleteVolume', code, code);
        await deleteClaim();
        expect(backend.volumes.size).toBe(1);
        await plane.clock.advance(minutes);
        expect(backend.volumes.size).toBe(0);
        expect(await theClaim()).toBeUndefined();
      },
    );
  });

  describe('secrets', () => {
    const secretOf = (name: string, token: string) =>
      plane.client.create(secrets, {
        metadata: { namespace: 'default', name },
        data: { token: Buffer.from(token).toString('base64') },
      });

    it('[rel-C11] [rel-C3] deletes with the secret that the volume was made with, whatever the class says now', async () => {
      await secretOf('creator', 'right');
      await secretOf('other', 'wrong');
      await createClass({ parameters: secretParameters });
      lose(Code.DEADLINE_EXCEEDED);
      await start();
      const { metadata } = await createClaim();
      const other = { ...secretParameters, 'csi.storage.k8s.io/provisioner-secret-name': 'other' };
      await replaceClass({ parameters: other });
      await plane.clock.advance(minutes);
      expect(backend.secrets.get('CreateVolume')).toEqual({ token: 'right' });
      await plane.client.delete(storageClasses, { name: 'c' });
      await deleteClaim();
      const name = `pvc-${metadata.uid}`;
      const body = { status: { phase: 'Released' } };
      await plane.client.patch(persistentVolumes, { name }, { type: 'merge', body }, { subresource: 'status' });
      await plane.clock.advance(minutes);
      expect(backend.volumes.size).toBe(0);
      expect(backend.secrets.get('DeleteVolume')).toEqual({ token: 'right' });
    });

    it('[rel-L6] [rel-L13] says which one is missing, and holds no claim for it', async () => {
      await createClass({ parameters: secretParameters });
      await start();
      await createClaim();
      expect(await plane.eventsOf('data')).toContain(
        'Warning ProvisioningFailed failed to provision volume with StorageClass "c": secrets "creator" not found',
      );
      expect(await isIntended()).toBe(false);
      await deleteClaim();
      expect(await theClaim()).toBeUndefined();
      expect(backend.calls).toEqual([]);
    });
  });

  describe('what the driver answers', () => {
    it('[rel-C7] names the volume by the id that was returned, for good', async () => {
      await createClass();
      await start();
      const { metadata } = await createClaim();
      const volume = await theVolume();
      expect(volume?.spec.csi?.volumeHandle).toBe(`id-pvc-${metadata.uid}`);
      const body = { spec: { csi: { volumeHandle: 'other' } } };
      const name = volume?.metadata.name ?? '';
      await expect(plane.client.patch(persistentVolumes, { name }, { type: 'merge', body })).rejects.toThrow(
        'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
      );
    });

    it.each(['an object has already', 'another claim was given, of whose object no cache tells'])(
      '[rel-C7] takes no id that %s, and never deletes what has it',
      async (holder) => {
        backend = new FakeDriver(plane.clock, 'controller', { ...placed, volumeIdOf: () => 'same', topology: {} });
        await createClass();
        if (holder.startsWith('an object')) {
          const csi = { driver: 'fake.csi', volumeHandle: 'same' };
          const spec = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, csi };
          await plane.client.create(persistentVolumes, { metadata: { name: 'v' }, spec });
        } else {
          const draft = claimDraft('first', 'c');
          const metadata = { ...draft.metadata, annotations: provisionerNote };
          await plane.client.create(persistentVolumeClaims, { ...draft, metadata });
        }
        const client = plane.clientOf('provisioner');
        await start(holder.startsWith('an object') ? client : blindClient(client, 'PersistentVolume'));
        await createClaim();
        await plane.clock.advance(minutes);
        expect((await plane.client.list(persistentVolumes)).items).toHaveLength(1);
        expect((await plane.eventsOf('data')).at(-1)).toContain(
          'driver answered with volume id "same", which is that of',
        );
        await deleteClaim();
        await plane.clock.advance(minutes);
        expect(backend.methods()).not.toContain('DeleteVolume');
      },
    );

    it.each([
      [1_073_741_825n, '1073741825'],
      [9_007_199_254_740_993n, '9007199254740993'],
      [9_223_372_036_854_775_807n, '9223372036854775807'],
      [2n ** 50n, '1Pi'],
      [0n, '1Gi'],
    ])('[rel-C8] shows the size to the byte: %d is %s', async (bytes, size) => {
      backend.sizeOf = () => bytes;
      await createClass();
      await start();
      await createClaim();
      expect((await theVolume())?.spec.capacity?.storage).toBe(size);
    });

    it.each([1n, 1_073_741_823n, -1n, -(2n ** 63n)])(
      '[rel-C8] deletes a volume that is smaller than the claim asks: %d bytes',
      async (bytes) => {
        backend.sizeOf = () => bytes;
        await createClass();
        await start();
        await createClaim();
        expect(await plane.eventsOf('data')).toContain(
          `Warning ProvisioningFailed failed to provision volume with StorageClass "c": created volume capacity ${bytes} less than requested capacity 1073741824`,
        );
        expect(backend.volumes.size).toBe(0);
        expect(await theVolume()).toBeUndefined();
        backend.sizeOf = (required) => required;
        await plane.clock.advance(minutes);
        expect((await theVolume())?.spec.capacity?.storage).toBe('1Gi');
      },
    );

    it.each([Code.INTERNAL, Code.UNAVAILABLE])(
      '[rel-C8] [rel-C9] deletes it with its claim when it could not be deleted at once (code %i)',
      async (code) => {
        backend.sizeOf = () => 1n;
        backend.fail('refusals', 'DeleteVolume', code);
        await createClass();
        await start();
        await createClaim();
        expect(await isIntended()).toBe(true);
        expect((await plane.eventsOf('data')).at(-1)).toMatch(
          /Cleanup of volume pvc-.* failed, volume is orphaned: rpc/,
        );
        await deleteClaim();
        await plane.clock.advance(minutes);
        expect(backend.volumes.size).toBe(0);
        expect(await theClaim()).toBeUndefined();
      },
    );
  });
});
