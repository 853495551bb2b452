import { describe, expect, it } from 'vitest';
import type { KubernetesObject, Labels } from '../../../api/index.ts';
import { plannedOn } from '../testing/node-volumes.ts';
import { claim, csiDriver, node, pod, storageCapacity, storageClass, volume } from '../testing/objects.ts';
import { fits, VolumeWorld } from '../testing/volume-world.ts';
import { reasons } from './find-volumes.ts';

const nothing = `!${reasons.bindConflict}`;
const noSpace = `!${reasons.notEnoughSpace}`;

interface Row {
  readonly title: string;
  readonly objects: readonly KubernetesObject[];
  readonly claims?: readonly string[];
  readonly says: string;
  readonly plan?: readonly string[];
}

const inZones = (...values: string[]) => [{ matchLabelExpressions: [{ key: 'zone', values }] }];

const provisionRows: readonly Row[] = [
  { title: 'a class with a provisioner', objects: [claim('a'), storageClass('wait')], says: fits, plan: ['a'] },
  {
    title: 'a class of existing volumes',
    objects: [claim('a'), storageClass('wait', { provisioner: 'kubernetes.io/no-provisioner' })],
    says: nothing,
  },
  {
    title: 'a class without a provisioner',
    objects: [claim('a'), storageClass('wait', { provisioner: '' })],
    says: nothing,
  },
  {
    title: 'an existing volume before a new one',
    objects: [claim('a'), storageClass('wait'), volume('v')],
    says: fits,
    plan: ['a=v'],
  },
  {
    title: 'an existing volume for one, a new one for the other',
    objects: [claim('a'), claim('b', { size: '5Gi' }), storageClass('wait'), volume('v')],
    claims: ['a', 'b'],
    says: fits,
    plan: ['a=v', 'b'],
  },
  {
    title: 'two new volumes',
    objects: [claim('a'), claim('b'), storageClass('wait')],
    claims: ['a', 'b'],
    says: fits,
    plan: ['a', 'b'],
  },
  {
    title: 'one can be made, the other cannot',
    objects: [
      claim('a'),
      claim('b', { class: 'local' }),
      storageClass('wait'),
      storageClass('local', { provisioner: '' }),
    ],
    claims: ['a', 'b'],
    says: nothing,
  },
  {
    title: 'this node was selected before',
    objects: [claim('a', { selectedNode: 'n' }), storageClass('wait'), volume('v')],
    says: fits,
    plan: ['a'],
  },
  {
    title: 'another node was selected before',
    objects: [claim('a', { selectedNode: 'm' }), storageClass('wait'), volume('v')],
    says: nothing,
  },
  {
    title: 'another node was selected for one of two',
    objects: [claim('a'), claim('b', { selectedNode: 'm' }), storageClass('wait')],
    claims: ['a', 'b'],
    says: nothing,
  },
  {
    title: 'an allowed zone',
    objects: [claim('a'), storageClass('wait', { allowedTopologies: inZones('z2', 'z1') })],
    says: fits,
    plan: ['a'],
  },
  {
    title: 'a zone that is not allowed',
    objects: [claim('a'), storageClass('wait', { allowedTopologies: inZones('z2') })],
    says: nothing,
  },
  {
    title: 'a topology whose label the node lacks',
    objects: [
      claim('a'),
      storageClass('wait', { allowedTopologies: [{ matchLabelExpressions: [{ key: 'rack', values: ['z1'] }] }] }),
    ],
    says: nothing,
  },
  {
    title: 'any of several topologies',
    objects: [claim('a'), storageClass('wait', { allowedTopologies: [...inZones('z9'), ...inZones('z1')] })],
    says: fits,
  },
  {
    title: 'all expressions of a topology',
    objects: [
      claim('a'),
      storageClass('wait', {
        allowedTopologies: [
          {
            matchLabelExpressions: [
              { key: 'zone', values: ['z1'] },
              { key: 'region', values: ['r9'] },
            ],
          },
        ],
      }),
    ],
    says: nothing,
  },
  {
    title: 'an existing volume does not need an allowed topology',
    objects: [claim('a'), storageClass('wait', { allowedTopologies: inZones('z2') }), volume('v')],
    says: fits,
    plan: ['a=v'],
  },
];

const nodeOnly = { nodeTopology: { matchLabels: { 'kubernetes.io/hostname': 'n' } } };
const everywhere = { nodeTopology: {} };
const publishing = csiDriver('csi.example', { storageCapacity: true });

const capacityRows: readonly (Row & { readonly driver?: KubernetesObject | null })[] = [
  { title: 'none published', objects: [claim('a')], says: noSpace },
  {
    title: 'none published, and the driver does not ask',
    driver: csiDriver('csi.example'),
    objects: [claim('a')],
    says: fits,
  },
  {
    title: 'none published, and the driver says no',
    driver: csiDriver('csi.example', { storageCapacity: false }),
    objects: [claim('a')],
    says: fits,
  },
  { title: 'none published, and no CSIDriver', driver: null, objects: [claim('a')], says: fits },
  {
    title: 'enough',
    objects: [claim('a'), storageCapacity('s', { ...nodeOnly, capacity: '2Gi' })],
    says: fits,
    plan: ['a'],
  },
  { title: 'just enough', objects: [claim('a'), storageCapacity('s', { ...nodeOnly, capacity: '1Gi' })], says: fits },
  {
    title: 'too little',
    objects: [claim('a'), storageCapacity('s', { ...nodeOnly, capacity: '1023Mi' })],
    says: noSpace,
  },
  { title: 'none left', objects: [claim('a'), storageCapacity('s', { ...nodeOnly, capacity: '0' })], says: noSpace },
  { title: 'an object that does not say', objects: [claim('a'), storageCapacity('s', nodeOnly)], says: noSpace },
  {
    title: 'the largest volume is what counts, though more is free',
    objects: [
      claim('a', { size: '3Gi' }),
      storageCapacity('s', { ...nodeOnly, capacity: '9Gi', maximumVolumeSize: '2Gi' }),
    ],
    says: noSpace,
  },
  {
    title: 'the largest volume is what counts, though less is free',
    objects: [
      claim('a', { size: '3Gi' }),
      storageCapacity('s', { ...nodeOnly, capacity: '1Gi', maximumVolumeSize: '4Gi' }),
    ],
    says: fits,
  },
  {
    title: 'the largest volume alone',
    objects: [claim('a'), storageCapacity('s', { ...nodeOnly, maximumVolumeSize: '4Gi' })],
    says: fits,
  },
  {
    title: 'on another node',
    objects: [
      claim('a'),
      storageCapacity('s', { nodeTopology: { matchLabels: { 'kubernetes.io/hostname': 'm' } }, capacity: '9Gi' }),
    ],
    says: noSpace,
  },
  { title: 'nowhere', objects: [claim('a'), storageCapacity('s', { capacity: '9Gi' })], says: noSpace },
  { title: 'everywhere', objects: [claim('a'), storageCapacity('s', { ...everywhere, capacity: '9Gi' })], says: fits },
  {
    title: 'of another class',
    objects: [claim('a'), storageCapacity('s', { ...nodeOnly, storageClassName: 'x', capacity: '9Gi' })],
    says: noSpace,
  },
  {
    title: 'in one of several segments of the node',
    objects: [
      claim('a'),
      storageCapacity('s', { ...nodeOnly, capacity: '1Mi' }),
      storageCapacity('t', { ...everywhere, capacity: '2Gi' }),
    ],
    says: fits,
  },
  {
    title: 'in a segment of several labels that all match',
    objects: [
      claim('a'),
      storageCapacity('s', { nodeTopology: { matchLabels: { zone: 'z1', region: 'r' } }, capacity: '2Gi' }),
    ],
    says: fits,
  },
  {
    title: 'in a segment of several labels of which one differs',
    objects: [
      claim('a'),
      storageCapacity('s', { nodeTopology: { matchLabels: { zone: 'z1', region: 'x' } }, capacity: '2Gi' }),
    ],
    says: noSpace,
  },
  {
    title: 'in a segment of listed zones',
    objects: [claim('a'), storageCapacity('s', { ...expressions('In', 'z0', 'z1'), capacity: '2Gi' })],
    says: fits,
  },
  {
    title: 'in a segment that excludes the zone',
    objects: [claim('a'), storageCapacity('s', { ...expressions('NotIn', 'z1'), capacity: '2Gi' })],
    says: noSpace,
  },
  {
    title: 'in a segment that excludes another zone',
    objects: [claim('a'), storageCapacity('s', { ...expressions('NotIn', 'z2'), capacity: '2Gi' })],
    says: fits,
  },
  {
    title: 'for one claim of two',
    objects: [claim('a'), claim('b', { size: '5Gi' }), storageCapacity('s', { ...nodeOnly, capacity: '2Gi' })],
    claims: ['a', 'b'],
    says: noSpace,
  },
  {
    title: 'for an existing volume none is needed',
    objects: [claim('a'), volume('v')],
    says: fits,
    plan: ['a=v'],
  },
  {
    title: 'for a claim that names no size none is needed',
    objects: [claim('a', { more: { resources: {} } })],
    says: fits,
  },
];

function expressions(operator: string, ...values: string[]) {
  return { nodeTopology: { matchExpressions: [{ key: 'zone', operator, values }] } };
}

const labels: Labels = { zone: 'z1', region: 'r' };

describe('VolumeBinding where volumes are to be made', () => {
  const check = ({ objects, claims = ['a'], says, plan }: Row) => {
    const world = new VolumeWorld([node('n', labels), ...objects]);
    const { state, nodes, preFilter } = world.ask(world.plugins.volumeBinding, pod('p', { claims }));
    expect(preFilter ?? nodes.n).toBe(says);
    if (plan) expect(plannedOn(state, node('n'))).toEqual(plan);
  };
  it.each(provisionRows)('[H2][R1] on this node: $title', check);
  it.each(capacityRows)('[H3][R3] capacity: $title', ({ driver = publishing, objects, ...row }) => {
    check({ ...row, objects: [storageClass('wait'), ...(driver ? [driver] : []), ...objects] });
  });
});
