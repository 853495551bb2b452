import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../api/index.ts';
import type { ClusterEvent } from '../../framework/plugin.ts';
import { claim, csiDriver, csiNode, node, pod, storageCapacity, storageClass, volume } from '../testing/objects.ts';
import { VolumeWorld } from '../testing/volume-world.ts';
import { wakes } from '../testing/wakes.ts';

const waiting = pod('p', { claims: ['c'], ephemeral: ['e'] });
const bare = pod('bare');

interface Row {
  readonly title: string;
  readonly event: ClusterEvent;
  readonly pod?: typeof waiting;
  readonly previous?: KubernetesObject;
  readonly current?: KubernetesObject;
  readonly wakes: boolean;
}

const zones = (...values: string[]) => ({
  allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values }] }],
});
const checking = csiDriver('d', { storageCapacity: true });
const lax = csiDriver('d', { storageCapacity: false });
const room = (capacity?: string, maximumVolumeSize?: string) =>
  storageCapacity('s', { ...(capacity ? { capacity } : {}), ...(maximumVolumeSize ? { maximumVolumeSize } : {}) });

const claimRows: readonly Row[] = [
  { title: 'the claim comes', event: 'PersistentVolumeClaimAdd', current: claim('c'), wakes: true },
  {
    title: 'the claim changes',
    event: 'PersistentVolumeClaimUpdate',
    previous: claim('c'),
    current: claim('c'),
    wakes: true,
  },
  {
    title: 'the claim of the ephemeral volume comes',
    event: 'PersistentVolumeClaimAdd',
    current: claim('p-e'),
    wakes: true,
  },
  { title: 'another claim comes', event: 'PersistentVolumeClaimAdd', current: claim('x'), wakes: false },
  {
    title: 'a claim with the name of the ephemeral volume comes',
    event: 'PersistentVolumeClaimAdd',
    current: claim('e'),
    wakes: false,
  },
  {
    title: 'a claim of that name comes elsewhere',
    event: 'PersistentVolumeClaimAdd',
    current: claim('c', { namespace: 'x' }),
    wakes: false,
  },
  {
    title: 'a claim comes, and the pod has none',
    event: 'PersistentVolumeClaimAdd',
    pod: bare,
    current: claim('c'),
    wakes: false,
  },
  { title: 'the claim goes', event: 'PersistentVolumeClaimDelete', previous: claim('c'), wakes: false },
];

const volumeRows: readonly Row[] = [
  { title: 'a volume of the claim’s class comes', event: 'PersistentVolumeAdd', current: volume('v'), wakes: true },
  {
    title: 'a volume of another class comes',
    event: 'PersistentVolumeAdd',
    current: volume('v', { class: 'x' }),
    wakes: false,
  },
  {
    title: 'the volume of the claim comes, of whatever class',
    event: 'PersistentVolumeAdd',
    current: volume('v', { class: 'x', claim: 'c' }),
    wakes: true,
  },
  {
    title: 'the volume of another claim comes',
    event: 'PersistentVolumeAdd',
    current: volume('v', { claim: 'x' }),
    wakes: false,
  },
  {
    title: 'a volume becomes Available',
    event: 'PersistentVolumeUpdate',
    previous: volume('v', { phase: 'Pending' }),
    current: volume('v'),
    wakes: true,
  },
  {
    title: 'a volume is set free',
    event: 'PersistentVolumeUpdate',
    previous: volume('v', { claim: 'x' }),
    current: volume('v'),
    wakes: true,
  },
  {
    title: 'a volume is taken by another claim',
    event: 'PersistentVolumeUpdate',
    previous: volume('v'),
    current: volume('v', { claim: 'x' }),
    wakes: false,
  },
  {
    title: 'a volume comes, and the pod has no claims',
    event: 'PersistentVolumeAdd',
    pod: bare,
    current: volume('v'),
    wakes: false,
  },
];

const classRows: readonly Row[] = [
  { title: 'a new class', event: 'StorageClassAdd', current: storageClass('s'), wakes: true },
  {
    title: 'other allowed topologies',
    event: 'StorageClassUpdate',
    previous: storageClass('s', zones('a')),
    current: storageClass('s', zones('a', 'b')),
    wakes: true,
  },
  {
    title: 'topologies are no longer asked for',
    event: 'StorageClassUpdate',
    previous: storageClass('s', zones('a')),
    current: storageClass('s'),
    wakes: true,
  },
  {
    title: 'another field of a class',
    event: 'StorageClassUpdate',
    previous: storageClass('s', zones('a')),
    current: storageClass('s', { ...zones('a'), allowVolumeExpansion: true }),
    wakes: false,
  },
];

const nodeRows: readonly Row[] = [
  { title: 'a new node', event: 'NodeAdd', current: node('n'), wakes: true },
  {
    title: 'labels of a node',
    event: 'UpdateNodeLabel',
    previous: node('n'),
    current: node('n', { zone: 'a' }),
    wakes: true,
  },
  { title: 'taints of a node', event: 'UpdateNodeTaint', previous: node('n'), current: node('n'), wakes: false },
  {
    title: 'allocatable of a node',
    event: 'UpdateNodeAllocatable',
    previous: node('n'),
    current: node('n'),
    wakes: false,
  },
  { title: 'a new CSINode', event: 'CSINodeAdd', current: csiNode('n', {}), wakes: true },
  {
    title: 'another plugin is migrated',
    event: 'CSINodeUpdate',
    previous: csiNode('n', {}, 'a'),
    current: csiNode('n', {}, 'a,b'),
    wakes: true,
  },
  {
    title: 'a plugin is migrated no more',
    event: 'CSINodeUpdate',
    previous: csiNode('n', {}, 'a'),
    current: csiNode('n', {}),
    wakes: true,
  },
  {
    title: 'a driver comes to a node',
    event: 'CSINodeUpdate',
    previous: csiNode('n', {}),
    current: csiNode('n', { d: 1 }),
    wakes: false,
  },
];

const capacityRows: readonly Row[] = [
  { title: 'capacity is no longer checked', event: 'CSIDriverUpdate', previous: checking, current: lax, wakes: true },
  { title: 'the field goes away', event: 'CSIDriverUpdate', previous: checking, current: csiDriver('d'), wakes: true },
  { title: 'the CSIDriver that checks goes away', event: 'CSIDriverDelete', previous: checking, wakes: true },
  { title: 'a CSIDriver that does not check goes away', event: 'CSIDriverDelete', previous: lax, wakes: false },
  {
    title: 'capacity is checked from now on',
    event: 'CSIDriverUpdate',
    previous: lax,
    current: checking,
    wakes: false,
  },
  {
    title: 'another field of a CSIDriver',
    event: 'CSIDriverUpdate',
    previous: checking,
    current: checking,
    wakes: false,
  },
  {
    title: 'capacity is no longer checked, and the pod has no claims',
    event: 'CSIDriverUpdate',
    pod: bare,
    previous: checking,
    current: lax,
    wakes: false,
  },
  { title: 'room is published', event: 'CSIStorageCapacityAdd', current: room('1Gi'), wakes: true },
  { title: 'more room', event: 'CSIStorageCapacityUpdate', previous: room('1Gi'), current: room('2Gi'), wakes: true },
  { title: 'less room', event: 'CSIStorageCapacityUpdate', previous: room('2Gi'), current: room('1Gi'), wakes: false },
  {
    title: 'as much room in other words',
    event: 'CSIStorageCapacityUpdate',
    previous: room('1Gi'),
    current: room('1024Mi'),
    wakes: false,
  },
  {
    title: 'room is said for the first time',
    event: 'CSIStorageCapacityUpdate',
    previous: room(),
    current: room('1Gi'),
    wakes: true,
  },
  {
    title: 'room is said no more',
    event: 'CSIStorageCapacityUpdate',
    previous: room('1Gi'),
    current: room(),
    wakes: false,
  },
  {
    title: 'larger volumes',
    event: 'CSIStorageCapacityUpdate',
    previous: room('9Gi', '1Gi'),
    current: room('9Gi', '2Gi'),
    wakes: true,
  },
  {
    title: 'more room, but no larger volumes',
    event: 'CSIStorageCapacityUpdate',
    previous: room('8Gi', '1Gi'),
    current: room('9Gi', '1Gi'),
    wakes: false,
  },
];

describe('what wakes a pod that VolumeBinding refused', () => {
  const { events } = new VolumeWorld([claim('c')]).plugins.volumeBinding;
  const check = ({ event, pod: refused = waiting, previous, current, wakes: expected }: Row) => {
    expect(wakes(events, event, refused, previous, current)).toBe(expected);
  };
  it.each(claimRows)('[H10] $title: $wakes', check);
  it.each(volumeRows)('[H10] $title: $wakes', check);
  it.each(classRows)('[H10] $title: $wakes', check);
  it.each(nodeRows)('[H10] $title: $wakes', check);
  it.each(capacityRows)('[H10] $title: $wakes', check);
});
