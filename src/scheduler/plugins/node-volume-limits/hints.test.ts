import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../api/index.ts';
import type { ClusterEvent } from '../../framework/plugin.ts';
import { attachment, claim, csiNode, node, pod } from '../testing/objects.ts';
import { wakes } from '../testing/wakes.ts';
import { nodeVolumeLimitsEvents } from './hints.ts';

const waiting = pod('p', { claims: ['c'] });
const bare = pod('bare');

interface Row {
  readonly title: string;
  readonly event: ClusterEvent;
  readonly pod?: typeof waiting;
  readonly previous?: KubernetesObject;
  readonly current?: KubernetesObject;
  readonly wakes: boolean;
}

const left = (options: Parameters<typeof pod>[1]) => pod('o', { node: 'n', ...options });
const csi = (drivers: Parameters<typeof csiNode>[1], migrated = '') => csiNode('n', drivers, migrated);

const rows: readonly Row[] = [
  { title: 'a new CSINode', event: 'CSINodeAdd', current: csi({}), wakes: true },
  {
    title: 'the node takes more',
    event: 'CSINodeUpdate',
    previous: csi({ d: 1 }),
    current: csi({ d: 2 }),
    wakes: true,
  },
  {
    title: 'the node takes less',
    event: 'CSINodeUpdate',
    previous: csi({ d: 2 }),
    current: csi({ d: 1 }),
    wakes: false,
  },
  {
    title: 'the node takes as many',
    event: 'CSINodeUpdate',
    previous: csi({ d: 2 }),
    current: csi({ d: 2 }),
    wakes: false,
  },
  {
    title: 'the node takes any number',
    event: 'CSINodeUpdate',
    previous: csi({ d: 1 }),
    current: csi({ d: undefined }),
    wakes: true,
  },
  {
    title: 'the node names a number',
    event: 'CSINodeUpdate',
    previous: csi({ d: undefined }),
    current: csi({ d: 1 }),
    wakes: false,
  },
  { title: 'a driver comes', event: 'CSINodeUpdate', previous: csi({}), current: csi({ d: 1 }), wakes: true },
  {
    title: 'a driver goes, and its limit',
    event: 'CSINodeUpdate',
    previous: csi({ d: 1 }),
    current: csi({}),
    wakes: true,
  },
  {
    title: 'more of one driver, less of another',
    event: 'CSINodeUpdate',
    previous: csi({ d: 1, e: 2 }),
    current: csi({ d: 2, e: 1 }),
    wakes: true,
  },
  {
    title: 'another plugin is migrated',
    event: 'CSINodeUpdate',
    previous: csi({ d: 1 }),
    current: csi({ d: 1 }, 'kubernetes.io/aws-ebs'),
    wakes: true,
  },
  { title: 'a pod with a claim left', event: 'AssignedPodDelete', previous: left({ claims: ['x'] }), wakes: true },
  {
    title: 'a pod with an ephemeral volume left',
    event: 'AssignedPodDelete',
    previous: left({ ephemeral: ['x'] }),
    wakes: true,
  },
  { title: 'a pod without volumes left', event: 'AssignedPodDelete', previous: left({}), wakes: false },
  {
    title: 'a pod with an emptyDir left',
    event: 'AssignedPodDelete',
    previous: left({ volumes: [{ emptyDir: {} }] }),
    wakes: false,
  },
  {
    title: 'a pod without a node went',
    event: 'AssignedPodDelete',
    previous: pod('o', { claims: ['x'] }),
    wakes: false,
  },
  { title: 'the claim comes', event: 'PersistentVolumeClaimAdd', current: claim('c'), wakes: true },
  { title: 'another claim comes', event: 'PersistentVolumeClaimAdd', current: claim('x'), wakes: false },
  {
    title: 'a claim of that name comes elsewhere',
    event: 'PersistentVolumeClaimAdd',
    current: claim('c', { namespace: 'x' }),
    wakes: false,
  },
  {
    title: 'a volume is detached',
    event: 'VolumeAttachmentDelete',
    previous: attachment('va', 'n', 'v', 'd'),
    wakes: true,
  },
  {
    title: 'a volume is detached, and the pod has no claims',
    event: 'VolumeAttachmentDelete',
    pod: bare,
    previous: attachment('va', 'n', 'v', 'd'),
    wakes: false,
  },
  { title: 'labels of a node', event: 'UpdateNodeLabel', previous: node('n'), current: node('n'), wakes: false },
];

describe('what wakes a pod that NodeVolumeLimits refused', () => {
  it.each(rows)('[H10] $title: $wakes', ({ event, pod: refused = waiting, previous, current, wakes: expected }) => {
    expect(wakes(nodeVolumeLimitsEvents, event, refused, previous, current)).toBe(expected);
  });
});
