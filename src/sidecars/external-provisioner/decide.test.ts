import { describe, expect, it } from 'vitest';
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass, VolumeAttachment } from '../../api/index.ts';
import { decideClaim, decideVolume, provisioningFinalizer } from './decide.ts';

const meta = { name: 'x', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
const provisioner = { 'volume.kubernetes.io/storage-provisioner': 'drv' };
const selected = { ...provisioner, 'volume.kubernetes.io/selected-node': 'n' };

function claim(metadata: Partial<PersistentVolumeClaim['metadata']> = {}, volumeName?: string): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...meta, annotations: provisioner, ...metadata },
    spec: volumeName === undefined ? {} : { volumeName },
  };
}

function volumeClass(volumeBindingMode: string, name = 'drv'): StorageClass {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: meta,
    provisioner: name,
    volumeBindingMode,
  };
}

const view = {
  driver: 'drv',
  className: 'c',
  class: volumeClass('Immediate'),
  volumeExists: false,
  isBegun: false,
  canClone: true,
  canRestore: true,
  nodeExists: () => true,
};

const noUsers = { attachments: [], nodes: [], isBeingCloned: false };

describe('decideClaim', () => {
  it.each([
    ['[O3] provisions an Immediate claim that names this driver', claim(), view, 'provision'],
    ['[O3] ignores a claim for another driver', claim({ annotations: {} }), view, 'ignore'],
    [
      '[rel-L6] settles what was begun for a claim that names another driver now',
      claim({ annotations: {} }),
      { ...view, isBegun: true },
      'settle',
    ],
    ['[O3] ignores a claim that has a volume', claim({}, 'v'), view, 'ignore'],
    ['[O3] ignores a claim whose volume exists', claim(), { ...view, volumeExists: true }, 'ignore'],
    ['[O3][R2] waits for the scheduler', claim(), { ...view, class: volumeClass('WaitForFirstConsumer') }, 'ignore'],
    [
      '[O3][R2] provisions once a node is selected',
      claim({ annotations: selected }),
      { ...view, class: volumeClass('WaitForFirstConsumer') },
      'provision',
    ],
    [
      '[rel-H3] gives a claim back whose node is gone',
      claim({ annotations: selected }),
      { ...view, class: volumeClass('WaitForFirstConsumer'), nodeExists: () => false },
      'nodeGone',
    ],
    [
      '[rel-H3] keeps a claim whose node is gone when its volume exists',
      claim({ annotations: selected }),
      { ...view, class: volumeClass('WaitForFirstConsumer'), volumeExists: true, nodeExists: () => false },
      'ignore',
    ],
    ['says that the class is missing', claim(), { ...view, class: undefined }, 'classMissing'],
    [
      '[rel-C9] settles a claim that is deleted while its volume may exist',
      claim({ finalizers: [provisioningFinalizer], deletionTimestamp: 't' }),
      view,
      'settle',
    ],
    ['lets a deleted claim without an intent go', claim({ deletionTimestamp: 't' }), view, 'ignore'],
  ])('%s', (_title, given, with_, expected) => {
    expect(decideClaim({ ...with_, claim: given }).kind).toBe(expected);
  });
});

describe('decideClaim of a plugin that the driver took over', () => {
  const driver = 'ebs.csi.aws.com';
  const plugin = 'kubernetes.io/aws-ebs';
  const asked = (by: string, migratedTo?: string) =>
    claim({
      annotations: {
        'volume.beta.kubernetes.io/storage-provisioner': by,
        ...(migratedTo ? { 'pv.kubernetes.io/migrated-to': migratedTo } : {}),
      },
    });

  it.each([
    ['provisions for the class of the plugin', asked(driver), plugin, 'provision'],
    ['provisions for a class of its own', asked(driver), driver, 'provision'],
    ['provisions a claim from before it took over', asked(plugin, driver), plugin, 'provision'],
    ['leaves a claim to the plugin that was not handed over', asked(plugin), plugin, 'ignore'],
    ['leaves a claim to another driver', asked(plugin, 'other.csi'), plugin, 'ignore'],
    ['leaves the class of another plugin', asked(driver), 'kubernetes.io/gce-pd', 'ignore'],
  ])('[Q1] %s', (_title, given, className, expected) => {
    const with_ = { ...view, driver, class: volumeClass('Immediate', className) };
    expect(decideClaim({ ...with_, claim: given }).kind).toBe(expected);
  });
});

describe('decideClaim and where the data comes from', () => {
  const asking = (spec: PersistentVolumeClaim['spec']) => decideClaim({ ...view, claim: { ...claim(), spec } });

  it('[O9] refuses a claim that selects volumes', () => {
    const decision = asking({ selector: { matchLabels: { a: 'b' } } });
    expect(decision).toEqual({ kind: 'unsupported', reason: 'claim Selector is not supported' });
  });

  const nothing = { canClone: false, canRestore: false };
  const clones = 'CSI driver does not support clone operations: controller CLONE_VOLUME capability is not reported';
  const restores =
    'CSI driver does not support snapshot restore: controller CREATE_DELETE_SNAPSHOT capability is not reported';
  const from = (apiGroup: string, kind: string) => ({ dataSource: { apiGroup, kind, name: 'source' } });

  it.each([
    ['[O10] [S9]', from('', 'PersistentVolumeClaim'), clones],
    ['[O11] [S10]', from('snapshot.storage.k8s.io', 'VolumeSnapshot'), restores],
  ])('%s gives no empty volume where the driver cannot fill it from %o', (_ids, spec, reason) => {
    const given = { ...claim(), spec };
    expect(asking(spec)).toMatchObject({ kind: 'provision' });
    expect(decideClaim({ ...view, ...nothing, claim: given })).toEqual({ kind: 'unsupported', reason });
    // What was begun by a driver that could is brought to its end.
    expect(decideClaim({ ...view, ...nothing, isBegun: true, claim: given })).toMatchObject({ kind: 'provision' });
  });

  it('[O12] leaves a claim with any other source to its populator', () => {
    const dataSourceRef = { apiGroup: 'hello.example.com', kind: 'Hello', name: 'world' };
    expect(asking({ dataSourceRef })).toEqual({ kind: 'populated' });
    expect(asking({ dataSourceRef, selector: {} })).toEqual({ kind: 'populated' });
  });
});

const finalizer = 'external-provisioner.volume.kubernetes.io/finalizer';

function volume(phase: string, policy: string, metadata: Partial<PersistentVolume['metadata']> = {}): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      ...meta,
      annotations: { 'pv.kubernetes.io/provisioned-by': 'drv' },
      finalizers: [finalizer],
      ...metadata,
    },
    spec: { persistentVolumeReclaimPolicy: policy, csi: { driver: 'drv', volumeHandle: 'h' } },
    status: { phase },
  };
}

const attachment: VolumeAttachment = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'VolumeAttachment',
  metadata: meta,
  spec: { attacher: 'drv', nodeName: 'n1', source: { persistentVolumeName: 'x' } },
};

describe('decideVolume', () => {
  it.each([
    ['[O8] deletes a released volume', volume('Released', 'Delete'), [], 'delete'],
    ['[rel-B5] never deletes under Retain', volume('Released', 'Retain', { finalizers: [] }), [], 'ignore'],
    ['[O8][rel-C4] waits while the volume is attached', volume('Released', 'Delete'), [attachment], 'attached'],
    ['[rel-C5] leaves the volumes of others alone', volume('Released', 'Delete', { annotations: {} }), [], 'ignore'],
    [
      '[O8][rel-C6] keeps a bound volume that is being deleted',
      volume('Bound', 'Delete', { deletionTimestamp: 't' }),
      [],
      'ignore',
    ],
    ['[O6] adds the finalizer to a bound volume', volume('Bound', 'Delete', { finalizers: [] }), [], 'addFinalizer'],
    ['[O6] takes the finalizer off under Retain', volume('Bound', 'Retain'), [], 'removeFinalizer'],
  ] as const)('%s', (_title, given, attachments, expected) => {
    expect(decideVolume(given, 'drv', { ...noUsers, attachments }).kind).toBe(expected);
  });
});

describe('decideVolume and the nodes', () => {
  it('[rel-C4] waits while a node has the volume mounted although nobody attached it', () => {
    const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { ...meta, name: 'n2' }, spec: {} };
    const decision = decideVolume(volume('Released', 'Delete'), 'drv', { ...noUsers, nodes: [node] });
    expect(decision).toEqual({ kind: 'inUse', nodeName: 'n2' });
  });

  it('[rel-C10] waits while another volume is being filled from it', () => {
    const given = volume('Released', 'Delete', { finalizers: [finalizer] });
    expect(decideVolume(given, 'drv', { ...noUsers, isBeingCloned: true })).toEqual({ kind: 'beingCloned' });
  });
});

describe('decideVolume of a plugin that the driver took over', () => {
  const driver = 'ebs.csi.aws.com';

  function migrated(source: Partial<PersistentVolume['spec']>, migratedTo: string | undefined): PersistentVolume {
    const annotations = {
      'pv.kubernetes.io/provisioned-by': 'kubernetes.io/aws-ebs',
      ...(migratedTo ? { 'pv.kubernetes.io/migrated-to': migratedTo } : {}),
    };
    const { csi: _, ...spec } = volume('Released', 'Delete').spec;
    return { ...volume('Released', 'Delete', { annotations }), spec: { ...spec, ...source } };
  }

  const ebs = { awsElasticBlockStore: { volumeID: 'vol-1' } };

  it.each([
    ['deletes one that was handed over', migrated(ebs, driver), 'delete'],
    ['leaves one alone that was not', migrated(ebs, undefined), 'ignore'],
    ['leaves that of another driver', migrated(ebs, 'pd.csi.storage.gke.io'), 'ignore'],
    ['leaves what it cannot serve', migrated({ nfs: { server: 's', path: '/' } }, driver), 'ignore'],
  ])('[Q1] [B11] %s', (_title, given, expected) => {
    expect(decideVolume(given, driver, noUsers).kind).toBe(expected);
  });
});
