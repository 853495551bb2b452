import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../api/index.ts';
import { podInfoOf } from '../../cache/pod-info.ts';
import { claim, node, pod } from '../testing/objects.ts';
import { fits, textOf, VolumeWorld } from '../testing/volume-world.ts';

const inUse =
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';
const only = ['ReadWriteOncePod'];
const gce = { gcePersistentDisk: { pdName: 'a' } };

interface Row {
  readonly title: string;
  readonly objects: readonly KubernetesObject[];
  readonly claims?: readonly string[];
  readonly volumes?: readonly object[];
  readonly ephemeral?: readonly string[];
  /** Of PreFilter. */
  readonly says?: string;
  /** Of the nodes n and m. */
  readonly nodes?: readonly [string, string];
}

const rows: readonly Row[] = [
  { title: 'a pod without volumes', objects: [], says: 'skip' },
  { title: 'a claim that is missing', objects: [], claims: ['c'], says: '!persistentvolumeclaim "c" not found' },
  {
    title: 'a claim that is missing beside one that is there',
    objects: [claim('c', { modes: only })],
    claims: ['c', 'd'],
    says: '!persistentvolumeclaim "d" not found',
  },
  { title: 'a claim that nobody uses', objects: [claim('c', { modes: only })], claims: ['c'], says: 'skip' },
  {
    title: 'a claim that a pod on one node uses: no node will do',
    objects: [claim('c', { modes: only }), pod('other', { claims: ['c'], node: 'n' })],
    claims: ['c'],
    nodes: [inUse, inUse],
  },
  {
    title: 'a claim that another waiting pod names',
    objects: [claim('c', { modes: only }), pod('other', { claims: ['c'] })],
    claims: ['c'],
    says: 'skip',
  },
  {
    title: 'a claim of that name in another namespace is used',
    objects: [claim('c', { modes: only }), pod('other', { namespace: 'x', claims: ['c'], node: 'n' })],
    claims: ['c'],
    says: 'skip',
  },
  {
    title: 'a ReadWriteOnce claim that is used',
    objects: [claim('c'), pod('other', { claims: ['c'], node: 'n' })],
    claims: ['c'],
    says: 'skip',
  },
  {
    title: 'the second of two claims is used',
    objects: [claim('c', { modes: only }), claim('d', { modes: only }), pod('other', { claims: ['d'], node: 'm' })],
    claims: ['c', 'd'],
    nodes: [inUse, inUse],
  },
  {
    title: 'a free exclusive claim beside a shared one',
    objects: [claim('c', { modes: only }), claim('d'), pod('other', { claims: ['d'], node: 'm' })],
    claims: ['c', 'd'],
    says: 'skip',
  },
  {
    title: 'a user on a node that is not known counts too, once the node is there',
    objects: [claim('c', { modes: only }), pod('other', { claims: ['c'], node: 'late' }), node('late')],
    claims: ['c'],
    nodes: [inUse, inUse],
  },
  {
    title: 'a user that has finished',
    objects: [claim('c', { modes: only }), finished()],
    claims: ['c'],
    says: 'skip',
  },
  {
    title: 'a disk is taken on one node',
    objects: [pod('other', { volumes: [gce], node: 'n' })],
    volumes: [gce],
    nodes: ['node(s) had no available disk', fits],
  },
  {
    title: 'a disk is taken and the claim in use: the disk is named first',
    objects: [claim('c', { modes: only }), pod('other', { claims: ['c'], volumes: [gce], node: 'n' })],
    claims: ['c'],
    volumes: [gce],
    nodes: ['node(s) had no available disk', inUse],
  },
  { title: 'an ephemeral claim that is not there yet', objects: [], ephemeral: ['e'], says: 'skip' },
];

function finished() {
  return { ...pod('other', { claims: ['c'], node: 'n' }), status: { phase: 'Succeeded' } };
}

describe('VolumeRestrictions on ReadWriteOncePod claims', () => {
  it.each(rows)('[H8] $title', ({ objects, claims = [], volumes = [], ephemeral = [], says, nodes: wanted }) => {
    const world = new VolumeWorld([node('n'), node('m'), ...objects]);
    const { preFilter, nodes } = world.ask(world.plugins.volumeRestrictions, pod('p', { claims, volumes, ephemeral }));
    expect(preFilter).toBe(says);
    if (wanted) expect([nodes.n, nodes.m]).toEqual(wanted);
  });
});

/** What the pod is told on node n after these pods were taken away, and then put back. */
const removals: readonly { title: string; users: readonly string[]; removed: readonly string[]; after: string }[] = [
  { title: 'without its only user the claim is free', users: ['c'], removed: ['c'], after: fits },
  { title: 'without another pod it is not', users: ['c', 'd'], removed: ['d'], after: inUse },
  { title: 'both claims must be free', users: ['c', 'e'], removed: ['c'], after: inUse },
  { title: 'without the users of both the pod fits', users: ['c', 'e'], removed: ['c', 'e'], after: fits },
];

describe('VolumeRestrictions when pods are taken away on trial', () => {
  it.each(removals)('[H8] $title', ({ users, removed, after }) => {
    const others = users.map((name) => pod(`user-of-${name}`, { claims: [name], node: 'n' }));
    const exclusive = ['c', 'e'].map((name) => claim(name, { modes: only }));
    const world = new VolumeWorld([node('n'), claim('d'), ...exclusive, ...others]);
    const plugin = world.plugins.volumeRestrictions;
    const wanting = pod('p', { claims: ['c', 'e'] });
    const { state } = world.ask(plugin, wanting);
    const trial = state.clone();
    const infos = removed.map((name) => podInfoOf(pod(`user-of-${name}`, { claims: [name], node: 'n' })));
    const told = () => textOf(plugin.filter(trial, wanting, world.node('n')));
    for (const info of infos) plugin.removePod(trial, wanting, info);
    expect(told()).toBe(after);
    for (const info of infos) plugin.addPod(trial, wanting, info);
    expect(told()).toBe(inUse);
    expect(textOf(plugin.filter(state, wanting, world.node('n')))).toBe(inUse);
  });

  it('[H8] a pod of another namespace that names a claim of the same name frees nothing', () => {
    const world = new VolumeWorld([node('n'), claim('c', { modes: only }), pod('user', { claims: ['c'], node: 'n' })]);
    const plugin = world.plugins.volumeRestrictions;
    const wanting = pod('p', { claims: ['c'] });
    const { state } = world.ask(plugin, wanting);
    plugin.removePod(state, wanting, podInfoOf(pod('stranger', { namespace: 'x', claims: ['c'], node: 'n' })));
    expect(textOf(plugin.filter(state, wanting, world.node('n')))).toBe(inUse);
  });
});
