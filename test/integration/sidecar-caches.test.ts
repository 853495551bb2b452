/** What a sidecar waits for before it decides anything, and what it does not wait for. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiStatusError, csiNodes, nodes, persistentVolumeClaims, storageClasses } from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startProvisioner } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft, nodeDraft } from './support/objects.ts';

const zone = 'topology.fake.csi/zone';
const lateMs = 5_000;

/** A client that may not read a kind, or whose first look at it takes long. */
function hindered(plane: ControlPlane, kind: string, how: 'forbidden' | 'late'): Client {
  const client = plane.clientOf('fake.csi');
  const hinder = async (read: { readonly kind: string }) => {
    if (read.kind !== kind) return;
    if (how === 'forbidden') throw ApiStatusError.of('Forbidden', `${kind} is forbidden`);
    await plane.clock.sleep(lateMs);
  };
  return {
    ...client,
    list: async (type, options) => {
      await hinder(type);
      return await client.list(type, options);
    },
    watch: async (type, options) => {
      await hinder(type);
      return await client.watch(type, options);
    },
  };
}

describe('the provisioner', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    const identity = { name: 'fake.csi', volumeIdOf: (name: string) => `id-${name}`, resolveId: (id: string) => id };
    backend = new FakeDriver(plane.clock, 'controller', { ...identity, topology: { [zone]: 'a' } });
    const { client } = plane;
    await client.create(nodes, nodeDraft('n1', { [zone]: 'a' }));
    const drivers = [{ name: 'fake.csi', nodeID: 'n1', topologyKeys: [zone] }];
    await client.create(csiNodes, { metadata: { name: 'n1' }, spec: { drivers } });
    await client.create(storageClasses, classDraft('now', 'Immediate'));
    const draft = claimDraft('c', 'now');
    const annotations = { 'volume.kubernetes.io/storage-provisioner': 'fake.csi' };
    await client.create(persistentVolumeClaims, { ...draft, metadata: { ...draft.metadata, annotations } });
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = (client: Client) =>
    startOn(plane, 'fake.csi', (options) => startProvisioner({ ...options, driver: backend.driver }), client);

  it.each(['Node', 'CSINode', 'StorageClass', 'PersistentVolume', 'VolumeAttachment'])(
    '[O13] [rel-H1] decides nothing, and blames nobody, before it has seen what there is of kind %s',
    async (kind) => {
      await start(hindered(plane, kind, 'late'));
      await plane.clock.advance(lateMs - 1_000);
      expect(backend.creations).toEqual([]);
      await plane.clock.advance(10_000);
      expect(backend.creations).toHaveLength(1);
      const events = await plane.eventsOf('c');
      expect(events.filter((event) => event.startsWith('Warning'))).toEqual([]);
    },
  );

  it.each(['VolumeAttributesClass', 'VolumeSnapshot'])(
    '[O13] does not wait for kind %s, which its service account may not be allowed to read',
    async (kind) => {
      await start(hindered(plane, kind, 'forbidden'));
      await plane.clock.advance(1_000);
      expect(backend.creations).toHaveLength(1);
    },
  );
});
