import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../api/index.ts';
import { attachment, claim, csiDriver, csiNode, node, pod, storageClass, volume } from '../testing/objects.ts';
import { fits, VolumeWorld } from '../testing/volume-world.ts';

const full = 'node(s) exceed max volume count';
const absent = '!d CSI driver is not installed on the node';

/** The claim `<name>` bound to the volume `v-<name>` of the driver. */
function bound(name: string, driver = 'd', handle = name): KubernetesObject[] {
  return [
    claim(name, { volume: `v-${name}` }),
    volume(`v-${name}`, { csi: `${driver}/${handle}`, claim: name, phase: 'Bound' }),
  ];
}

/** A pod on node n that uses the claims. */
const user = (name: string, ...claims: string[]) => pod(name, { node: 'n', claims });

interface Row {
  readonly title: string;
  /** What node n takes of each driver. Default: two of d. Null: the node has no CSINode. */
  readonly limits?: Readonly<Record<string, number | undefined>> | null;
  readonly objects: readonly KubernetesObject[];
  readonly claims?: readonly string[];
  readonly ephemeral?: readonly string[];
  readonly volumes?: readonly object[];
  /** Of node n; `skip` when PreFilter leaves it out. */
  readonly says: string;
}

const boundRows: readonly Row[] = [
  { title: 'a pod without volumes', objects: [], says: 'skip' },
  { title: 'volumes without claims', objects: [], volumes: [{ emptyDir: {} }], says: 'skip' },
  { title: 'an inline CSI volume is not attached', objects: [], volumes: [{ csi: { driver: 'd' } }], says: 'skip' },
  { title: 'an empty node', objects: [...bound('a')], claims: ['a'], says: fits },
  { title: 'as many as the node takes', objects: [...bound('a'), ...bound('b')], claims: ['a', 'b'], says: fits },
  {
    title: 'one more than the node takes',
    objects: [...bound('a'), ...bound('b'), ...bound('c')],
    claims: ['a', 'b', 'c'],
    says: full,
  },
  {
    title: 'the last place',
    objects: [...bound('a'), ...bound('b'), user('p1', 'a')],
    claims: ['b'],
    says: fits,
  },
  {
    title: 'no place left',
    objects: [...bound('a'), ...bound('b'), ...bound('c'), user('p1', 'a'), user('p2', 'b')],
    claims: ['c'],
    says: full,
  },
  {
    title: 'no place for one of two',
    objects: [...bound('a'), ...bound('b'), ...bound('c'), user('p1', 'a')],
    claims: ['b', 'c'],
    says: full,
  },
  {
    title: 'a volume that is there already takes no place',
    objects: [...bound('a'), ...bound('b'), user('p1', 'a', 'b')],
    claims: ['a'],
    says: fits,
  },
  {
    title: 'one volume of several pods counts once',
    objects: [...bound('a'), ...bound('b'), user('p1', 'a'), user('p2', 'a'), user('p3', 'a')],
    claims: ['b'],
    says: fits,
  },
  {
    title: 'two volumes of the pod with one handle count once',
    objects: [...bound('a'), ...bound('b'), ...bound('b2', 'd', 'b'), user('p1', 'a')],
    claims: ['b', 'b2'],
    says: fits,
  },
  {
    title: 'one claim named twice counts once',
    objects: [...bound('a'), ...bound('b'), user('p1', 'a')],
    claims: ['b', 'b'],
    says: fits,
  },
  {
    title: 'pods of other nodes do not count',
    objects: [...bound('a'), ...bound('b'), ...bound('c'), pod('p1', { node: 'm', claims: ['a', 'b'] })],
    claims: ['c'],
    says: fits,
  },
  {
    title: 'the volumes of another driver do not count',
    objects: [...bound('a', 'e'), ...bound('b', 'e'), ...bound('c'), user('p1', 'a', 'b')],
    limits: { d: 1, e: 2 },
    claims: ['c'],
    says: fits,
  },
  {
    title: 'equal handles of two drivers are two volumes',
    objects: [...bound('a', 'e', 'x'), ...bound('b', 'd', 'x'), user('p1', 'a')],
    limits: { d: 1, e: 1 },
    claims: ['b'],
    says: fits,
  },
  {
    title: 'one of two drivers is full',
    objects: [...bound('a'), ...bound('b'), ...bound('c', 'e'), user('p1', 'a')],
    limits: { d: 1, e: 9 },
    claims: ['c', 'b'],
    says: full,
  },
  {
    title: 'the full driver is not asked for',
    objects: [...bound('a'), ...bound('c', 'e'), user('p1', 'a')],
    limits: { d: 1, e: 1 },
    claims: ['c'],
    says: fits,
  },
  { title: 'a driver that takes none', objects: [...bound('a')], limits: { d: 0 }, claims: ['a'], says: full },
  {
    title: 'a driver that does not say takes any number',
    objects: [...bound('a'), ...bound('b'), ...bound('c')],
    limits: { d: undefined },
    claims: ['a', 'b', 'c'],
    says: fits,
  },
  { title: 'a node without a CSINode', objects: [...bound('a')], limits: null, claims: ['a'], says: fits },
  {
    title: 'a driver that the CSINode does not name',
    objects: [...bound('a')],
    limits: { e: 0 },
    claims: ['a'],
    says: fits,
  },
  {
    title: 'volumes without a driver do not count',
    objects: [claim('a', { volume: 'v' }), volume('v', { claim: 'a' })],
    limits: { d: 0 },
    claims: ['a'],
    says: fits,
  },
  {
    title: 'a pod that has finished is gone',
    objects: [...bound('a'), ...bound('b'), { ...user('p1', 'a'), status: { phase: 'Failed' } } as KubernetesObject],
    limits: { d: 1 },
    claims: ['b'],
    says: fits,
  },
  {
    title: 'a pod that runs with a claim that is gone counts with what is known',
    objects: [...bound('a'), ...bound('b'), user('p1', 'lost', 'a')],
    limits: { d: 1 },
    claims: ['b'],
    says: full,
  },
];

const unboundRows: readonly Row[] = [
  {
    title: 'a claim that is missing',
    objects: [],
    claims: ['a'],
    says: '!looking up PVC ns/a: persistentvolumeclaim "a" not found',
  },
  {
    title: 'an unbound claim takes a place of its class',
    objects: [claim('a')],
    limits: { 'csi.example': 1 },
    claims: ['a'],
    says: fits,
  },
  {
    title: 'no place for an unbound claim',
    objects: [claim('a')],
    limits: { 'csi.example': 0 },
    claims: ['a'],
    says: full,
  },
  {
    title: 'unbound claims are different volumes',
    objects: [claim('a'), claim('b')],
    limits: { 'csi.example': 1 },
    claims: ['a', 'b'],
    says: full,
  },
  {
    title: 'an unbound claim of a pod placed a moment ago counts',
    objects: [claim('a'), claim('b'), user('p1', 'a')],
    limits: { 'csi.example': 1 },
    claims: ['b'],
    says: full,
  },
  {
    title: 'the unbound claim that two pods share counts once',
    objects: [claim('a'), user('p1', 'a')],
    limits: { 'csi.example': 1 },
    claims: ['a'],
    says: fits,
  },
  {
    title: 'unbound claims of one name in two namespaces are two',
    objects: [claim('a'), claim('a', { namespace: 'x' }), pod('p1', { namespace: 'x', node: 'n', claims: ['a'] })],
    limits: { 'csi.example': 1 },
    claims: ['a'],
    says: full,
  },
  {
    title: 'an unbound claim without a class',
    objects: [claim('a', { class: '' })],
    limits: { d: 0 },
    claims: ['a'],
    says: fits,
  },
  {
    title: 'an unbound claim whose class is missing',
    objects: [claim('a', { class: 'x' })],
    limits: { d: 0 },
    claims: ['a'],
    says: fits,
  },
  {
    title: 'a claim whose volume is missing counts for its class',
    objects: [claim('a', { volume: 'lost' })],
    limits: { 'csi.example': 0 },
    claims: ['a'],
    says: full,
  },
  {
    title: 'an ephemeral claim',
    objects: [claim('p-e', { owner: 'p', volume: 'v' }), volume('v', { csi: 'd/x', claim: 'p-e' })],
    limits: { d: 0 },
    ephemeral: ['e'],
    says: full,
  },
  {
    title: 'an ephemeral claim that is missing',
    objects: [],
    ephemeral: ['e'],
    says: '!looking up PVC ns/p-e: persistentvolumeclaim "p-e" not found',
  },
  {
    title: '[rel-I1] an ephemeral claim that is not the pod’s',
    objects: [claim('p-e', { owner: 'other' })],
    ephemeral: ['e'],
    says: '!PVC ns/p-e was not created for pod ns/p (pod is not owner)',
  },
  {
    title: 'the ephemeral claim of a pod that runs',
    objects: [
      ...bound('a'),
      claim('q-e', { owner: 'q', volume: 'v' }),
      volume('v', { csi: 'd/x', claim: 'q-e' }),
      pod('q', { node: 'n', ephemeral: ['e'] }),
    ],
    limits: { d: 1 },
    claims: ['a'],
    says: full,
  },
];

const attachmentRows: readonly Row[] = [
  {
    title: 'a volume still attached counts',
    objects: [...bound('a'), ...bound('b'), attachment('va', 'n', 'v-a', 'd')],
    limits: { d: 1 },
    claims: ['b'],
    says: full,
  },
  {
    title: 'the volume still attached is the one that is wanted',
    objects: [...bound('a'), attachment('va', 'n', 'v-a', 'd')],
    limits: { d: 1 },
    claims: ['a'],
    says: fits,
  },
  {
    title: 'a volume attached for a pod that runs counts once',
    objects: [...bound('a'), ...bound('b'), user('p1', 'a'), attachment('va', 'n', 'v-a', 'd')],
    claims: ['b'],
    says: fits,
  },
  {
    title: 'a volume attached to another node',
    objects: [...bound('a'), ...bound('b'), attachment('va', 'm', 'v-a', 'd')],
    limits: { d: 1 },
    claims: ['b'],
    says: fits,
  },
  {
    title: 'a volume of another driver',
    objects: [...bound('a', 'e'), ...bound('b'), attachment('va', 'n', 'v-a', 'e')],
    limits: { d: 1, e: 1 },
    claims: ['b'],
    says: fits,
  },
  {
    title: 'an attachment whose volume is gone still holds its place',
    objects: [...bound('b'), attachment('va', 'n', 'lost', 'd')],
    limits: { d: 1 },
    claims: ['b'],
    says: full,
  },
  {
    title: 'attached and placed together',
    objects: [...bound('a'), ...bound('b'), ...bound('c'), user('p1', 'a'), attachment('vb', 'n', 'v-b', 'd')],
    claims: ['c'],
    says: full,
  },
];

const demanding = csiDriver('d', { preventPodSchedulingIfMissing: true });
const driverRows: readonly Row[] = [
  {
    title: 'the driver is there',
    objects: [...bound('a'), demanding],
    limits: { d: undefined },
    claims: ['a'],
    says: fits,
  },
  { title: 'the driver is not', objects: [...bound('a'), demanding], limits: { e: 1 }, claims: ['a'], says: absent },
  { title: 'no driver at all', objects: [...bound('a'), demanding], limits: null, claims: ['a'], says: absent },
  {
    title: 'the driver does not mind',
    objects: [...bound('a'), csiDriver('d')],
    limits: { e: 1 },
    claims: ['a'],
    says: fits,
  },
  {
    title: 'another driver minds',
    objects: [...bound('a', 'e'), demanding],
    limits: { e: 1 },
    claims: ['a'],
    says: fits,
  },
  {
    title: 'the driver of a claim that is not bound yet',
    objects: [claim('a', { class: 'of-d' }), storageClass('of-d', { provisioner: 'd' }), demanding],
    limits: {},
    claims: ['a'],
    says: absent,
  },
];

describe('NodeVolumeLimits', () => {
  const check = ({ limits = { d: 2 }, objects, claims = [], ephemeral = [], volumes = [], says }: Row) => {
    const driversOfNode = limits === null ? [] : [csiNode('n', limits)];
    const world = new VolumeWorld([node('n'), node('m'), storageClass('wait'), ...driversOfNode, ...objects]);
    const wanting = pod('p', { claims, ephemeral, volumes: volumes as never });
    const { preFilter, nodes } = world.ask(world.plugins.nodeVolumeLimits, wanting);
    expect(preFilter ?? nodes.n).toBe(says);
  };
  it.each(boundRows)('[H9] bound claims: $title', check);
  it.each(unboundRows)('[H9][rel-H2] claims without a volume: $title', check);
  it.each(attachmentRows)('[H9][rel-H2] what is attached: $title', check);
  it.each(driverRows)('[H9][rel-H1] a driver that must be on the node: $title', check);
});
