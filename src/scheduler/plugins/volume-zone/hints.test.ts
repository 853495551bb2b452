import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../api/index.ts';
import type { ClusterEvent } from '../../framework/plugin.ts';
import { claim, immediateClass, node, pod, storageClass, volume } from '../testing/objects.ts';
import { wakes } from '../testing/wakes.ts';
import { volumeZoneEvents } from './hints.ts';

const zone = 'topology.kubernetes.io/zone';
const waiting = pod('p', { claims: ['c'] });

interface Row {
  readonly title: string;
  readonly event: ClusterEvent;
  readonly previous?: KubernetesObject;
  readonly current?: KubernetesObject;
  readonly wakes: boolean;
}

const rows: readonly Row[] = [
  { title: 'a new class that waits', event: 'StorageClassAdd', current: storageClass('s'), wakes: true },
  { title: 'a new Immediate class', event: 'StorageClassAdd', current: immediateClass, wakes: false },
  { title: 'a new node', event: 'NodeAdd', current: node('n'), wakes: true },
  { title: 'labels of a node', event: 'UpdateNodeLabel', previous: node('n'), current: node('n'), wakes: true },
  { title: 'taints of a node', event: 'UpdateNodeTaint', previous: node('n'), current: node('n'), wakes: false },
  { title: 'the claim comes', event: 'PersistentVolumeClaimAdd', current: claim('c'), wakes: true },
  { title: 'another claim comes', event: 'PersistentVolumeClaimAdd', current: claim('d'), wakes: false },
  {
    title: 'a claim of that name comes elsewhere',
    event: 'PersistentVolumeClaimAdd',
    current: claim('c', { namespace: 'other' }),
    wakes: false,
  },
  {
    title: 'the claim is bound',
    event: 'PersistentVolumeClaimUpdate',
    previous: claim('c'),
    current: claim('c', { volume: 'v' }),
    wakes: true,
  },
  { title: 'a claim goes', event: 'PersistentVolumeClaimDelete', previous: claim('c'), wakes: false },
  { title: 'a new volume', event: 'PersistentVolumeAdd', current: volume('v'), wakes: true },
  {
    title: 'another zone of a volume',
    event: 'PersistentVolumeUpdate',
    previous: volume('v', { labels: { [zone]: 'a' } }),
    current: volume('v', { labels: { [zone]: 'b' } }),
    wakes: true,
  },
  {
    title: 'a volume loses its zone',
    event: 'PersistentVolumeUpdate',
    previous: volume('v', { labels: { [zone]: 'a' } }),
    current: volume('v'),
    wakes: true,
  },
  {
    title: 'another label of a volume',
    event: 'PersistentVolumeUpdate',
    previous: volume('v', { labels: { [zone]: 'a' } }),
    current: volume('v', { labels: { [zone]: 'a', disk: 'ssd' } }),
    wakes: false,
  },
  {
    title: 'the phase of a volume',
    event: 'PersistentVolumeUpdate',
    previous: volume('v'),
    current: volume('v', { phase: 'Bound' }),
    wakes: false,
  },
];

describe('what wakes a pod that VolumeZone refused', () => {
  it.each(rows)('[H10] $title: $wakes', ({ event, previous, current, wakes: expected }) => {
    expect(wakes(volumeZoneEvents, event, waiting, previous, current)).toBe(expected);
  });
});
