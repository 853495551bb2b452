import { describe, expect, it } from 'vitest';
import type { Volume } from '../../../api/index.ts';
import { node, pod } from '../testing/objects.ts';
import { fits, VolumeWorld } from '../testing/volume-world.ts';

type Disk = Omit<Volume, 'name'>;

const gce = (pdName: string, readOnly = false): Disk => ({ gcePersistentDisk: { pdName, readOnly } });
const ebs = (volumeID: string, readOnly = false): Disk => ({ awsElasticBlockStore: { volumeID, readOnly } });
const iscsi = (iqn: string, lun = 0, readOnly = false): Disk => ({
  iscsi: { iqn, lun, readOnly, targetPortal: '10.0.0.1:3260' },
});
const rbd = (image: string, monitors: readonly string[], more: { pool?: string; readOnly?: boolean } = {}): Disk => ({
  rbd: { image, monitors, ...more },
});

const taken = 'node(s) had no available disk';
const one = ['m1', 'm2'];
const two = ['m2', 'm3'];
const three = ['m4'];

/** What a pod has whose volumes are these, on a node with a pod whose volumes are those. */
const rows: readonly { title: string; wants: readonly Disk[]; there: readonly Disk[]; says: string }[] = [
  { title: 'no volumes', wants: [], there: [gce('a')], says: 'skip' },
  { title: 'volumes that are no disks', wants: [{ emptyDir: {} }], there: [gce('a')], says: 'skip' },
  { title: 'GCE: an empty node', wants: [gce('a')], there: [], says: fits },
  { title: 'GCE: the same disk', wants: [gce('a')], there: [gce('a')], says: taken },
  { title: 'GCE: another disk', wants: [gce('a')], there: [gce('b')], says: fits },
  { title: 'GCE: the same disk, both read', wants: [gce('a', true)], there: [gce('a', true)], says: fits },
  { title: 'GCE: the same disk, one reads', wants: [gce('a', true)], there: [gce('a')], says: taken },
  { title: 'GCE: the same disk, the other reads', wants: [gce('a')], there: [gce('a', true)], says: taken },
  { title: 'GCE: the second of two disks', wants: [gce('a'), gce('b')], there: [gce('b')], says: taken },
  { title: 'GCE: the second disk of the other', wants: [gce('a')], there: [gce('c'), gce('a')], says: taken },
  { title: 'EBS: the same volume', wants: [ebs('a')], there: [ebs('a')], says: taken },
  { title: 'EBS: another volume', wants: [ebs('a')], there: [ebs('b')], says: fits },
  { title: 'EBS: the same volume, both read', wants: [ebs('a', true)], there: [ebs('a', true)], says: taken },
  { title: 'EBS: a GCE disk of that name', wants: [ebs('a')], there: [gce('a')], says: fits },
  { title: 'iSCSI: the same target', wants: [iscsi('q')], there: [iscsi('q')], says: taken },
  { title: 'iSCSI: another target', wants: [iscsi('q')], there: [iscsi('r')], says: fits },
  { title: 'iSCSI: another unit of the target', wants: [iscsi('q', 0)], there: [iscsi('q', 1)], says: fits },
  { title: 'iSCSI: both read', wants: [iscsi('q', 0, true)], there: [iscsi('q', 0, true)], says: fits },
  { title: 'iSCSI: one reads', wants: [iscsi('q', 0, true)], there: [iscsi('q')], says: taken },
  { title: 'RBD: the same image', wants: [rbd('i', one)], there: [rbd('i', one)], says: taken },
  { title: 'RBD: one monitor in common', wants: [rbd('i', one)], there: [rbd('i', two)], says: taken },
  { title: 'RBD: another cluster', wants: [rbd('i', one)], there: [rbd('i', three)], says: fits },
  { title: 'RBD: another image', wants: [rbd('i', one)], there: [rbd('j', one)], says: fits },
  { title: 'RBD: another pool', wants: [rbd('i', one, { pool: 'p' })], there: [rbd('i', one)], says: fits },
  { title: 'RBD: the default pool', wants: [rbd('i', one, { pool: 'rbd' })], there: [rbd('i', one)], says: taken },
  {
    title: 'RBD: both read',
    wants: [rbd('i', one, { readOnly: true })],
    there: [rbd('i', one, { readOnly: true })],
    says: fits,
  },
  { title: 'RBD: one reads', wants: [rbd('i', one, { readOnly: true })], there: [rbd('i', one)], says: taken },
];

describe('VolumeRestrictions on inline disks', () => {
  it.each(rows)('[H8] $title', ({ wants, there, says }) => {
    const world = new VolumeWorld([node('n'), node('free'), pod('other', { node: 'n', volumes: there })]);
    const { preFilter, nodes } = world.ask(world.plugins.volumeRestrictions, pod('p', { volumes: wants }));
    expect(preFilter ?? nodes.n).toBe(says);
    if (!preFilter) expect(nodes.free).toBe(fits);
  });
});
