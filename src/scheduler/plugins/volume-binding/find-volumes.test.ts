import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../api/index.ts';
import { plannedOn } from '../testing/node-volumes.ts';
import { claim, localClass, node, pod, storageClass, volume } from '../testing/objects.ts';
import { fits, VolumeWorld } from '../testing/volume-world.ts';
import { reasons } from './find-volumes.ts';

const nothing = `!${reasons.bindConflict}`;
const wrongNode = `!${reasons.nodeConflict}`;
const missing = `!${reasons.volumeMissing}`;

interface Row {
  readonly title: string;
  readonly objects: readonly KubernetesObject[];
  readonly claims: readonly string[];
  /** Of node n. */
  readonly says: string;
  /** What would be done there. */
  readonly plan?: readonly string[];
}

const here = { hosts: ['n'] };
const there = { hosts: ['m'] };

const boundRows: readonly Row[] = [
  {
    title: 'a volume for all nodes',
    objects: [claim('a', { volume: 'v' }), volume('v')],
    claims: ['a'],
    says: fits,
    plan: [],
  },
  {
    title: 'a volume of this node',
    objects: [claim('a', { volume: 'v' }), volume('v', here)],
    claims: ['a'],
    says: fits,
  },
  {
    title: 'a volume of another node',
    objects: [claim('a', { volume: 'v' }), volume('v', there)],
    claims: ['a'],
    says: wrongNode,
  },
  {
    title: 'a volume of several nodes, this one among them',
    objects: [claim('a', { volume: 'v' }), volume('v', { hosts: ['m', 'n'] })],
    claims: ['a'],
    says: fits,
  },
  {
    title: 'one volume of this node, one of another',
    objects: [claim('a', { volume: 'v' }), claim('b', { volume: 'w' }), volume('v', here), volume('w', there)],
    claims: ['a', 'b'],
    says: wrongNode,
  },
  {
    title: 'a zone the node is in',
    objects: [claim('a', { volume: 'v' }), volume('v', { topology: { zone: ['z1', 'z2'] } })],
    claims: ['a'],
    says: fits,
  },
  {
    title: 'a zone the node is not in',
    objects: [claim('a', { volume: 'v' }), volume('v', { topology: { zone: ['z2'] } })],
    claims: ['a'],
    says: wrongNode,
  },
  {
    title: 'a label the node does not have',
    objects: [claim('a', { volume: 'v' }), volume('v', { topology: { rack: ['r'] } })],
    claims: ['a'],
    says: wrongNode,
  },
  {
    title: 'an affinity without any term matches no node',
    objects: [
      claim('a', { volume: 'v' }),
      volume('v', { more: { nodeAffinity: { required: { nodeSelectorTerms: [] } } } }),
    ],
    claims: ['a'],
    says: wrongNode,
  },
  { title: 'a volume that is gone', objects: [claim('a', { volume: 'v' })], claims: ['a'], says: missing },
  {
    title: 'of a volume elsewhere and one that is gone the first is told',
    objects: [claim('a', { volume: 'v' }), claim('b', { volume: 'lost' }), volume('v', there)],
    claims: ['a', 'b'],
    says: wrongNode,
  },
  {
    title: 'of a volume that is gone and one elsewhere the first is told',
    objects: [claim('a', { volume: 'v' }), claim('b', { volume: 'lost' }), volume('v', there)],
    claims: ['b', 'a'],
    says: missing,
  },
  {
    title: 'elsewhere, and nothing to bind: both are told',
    objects: [claim('a', { volume: 'v' }), claim('b'), volume('v', { ...there, claim: 'a' })],
    claims: ['a', 'b'],
    says: `!${reasons.nodeConflict}; ${reasons.bindConflict}`,
  },
  {
    title: 'gone, and nothing to bind: both are told',
    objects: [claim('a', { volume: 'lost' }), claim('b')],
    claims: ['a', 'b'],
    says: `!${reasons.bindConflict}; ${reasons.volumeMissing}`,
  },
];

const staticRows: readonly Row[] = [
  { title: 'no volumes', objects: [claim('a')], claims: ['a'], says: nothing },
  { title: 'a volume that fits', objects: [claim('a'), volume('v')], claims: ['a'], says: fits, plan: ['a=v'] },
  {
    title: 'a volume of this node',
    objects: [claim('a'), volume('v', here)],
    claims: ['a'],
    says: fits,
    plan: ['a=v'],
  },
  { title: 'a volume of another node', objects: [claim('a'), volume('v', there)], claims: ['a'], says: nothing },
  {
    title: 'each node its own volume',
    objects: [claim('a'), volume('w', there), volume('v', here)],
    claims: ['a'],
    says: fits,
    plan: ['a=v'],
  },
  {
    title: 'a volume of two hosts',
    objects: [claim('a'), volume('v', { hosts: ['m', 'n'] })],
    claims: ['a'],
    says: fits,
    plan: ['a=v'],
  },
  {
    title: 'the right host in the wrong zone',
    objects: [claim('a'), volume('v', { ...here, topology: { zone: ['z2'] } })],
    claims: ['a'],
    says: nothing,
  },
  {
    title: 'the exact size',
    objects: [claim('a', { size: '5Gi' }), volume('v', { size: '5Gi' })],
    claims: ['a'],
    says: fits,
  },
  {
    title: 'too small',
    objects: [claim('a', { size: '5Gi' }), volume('v', { size: '4Gi' })],
    claims: ['a'],
    says: nothing,
  },
  {
    title: 'the smallest that is large enough',
    objects: [
      claim('a', { size: '5Gi' }),
      volume('l', { size: '50Gi' }),
      volume('s', { size: '6Gi' }),
      volume('t', { size: '1Gi' }),
    ],
    claims: ['a'],
    says: fits,
    plan: ['a=s'],
  },
  {
    title: 'the smallest, be it local',
    objects: [claim('a'), volume('shared', { size: '3Gi' }), volume('local', { ...here, size: '2Gi' })],
    claims: ['a'],
    says: fits,
    plan: ['a=local'],
  },
  {
    title: 'the smallest, be it shared',
    objects: [claim('a'), volume('shared', { size: '2Gi' }), volume('local', { ...here, size: '3Gi' })],
    claims: ['a'],
    says: fits,
    plan: ['a=shared'],
  },
  {
    title: 'a volume of another class',
    objects: [claim('a'), volume('v', { class: 'x' })],
    claims: ['a'],
    says: nothing,
  },
  {
    title: 'a volume that is not Available',
    objects: [claim('a'), volume('v', { phase: 'Released' })],
    claims: ['a'],
    says: nothing,
  },
  {
    title: 'a volume that is not yet Available',
    objects: [claim('a'), volume('v', { phase: 'Pending' })],
    claims: ['a'],
    says: nothing,
  },
  {
    title: 'a volume that is being deleted',
    objects: [claim('a'), volume('v', { deleting: true })],
    claims: ['a'],
    says: nothing,
  },
  {
    title: 'a volume of other access modes',
    objects: [claim('a', { modes: ['ReadWriteMany'] }), volume('v')],
    claims: ['a'],
    says: nothing,
  },
  {
    title: 'a volume of another mode',
    objects: [claim('a'), volume('v', { more: { volumeMode: 'Block' } })],
    claims: ['a'],
    says: nothing,
  },
  {
    title: 'a block volume for a block claim',
    objects: [claim('a', { more: { volumeMode: 'Block' } }), volume('v', { more: { volumeMode: 'Block' } })],
    claims: ['a'],
    says: fits,
    plan: ['a=v'],
  },
  {
    title: 'a volume that the selector takes',
    objects: [
      claim('a', { more: { selector: { matchLabels: { disk: 'ssd' } } } }),
      volume('hdd', { labels: { disk: 'hdd' } }),
      volume('ssd', { labels: { disk: 'ssd' }, size: '9Gi' }),
    ],
    claims: ['a'],
    says: fits,
    plan: ['a=ssd'],
  },
  {
    title: 'a volume with another attributes class',
    objects: [claim('a'), volume('v', { more: { volumeAttributesClassName: 'gold' } })],
    claims: ['a'],
    says: nothing,
  },
  {
    title: 'a volume of another claim',
    objects: [claim('a'), volume('v', { claim: 'b' })],
    claims: ['a'],
    says: nothing,
  },
  {
    title: 'the volume reserved for the claim before a smaller one',
    objects: [claim('a'), volume('s'), volume('mine', { size: '9Gi', claim: 'a', uid: false })],
    claims: ['a'],
    says: fits,
    plan: ['a=mine'],
  },
  {
    title: 'the volume reserved for the claim is elsewhere: no other will do',
    objects: [claim('a'), volume('s'), volume('mine', { ...there, claim: 'a', uid: false })],
    claims: ['a'],
    says: nothing,
  },
  {
    title: 'a reserved volume that is too small does not count',
    objects: [claim('a', { size: '5Gi' }), volume('mine', { claim: 'a', uid: false }), volume('v', { size: '5Gi' })],
    claims: ['a'],
    says: fits,
    plan: ['a=v'],
  },
  {
    title: 'a volume reserved for a claim of that name that is gone',
    objects: [
      claim('a'),
      {
        ...volume('v', { claim: 'a' }),
        spec: { ...volume('v').spec, claimRef: { namespace: 'ns', name: 'a', uid: 'old' } },
      } as KubernetesObject,
    ],
    claims: ['a'],
    says: nothing,
  },
  {
    title: 'two claims, two volumes: the small claim takes the small one',
    objects: [claim('big', { size: '5Gi' }), claim('small'), volume('v10', { size: '10Gi' }), volume('v1')],
    claims: ['big', 'small'],
    says: fits,
    plan: ['small=v1', 'big=v10'],
  },
  {
    title: '[rel-H4] two claims, one volume: it is promised to one only',
    objects: [claim('a'), claim('b'), volume('v')],
    claims: ['a', 'b'],
    says: nothing,
  },
  {
    title: '[rel-H4] two claims, one local volume',
    objects: [claim('a'), claim('b'), volume('v', here), volume('w', there)],
    claims: ['a', 'b'],
    says: nothing,
  },
  {
    title: '[rel-H4] one claim named twice takes one volume',
    objects: [claim('a'), volume('v'), volume('w')],
    claims: ['a', 'a'],
    says: fits,
    plan: ['a=v'],
  },
  {
    title: 'claims of two classes',
    objects: [
      claim('a'),
      claim('b', { class: 'other' }),
      storageClass('other', { provisioner: '' }),
      volume('v'),
      volume('w', { class: 'other' }),
    ],
    claims: ['a', 'b'],
    says: fits,
    plan: ['a=v', 'b=w'],
  },
  {
    title: 'a bound claim of this node and a volume to bind',
    objects: [claim('a', { volume: 'v' }), claim('b'), volume('v', { ...here, claim: 'a' }), volume('w', here)],
    claims: ['a', 'b'],
    says: fits,
    plan: ['b=w'],
  },
];

describe('findPodVolumes', () => {
  const check = ({ objects, claims, says, plan }: Row) => {
    const world = new VolumeWorld([node('n', { zone: 'z1' }), localClass, ...objects]);
    const { state, nodes, preFilter } = world.ask(world.plugins.volumeBinding, pod('p', { claims }));
    expect(preFilter ?? nodes.n).toBe(says);
    if (plan) expect(plannedOn(state, node('n'))).toEqual(plan);
  };
  it.each(boundRows)('[H2] with bound claims: $title', check);
  it.each(staticRows)('[H2][R2] with volumes that exist: $title', check);
});
