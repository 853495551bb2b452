/** Work for what binds, makes, attaches and grows volumes. */
import {
  csiNodes,
  type Draft,
  nodes,
  type PersistentVolume,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../../../src/api/index.ts';
import type { Clock } from '../../../../src/base/index.ts';
import * as controllers from '../../../../src/controllers/index.ts';
import {
  type CsiDriver,
  startAttacher,
  startProvisioner,
  startResizer,
  startSnapshotter,
} from '../../../../src/sidecars/index.ts';
import type { ControlPlane } from '../control-plane.ts';
import { FakeDriver } from '../fake-driver.ts';
import { claimDraft, classDraft, nodeDraft, podDraft, volumeDraft } from '../objects.ts';
import { at, bare, type ControllerCases, createPodOn, isProtected } from './controller-case.ts';
import { ignoreExisting } from './failing-client.ts';

const managedAttach = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };

/** A volume of another source than the hostPath of drafts. */
function volumeOf(name: string, source: Partial<PersistentVolume['spec']>): Draft<PersistentVolume> {
  const { metadata, spec } = volumeDraft(name, 'now');
  const { hostPath: _, ...rest } = spec;
  return { metadata, spec: { ...rest, ...source } };
}
export const csiVolumeDraft = (name: string) => volumeOf(name, { csi: { driver: 'fake.csi', volumeHandle: name } });

/** A claim bound to a volume, both named alike, that is 1 GiB large and asks for this much. */
export async function createBound({ client }: ControlPlane, volume: Draft<PersistentVolume>, storage = '1Gi') {
  const name = volume.metadata.name ?? '';
  const draft = claimDraft(name, 'now', storage);
  const made = await client.create(persistentVolumeClaims, { ...draft, spec: { ...draft.spec, volumeName: name } });
  const { namespace, uid } = made.metadata;
  const claimRef = { kind: 'PersistentVolumeClaim', namespace, name, uid };
  await client.create(persistentVolumes, { ...volume, spec: { ...volume.spec, claimRef } });
  const status = { phase: 'Bound', capacity: { storage: '1Gi' } };
  await client.updateStatus(persistentVolumeClaims, { ...made, status });
}

async function ensureDriverOn({ client }: ControlPlane, nodeName: string): Promise<void> {
  const drivers = [{ name: 'fake.csi', nodeID: 'n' }];
  await client.create(csiNodes, { metadata: { name: nodeName }, spec: { drivers } }).catch(ignoreExisting);
}

async function ensureAttachNode(plane: ControlPlane, name: string): Promise<void> {
  const draft = nodeDraft(name);
  await plane.client
    .create(nodes, { ...draft, metadata: { ...draft.metadata, annotations: managedAttach } })
    .catch(ignoreExisting);
  await ensureDriverOn(plane, name);
}

const growth = (plane: ControlPlane, name: string) => plane.get(persistentVolumeClaims, at(name));
const growsOf = async (plane: ControlPlane, name: string) =>
  (await growth(plane, name))?.status?.allocatedResourceStatuses?.storage === 'NodeResizePending';

const protection: ControllerCases = {
  'the claim protection controller': {
    start: controllers.startClaimProtectionController,
    async setUp({ client }, name) {
      await client.create(persistentVolumeClaims, claimDraft(name, ''));
      await client.patch(persistentVolumeClaims, at(name), bare);
    },
    isDone: async (plane, name) => isProtected(await plane.get(persistentVolumeClaims, at(name))),
  },
  'the volume protection controller': {
    start: controllers.startVolumeProtectionController,
    async setUp({ client }, name) {
      await client.create(persistentVolumes, volumeDraft(name, ''));
      await client.patch(persistentVolumes, { name }, bare);
    },
    isDone: async (plane, name) => isProtected(await plane.get(persistentVolumes, { name })),
  },
  'the attributes class protection controller': {
    start: controllers.startAttributesClassProtectionController,
    async setUp({ client }, name) {
      await client.create(volumeAttributesClasses, { metadata: { name }, driverName: 'd', parameters: { a: '1' } });
      await client.patch(volumeAttributesClasses, { name }, bare);
    },
    isDone: async (plane, name) => isProtected(await plane.get(volumeAttributesClasses, { name })),
  },
};

const snapshots: ControllerCases = {
  'the snapshot controller': {
    start: controllers.startSnapshotController,
    async setUp({ client }, name) {
      const source = { volumeSnapshotContentName: name };
      await client.create(volumeSnapshots, { metadata: at(name), spec: { source } });
      const spec = { driver: 'fake.csi', deletionPolicy: 'Retain', source: { snapshotHandle: name } };
      await client.create(volumeSnapshotContents, {
        metadata: { name },
        spec: { ...spec, volumeSnapshotRef: at(name) },
      });
    },
    isDone: async (plane, name) =>
      (await plane.get(volumeSnapshots, at(name)))?.status?.boundVolumeSnapshotContentName === name &&
      isProtected(await plane.get(volumeSnapshotContents, { name })),
  },
};

export const volumeCases: ControllerCases = {
  ...protection,
  ...snapshots,
  'the ephemeral volume controller': {
    start: controllers.startEphemeralVolumeController,
    setUp({ client }, name) {
      const draft = podDraft(name);
      const volumeClaimTemplate = { spec: claimDraft('x', '').spec } as never;
      const volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate } }];
      return client.create(pods, { ...draft, spec: { ...draft.spec, volumes } as never });
    },
    isDone: async (plane, name) => (await plane.get(persistentVolumeClaims, at(`${name}-scratch`))) !== undefined,
  },
  'the persistent volume controller': {
    start: controllers.startPersistentVolumeController,
    async setUp({ client }, name) {
      await client.create(persistentVolumes, volumeDraft(name, name));
      await client.create(persistentVolumeClaims, claimDraft(name, name));
    },
    isDone: async (plane, name) =>
      (await plane.get(persistentVolumeClaims, at(name)))?.status?.phase === 'Bound' &&
      (await plane.get(persistentVolumes, { name }))?.status?.phase === 'Bound',
  },
  'the attach/detach controller': {
    start: controllers.startAttachDetachController,
    async setUp(plane, name) {
      await ensureAttachNode(plane, 'n1');
      await createBound(plane, csiVolumeDraft(name));
      await createPodOn(plane, name, 'n1', name);
    },
    isDone: async ({ client }, name) =>
      (await client.list(volumeAttachments)).items.some(({ spec }) => spec.source.persistentVolumeName === name),
  },
  'the expand controller': {
    start: controllers.startExpandController,
    setUp: (plane, name) => createBound(plane, volumeOf(name, { flexVolume: { driver: 'example.com/flex' } }), '2Gi'),
    isDone: growsOf,
  },
};

/** Work for the roles of a driver; the class and the volume of what is called bad say so to the driver. */
export const sidecarCasesWith = (driverOf: (clock: Clock) => CsiDriver): ControllerCases => ({
  'the external provisioner': {
    start: (options) => startProvisioner({ ...options, driver: driverOf(options.clock) }),
    async setUp({ client }, name) {
      const className = name.includes('bad') ? 'odd' : 'now';
      const parameters = { isBad: String(name.includes('bad')) };
      await client.create(storageClasses, { ...classDraft(className, 'Immediate'), parameters }).catch(ignoreExisting);
      const { metadata, spec } = claimDraft(name, className);
      const annotations = { 'volume.kubernetes.io/storage-provisioner': 'fake.csi' };
      await client.create(persistentVolumeClaims, { metadata: { ...metadata, annotations }, spec });
    },
    isDone: async (plane, name) =>
      (await plane.client.list(persistentVolumes)).items.some(({ spec }) => spec.claimRef?.name === name),
  },
  'the external attacher': {
    start: (options) => startAttacher({ ...options, driver: driverOf(options.clock) }),
    async setUp(plane, name) {
      await ensureDriverOn(plane, 'n1');
      await plane.client.create(persistentVolumes, csiVolumeDraft(name));
      const spec = { attacher: 'fake.csi', nodeName: 'n1', source: { persistentVolumeName: name } };
      await plane.client.create(volumeAttachments, { metadata: { name }, spec });
    },
    isDone: async (plane, name) => (await plane.get(volumeAttachments, { name }))?.status?.attached === true,
  },
  'the external resizer': {
    start: (options) => startResizer({ ...options, driver: driverOf(options.clock) }),
    setUp: (plane, name) => createBound(plane, csiVolumeDraft(name), '2Gi'),
    isDone: growsOf,
  },
  'the external snapshotter': {
    start: (options) => startSnapshotter({ ...options, driver: driverOf(options.clock) }),
    async setUp({ client }, name) {
      const common = { driver: 'fake.csi', deletionPolicy: 'Delete' };
      await client.create(volumeSnapshotClasses, { metadata: { name: 'snaps' }, ...common }).catch(ignoreExisting);
      const volumeSnapshotRef = { ...at(name), uid: `uid-of-${name}` };
      const source = { volumeHandle: name };
      const spec = { ...common, source, volumeSnapshotRef, volumeSnapshotClassName: 'snaps' };
      await client.create(volumeSnapshotContents, { metadata: { name }, spec });
    },
    isDone: async (plane, name) => (await plane.get(volumeSnapshotContents, { name }))?.status?.readyToUse === true,
  },
});

export const sidecarCases = sidecarCasesWith((clock) => new FakeDriver(clock).driver);
