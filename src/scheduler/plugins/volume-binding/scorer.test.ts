import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../api/index.ts';
import { claim, csiDriver, localClass, node, pod, storageCapacity, storageClass, volume } from '../testing/objects.ts';
import { VolumeWorld } from '../testing/volume-world.ts';
import { defaultShape, scoreVolumes, type UtilizationShapePoint } from './scorer.ts';

/** Fuller is better. */
const fuller: readonly UtilizationShapePoint[] = [
  { utilization: 0, score: 0 },
  { utilization: 100, score: 10 },
];
const bent: readonly UtilizationShapePoint[] = [
  { utilization: 0, score: 0 },
  { utilization: 50, score: 3 },
  { utilization: 100, score: 5 },
];

type Use = readonly [className: string, request: string, capacity: string];

interface ScoreRow {
  readonly title: string;
  readonly shape: readonly UtilizationShapePoint[];
  /** Existing volumes. */
  readonly bindings?: readonly Use[];
  /** New ones. */
  readonly provisions?: readonly Use[];
  readonly score: number;
}

const scoreRows: readonly ScoreRow[] = [
  { title: 'nothing to bind', shape: fuller, score: 0 },
  { title: 'a quarter of the volume', shape: fuller, bindings: [['s', '1Gi', '4Gi']], score: 25 },
  { title: 'half of the volume', shape: fuller, bindings: [['s', '1Gi', '2Gi']], score: 50 },
  { title: 'all of the volume', shape: fuller, bindings: [['s', '1Gi', '1Gi']], score: 100 },
  { title: 'percents are rounded down', shape: fuller, bindings: [['s', '1Gi', '3Gi']], score: 33 },
  { title: 'a volume without capacity counts as full', shape: fuller, bindings: [['s', '1Gi', '0']], score: 100 },
  { title: 'a volume that is too small counts as full', shape: fuller, bindings: [['s', '2Gi', '1Gi']], score: 100 },
  {
    title: 'the volumes of a class are summed',
    shape: fuller,
    bindings: [
      ['s', '1Gi', '2Gi'],
      ['s', '1Gi', '6Gi'],
    ],
    score: 25,
  },
  {
    title: 'classes have the same weight',
    shape: fuller,
    bindings: [
      ['s', '50Gi', '100Gi'],
      ['h', '100Gi', '100Gi'],
    ],
    score: 75,
  },
  {
    title: 'the mean is rounded',
    shape: fuller,
    bindings: [
      ['s', '50Gi', '200Gi'],
      ['h', '100Gi', '200Gi'],
    ],
    score: 38,
  },
  { title: 'the default shape prefers room', shape: defaultShape, bindings: [['s', '1Gi', '4Gi']], score: 75 },
  { title: 'the default shape, full', shape: defaultShape, bindings: [['s', '1Gi', '1Gi']], score: 0 },
  { title: 'between the first points', shape: bent, bindings: [['s', '50Gi', '200Gi']], score: 15 },
  { title: 'on a point', shape: bent, bindings: [['s', '50Gi', '100Gi']], score: 30 },
  { title: 'between the last points', shape: bent, bindings: [['s', '75Gi', '100Gi']], score: 40 },
  {
    title: 'before the first point',
    shape: [{ utilization: 50, score: 7 }],
    bindings: [['s', '1Gi', '4Gi']],
    score: 70,
  },
  { title: 'after the last point', shape: [{ utilization: 50, score: 7 }], bindings: [['s', '3Gi', '4Gi']], score: 70 },
  { title: 'a shape without points', shape: [], bindings: [['s', '1Gi', '4Gi']], score: 0 },
  { title: 'room for a new volume', shape: fuller, provisions: [['s', '1Gi', '4Gi']], score: 25 },
  {
    title: 'new volumes of a class share the room',
    shape: fuller,
    provisions: [
      ['s', '1Gi', '4Gi'],
      ['s', '1Gi', '4Gi'],
    ],
    score: 50,
  },
  {
    title: 'new volumes of two classes',
    shape: fuller,
    provisions: [
      ['s', '1Gi', '4Gi'],
      ['h', '3Gi', '4Gi'],
    ],
    score: 50,
  },
  {
    title: 'a driver that does not publish is left out',
    shape: fuller,
    provisions: [
      ['s', '1Gi', ''],
      ['h', '3Gi', '4Gi'],
    ],
    score: 75,
  },
  {
    title: 'with existing volumes the new ones do not count',
    shape: fuller,
    bindings: [['s', '1Gi', '2Gi']],
    provisions: [['h', '4Gi', '4Gi']],
    score: 50,
  },
];

describe('the score of a node’s storage', () => {
  it.each(scoreRows)('[H6] $title: $score', ({ shape, bindings = [], provisions = [], score }) => {
    const volumes = {
      bindings: bindings.map(([className, size, capacity], index) => ({
        claim: claim(`b${index}`, { class: className, size }),
        volume: volume(`v${index}`, { class: className, size: capacity }),
      })),
      provisions: provisions.map(([className, size, capacity], index) => ({
        claim: claim(`p${index}`, { class: className, size }),
        ...(capacity ? { capacity: storageCapacity('s', { storageClassName: className, capacity }) } : {}),
      })),
    };
    expect(scoreVolumes(shape, volumes)).toBe(score);
  });
});

const local = (name: string, host: string, size: string) => volume(name, { hosts: [host], size });
const capacityOf = (host: string, capacity: string) =>
  storageCapacity(`cap-${host}`, { nodeTopology: { matchLabels: { 'kubernetes.io/hostname': host } }, capacity });

const nodeRows: readonly {
  title: string;
  shape: readonly UtilizationShapePoint[] | undefined;
  objects: readonly KubernetesObject[];
  pre: string;
  scores: Readonly<Record<string, number>>;
}[] = [
  {
    title: 'local volumes of close capacity are preferred',
    shape: fuller,
    objects: [localClass, claim('a', { size: '50Gi' }), local('va', 'n', '200Gi'), local('vb', 'm', '100Gi')],
    pre: 'success',
    scores: { n: 25, m: 50 },
  },
  {
    title: 'local volumes with most room are preferred by default',
    shape: defaultShape,
    objects: [localClass, claim('a', { size: '50Gi' }), local('va', 'n', '200Gi'), local('vb', 'm', '100Gi')],
    pre: 'success',
    scores: { n: 75, m: 50 },
  },
  {
    title: 'room for new volumes',
    shape: defaultShape,
    objects: [
      storageClass('wait'),
      csiDriver('csi.example', { storageCapacity: true }),
      claim('a', { size: '10Gi' }),
      capacityOf('n', '100Gi'),
      capacityOf('m', '20Gi'),
    ],
    pre: 'success',
    scores: { n: 90, m: 50 },
  },
  {
    title: 'without a shape nothing is scored',
    shape: undefined,
    objects: [localClass, claim('a'), local('va', 'n', '200Gi'), local('vb', 'm', '100Gi')],
    pre: 'skip',
    scores: { n: 0, m: 0 },
  },
  {
    title: 'bound claims are all the same',
    shape: fuller,
    objects: [localClass, claim('a', { volume: 'v' }), volume('v', { claim: 'a' })],
    pre: 'success',
    scores: { n: 0, m: 0 },
  },
];

describe('VolumeBinding when it scores', () => {
  it.each(nodeRows)('[H6] $title', ({ shape, objects, pre, scores }) => {
    const world = new VolumeWorld([node('n'), node('m'), ...objects], shape);
    const plugin = world.plugins.volumeBinding;
    const wanting = pod('p', { claims: ['a'] });
    const { state } = world.ask(plugin, wanting);
    expect(plugin.preScore(state).code).toBe(pre);
    const given = Object.fromEntries(
      Object.keys(scores).map((name) => [name, plugin.score(state, wanting, world.node(name))]),
    );
    expect(given).toEqual(scores);
  });

  it('[H6] leaves out a pod without claims', () => {
    const world = new VolumeWorld([node('n')], fuller);
    const { state } = world.ask(world.plugins.volumeBinding, pod('p'));
    expect(world.plugins.volumeBinding.preScore(state).code).toBe('skip');
  });
});
