import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../api/index.ts';
import type { ClusterEvent } from '../../framework/plugin.ts';
import { claim, node, pod } from '../testing/objects.ts';
import { wakes } from '../testing/wakes.ts';
import { volumeRestrictionsEvents } from './hints.ts';

const disk = { gcePersistentDisk: { pdName: 'a' } };
const waiting = pod('p', { claims: ['c'], volumes: [disk] });

interface Row {
  readonly title: string;
  readonly event: ClusterEvent;
  readonly previous?: KubernetesObject;
  readonly current?: KubernetesObject;
  readonly wakes: boolean;
}

const left = (name: string, options: Parameters<typeof pod>[1]) => pod(name, { node: 'n', ...options });

const rows: readonly Row[] = [
  {
    title: 'a pod with the claim left',
    event: 'AssignedPodDelete',
    previous: left('o', { claims: ['c'] }),
    wakes: true,
  },
  {
    title: 'a pod with the disk left',
    event: 'AssignedPodDelete',
    previous: left('o', { volumes: [disk] }),
    wakes: true,
  },
  {
    title: 'a pod with the disk left another namespace',
    event: 'AssignedPodDelete',
    previous: left('o', { namespace: 'x', volumes: [disk] }),
    wakes: true,
  },
  {
    title: 'a pod with another claim left',
    event: 'AssignedPodDelete',
    previous: left('o', { claims: ['d'] }),
    wakes: false,
  },
  {
    title: 'a pod with another disk left',
    event: 'AssignedPodDelete',
    previous: left('o', { volumes: [{ gcePersistentDisk: { pdName: 'b' } }] }),
    wakes: false,
  },
  {
    title: 'a pod with a claim of that name left another namespace',
    event: 'AssignedPodDelete',
    previous: left('o', { namespace: 'x', claims: ['c'] }),
    wakes: false,
  },
  { title: 'a pod without volumes left', event: 'AssignedPodDelete', previous: left('o', {}), wakes: false },
  { title: 'a new node', event: 'NodeAdd', current: node('n'), wakes: true },
  { title: 'labels of a node', event: 'UpdateNodeLabel', previous: node('n'), current: node('n'), wakes: false },
  { title: 'the claim comes', event: 'PersistentVolumeClaimAdd', current: claim('c'), wakes: true },
  { title: 'another claim comes', event: 'PersistentVolumeClaimAdd', current: claim('d'), wakes: false },
  {
    title: 'a claim of that name comes elsewhere',
    event: 'PersistentVolumeClaimAdd',
    current: claim('c', { namespace: 'x' }),
    wakes: false,
  },
];

describe('what wakes a pod that VolumeRestrictions refused', () => {
  it.each(rows)('[H10] $title: $wakes', ({ event, previous, current, wakes: expected }) => {
    expect(wakes(volumeRestrictionsEvents, event, waiting, previous, current)).toBe(expected);
  });
});
