/** A control plane with the objects of a case, and the deeds of users and of the snapshotter. */
import {
  coreEvents,
  isNotFound,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
  type VolumeSnapshotContentStatus,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../../src/api/index.ts';
import type { Client } from '../../../src/client/index.ts';
import {
  type SnapshotControllerSettings,
  snapshotControllerName,
  startSnapshotController,
} from '../../../src/controllers/index.ts';
import type { ControlPlane } from '../support/control-plane.ts';
import { startOn } from '../support/controllers.ts';
import {
  driver,
  type GivenClaim,
  type GivenClass,
  type GivenContent,
  type GivenSnapshot,
  type GivenVolume,
  namespace,
} from './objects.ts';
import { claimPicture, contentPicture, snapshotPicture } from './picture.ts';

const prefix = 'snapshot.storage.kubernetes.io/';
const finalizerNames = {
  source: `${prefix}volumesnapshot-as-source-protection`,
  bound: `${prefix}volumesnapshot-bound-protection`,
  other: 'example.com/other',
};
const contentFinalizer = `${prefix}volumesnapshotcontent-bound-protection`;
const beingDeleted = `${prefix}volumesnapshot-being-deleted`;
const claimFinalizer = `${prefix}pvc-as-source-protection`;

export interface Given {
  readonly snapshots?: readonly GivenSnapshot[];
  readonly contents?: readonly GivenContent[];
  readonly claims?: readonly GivenClaim[];
  readonly volumes?: readonly GivenVolume[];
  readonly classes?: readonly GivenClass[];
  readonly nodes?: readonly string[];
}

export class World {
  readonly plane: ControlPlane;
  readonly client: Client;

  constructor(plane: ControlPlane) {
    this.plane = plane;
    this.client = plane.client;
  }

  async createAll(given: Given): Promise<void> {
    for (const name of given.nodes ?? [])
      await this.client.create(nodes, { metadata: { name, labels: { 'kubernetes.io/hostname': name } }, spec: {} });
    for (const one of given.claims ?? []) await this.createClaim(one);
    for (const one of given.volumes ?? []) await this.createVolume(one);
    for (const one of given.classes ?? []) await this.createClass(one);
    for (const one of given.snapshots ?? []) await this.createSnapshot(one);
    for (const one of given.contents ?? []) await this.createContent(one);
    for (const one of given.snapshots ?? [])
      if (one.deleting) await this.client.delete(volumeSnapshots, this.key(one.name));
  }

  async start(
    settings: Partial<SnapshotControllerSettings> = {},
    client: Client = this.plane.clientOf(snapshotControllerName),
  ): Promise<AsyncDisposable> {
    return await startOn(
      this.plane,
      snapshotControllerName,
      (options) => startSnapshotController({ ...options, settings }),
      client,
    );
  }

  key(name: string) {
    return { namespace, name };
  }

  async createClaim({ name, volume, restores, isProtected, deleting }: GivenClaim): Promise<void> {
    const dataSource = restores && { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: restores };
    const created = await this.client.create(persistentVolumeClaims, {
      metadata: { name, namespace, ...(isProtected ? { finalizers: [claimFinalizer] } : {}) },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: '',
        ...(volume ? { volumeName: volume } : {}),
        ...(dataSource ? { dataSource } : {}),
      },
    });
    const status = { phase: volume ? 'Bound' : 'Pending' };
    await this.client.updateStatus(persistentVolumeClaims, { ...created, status });
    if (deleting) await this.client.delete(persistentVolumeClaims, this.key(name));
  }

  async createVolume({ name, driver: volumeDriver, volumeMode, node, to }: GivenVolume): Promise<void> {
    const claim = to === undefined ? undefined : await this.plane.get(persistentVolumeClaims, this.key(to));
    const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node ?? ''] }];
    await this.client.create(persistentVolumes, {
      metadata: { name },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        ...(volumeDriver
          ? { csi: { driver: volumeDriver, volumeHandle: `handle-of-${name}` } }
          : { hostPath: { path: '/tmp/x' } }),
        ...(volumeMode === undefined ? {} : { volumeMode }),
        ...(node === undefined ? {} : { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } }),
        ...(claim ? { claimRef: { namespace, name: claim.metadata.name, uid: claim.metadata.uid } } : {}),
      },
    });
  }

  async createClass({
    name,
    driver: of = driver,
    isDefault,
    policy = 'Delete',
    parameters,
  }: GivenClass): Promise<void> {
    const annotations = isDefault ? { annotations: { [`${prefix}is-default-class`]: 'true' } } : {};
    await this.client.create(volumeSnapshotClasses, {
      metadata: { name, ...annotations },
      driver: of,
      deletionPolicy: policy,
      ...(parameters ? { parameters } : {}),
    });
    await this.plane.clock.settle();
  }

  async createSnapshot({ name, of, from, className, bound, status, finalizers = [] }: GivenSnapshot): Promise<void> {
    const held = finalizers.map((finalizer) => finalizerNames[finalizer]);
    const created = await this.client.create(volumeSnapshots, {
      metadata: { name, namespace, ...(held.length > 0 ? { finalizers: held } : {}) },
      spec: {
        source: of === undefined ? { volumeSnapshotContentName: from ?? '' } : { persistentVolumeClaimName: of },
        ...(className === undefined ? {} : { volumeSnapshotClassName: className }),
      },
    });
    if (!bound && !status) return;
    const content = bound === 'own' ? `snapcontent-${created.metadata.uid}` : bound;
    const told = { ...status, ...(content ? { boundVolumeSnapshotContentName: content } : {}) };
    await this.client.updateStatus(volumeSnapshots, { ...created, status: told });
  }

  async createContent(given: GivenContent): Promise<void> {
    const { to, toGone, handle, className, policy = 'Delete', status, annotations } = given;
    const name = to ?? toGone ?? given.for ?? '';
    const uid = to === undefined ? toGone && 'uid-of-a-snapshot-before' : (await this.snapshot(to)).metadata.uid;
    const ownUid = (await this.plane.get(volumeSnapshots, this.key(name)))?.metadata.uid;
    const created = await this.client.create(volumeSnapshotContents, {
      metadata: {
        name: given.name === 'own' ? `snapcontent-${ownUid}` : given.name,
        ...(annotations ? { annotations } : {}),
        ...(given.isHeld ? { finalizers: [contentFinalizer] } : {}),
      },
      spec: {
        driver,
        deletionPolicy: policy,
        source: handle === undefined ? { volumeHandle: 'handle-of-pv' } : { snapshotHandle: handle },
        volumeSnapshotRef: { kind: 'VolumeSnapshot', namespace, name, ...(uid ? { uid } : {}) },
        ...(className === undefined ? {} : { volumeSnapshotClassName: className }),
      },
    });
    if (status) await this.client.updateStatus(volumeSnapshotContents, { ...created, status });
    if (given.deleting) await this.client.delete(volumeSnapshotContents, { name: created.metadata.name });
  }

  snapshot(name: string): Promise<VolumeSnapshot> {
    return this.client.get(volumeSnapshots, this.key(name));
  }

  /** `own`: the one that was made for the snapshot `snap`. */
  async content(name: string): Promise<VolumeSnapshotContent> {
    const uid = name === 'own' ? (await this.snapshot('snap')).metadata.uid : '';
    return await this.client.get(volumeSnapshotContents, { name: name === 'own' ? `snapcontent-${uid}` : name });
  }

  /** What the snapshotter writes when the driver has answered. */
  async answer(status: VolumeSnapshotContentStatus, name = 'own'): Promise<void> {
    await this.client.updateStatus(volumeSnapshotContents, { ...(await this.content(name)), status });
    await this.plane.clock.settle();
  }

  /** What the snapshotter does with contents that it may delete. */
  async deleteSnapshots(): Promise<void> {
    const { items } = await this.client.list(volumeSnapshotContents);
    for (const { metadata } of items) {
      if (metadata.deletionTimestamp === undefined || metadata.annotations?.[beingDeleted] === undefined) continue;
      const body = { metadata: { finalizers: null } };
      await this.client.patch(volumeSnapshotContents, { name: metadata.name }, { type: 'merge', body });
    }
    await this.plane.clock.settle();
  }

  async deleteSnapshot(name = 'snap'): Promise<void> {
    await this.client.delete(volumeSnapshots, this.key(name));
    await this.plane.clock.settle();
  }

  async deleteContent(name: string): Promise<void> {
    await this.client.delete(volumeSnapshotContents, { name });
    await this.plane.clock.settle();
  }

  async patchSnapshot(body: object, name = 'snap'): Promise<void> {
    await this.client.patch(volumeSnapshots, this.key(name), { type: 'merge', body });
    await this.plane.clock.settle();
  }

  async patchContent(body: object, name = 'own'): Promise<void> {
    const { metadata } = await this.content(name);
    await this.client.patch(volumeSnapshotContents, { name: metadata.name }, { type: 'merge', body });
    await this.plane.clock.settle();
  }

  async patchClaim(name: string, body: object): Promise<void> {
    await this.client.patch(persistentVolumeClaims, this.key(name), { type: 'merge', body });
    await this.plane.clock.settle();
  }

  async setPhase(name: string, phase: string): Promise<void> {
    const patch = { type: 'merge', body: { status: { phase } } } as const;
    await this.client.patch(persistentVolumeClaims, this.key(name), patch, { subresource: 'status' });
    await this.plane.clock.settle();
  }

  /** As if nothing held it. */
  async removeClaim(name: string): Promise<void> {
    await this.client.delete(persistentVolumeClaims, this.key(name));
    await this.patchClaim(name, { metadata: { finalizers: null } }).catch((thrown: unknown) => {
      if (!isNotFound(thrown)) throw thrown;
    });
    await this.plane.clock.settle();
  }

  async deleteClass(name: string): Promise<void> {
    await this.client.delete(volumeSnapshotClasses, { name });
    await this.plane.clock.settle();
  }

  /** Snapshots, contents, then the claims that are not simply bound. */
  async pictures(): Promise<string[]> {
    const snapshots = (await this.client.list(volumeSnapshots)).items;
    const contents = (await this.client.list(volumeSnapshotContents)).items;
    const claims = (await this.client.list(persistentVolumeClaims)).items;
    return [
      ...snapshots.map((snapshot) => snapshotPicture(snapshot, snapshots)).sort(),
      ...contents.map((content) => contentPicture(content, snapshots)).sort(),
      ...claims.map(claimPicture).sort(),
    ];
  }

  /** `name type reason message`, in order. */
  async events(): Promise<string[]> {
    await this.plane.clock.settle();
    const { items } = await this.client.list(coreEvents);
    return items
      .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
      .filter(({ source }) => source?.component === snapshotControllerName)
      .map(({ involvedObject, type, reason, message }) => `${involvedObject.name} ${type} ${reason} ${message}`);
  }

  async revision(): Promise<string> {
    return (await this.client.list(volumeSnapshots)).resourceVersion;
  }
}
