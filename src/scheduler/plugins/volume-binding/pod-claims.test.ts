import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../api/index.ts';
import { claim, immediateClass, node, pod, storageClass, volume } from '../testing/objects.ts';
import { VolumeWorld } from '../testing/volume-world.ts';
import { podClaims } from './pod-claims.ts';

const immediate = '!pod has unbound immediate PersistentVolumeClaims';
const waiting = 'waiting for ephemeral volume controller to create the persistentvolumeclaim';

interface Row {
  readonly title: string;
  readonly objects?: readonly KubernetesObject[];
  readonly claims?: readonly string[];
  readonly ephemeral?: readonly string[];
  /** What PreFilter says; undefined when nodes are to be asked. */
  readonly says?: string;
  /** How the claims are sorted when nodes are to be asked. */
  readonly bound?: readonly string[];
  readonly delayed?: readonly string[];
}

const rows: readonly Row[] = [
  { title: 'a pod without volumes', says: 'skip' },
  { title: 'a bound claim', objects: [claim('a', { volume: 'v' })], claims: ['a'], bound: ['a'] },
  {
    title: 'two bound claims',
    objects: [claim('a', { volume: 'v' }), claim('b', { volume: 'w' })],
    claims: ['a', 'b'],
    bound: ['a', 'b'],
  },
  {
    title: 'a bound claim without any class',
    objects: [claim('a', { volume: 'v', class: '' })],
    claims: ['a'],
    bound: ['a'],
  },
  {
    title: 'a bound claim whose class is gone',
    objects: [claim('a', { volume: 'v', class: 'x' })],
    claims: ['a'],
    bound: ['a'],
  },
  {
    title: 'a bound claim whose volume is missing is for Filter to judge',
    objects: [claim('a', { volume: 'lost' })],
    claims: ['a'],
    bound: ['a'],
  },
  { title: 'a claim that waits', objects: [claim('a')], claims: ['a'], delayed: ['a'] },
  {
    title: 'a bound one and one that waits',
    objects: [claim('a', { volume: 'v' }), claim('b')],
    claims: ['b', 'a'],
    bound: ['a'],
    delayed: ['b'],
  },
  {
    title: 'claims that wait come smallest first',
    objects: [claim('big', { size: '10Gi' }), claim('small', { size: '1Gi' }), claim('middle', { size: '2Gi' })],
    claims: ['big', 'small', 'middle'],
    delayed: ['small', 'middle', 'big'],
  },
  {
    title: 'sizes are compared as amounts',
    objects: [claim('a', { size: '1000Mi' }), claim('b', { size: '1G' })],
    claims: ['a', 'b'],
    delayed: ['b', 'a'],
  },
  {
    title: '[rel-H4] a claim that two volumes of the pod name comes once',
    objects: [claim('a')],
    claims: ['a', 'a'],
    delayed: ['a'],
  },
  {
    title: 'a claim with a selected node still waits',
    objects: [claim('a', { selectedNode: 'n' })],
    claims: ['a'],
    delayed: ['a'],
  },
  {
    title: 'an unbound claim of an Immediate class',
    objects: [claim('a', { class: 'now' })],
    claims: ['a'],
    says: immediate,
  },
  { title: 'an unbound claim without a class', objects: [claim('a', { class: '' })], claims: ['a'], says: immediate },
  {
    title: 'an unbound claim whose class is missing',
    objects: [claim('a', { class: 'x' })],
    claims: ['a'],
    says: immediate,
  },
  {
    title: 'a claim that names a volume and is not bound',
    objects: [claim('a', { volume: 'v', bound: false })],
    claims: ['a'],
    says: immediate,
  },
  {
    title: 'a claim marked as bound that names no volume',
    objects: [claim('a', { class: 'now', bound: true })],
    claims: ['a'],
    says: immediate,
  },
  {
    title: 'one Immediate claim among others',
    objects: [claim('a', { volume: 'v' }), claim('b'), claim('c', { class: 'now' })],
    claims: ['a', 'b', 'c'],
    says: immediate,
  },
  { title: 'a missing claim', claims: ['a'], says: '!persistentvolumeclaim "a" not found' },
  {
    title: 'a missing claim beside one that is there',
    objects: [claim('a', { volume: 'v' })],
    claims: ['a', 'b'],
    says: '!persistentvolumeclaim "b" not found',
  },
  {
    title: 'a claim of another namespace',
    objects: [claim('a', { namespace: 'x', volume: 'v' })],
    claims: ['a'],
    says: '!persistentvolumeclaim "a" not found',
  },
  {
    title: 'a claim that is being deleted',
    objects: [claim('a', { volume: 'v', deleting: true })],
    claims: ['a'],
    says: '!persistentvolumeclaim "a" is being deleted',
  },
  {
    title: 'a claim that waits and is being deleted',
    objects: [claim('a', { deleting: true })],
    claims: ['a'],
    says: '!persistentvolumeclaim "a" is being deleted',
  },
  {
    title: 'a claim that lost its volume',
    objects: [claim('a', { volume: 'v', phase: 'Lost' })],
    claims: ['a'],
    says: '!persistentvolumeclaim "a" bound to non-existent persistentvolume "v"',
  },
  {
    title: 'a lost claim that is being deleted is told as lost',
    objects: [claim('a', { volume: 'v', phase: 'Lost', deleting: true })],
    claims: ['a'],
    says: '!persistentvolumeclaim "a" bound to non-existent persistentvolume "v"',
  },
  {
    title: 'what is wrong with a later claim comes before an Immediate one',
    objects: [claim('a', { class: 'now' })],
    claims: ['a', 'b'],
    says: '!persistentvolumeclaim "b" not found',
  },
  { title: '[F2] an ephemeral claim that is not there yet', ephemeral: ['e'], says: `!${waiting} "p-e"` },
  {
    title: '[F2][rel-I1] an ephemeral claim of another pod',
    objects: [claim('p-e', { owner: 'other', volume: 'v' })],
    ephemeral: ['e'],
    says: '!PVC ns/p-e was not created for pod ns/p (pod is not owner)',
  },
  {
    title: '[F2][rel-I1] an ephemeral claim of nobody',
    objects: [claim('p-e')],
    ephemeral: ['e'],
    says: '!PVC ns/p-e was not created for pod ns/p (pod is not owner)',
  },
  {
    title: '[F2] an ephemeral claim that is bound',
    objects: [claim('p-e', { owner: 'p', volume: 'v' })],
    ephemeral: ['e'],
    bound: ['p-e'],
  },
  {
    title: '[F2] an ephemeral claim that waits',
    objects: [claim('p-e', { owner: 'p' })],
    ephemeral: ['e'],
    delayed: ['p-e'],
  },
  {
    title: '[F2] an ephemeral claim that is being deleted',
    objects: [claim('p-e', { owner: 'p', deleting: true })],
    ephemeral: ['e'],
    says: '!persistentvolumeclaim "p-e" is being deleted',
  },
];

describe('VolumeBinding before it looks at nodes', () => {
  it.each(rows)('[H1] $title', ({ objects = [], claims = [], ephemeral = [], says, bound = [], delayed = [] }) => {
    const world = new VolumeWorld([immediateClass, storageClass('wait'), ...objects]);
    const wanting = pod('p', { claims, ephemeral });
    expect(world.ask(world.plugins.volumeBinding, wanting).preFilter).toBe(says);
    if (says !== undefined) return;
    const sorted = podClaims(wanting, {
      claim: (namespace, name) =>
        objects.find((o) => o.metadata.name === name && o.metadata.namespace === namespace) as never,
      class: (name) => [immediateClass, storageClass('wait')].find(({ metadata }) => metadata.name === name),
    });
    const names = (list: readonly KubernetesObject[]) => list.map(({ metadata }) => metadata.name);
    const found = 'problem' in sorted ? sorted : { bound: names(sorted.bound), delayed: names(sorted.delayed) };
    expect(found).toEqual({ bound, delayed });
  });

  it('[H1] tells the queue that only claims of an Immediate class are missing', () => {
    const world = new VolumeWorld([immediateClass, claim('a', { class: 'now' }), node('n'), volume('v')]);
    const { state } = world.ask(world.plugins.volumeBinding, pod('p', { claims: ['a'] }));
    expect(state.read('waitsForClaims')).toBe(true);
  });
});
