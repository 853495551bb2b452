import { describe, expect, it } from 'vitest';
import type { KubernetesObject, PersistentVolumeSpec, Volume } from '../../api/index.ts';
import { attachment, claim, csiNode, node, pod, storageClass, volume } from './testing/objects.ts';
import { fits, VolumeWorld } from './testing/volume-world.ts';
import { wakes } from './testing/wakes.ts';

const full = 'node(s) exceed max volume count';
const ebs = 'ebs.csi.aws.com';
const plugin = 'kubernetes.io/aws-ebs';

type Source = Partial<PersistentVolumeSpec> & Omit<Volume, 'name'>;

const disk = (volumeID: string): Source => ({ awsElasticBlockStore: { volumeID } });
const inTree = (name: string, source: Source) => volume(`v-${name}`, { claim: name, phase: 'Bound', more: source });
const bound = (name: string, source: Source): KubernetesObject[] => [
  claim(name, { volume: `v-${name}` }),
  inTree(name, source),
];

interface LimitRow {
  readonly title: string;
  readonly objects?: readonly KubernetesObject[];
  readonly claims?: readonly string[];
  readonly volumes?: readonly Omit<Volume, 'name'>[];
  /** Of node n. Default: none left of the driver of EBS. */
  readonly csiNode?: KubernetesObject | null;
  readonly says: string;
}

const none = csiNode('n', { [ebs]: 0 });
const one = csiNode('n', { [ebs]: 1 });

const limitRows: readonly LimitRow[] = [
  { title: 'a volume of a type that was taken over', objects: bound('a', disk('d1')), claims: ['a'], says: full },
  { title: 'the same where no driver is', objects: bound('a', disk('d1')), claims: ['a'], csiNode: null, says: fits },
  { title: 'a volume of the pod itself', volumes: [disk('d1')], says: full },
  { title: 'the same where no driver is', volumes: [disk('d1')], csiNode: null, says: fits },
  {
    title: 'a disk of another cloud',
    volumes: [{ gcePersistentDisk: { pdName: 'd1' } }],
    says: fits,
  },
  {
    title: 'a disk of another cloud whose driver is full',
    volumes: [{ gcePersistentDisk: { pdName: 'd1' } }],
    csiNode: csiNode('n', { 'pd.csi.storage.gke.io': 0 }),
    says: full,
  },
  {
    title: 'a Cinder volume',
    objects: bound('a', { cinder: { volumeID: 'd1' } }),
    claims: ['a'],
    csiNode: csiNode('n', { 'cinder.csi.openstack.org': 0 }),
    says: full,
  },
  {
    title: 'an Azure disk',
    objects: bound('a', { azureDisk: { diskName: 'd', diskURI: '/subscriptions/s/x' } }),
    claims: ['a'],
    csiNode: csiNode('n', { 'disk.csi.azure.com': 0 }),
    says: full,
  },
  {
    title: 'a vSphere volume on a node that does not list the plugin',
    objects: bound('a', { vsphereVolume: { volumePath: '[ds] d.vmdk' } }),
    claims: ['a'],
    csiNode: csiNode('n', { 'csi.vsphere.vmware.com': 0 }),
    says: fits,
  },
  {
    title: 'a vSphere volume on a node that lists the plugin',
    objects: bound('a', { vsphereVolume: { volumePath: '[ds] d.vmdk' } }),
    claims: ['a'],
    csiNode: csiNode('n', { 'csi.vsphere.vmware.com': 0 }, 'kubernetes.io/vsphere-volume'),
    says: full,
  },
  {
    title: 'a claim to be provisioned by the old name',
    objects: [claim('a', { class: 'old' }), storageClass('old', { provisioner: plugin })],
    claims: ['a'],
    says: full,
  },
  {
    title: 'a claim to be provisioned by the old name where no driver is',
    objects: [claim('a', { class: 'old' }), storageClass('old', { provisioner: plugin })],
    claims: ['a'],
    csiNode: null,
    says: fits,
  },
  {
    title: 'a disk of a pod, the same of a volume that another has',
    objects: [...bound('a', disk('d1')), pod('other', { node: 'n', claims: ['a'] })],
    volumes: [disk('d1')],
    csiNode: one,
    says: fits,
  },
  {
    title: 'another disk than a pod there has',
    objects: [pod('other', { node: 'n', volumes: [disk('d1')] })],
    volumes: [disk('d2')],
    csiNode: one,
    says: full,
  },
  {
    title: 'old and new volumes of one driver count together',
    objects: [
      claim('a', { volume: 'v' }),
      volume('v', { csi: `${ebs}/d1`, claim: 'a' }),
      pod('other', { node: 'n', claims: ['a'] }),
      ...bound('b', disk('d2')),
    ],
    claims: ['b'],
    csiNode: one,
    says: full,
  },
  {
    title: 'a disk in the old form and in the new is one',
    objects: [
      claim('a', { volume: 'v' }),
      volume('v', { csi: `${ebs}/d1`, claim: 'a' }),
      pod('other', { node: 'n', claims: ['a'] }),
      ...bound('b', disk('aws://zone/d1')),
    ],
    claims: ['b'],
    csiNode: one,
    says: fits,
  },
  {
    title: 'an attached disk of the old form',
    objects: [...bound('a', disk('d1')), attachment('va', 'n', 'v-a', ebs), ...bound('b', disk('d2'))],
    claims: ['b'],
    csiNode: one,
    says: full,
  },
  {
    title: 'an attached disk of the old form that is wanted',
    objects: [...bound('a', disk('d1')), attachment('va', 'n', 'v-a', ebs)],
    claims: ['a'],
    csiNode: one,
    says: fits,
  },
  {
    title: 'a local volume',
    objects: bound('a', { hostPath: { path: '/x' } }),
    claims: ['a'],
    says: fits,
  },
];

describe('NodeVolumeLimits and volumes that a CSI driver took over', () => {
  it.each(limitRows)(
    '[H9][Q1] $title: $says',
    ({ objects = [], claims = [], volumes = [], csiNode: driver = none, says }) => {
      const world = new VolumeWorld([node('n'), ...(driver ? [driver] : []), ...objects]);
      const { preFilter, nodes } = world.ask(world.plugins.nodeVolumeLimits, pod('p', { claims, volumes }));
      expect(preFilter ?? nodes.n).toBe(says);
    },
  );

  const events = new VolumeWorld([]).plugins.nodeVolumeLimits.events;
  const waiting = pod('p', { volumes: [disk('d2')] });
  const left = pod('o', { node: 'n', volumes: [disk('d1')] });

  it('[H10] a pod with such a volume left, or such a volume was detached', () => {
    expect(wakes(events, 'AssignedPodDelete', waiting, left, undefined)).toBe(true);
    expect(wakes(events, 'VolumeAttachmentDelete', waiting, attachment('va', 'n', 'v', ebs), undefined)).toBe(true);
    expect(wakes(events, 'VolumeAttachmentDelete', waiting, attachment('va', 'n', 'v', 'other'), undefined)).toBe(
      false,
    );
  });
});

const zone = 'topology.kubernetes.io/zone';
const driverZone = 'topology.ebs.csi.aws.com/zone';
const wrongNode = "!node(s) didn't match PersistentVolume's node affinity";
const inZone = (key: string) => volume('v', { claim: 'a', topology: { [key]: ['z1'] }, more: disk('d1') });

const affinityRows: readonly {
  title: string;
  volume: KubernetesObject;
  labels: Readonly<Record<string, string>>;
  migrated: string | null;
  says: string;
}[] = [
  {
    title: 'a node that the driver knows',
    volume: inZone(zone),
    labels: { [driverZone]: 'z1' },
    migrated: plugin,
    says: fits,
  },
  {
    title: 'another zone of the driver',
    volume: inZone(zone),
    labels: { [driverZone]: 'z2' },
    migrated: plugin,
    says: wrongNode,
  },
  {
    title: 'the zone of the driver counts',
    volume: inZone(zone),
    labels: { [zone]: 'z1', [driverZone]: 'z2' },
    migrated: plugin,
    says: wrongNode,
  },
  {
    title: 'a node that lists other plugins',
    volume: inZone(zone),
    labels: { [zone]: 'z1' },
    migrated: 'kubernetes.io/gce-pd',
    says: fits,
  },
  {
    title: 'one of several plugins',
    volume: inZone(zone),
    labels: { [driverZone]: 'z1' },
    migrated: `x,${plugin}`,
    says: fits,
  },
  { title: 'a node without drivers', volume: inZone(zone), labels: { [zone]: 'z1' }, migrated: null, says: fits },
  {
    title: 'a node without drivers elsewhere',
    volume: inZone(zone),
    labels: { [driverZone]: 'z1' },
    migrated: null,
    says: wrongNode,
  },
  {
    title: 'a volume with a label alone',
    volume: volume('v', { claim: 'a', labels: { [zone]: 'z1' }, more: disk('d1') }),
    labels: { [driverZone]: 'z2' },
    migrated: plugin,
    says: wrongNode,
  },
  {
    title: 'a volume of the driver’s own is as it says',
    volume: volume('v', { claim: 'a', csi: `${ebs}/d1`, topology: { [driverZone]: ['z1'] } }),
    labels: { [driverZone]: 'z1' },
    migrated: plugin,
    says: fits,
  },
];

describe('VolumeBinding and volumes that a CSI driver took over', () => {
  it.each(affinityRows)('[H2][Q1] $title', ({ volume: has, labels, migrated, says }) => {
    const driver = migrated === null ? [] : [csiNode('n', { [ebs]: 1 }, migrated)];
    const world = new VolumeWorld([node('n', labels), ...driver, claim('a', { volume: 'v' }), has]);
    expect(world.ask(world.plugins.volumeBinding, pod('p', { claims: ['a'] })).nodes.n).toBe(says);
  });
});
