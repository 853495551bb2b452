import { describe, expect, it } from 'vitest';
import type { KubernetesObject, Labels } from '../../../api/index.ts';
import { claim, immediateClass, node, pod, storageClass, volume } from '../testing/objects.ts';
import { fits, VolumeWorld } from '../testing/volume-world.ts';

const zone = 'topology.kubernetes.io/zone';
const region = 'topology.kubernetes.io/region';
const betaZone = 'failure-domain.beta.kubernetes.io/zone';
const betaRegion = 'failure-domain.beta.kubernetes.io/region';
const elsewhere = '!node(s) had no available volume zone';

interface LabelRow {
  readonly title: string;
  readonly volume: Labels;
  readonly node: Labels;
  /** What Filter says; `skip` when PreFilter leaves it out. */
  readonly says: string;
}

const labelRows: readonly LabelRow[] = [
  { title: 'a volume without labels is left out', volume: {}, node: { [zone]: 'a' }, says: 'skip' },
  { title: 'labels of other kinds are left out', volume: { disk: 'ssd' }, node: { [zone]: 'a' }, says: 'skip' },
  { title: 'the same zone', volume: { [zone]: 'a' }, node: { [zone]: 'a' }, says: fits },
  { title: 'another zone', volume: { [zone]: 'a' }, node: { [zone]: 'b' }, says: elsewhere },
  { title: 'a zone that only begins alike', volume: { [zone]: 'a' }, node: { [zone]: 'ab' }, says: elsewhere },
  { title: 'a zone in other letters', volume: { [zone]: 'A' }, node: { [zone]: 'a' }, says: elsewhere },
  { title: 'the same region', volume: { [region]: 'r' }, node: { [region]: 'r' }, says: fits },
  { title: 'another region', volume: { [region]: 'r' }, node: { [region]: 's' }, says: elsewhere },
  { title: 'the same beta zone', volume: { [betaZone]: 'a' }, node: { [betaZone]: 'a' }, says: fits },
  { title: 'another beta zone', volume: { [betaZone]: 'a' }, node: { [betaZone]: 'b' }, says: elsewhere },
  { title: 'the same beta region', volume: { [betaRegion]: 'r' }, node: { [betaRegion]: 'r' }, says: fits },
  { title: 'another beta region', volume: { [betaRegion]: 'r' }, node: { [betaRegion]: 's' }, says: elsewhere },
  {
    title: 'a beta volume on a node with the stable label',
    volume: { [betaZone]: 'a' },
    node: { [zone]: 'a' },
    says: fits,
  },
  {
    title: 'a beta volume on a node whose stable label differs',
    volume: { [betaZone]: 'a' },
    node: { [zone]: 'b' },
    says: elsewhere,
  },
  {
    title: 'a beta region on a node with the stable label',
    volume: { [betaRegion]: 'r' },
    node: { [region]: 'r' },
    says: fits,
  },
  {
    title: 'a beta region on a node whose stable label differs',
    volume: { [betaRegion]: 'r' },
    node: { [region]: 's' },
    says: elsewhere,
  },
  {
    title: 'a beta volume where both of the node disagree takes the beta label',
    volume: { [betaZone]: 'a' },
    node: { [betaZone]: 'a', [zone]: 'b' },
    says: fits,
  },
  {
    title: 'a stable volume on a node with the beta label alone',
    volume: { [zone]: 'a' },
    node: { [betaZone]: 'a' },
    says: elsewhere,
  },
  { title: 'a node that knows no zones', volume: { [zone]: 'a' }, node: {}, says: fits },
  { title: 'a node that knows no zones, volume with a beta label', volume: { [betaZone]: 'a' }, node: {}, says: fits },
  {
    title: 'a zone on a node that has only a region',
    volume: { [zone]: 'a' },
    node: { [region]: 'r' },
    says: elsewhere,
  },
  {
    title: 'a region on a node that has only a zone',
    volume: { [region]: 'r' },
    node: { [zone]: 'a' },
    says: elsewhere,
  },
  {
    title: 'zone and region both right',
    volume: { [zone]: 'a', [region]: 'r' },
    node: { [zone]: 'a', [region]: 'r' },
    says: fits,
  },
  {
    title: 'the zone right, the region not',
    volume: { [zone]: 'a', [region]: 'r' },
    node: { [zone]: 'a', [region]: 's' },
    says: elsewhere,
  },
  {
    title: 'the region right, the zone not',
    volume: { [zone]: 'a', [region]: 'r' },
    node: { [zone]: 'b', [region]: 'r' },
    says: elsewhere,
  },
  {
    title: 'the node says more than the volume asks',
    volume: { [zone]: 'a' },
    node: { [zone]: 'a', [region]: 'r', [betaZone]: 'x' },
    says: fits,
  },
  { title: 'one of several zones', volume: { [zone]: 'a__b__c' }, node: { [zone]: 'b' }, says: fits },
  { title: 'none of several zones', volume: { [zone]: 'a__b__c' }, node: { [zone]: 'd' }, says: elsewhere },
  { title: 'the joined text itself is no zone', volume: { [zone]: 'a__b' }, node: { [zone]: 'a__b' }, says: elsewhere },
  { title: 'one of several beta zones', volume: { [betaZone]: 'a__b' }, node: { [zone]: 'b' }, says: fits },
  { title: 'one of several regions', volume: { [region]: 'r__s' }, node: { [region]: 's' }, says: fits },
  { title: 'a list with a gap says nothing', volume: { [zone]: 'a____b' }, node: { [zone]: 'd' }, says: 'skip' },
  {
    title: 'a list with a gap leaves the other label to decide',
    volume: { [zone]: 'a____b', [region]: 'r' },
    node: { [zone]: 'd', [region]: 's' },
    says: elsewhere,
  },
  { title: 'one underscore joins nothing', volume: { [zone]: 'a_b' }, node: { [zone]: 'a_b' }, says: fits },
];

describe('VolumeZone on labels', () => {
  it.each(labelRows)('[H7] $title', ({ volume: labels, node: nodeLabels, says }) => {
    const world = new VolumeWorld([
      node('n', nodeLabels),
      volume('v', { labels, claim: 'c' }),
      claim('c', { volume: 'v' }),
    ]);
    const { preFilter, nodes } = world.ask(world.plugins.volumeZone, pod('p', { claims: ['c'] }));
    expect(preFilter ?? nodes.n).toBe(says);
  });
});

interface ClaimRow {
  readonly title: string;
  readonly objects: readonly KubernetesObject[];
  readonly claims?: readonly string[];
  readonly ephemeral?: readonly string[];
  /** What PreFilter says. */
  readonly says?: string;
  readonly node?: string;
}

const inA = volume('v', { labels: { [zone]: 'a' }, claim: 'c' });
const inB = volume('w', { labels: { [zone]: 'b' }, claim: 'd' });
const wait = storageClass('wait');

const claimRows: readonly ClaimRow[] = [
  { title: 'a pod without volumes is left out', objects: [], says: 'skip' },
  { title: 'a missing claim', objects: [], claims: ['c'], says: '!persistentvolumeclaim "c" not found' },
  {
    title: 'a claim of another namespace is missing',
    objects: [inA, claim('c', { namespace: 'other', volume: 'v' })],
    claims: ['c'],
    says: '!persistentvolumeclaim "c" not found',
  },
  {
    title: 'a missing volume',
    objects: [claim('c', { volume: 'v' })],
    claims: ['c'],
    says: '!persistentvolume "v" not found',
  },
  {
    title: 'an unbound claim without a class',
    objects: [claim('c', { class: '' })],
    claims: ['c'],
    says: '!PersistentVolumeClaim had no pv name and storageClass name',
  },
  {
    title: 'an unbound claim whose class is missing',
    objects: [claim('c')],
    claims: ['c'],
    says: '!storageclass.storage.k8s.io "wait" not found',
  },
  {
    title: 'an unbound claim whose class has no binding mode',
    objects: [claim('c', { class: 'odd' }), withoutMode()],
    claims: ['c'],
    says: '!VolumeBindingMode not set for StorageClass "odd"',
  },
  {
    title: 'an unbound claim of an Immediate class',
    objects: [claim('c', { class: 'now' }), immediateClass],
    claims: ['c'],
    says: '!PersistentVolume had no name',
  },
  { title: 'an unbound claim that waits is left out', objects: [claim('c'), wait], claims: ['c'], says: 'skip' },
  {
    title: 'a claim that waits beside one in the zone',
    objects: [claim('c', { volume: 'v' }), claim('e'), inA, wait],
    claims: ['c', 'e'],
    node: fits,
  },
  {
    title: 'two volumes of which one is elsewhere',
    objects: [claim('c', { volume: 'v' }), claim('d', { volume: 'w' }), inA, inB],
    claims: ['c', 'd'],
    node: elsewhere,
  },
  {
    title: 'a missing claim after one in the zone',
    objects: [claim('c', { volume: 'v' }), inA],
    claims: ['c', 'd'],
    says: '!persistentvolumeclaim "d" not found',
  },
  { title: 'an ephemeral claim that is not there yet is left out', objects: [], ephemeral: ['e'], says: 'skip' },
  {
    title: 'the volume of an ephemeral claim elsewhere',
    objects: [claim('p-e', { owner: 'p', volume: 'w' }), inB],
    ephemeral: ['e'],
    node: elsewhere,
  },
];

function withoutMode() {
  const { volumeBindingMode: _mode, ...odd } = storageClass('odd');
  return odd;
}

describe('VolumeZone on claims', () => {
  it.each(claimRows)('[H7] $title', ({ objects, claims = [], ephemeral = [], says, node: answer }) => {
    const world = new VolumeWorld([node('n', { [zone]: 'a' }), ...objects]);
    const { preFilter, nodes } = world.ask(world.plugins.volumeZone, pod('p', { claims, ephemeral }));
    expect({ says: preFilter, node: nodes.n }).toEqual({ says, node: answer });
  });
});
