/** What a provisioner asks for when the one before it died in the middle of CreateVolume. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ApiStatusError,
  csiNodes,
  type Draft,
  nodes,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  type StorageClass,
  secrets,
  storageClasses,
  volumeAttributesClasses,
} from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { type ProvisionerFlags, startProvisioner } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { laggingClient, startOn } from './support/controllers.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft, nodeDraft } from './support/objects.ts';

const provisionerNote = { 'volume.kubernetes.io/storage-provisioner': 'fake.csi' };
const selectedNode = 'volume.kubernetes.io/selected-node';
const intent = 'stowage.io/provisioning';
const request = 'stowage.io/create-volume-request';
const zone = 'topology.fake.csi/zone';
const key = { namespace: 'default', name: 'data' };
const keySecret = { namespace: 'kube-system', name: 'provisioner-requests.fake.csi' };
const minutes = 60_000;

describe('external-provisioner, started again', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;
  let running: AsyncDisposable;

  const placed = { name: 'fake.csi', volumeIdOf: (name: string) => `id-${name}`, resolveId: (id: string) => id };
  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock, 'controller', { ...placed, topology: { [zone]: 'a' } });
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function start({ flags = {}, client }: { flags?: Partial<ProvisionerFlags>; client?: Client } = {}) {
    running = await startOn(
      plane,
      'fake.csi_host_1',
      (options) => startProvisioner({ ...options, driver: backend.driver, flags }),
      client,
    );
  }
  const stop = () => running[Symbol.asyncDispose]();

  async function createClass(more: Partial<Draft<StorageClass>> = {}) {
    await plane.client.create(storageClasses, {
      ...classDraft('c'),
      parameters: { tier: 'a', 'csi.storage.k8s.io/fstype': 'xfs' },
      mountOptions: ['noatime'],
      ...more,
    });
  }

  async function replaceClass(more: Partial<Draft<StorageClass>>) {
    await plane.client.delete(storageClasses, { name: 'c' });
    await createClass(more);
  }

  async function createNode(name: string, inZone: string) {
    await plane.client.create(nodes, nodeDraft(name, { [zone]: inZone }));
    const drivers = [{ name: 'fake.csi', nodeID: name, topologyKeys: [zone] }];
    await plane.client.create(csiNodes, { metadata: { name }, spec: { drivers } });
  }

  async function createClaim(name = 'data', spec: Partial<PersistentVolumeClaim['spec']> = {}) {
    const draft = claimDraft(name, 'c');
    const annotations = { ...provisionerNote, [selectedNode]: 'n1' };
    await plane.client.create(persistentVolumeClaims, {
      metadata: { ...draft.metadata, annotations },
      spec: { ...draft.spec, ...spec },
    });
    await plane.clock.settle();
  }

  const annotate = (changes: Record<string, string | null>) =>
    plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body: { metadata: { annotations: changes } } });
  const theClaim = () => plane.get(persistentVolumeClaims, key);
  const noteOf = async (name = 'data') =>
    (await plane.get(persistentVolumeClaims, { ...key, name }))?.metadata.annotations?.[request];
  const lose = (...codes: number[]) => backend.fail('lostReplies', 'CreateVolume', ...codes);
  const requests = () => [...new Set(backend.creations)];

  const createTier = (tier: string) =>
    plane.client.create(volumeAttributesClasses, {
      metadata: { name: 'gold' },
      driverName: 'fake.csi',
      parameters: { tier },
    });

  async function begin() {
    await createClass();
    await createTier('gold');
    await createNode('n1', 'a');
    await createNode('n2', 'b');
    lose(Code.DEADLINE_EXCEEDED);
    await start();
    await createClaim('data', { volumeAttributesClassName: 'gold' });
    await stop();
    expect(backend.creations).toHaveLength(1);
  }

  const changes: Readonly<Record<string, () => Promise<unknown>>> = {
    'nothing has changed': async () => {},
    'the class was replaced by one with other parameters': () =>
      replaceClass({ parameters: { tier: 'b' }, mountOptions: ['ro'], reclaimPolicy: 'Retain' }),
    'the class was replaced by one of another driver': () => replaceClass({ provisioner: 'other.csi' }),
    'the class was replaced by one that allows other places': () =>
      replaceClass({ allowedTopologies: [{ matchLabelExpressions: [{ key: zone, values: ['b'] }] }] }),
    'the class was deleted': () => plane.client.delete(storageClasses, { name: 'c' }),
    'the attributes class was replaced': async () => {
      const body = { metadata: { finalizers: null } };
      await plane.client.patch(volumeAttributesClasses, { name: 'gold' }, { type: 'merge', body });
      await plane.client.delete(volumeAttributesClasses, { name: 'gold' });
      await createTier('brass');
    },
    'a node moved to another zone': () =>
      plane.client.patch(nodes, { name: 'n1' }, { type: 'merge', body: { metadata: { labels: { [zone]: 'x' } } } }),
    'a node came': () => createNode('n3', 'c'),
    'the driver went from a node': () =>
      plane.client.patch(csiNodes, { name: 'n2' }, { type: 'merge', body: { spec: { drivers: [] } } }),
    'another node was selected': () => annotate({ [selectedNode]: 'n2' }),
  };

  it.each(Object.entries(changes))('[rel-C3] [rel-L10] asks for the same when %s', async (_title, change) => {
    await begin();
    await change();
    await start();
    await plane.clock.advance(minutes);
    expect(backend.creations).toHaveLength(2);
    expect(requests()).toHaveLength(1);
    const [volume] = (await plane.client.list(persistentVolumes)).items;
    expect(volume?.spec).toMatchObject({
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'c',
      mountOptions: ['noatime'],
      csi: { fsType: 'xfs' },
    });
  });

  it('[rel-C3] asks for the same with other flags', async () => {
    await begin();
    const flags = { extraCreateMetadata: true, strictTopology: true, defaultFsType: 'ext4' };
    await start({ flags });
    await plane.clock.advance(minutes);
    expect(backend.creations).toHaveLength(2);
    expect(requests()).toHaveLength(1);
  });

  it('[rel-C3] [rel-C9] asks for the same to delete it, when claim and class are gone', async () => {
    await begin();
    await plane.client.delete(storageClasses, { name: 'c' });
    await plane.client.patch(persistentVolumeClaims, key, {
      type: 'merge',
      body: { metadata: { finalizers: [intent] } },
    });
    await plane.client.delete(persistentVolumeClaims, key);
    expect(backend.volumes.size).toBe(1);
    await start();
    await plane.clock.advance(minutes);
    expect(requests()).toHaveLength(1);
    expect(backend.volumes.size).toBe(0);
    expect(await theClaim()).toBeUndefined();
  });

  it('[rel-C3] may ask for something else after an answer that is final, which it knows for good', async () => {
    await createClass();
    await createNode('n1', 'a');
    backend.fail('refusals', 'CreateVolume', Code.INVALID_ARGUMENT);
    await start();
    await createClaim();
    expect(await noteOf()).toBeUndefined();
    await stop();
    await replaceClass({ parameters: { tier: 'b' } });
    await start();
    await plane.clock.advance(minutes);
    expect([...backend.requests.values()]).toMatchObject([{ parameters: { tier: 'b' } }]);
  });

  it('[rel-C3] takes nothing over that has ended, though a cache shows it still', async () => {
    await createClass();
    await createNode('n1', 'a');
    lose(Code.DEADLINE_EXCEEDED);
    const { client, hold, release } = laggingClient(plane.clientOf('provisioner'), 'PersistentVolumeClaim');
    await start({ client });
    await createClaim();
    hold();
    backend.fail('refusals', 'CreateVolume', Code.INVALID_ARGUMENT);
    await plane.clock.advance(1500);
    expect(await noteOf()).toBeUndefined();
    await replaceClass({ parameters: { tier: 'b' } });
    await plane.clock.advance(minutes);
    release();
    await plane.clock.advance(minutes);
    expect([...backend.requests.values()]).toMatchObject([{ parameters: { tier: 'b' } }]);
  });

  describe('and what the claim’s owner can do about it', () => {
    const otherTier = () => replaceClass({ parameters: { tier: 'b' } });
    /** What the driver is asked for in the end. */
    async function finallyAsked() {
      await otherTier();
      await start();
      await plane.clock.advance(minutes);
      return [...backend.requests.values()].at(-1)?.parameters;
    }

    it.each<[string, (text: string) => string | null]>([
      ['taken away', () => null],
      ['emptied', () => ''],
      ['rewritten', (text) => text.replace('"tier":"a"', '"tier":"root"')],
      ['signed by somebody else', (text) => `${'A'.repeat(43)}${text.slice(43)}`],
    ])('[rel-C3] sends nothing that the owner wrote: the request %s', async (_title, tamper) => {
      await begin();
      await annotate({ [request]: tamper((await noteOf()) ?? '') });
      expect(await finallyAsked()).toEqual({ tier: 'b' });
    });

    it('[rel-C3] sends nothing that was asked for another claim', async () => {
      await begin();
      lose(Code.DEADLINE_EXCEEDED, Code.DEADLINE_EXCEEDED);
      await otherTier();
      await start();
      await createClaim('other');
      await stop();
      await annotate({ [request]: (await noteOf('other')) ?? '' });
      await start();
      await plane.clock.advance(minutes);
      const names = [...backend.volumes.keys()];
      expect(names).toHaveLength(2);
      expect((await plane.client.list(persistentVolumes)).items.map(({ metadata }) => metadata.name).sort()).toEqual(
        names.sort(),
      );
    });

    it('[rel-C3] minds no request on a claim for which nothing is under way', async () => {
      await begin();
      const text = (await noteOf()) ?? '';
      await start();
      await plane.clock.advance(minutes);
      await annotate({ [request]: text });
      await plane.clock.advance(minutes);
      expect(backend.creations).toHaveLength(2);
    });
  });

  describe('where each node has a provisioner of its own', () => {
    const onNode = (nodeName: string, place: string) => ({
      flags: {
        nodeDeployment: {
          nodeName,
          segments: { [zone]: place },
          immediateBinding: true,
          baseDelayMs: 1000,
          maxDelayMs: 1000,
        },
      },
    });

    async function beginOnFirst() {
      await createClass();
      await createNode('n1', 'a');
      await createNode('n2', 'b');
      lose(Code.DEADLINE_EXCEEDED);
      await start(onNode('n1', 'a'));
      await createClaim();
      await stop();
      await annotate({ [selectedNode]: 'n2' });
    }

    it('[rel-C3] [rel-C9] ends what it began, though another node is selected by now', async () => {
      await beginOnFirst();
      await start(onNode('n1', 'a'));
      await plane.clock.advance(minutes);
      expect(backend.creations).toHaveLength(2);
      expect(requests()).toHaveLength(1);
    });

    it('[rel-C3] leaves to others what they began', async () => {
      await beginOnFirst();
      await start(onNode('n2', 'b'));
      await plane.clock.advance(minutes);
      expect([...backend.requests.values()].at(-1)?.requisite).toEqual([{ [zone]: 'b' }]);
    });
  });

  describe('where the key is kept', () => {
    it('[rel-C3] keeps it in a Secret of its own namespace, for all claims and processes', async () => {
      await begin();
      const first = await plane.client.get(secrets, keySecret);
      expect(Buffer.from(first.data?.['signing-key'] ?? '', 'base64')).toHaveLength(32);
      await start();
      await plane.clock.advance(minutes);
      expect((await plane.client.get(secrets, keySecret)).metadata.resourceVersion).toBe(
        first.metadata.resourceVersion,
      );
    });

    it('[rel-C3] [rel-I1] writes no more than the two writes of the intent', async () => {
      await createClass();
      await createNode('n1', 'a');
      const client = plane.clientOf('provisioner');
      const writes: string[] = [];
      const counting: Client = {
        ...client,
        patch: (type, ...rest) => {
          writes.push(`patch ${type.kind}`);
          return client.patch(type, ...rest);
        },
        create: (type, ...rest) => {
          writes.push(`create ${type.kind}`);
          return client.create(type, ...rest);
        },
      };
      await start({ client: counting });
      await createClaim();
      expect(writes.sort()).toEqual(['create PersistentVolume', 'create Secret', 'patch PersistentVolumeClaim']);
    });

    it.each(['may not read', 'may not make'])('[rel-C3] goes on without it where it %s Secrets', async (what) => {
      const refuse = () => Promise.reject(ApiStatusError.of('Forbidden', 'no'));
      const client = plane.clientOf('provisioner');
      const refused: Client = {
        ...client,
        get: (type, ...rest) =>
          type.kind === 'Secret' && what === 'may not read' ? refuse() : client.get(type, ...rest),
        create: (type, ...rest) => (type.kind === 'Secret' ? refuse() : client.create(type, ...rest)),
      };
      await createClass();
      await createNode('n1', 'a');
      lose(Code.DEADLINE_EXCEEDED);
      await start({ client: refused });
      await createClaim();
      expect(await noteOf()).toBeUndefined();
      await replaceClass({ parameters: { tier: 'b' } });
      await plane.clock.advance(minutes);
      expect(requests()).toHaveLength(1);
      expect((await plane.client.list(persistentVolumes)).items).toHaveLength(1);
    });

    it('[rel-C3] [rel-L6] asks for nothing while the server does not answer about it', async () => {
      const client = plane.clientOf('provisioner');
      let broken = true;
      const ailing: Client = {
        ...client,
        get: (type, ...rest) =>
          type.kind === 'Secret' && broken
            ? Promise.reject(ApiStatusError.of('InternalError', 'no'))
            : client.get(type, ...rest),
      };
      await createClass();
      await createNode('n1', 'a');
      await start({ client: ailing });
      await createClaim();
      await plane.clock.advance(minutes);
      expect(backend.calls).toEqual([]);
      broken = false;
      await plane.clock.advance(2 * minutes);
      expect((await plane.client.list(persistentVolumes)).items).toHaveLength(1);
    });
  });
});
