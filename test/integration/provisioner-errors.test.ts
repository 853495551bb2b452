/** What each error of CreateVolume does to the claim. In the manner of upstream's TestProvisionErrorHandling. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csiNodes, nodes, persistentVolumeClaims, persistentVolumes, storageClasses } from '../../src/api/index.ts';
import { CsiError, codeName } from '../../src/csi/index.ts';
import { startProvisioner } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft, nodeDraft, volumeDraft } from './support/objects.ts';

const intent = 'stowage.io/provisioning';
const zone = 'topology.fake.csi/zone';
const selectedNode = 'volume.kubernetes.io/selected-node';
const provisionerNote = { 'volume.kubernetes.io/storage-provisioner': 'fake.csi' };
const key = { namespace: 'default', name: 'data' };
const cloning = 'provisioner.storage.kubernetes.io/cloning-protection';

const background = [Code.CANCELED, Code.DEADLINE_EXCEEDED, Code.UNAVAILABLE, Code.ABORTED, 99];
const codes = [...Object.values(Code).filter((code) => code !== Code.OK), 99];
const rows = codes.map((code) => [codeName(code), code] as const);

/** How the claim is to get its volume: anywhere, on a node that was selected, or filled from another. */
type Way = 'plain' | 'placed' | 'selected' | 'clone';

describe('a CreateVolume that fails', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;
  let running: AsyncDisposable;

  beforeEach(async () => {
    plane = await ControlPlane.start();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function start() {
    running = await startOn(plane, 'fake.csi_host_1', (options) =>
      startProvisioner({ ...options, driver: backend.driver }),
    );
  }

  const stop = () => running[Symbol.asyncDispose]();

  async function createBoundClaim(name: string) {
    const { metadata, spec } = claimDraft(name, 'c');
    const made = await plane.client.create(persistentVolumeClaims, { metadata, spec: { ...spec, volumeName: 'v' } });
    const { hostPath: _, ...volume } = volumeDraft('v', 'c').spec;
    const claimRef = { namespace: 'default', name, uid: made.metadata.uid };
    const csi = { driver: 'fake.csi', volumeHandle: 'source' };
    await plane.client.create(persistentVolumes, { metadata: { name: 'v' }, spec: { ...volume, claimRef, csi } });
    const bound = { type: 'merge' as const, body: { status: { phase: 'Bound' } } };
    await plane.client.patch(persistentVolumes, { name: 'v' }, bound, { subresource: 'status' });
    await plane.client.patch(persistentVolumeClaims, made.metadata, bound, { subresource: 'status' });
    backend.sizes.set('source', 1n << 30n);
  }

  async function begin(way: Way, code: number) {
    const isPlaced = way === 'placed' || way === 'selected';
    const volumeIdOf = (name: string) => `id-${name}`;
    const identity = { name: 'fake.csi', volumeIdOf, resolveId: (id: string) => id };
    backend = new FakeDriver(plane.clock, 'controller', { ...identity, topology: isPlaced ? { [zone]: 'a' } : {} });
    await plane.client.create(storageClasses, classDraft('c', way === 'selected' ? undefined : 'Immediate'));
    await plane.client.create(nodes, nodeDraft('n1', { [zone]: 'a' }));
    const drivers = [{ name: 'fake.csi', nodeID: 'n1', topologyKeys: [zone] }];
    await plane.client.create(csiNodes, { metadata: { name: 'n1' }, spec: { drivers } });
    if (way === 'clone') await createBoundClaim('src');
    const { metadata, spec } = claimDraft('data', 'c');
    const annotations = { ...provisionerNote, ...(way === 'selected' ? { [selectedNode]: 'n1' } : {}) };
    const source = way === 'clone' ? { dataSource: { kind: 'PersistentVolumeClaim', name: 'src' } } : {};
    backend.lostReplies.set('CreateVolume', [new CsiError(code, 'ordered by the test')]);
    await start();
    await plane.client.create(persistentVolumeClaims, {
      metadata: { ...metadata, annotations },
      spec: { ...spec, ...source },
    });
    await plane.clock.settle();
  }

  const claim = () => plane.client.get(persistentVolumeClaims, key);
  const isIntended = async () => (await claim()).metadata.finalizers?.includes(intent) ?? false;

  describe.each<Way>(['plain', 'placed', 'selected', 'clone'])('for a claim (%s)', (way) => {
    it.each(rows)('[O7] [rel-C9] may be under way, or is not: %s', async (name, code) => {
      await begin(way, code);
      const refusal = `rpc error: code = ${name} desc = ordered by the test`;
      const told =
        code === Code.INVALID_ARGUMENT
          ? `Volume provisioning failed with infeasible error. Retries will be delayed. ${refusal}`
          : `failed to provision volume with StorageClass "c": ${refusal}`;
      expect(await plane.eventsOf('data')).toContain(`Warning ProvisioningFailed ${told}`);
      // A volume of the claim's name is the claim's, whoever says that it exists already.
      expect(await isIntended()).toBe([...background, Code.ALREADY_EXISTS].includes(code));
      const isGivenBack = way === 'selected' && code === Code.RESOURCE_EXHAUSTED;
      const node = (await claim()).metadata.annotations?.[selectedNode];
      expect(node).toBe(way === 'selected' && !isGivenBack ? 'n1' : undefined);
      if (way === 'clone')
        expect((await plane.client.get(persistentVolumeClaims, { ...key, name: 'src' })).metadata.finalizers).toContain(
          cloning,
        );
      await plane.clock.advance(60_000);
      const isSlow = code === Code.INVALID_ARGUMENT || isGivenBack;
      expect(backend.calls).toHaveLength(isSlow ? 1 : 2);
      expect((await plane.client.list(persistentVolumes, { labelSelector: '' })).items.length).toBe(
        (isSlow ? 0 : 1) + (way === 'clone' ? 1 : 0),
      );
      expect(new Set(backend.creations).size).toBe(1);
      await stop();
    });
  });

  describe('as infeasible', () => {
    it('[O7] is tried again after five minutes, each time', async () => {
      await begin('plain', Code.INVALID_ARGUMENT);
      backend.fail('refusals', 'CreateVolume', Code.INVALID_ARGUMENT, Code.INVALID_ARGUMENT);
      await plane.clock.advance(299_000);
      expect(backend.calls).toHaveLength(1);
      await plane.clock.advance(2_000);
      expect(backend.calls).toHaveLength(2);
      await plane.clock.advance(295_000);
      expect(backend.calls).toHaveLength(2);
      await plane.clock.advance(10_000);
      expect(backend.calls).toHaveLength(3);
      await plane.clock.advance(300_000);
      expect(backend.calls).toHaveLength(4);
      expect(await isIntended()).toBe(true);
      expect((await plane.client.list(persistentVolumes)).items).toHaveLength(1);
    });

    it('[O7] is tried again at once with another class of the name', async () => {
      await begin('plain', Code.INVALID_ARGUMENT);
      await plane.clock.advance(60_000);
      await plane.client.delete(storageClasses, { name: 'c' });
      await plane.client.create(storageClasses, { ...classDraft('c', 'Immediate'), parameters: { tier: 'b' } });
      await plane.clock.settle();
      expect(backend.calls).toHaveLength(2);
    });

    it('[O7] lets the claim go meanwhile', async () => {
      await begin('plain', Code.INVALID_ARGUMENT);
      const body = { metadata: { finalizers: null } };
      await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body });
      await plane.client.delete(persistentVolumeClaims, key);
      expect(await plane.get(persistentVolumeClaims, key)).toBeUndefined();
      await plane.clock.advance(600_000);
      expect(backend.calls).toHaveLength(1);
    });
  });

  it('[O7] [R1] goes on where the scheduler puts it next, when there is no room where it was to go', async () => {
    await begin('selected', Code.RESOURCE_EXHAUSTED);
    const body = { metadata: { annotations: { [selectedNode]: 'n1' } } };
    await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body });
    await plane.clock.settle();
    expect(backend.calls).toHaveLength(2);
    expect((await plane.client.list(persistentVolumes)).items).toHaveLength(1);
  });
});
