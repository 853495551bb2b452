/** What a driver is asked for on behalf of a claim, and the object that comes of its answer, as a whole. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Draft,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  type StorageClass,
  storageClasses,
} from '../../src/api/index.ts';
import { AccessMode, ControllerCapability } from '../../src/csi/index.ts';
import { type ProvisionerFlags, startProvisioner } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft } from './support/objects.ts';

const zone = 'topology.fake.csi/zone';
const provisionerNote = { 'volume.kubernetes.io/storage-provisioner': 'fake.csi' };
const placed = { name: 'fake.csi', volumeIdOf: (name: string) => `id-${name}`, resolveId: (id: string) => id };
const fileSystem = (fsType: string, mode: number, ...mountFlags: string[]) => ({
  accessType: { case: 'mount', value: { fsType, mountFlags } },
  accessMode: { mode },
});
const device = (mode: number) => ({ accessType: { case: 'block', value: {} }, accessMode: { mode } });

interface Case {
  readonly claim?: Partial<PersistentVolumeClaim['spec']>;
  readonly class?: Partial<Draft<StorageClass>>;
  readonly flags?: Partial<ProvisionerFlags>;
  readonly singleNode?: boolean;
}

describe('a volume that is provisioned', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock);
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function provision({ claim = {}, class: more = {}, flags = {}, singleNode = false }: Case) {
    const controllerCapabilities = new Set(backend.driver.controllerCapabilities);
    if (singleNode) controllerCapabilities.add(ControllerCapability.SINGLE_NODE_MULTI_WRITER);
    const driver = { ...backend.driver, controllerCapabilities };
    await plane.client.create(storageClasses, { ...classDraft('c', 'Immediate'), ...more });
    await startOn(plane, 'fake.csi_host_1', (options) => startProvisioner({ ...options, driver, flags }));
    const { metadata, spec } = claimDraft('data', 'c');
    const made = await plane.client.create(persistentVolumeClaims, {
      metadata: { ...metadata, annotations: provisionerNote },
      spec: { ...spec, ...claim },
    });
    await plane.clock.settle();
    const [volume] = (await plane.client.list(persistentVolumes)).items;
    return { uid: made.metadata.uid, volume, asked: JSON.parse(backend.creations[0] ?? 'null') };
  }

  const own = { 'csi.storage.k8s.io/fstype': 'xfs', tier: 'gold' };
  it.each<[string, Case, unknown]>([
    ['a file system that the driver chooses', {}, [fileSystem('', AccessMode.SINGLE_NODE_WRITER)]],
    [
      'the file system of the class, with its mount options',
      { class: { parameters: own, mountOptions: ['noatime', 'discard'] } },
      [fileSystem('xfs', AccessMode.SINGLE_NODE_WRITER, 'noatime', 'discard')],
    ],
    [
      'the default file system',
      { flags: { defaultFsType: 'ext4' } },
      [fileSystem('ext4', AccessMode.SINGLE_NODE_WRITER)],
    ],
    [
      'a block device',
      { claim: { volumeMode: 'Block' }, class: { parameters: own } },
      [device(AccessMode.SINGLE_NODE_WRITER)],
    ],
    [
      'several access modes',
      { claim: { accessModes: ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany'] } },
      [AccessMode.SINGLE_NODE_WRITER, AccessMode.MULTI_NODE_READER_ONLY, AccessMode.MULTI_NODE_MULTI_WRITER].map(
        (mode) => fileSystem('', mode),
      ),
    ],
    [
      'one writer, of a driver that can tell several',
      { claim: { accessModes: ['ReadWriteOnce'] }, singleNode: true },
      [fileSystem('', AccessMode.SINGLE_NODE_MULTI_WRITER)],
    ],
    [
      'one pod, of a driver that can tell several',
      { claim: { accessModes: ['ReadWriteOncePod'] }, singleNode: true },
      [fileSystem('', AccessMode.SINGLE_NODE_SINGLE_WRITER)],
    ],
  ])('[O4] is asked for as %s', async (_title, given, volumeCapabilities) => {
    const { asked } = await provision(given);
    const told = asked.volumeCapabilities.map(
      ({
        accessType,
        accessMode,
      }: {
        accessType: { case: string; value: { fsType?: string; mountFlags?: string[] } };
        accessMode: { mode: number };
      }) => ({
        accessType: {
          case: accessType.case,
          value:
            accessType.case === 'block'
              ? {}
              : { fsType: accessType.value.fsType, mountFlags: accessType.value.mountFlags },
        },
        accessMode: { mode: accessMode.mode },
      }),
    );
    expect(told).toEqual(volumeCapabilities);
  });

  it('[O4] [O5] is asked for by name and size, with the parameters of the class that are the driver’s', async () => {
    const { uid, asked } = await provision({
      class: { parameters: own },
      claim: { resources: { requests: { storage: '1500M' } } },
    });
    expect(asked).toMatchObject({
      name: `pvc-${uid}`,
      capacityRange: { requiredBytes: '1500000000' },
      parameters: { tier: 'gold' },
    });
    expect(Object.keys(asked.parameters)).toEqual(['tier']);
  });

  it('[O4] is asked for with the names of claim and volume when the driver is to know them', async () => {
    const { uid, asked } = await provision({ flags: { extraCreateMetadata: true }, class: { parameters: own } });
    expect(asked.parameters).toEqual({
      tier: 'gold',
      'csi.storage.k8s.io/pvc/name': 'data',
      'csi.storage.k8s.io/pvc/namespace': 'default',
      'csi.storage.k8s.io/pv/name': `pvc-${uid}`,
    });
  });

  it.each([
    [8, 8],
    [32, 32],
  ])('[O2] [O4] is named by %d characters of the uid', async (volumeNameUuidLength, length) => {
    const { uid, volume, asked } = await provision({ flags: { volumeNameUuidLength } });
    expect(asked.name).toBe(`pvc-${uid.replaceAll('-', '').slice(0, length)}`);
    expect(volume?.metadata.name).toBe(asked.name);
  });

  it('[O6] has an object that says what was made, for whom and by whom', async () => {
    backend = new FakeDriver(plane.clock, 'controller', { ...placed, topology: { [zone]: 'a' } });
    backend.sizeOf = () => 2n << 30n;
    const { uid, volume } = await provision({
      claim: { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] },
      flags: { immediateTopology: false },
      class: { parameters: own, mountOptions: ['noatime'] },
    });
    const matchExpressions = [{ key: zone, operator: 'In', values: ['a'] }];
    const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'default', name: 'data', uid };
    expect(volume).toMatchObject({
      metadata: {
        name: `pvc-${uid}`,
        annotations: {
          'pv.kubernetes.io/provisioned-by': 'fake.csi',
          'volume.kubernetes.io/provisioner-deletion-secret-name': '',
          'volume.kubernetes.io/provisioner-deletion-secret-namespace': '',
        },
        finalizers: expect.arrayContaining(['external-provisioner.volume.kubernetes.io/finalizer']),
      },
      spec: {
        accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
        capacity: { storage: '2Gi' },
        claimRef,
        csi: { driver: 'fake.csi', volumeHandle: `id-pvc-${uid}`, fsType: 'xfs' },
        mountOptions: ['noatime'],
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } },
        persistentVolumeReclaimPolicy: 'Delete',
        storageClassName: 'c',
        volumeMode: 'Filesystem',
      },
    });
    expect(volume?.spec.csi?.readOnly).toBeUndefined();
    expect(volume?.spec.csi?.volumeAttributes).toEqual({
      'storage.kubernetes.io/csiProvisionerIdentity': expect.stringMatching(/^\d+-\d{1,4}-fake\.csi$/),
    });
  });

  it('[O6] has no finalizer when it is retained, nor a file system when it is a device', async () => {
    const { volume } = await provision({
      claim: { volumeMode: 'Block' },
      class: { parameters: own, reclaimPolicy: 'Retain' },
    });
    expect(volume?.metadata.finalizers ?? []).not.toContain('external-provisioner.volume.kubernetes.io/finalizer');
    expect(volume?.spec).toMatchObject({ persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Block' });
    expect(volume?.spec.csi?.fsType).toBeUndefined();
    expect(volume?.spec.nodeAffinity).toBeUndefined();
  });

  it('[rel-C2] is written down when it is retained and its object goes', async () => {
    const { uid, volume } = await provision({ class: { reclaimPolicy: 'Retain' } });
    const name = volume?.metadata.name ?? '';
    const told = `Normal VolumeRetained The volume "id-pvc-${uid}" of driver fake.csi is retained: no PersistentVolume names it any more`;
    expect(await plane.eventsOf(name)).not.toContain(told);
    await plane.client.patch(persistentVolumes, { name }, { type: 'merge', body: { metadata: { finalizers: null } } });
    await plane.client.delete(persistentVolumes, { name });
    expect(await plane.eventsOf(name)).toContain(told);
    expect(backend.volumes.size).toBe(1);
  });

  it.each([
    ['goes with its object', { reclaimPolicy: 'Delete' }, {}],
    ['was made by somebody else', { reclaimPolicy: 'Retain' }, { 'pv.kubernetes.io/provisioned-by': 'other.csi' }],
  ])('[rel-C2] is not written down when it %s', async (_title, volumeClass, annotations) => {
    const { volume } = await provision({ class: volumeClass });
    const name = volume?.metadata.name ?? '';
    const body = { metadata: { annotations, finalizers: null } };
    await plane.client.patch(persistentVolumes, { name }, { type: 'merge', body });
    await plane.client.delete(persistentVolumes, { name });
    expect(await plane.eventsOf(name)).toEqual([]);
  });

  it.each<[string, boolean, string[], boolean]>([
    ['that is only read, when that is wanted', true, ['ReadOnlyMany'], true],
    ['that is only read, unless that is wanted', false, ['ReadOnlyMany'], false],
    ['that is written, too', true, ['ReadOnlyMany', 'ReadWriteOnce'], false],
    ['that is written', true, ['ReadWriteMany'], false],
  ])('[O6] is attached read-only, or not: one %s', async (_title, controllerPublishReadonly, accessModes, expected) => {
    const { volume } = await provision({ flags: { controllerPublishReadonly }, claim: { accessModes } });
    expect(volume?.spec.csi?.readOnly ?? false).toBe(expected);
  });
});
