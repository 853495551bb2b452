/** Who sets what: a volume's whole life, with every component under its own name, against the table of writers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  csiDrivers,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  statefulSets,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
} from '../../src/api/index.ts';
import { startControlLoops } from './support/control-loops.ts';
import { ControlPlane } from './support/control-plane.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { FakeKubelet } from './support/fake-kubelet.ts';
import { claimDraft, classDraft, volumeDraft } from './support/objects.ts';
import type { FieldWrite } from './support/written-fields.ts';

const binder = 'persistentvolume-controller';
const provisioner = 'external-provisioner';
const attacher = 'external-attacher';
const resizer = 'external-resizer';
const attachDetach = 'attachdetach-controller';
const scheduler = 'kube-scheduler';
const kubelet = 'kubelet';
const user = 'user';

/** The field, who may write it, and who does in this life. */
const table: readonly (readonly [RegExp, readonly string[], readonly string[]])[] = [
  [/^PersistentVolume spec\.claimRef/, [binder, provisioner, scheduler, user], [binder, provisioner, user]],
  [/^PersistentVolume status\.phase$/, [binder, 'server'], [binder]],
  [/^PersistentVolume spec\.capacity/, [provisioner, resizer, user], [provisioner, resizer, user]],
  [/^PersistentVolume spec\.volumeAttributesClassName$/, [resizer, user], [resizer]],
  [/^PersistentVolumeClaim status\.phase$/, [binder, 'server'], [binder]],
  [/^PersistentVolumeClaim status\.accessModes$/, [binder], [binder]],
  [/^PersistentVolumeClaim status\.capacity/, [binder, resizer, kubelet], [binder, kubelet]],
  [/^PersistentVolumeClaim status\.conditions$/, [resizer, kubelet], [resizer, kubelet]],
  [/^PersistentVolumeClaim status\.allocatedResource/, [resizer, kubelet], [resizer, kubelet]],
  [/^PersistentVolumeClaim status\.(modifyVolumeStatus|currentVolumeAttributesClassName)/, [resizer], [resizer]],
  [/^PersistentVolumeClaim spec\.volumeName$/, [binder], [binder]],
  [
    /^PersistentVolumeClaim metadata\.annotations\.volume\.kubernetes\.io\/selected-node$/,
    [scheduler, provisioner],
    [scheduler, provisioner],
  ],
  [/^PersistentVolumeClaim metadata\.annotations\.pv\.kubernetes\.io\/bind-completed$/, [binder], [binder]],
  [/^VolumeAttachment spec/, [attachDetach], [attachDetach]],
  [/^VolumeAttachment status/, [attacher, 'server'], [attacher]],
  [/^CSINode spec/, [kubelet], [kubelet]],
  [/^Node status\.volumesInUse$/, [kubelet], [kubelet]],
  [/^Node status\.volumesAttached$/, [attachDetach], [attachDetach]],
];

describe('[W6] in the life of a volume', () => {
  let plane: ControlPlane;
  let writes: readonly FieldWrite[];

  beforeAll(async () => {
    plane = await ControlPlane.start();
    const written = await plane.recordWrites();
    await live(plane);
    writes = written.list();
  });
  afterAll(async () => {
    await plane[Symbol.asyncDispose]();
  });

  /** A create by a client that leaves a field out gets it from the server. */
  const writerOf = ({ component, isCreation, field }: FieldWrite) =>
    isCreation && / status\./.test(field) ? 'server' : component;

  it.each(table.map(([field, allowed, seen]) => ({ field, allowed, seen })))(
    '$field is written by $seen alone',
    ({ field, allowed, seen }) => {
      const writers = new Set(writes.filter((write) => field.test(write.field)).map(writerOf));
      expect([...writers].filter((writer) => !allowed.includes(writer))).toEqual([]);
      expect(seen.filter((writer) => !writers.has(writer))).toEqual([]);
    },
  );

  it('no status of a volume, a claim, a node or an attachment is written that is not in the table', () => {
    const kinds = /^(PersistentVolume|PersistentVolumeClaim|VolumeAttachment) (spec|status)/;
    const isListed = ({ field }: FieldWrite) => table.some(([pattern]) => pattern.test(field));
    const strangers = writes
      .filter((write) => kinds.test(write.field) && writerOf(write) !== user && !write.isCreation && !isListed(write))
      .map(({ component, field }) => `${component} writes ${field}`);
    expect([...new Set(strangers)].sort()).toEqual([]);
  });
});

/** Made, bound, attached, mounted, grown, changed, unmounted, detached, deleted; and one that was made by hand. */
async function live(plane: ControlPlane): Promise<void> {
  const { clock } = plane;
  const client = plane.clientOf(user);
  const topology = { 'fake.csi/zone': 'a' };
  const volumeIdOf = (name: string) => `id-${name}`;
  const backend = new FakeDriver(clock, 'controller', {
    name: 'fake.csi',
    volumeIdOf,
    resolveId: (volumeId) => volumeId,
    topology,
  });
  for (const name of ['n1', 'n2']) await FakeKubelet.start(plane, name, backend.name, topology);
  await client.create(csiDrivers, { metadata: { name: backend.name }, spec: { attachRequired: true } });
  await client.create(storageClasses, { ...classDraft('later'), allowVolumeExpansion: true });
  const gold = { metadata: { name: 'gold' }, driverName: backend.name, parameters: { tier: 'gold' } };
  await client.create(volumeAttributesClasses, gold);
  await plane.run();
  await startControlLoops(plane, { backend });
  await client.create(persistentVolumes, volumeDraft('by-hand', 'manual'));
  await client.create(persistentVolumes, {
    ...volumeDraft('reserved', 'manual'),
    spec: { ...volumeDraft('reserved', 'manual').spec, claimRef: { namespace: 'default', name: 'reserving' } },
  });
  for (const name of ['static', 'reserving']) await client.create(persistentVolumeClaims, claimDraft(name, 'manual'));
  // The first node that is chosen has no room.
  backend.fail('refusals', 'CreateVolume', Code.RESOURCE_EXHAUSTED);
  const labels = { app: 'db' };
  const set = { namespace: 'default', name: 'db' };
  const disk = { ...claimDraft('disk', 'later'), metadata: { name: 'disk' } } as PersistentVolumeClaim;
  await client.create(statefulSets, {
    metadata: set,
    spec: {
      serviceName: 'db',
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'busybox' }] } },
      volumeClaimTemplates: [disk],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' },
    },
  });
  const running = async () =>
    (await plane.get(pods, { namespace: 'default', name: 'db-0' }))?.status?.phase === 'Running';
  await clock.until(running, 300_000, 'the pod running');
  const key = { namespace: 'default', name: 'disk-db-0' };
  const change = (spec: object) => client.patch(persistentVolumeClaims, key, { type: 'merge', body: { spec } });
  const status = async () => (await plane.get(persistentVolumeClaims, key))?.status;
  await change({ resources: { requests: { storage: '2Gi' } } });
  await clock.until(async () => (await status())?.capacity?.storage === '2Gi', 60_000, 'the volume grown');
  await change({ volumeAttributesClassName: 'gold' });
  await clock.until(async () => (await status())?.currentVolumeAttributesClassName === 'gold', 60_000, 'changed');
  await client.delete(statefulSets, set, { propagationPolicy: 'Foreground' });
  const gone = async () =>
    backend.volumes.size === 0 && (await plane.client.list(volumeAttachments)).items.length === 0;
  await clock.until(gone, 120_000, 'everything gone');
}
