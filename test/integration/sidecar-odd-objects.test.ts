/** Objects that the API lets pass and that make no sense to a driver: each is told so, and none holds up another. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  csiNodes,
  type Draft,
  type PersistentVolume,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
  volumeAttachments,
} from '../../src/api/index.ts';
import { startAttacher, startProvisioner, startResizer } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { blindClient, startOn } from './support/controllers.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft } from './support/objects.ts';

const provisionedBy = { 'pv.kubernetes.io/provisioned-by': 'fake.csi' };
const provisionerFinalizer = 'external-provisioner.volume.kubernetes.io/finalizer';
const attacherFinalizer = 'external-attacher/fake-csi';
const intent = 'stowage.io/provisioning';
const aWhileMs = 10 * 60_000;
/** With a pause that doubles up to minutes, ten minutes hold this many tries of one call. */
const mostTries = 15;

describe('odd objects: the roles of a driver', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock);
    const drivers = [{ name: 'fake.csi', nodeID: 'id-n1' }];
    await plane.client.create(csiNodes, { metadata: { name: 'n1' }, spec: { drivers } });
    await plane.client.create(storageClasses, classDraft('now', 'Immediate'));
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function start() {
    const stack = new AsyncDisposableStack();
    const { driver } = backend;
    stack.use(await startOn(plane, 'p', (options) => startProvisioner({ ...options, driver })));
    stack.use(await startOn(plane, 'a', (options) => startAttacher({ ...options, driver })));
    stack.use(await startOn(plane, 'r', (options) => startResizer({ ...options, driver })));
    return stack;
  }

  async function createVolume(
    name: string,
    spec: Partial<PersistentVolume['spec']> = {},
    metadata: Partial<Draft<PersistentVolume>['metadata']> = {},
    phase = 'Available',
  ) {
    const made = await plane.client.create(persistentVolumes, {
      metadata: { name, ...metadata },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        ...('nfs' in spec ? {} : { csi: { driver: 'fake.csi', volumeHandle: name } }),
        ...spec,
      },
    });
    await plane.client.updateStatus(persistentVolumes, { ...made, status: { phase } });
  }

  async function createClaim(name: string, storageClassName = 'now', annotations: Record<string, string> = {}) {
    const { metadata, spec } = claimDraft(name, storageClassName);
    const note = { 'volume.kubernetes.io/storage-provisioner': 'fake.csi' };
    const notes = { ...note, ...annotations };
    return await plane.client.create(persistentVolumeClaims, { metadata: { ...metadata, annotations: notes }, spec });
  }
  const claimOf = (name: string) => plane.get(persistentVolumeClaims, { namespace: 'default', name });
  const volumeOf = (name: string) => plane.get(persistentVolumes, { name });
  const isMade = async (name: string) =>
    (await plane.client.list(persistentVolumes)).items.some(({ spec }) => spec.claimRef?.name === name);

  async function attach(name: string, source: object, nodeName = 'n1') {
    await plane.client.create(volumeAttachments, {
      metadata: { name },
      spec: { attacher: 'fake.csi', nodeName, source },
    });
  }
  const attachmentOf = (name: string) => plane.get(volumeAttachments, { name });
  const timesOf = (method: string, subject: string) =>
    backend.calls.filter((call) => call.method === method && call.subject === subject).length;

  const parameters: Readonly<Record<string, readonly [Record<string, string>, string]>> = {
    'a parameter of ours that there is not': [{ 'csi.storage.k8s.io/what': 'x' }, 'found unknown parameter key'],
    'two file systems': [
      { fstype: 'ext4', 'csi.storage.k8s.io/fstype': 'xfs' },
      'fstype specified in parameters with both',
    ],
    'half a secret': [{ 'csi.storage.k8s.io/provisioner-secret-name': 's' }, 'Both must be specified'],
    'a secret by an unknown token': [
      {
        'csi.storage.k8s.io/provisioner-secret-name': `\${constructor}`,
        'csi.storage.k8s.io/provisioner-secret-namespace': 'default',
      },
      'invalid tokens',
    ],
    'a secret whose name is a path': [
      {
        'csi.storage.k8s.io/provisioner-secret-name': `\${pvc.annotations['a']}`,
        'csi.storage.k8s.io/provisioner-secret-namespace': 'default',
      },
      '',
    ],
  };
  it.each(Object.entries(parameters))(
    '[rel-L13] [rel-L15] tell a claim whose class names %s, and make the volumes of others',
    async (_title, [given, message]) => {
      await plane.client.create(storageClasses, { ...classDraft('odd', 'Immediate'), parameters: given });
      await start();
      await createClaim('odd', 'odd', { a: '../../persistentvolumes/v' });
      await createClaim('good');
      await plane.clock.advance(aWhileMs);
      expect(await isMade('good')).toBe(true);
      expect(await isMade('odd')).toBe(false);
      const told = (await plane.eventsOf('odd')).filter((event) => event.startsWith('Warning ProvisioningFailed'));
      expect(told[0]).toContain(message);
      expect((await claimOf('odd'))?.metadata.finalizers).not.toContain(intent);
    },
  );

  it('[rel-L13] [rel-L15] tell attachments that nothing can be made of, and attach the others', async () => {
    await createVolume('v');
    await createVolume('nfs', { nfs: { server: 's', path: '/' } });
    await start();
    await attach('nowhere', { persistentVolumeName: 'v' }, 'no-such-node');
    await attach('nothing', { persistentVolumeName: 'no-such-volume' });
    await attach('not-csi', { persistentVolumeName: 'nfs' });
    await attach('good', { persistentVolumeName: 'v' });
    await plane.clock.advance(aWhileMs);
    expect((await attachmentOf('good'))?.status?.attached).toBe(true);
    expect((await attachmentOf('nowhere'))?.status?.attachError?.message).toBe(
      'csinode.storage.k8s.io "no-such-node" not found',
    );
    expect((await attachmentOf('nothing'))?.status?.attachError?.message).toBe(
      'persistentvolumes "no-such-volume" not found',
    );
    expect((await attachmentOf('not-csi'))?.status?.attachError?.message).toBe('persistent volume is not a CSI volume');
    expect((await attachmentOf('not-csi'))?.metadata.finalizers).toBeUndefined();
    await plane.client.delete(volumeAttachments, { name: 'not-csi' });
    await plane.clock.advance(aWhileMs);
    expect(await attachmentOf('not-csi')).toBeUndefined();
    expect(backend.calls).toHaveLength(1);
  });

  it('[rel-L13] [rel-L15] tell volumes that cannot be deleted, and delete the others', async () => {
    const released = { persistentVolumeReclaimPolicy: 'Delete' };
    const secret = (name: string, namespace: string) => ({
      'volume.kubernetes.io/provisioner-deletion-secret-name': name,
      'volume.kubernetes.io/provisioner-deletion-secret-namespace': namespace,
    });
    const volumes: Readonly<Record<string, Record<string, string>>> = {
      'no-namespace': secret('s', ''),
      'no-secret': secret('s', 'default'),
      path: secret('../../persistentvolumes/good', 'default'),
    };
    for (const [name, notes] of Object.entries(volumes))
      await createVolume(name, released, { annotations: { ...provisionedBy, ...notes } }, 'Released');
    await createVolume(
      'not-csi',
      { ...released, nfs: { server: 's', path: '/' } },
      { annotations: provisionedBy },
      'Released',
    );
    await createVolume(
      'no-uid',
      { ...released, claimRef: { kind: 'PersistentVolumeClaim', namespace: 'default', name: 'c' } },
      { annotations: provisionedBy },
      'Released',
    );
    await createVolume('good', released, { annotations: provisionedBy }, 'Released');
    await start();
    await plane.clock.advance(aWhileMs);
    const { items } = await plane.client.list(persistentVolumes);
    const left = items.filter(({ metadata }) => !metadata.deletionTimestamp).map(({ metadata }) => metadata.name);
    expect(left.toSorted()).toEqual(['no-namespace', 'no-secret', 'not-csi', 'path']);
    expect([timesOf('DeleteVolume', 'good'), timesOf('DeleteVolume', 'no-uid')]).toEqual([1, 1]);
    for (const name of Object.keys(volumes)) {
      expect((await plane.eventsOf(name))[0]).toMatch(/^Warning VolumeFailedDelete /);
      expect(timesOf('DeleteVolume', name)).toBe(0);
    }
  });

  it('[rel-L15] [rel-F5] try what the driver always refuses ever less often, and go on with the others', async () => {
    await createVolume('v');
    await createVolume('w');
    const odd = (await createClaim('odd')).metadata.uid;
    backend.onCall = ({ method, subject }) => {
      const isRefused = subject === 'v@id-n1' || subject === `pvc-${odd}`;
      backend.fail('refusals', method, ...(isRefused ? [Code.INTERNAL] : []));
    };
    await start();
    await attach('odd', { persistentVolumeName: 'v' });
    await attach('good', { persistentVolumeName: 'w' });
    await createClaim('good');
    await plane.clock.advance(aWhileMs);
    expect(await isMade('good')).toBe(true);
    expect((await attachmentOf('good'))?.status?.attached).toBe(true);
    for (const [method, subject] of [
      ['CreateVolume', `pvc-${odd}`],
      ['ControllerPublishVolume', 'v@id-n1'],
    ] as const) {
      expect(timesOf(method, subject)).toBeGreaterThan(3);
      expect(timesOf(method, subject)).toBeLessThan(mostTries);
    }
  });

  describe('let go of', () => {
    const bare = { type: 'merge', body: { metadata: { finalizers: null } } } as const;

    it('[rel-L6] a claim that got another volume while it was not known whether its own was made', async () => {
      backend.fail('lostReplies', 'CreateVolume', Code.DEADLINE_EXCEEDED);
      await start();
      await createClaim('c');
      await plane.clock.settle();
      expect((await claimOf('c'))?.metadata.finalizers).toContain(intent);
      const key = { namespace: 'default', name: 'c' };
      await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body: { spec: { volumeName: 'other' } } });
      await plane.clock.advance(aWhileMs);
      expect((await claimOf('c'))?.metadata.finalizers).not.toContain(intent);
      expect(backend.volumes.size).toBe(0);
    });

    it('[rel-L6] a claim whose provisioner was changed meanwhile', async () => {
      backend.fail('lostReplies', 'CreateVolume', Code.DEADLINE_EXCEEDED);
      await start();
      await createClaim('c');
      await plane.clock.settle();
      const annotations = { 'volume.kubernetes.io/storage-provisioner': 'other.csi' };
      const key = { namespace: 'default', name: 'c' };
      await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body: { metadata: { annotations } } });
      await plane.clock.advance(aWhileMs);
      expect((await claimOf('c'))?.metadata.finalizers).not.toContain(intent);
      expect(backend.volumes.size).toBe(0);
    });

    it('[rel-L6] a volume that is to be retained', async () => {
      const finalizers = [provisionerFinalizer];
      await createVolume('v', { persistentVolumeReclaimPolicy: 'Retain' }, { annotations: provisionedBy, finalizers });
      await start();
      expect((await volumeOf('v'))?.metadata.finalizers ?? []).not.toContain(provisionerFinalizer);
    });

    it('[rel-L6] a volume whose attachment went while nobody looked', async () => {
      await createVolume('v');
      const running = await start();
      await attach('a', { persistentVolumeName: 'v' });
      await plane.clock.settle();
      expect((await volumeOf('v'))?.metadata.finalizers).toContain(attacherFinalizer);
      await running[Symbol.asyncDispose]();
      await plane.client.patch(volumeAttachments, { name: 'a' }, bare);
      await plane.client.delete(volumeAttachments, { name: 'a' });
      await plane.client.delete(persistentVolumes, { name: 'v' });
      await start();
      expect((await volumeOf('v'))?.metadata.finalizers ?? []).not.toContain(attacherFinalizer);
    });

    it('[rel-D5] [rel-L4] no volume whose attachment they have not heard of', async () => {
      await createVolume('v');
      const running = await start();
      await attach('a', { persistentVolumeName: 'v' });
      await plane.clock.settle();
      await running[Symbol.asyncDispose]();
      await plane.client.delete(persistentVolumes, { name: 'v' });
      const { driver } = backend;
      const blind = blindClient(plane.clientOf('a'), 'VolumeAttachment');
      const late = await startOn(plane, 'a', (options) => startAttacher({ ...options, driver }), blind);
      await plane.clock.advance(aWhileMs);
      expect((await volumeOf('v'))?.metadata.finalizers).toContain(attacherFinalizer);
      await late[Symbol.asyncDispose]();
      await plane.client.delete(volumeAttachments, { name: 'a' });
      await start();
      expect((await volumeOf('v'))?.metadata.finalizers ?? []).not.toContain(attacherFinalizer);
      expect(backend.published.size).toBe(0);
    });

    it('[rel-L6] an attachment whose volume was replaced by one of another type', async () => {
      await createVolume('v');
      await start();
      await attach('a', { persistentVolumeName: 'v' });
      await plane.clock.settle();
      await plane.client.patch(persistentVolumes, { name: 'v' }, bare);
      await plane.client.delete(persistentVolumes, { name: 'v' }).catch(() => {});
      await plane.client.patch(persistentVolumes, { name: 'v' }, bare).catch(() => {});
      await createVolume('v', { nfs: { server: 's', path: '/' } });
      await plane.clock.settle();
      await plane.client.delete(volumeAttachments, { name: 'a' });
      await plane.clock.advance(aWhileMs);
      expect(await attachmentOf('a')).toBeUndefined();
    });

    it('[rel-L6] an attachment whose volume was forced away', async () => {
      await createVolume('v');
      await start();
      await attach('a', { persistentVolumeName: 'v' });
      await plane.clock.settle();
      await plane.client.patch(persistentVolumes, { name: 'v' }, bare);
      await plane.client.delete(persistentVolumes, { name: 'v' });
      await plane.client.delete(volumeAttachments, { name: 'a' });
      await plane.clock.advance(aWhileMs);
      expect(await attachmentOf('a')).toBeUndefined();
    });
  });
});
