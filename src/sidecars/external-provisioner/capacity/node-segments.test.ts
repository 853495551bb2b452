import { describe, expect, it } from 'vitest';
import type { CSINode, Node } from '../../../api/index.ts';
import { hasOtherKeys, hasOtherLabels, segmentsOfNodes } from './node-segments.ts';

const driver = 'my.csi';

interface NodeSketch {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Topology keys by driver. */
  readonly drivers?: Readonly<Record<string, readonly string[] | undefined>>;
  readonly without?: 'Node' | 'CSINode';
}

const metadata = (name: string) => ({ name, uid: name, resourceVersion: '1', creationTimestamp: '' });

function csiNode({ name, drivers = {} }: NodeSketch): CSINode {
  const spec = Object.entries(drivers).map(([driverName, topologyKeys]) => ({
    name: driverName,
    nodeID: name,
    ...(topologyKeys ? { topologyKeys } : {}),
  }));
  return { apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: metadata(name), spec: { drivers: spec } };
}

function node({ name, labels }: NodeSketch): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { ...metadata(name), ...(labels ? { labels } : {}) }, spec: {} };
}

function segments(sketches: readonly NodeSketch[]): unknown[] {
  const nodes = new Map(sketches.filter((one) => one.without !== 'Node').map((one) => [one.name, node(one)]));
  const csiNodes = sketches.filter((one) => one.without !== 'CSINode').map(csiNode);
  return [...segmentsOfNodes(driver, csiNodes, (name) => nodes.get(name)).values()];
}

const local = { drivers: { [driver]: ['nodename'] } };
const keys = ['A', 'B', 'C'];
const network = { drivers: { [driver]: keys }, labels: { A: 'US', B: 'NY', C: '1' } };
const onFirst = { name: 'n1', ...local, labels: { nodename: 'n1' } };
const onSecond = { name: 'n2', ...local, labels: { nodename: 'n2' } };

describe('the segments of a driver', () => {
  it.each<[string, readonly NodeSketch[], readonly Readonly<Record<string, string>>[]]>([
    ['no node', [], []],
    ['one node', [onFirst], [{ nodename: 'n1' }]],
    ['a node that no CSINode is there for', [{ ...onFirst, without: 'CSINode' }], []],
    ['a CSINode whose node is gone', [{ ...onFirst, without: 'Node' }], []],
    ['a node without its labels yet', [{ name: 'n1', ...local }], []],
    ['two nodes', [onFirst, onSecond], [{ nodename: 'n1' }, { nodename: 'n2' }]],
    ['two nodes with the same storage', [onFirst, { ...onSecond, labels: onFirst.labels }], [{ nodename: 'n1' }]],
    ['two nodes with that of the second', [{ ...onFirst, labels: onSecond.labels }, onSecond], [{ nodename: 'n2' }]],
    [
      'several labels',
      [
        { name: 'n1', ...network },
        { name: 'n2', ...network },
      ],
      [network.labels],
    ],
    ['nodes with other keys', [onFirst, { name: 'n2', ...network }], [{ nodename: 'n1' }, network.labels]],
    [
      'labels that differ in part',
      [
        { name: 'n1', ...network },
        { name: 'n2', ...network, labels: { ...network.labels, C: '2' } },
      ],
      [network.labels, { ...network.labels, C: '2' }],
    ],
    [
      'keys in another order',
      [
        { name: 'n1', ...network, drivers: { [driver]: keys.toReversed() } },
        { name: 'n2', ...network },
      ],
      [network.labels],
    ],
    ['a label of several missing', [{ name: 'n1', ...network, labels: { A: 'US', B: 'NY' } }], []],
    ['another driver', [{ ...onFirst, drivers: { 'other.csi': ['nodename'] } }], []],
    [
      'another driver beside it',
      [{ ...onFirst, drivers: { 'other.csi': ['x'], ...local.drivers } }],
      [{ nodename: 'n1' }],
    ],
    ['a node without drivers', [{ ...onFirst, drivers: {} }], []],
    ['a driver without topology', [{ name: 'n1', drivers: { [driver]: [] } }], [{}]],
    ['a driver that names no keys', [{ name: 'n1', drivers: { [driver]: undefined } }], [{}]],
    [
      'a driver without topology on two nodes',
      [
        { name: 'n1', drivers: { [driver]: [] } },
        { name: 'n2', drivers: { [driver]: [] } },
      ],
      [{}],
    ],
    ['a label with an empty value', [{ ...onFirst, labels: { nodename: '' } }], [{ nodename: '' }]],
  ])('[O14] with %s', (_title, sketches, expected) => {
    expect(segments(sketches)).toEqual(expected);
  });
});

describe('what may move segments', () => {
  const withKeys = (topologyKeys: readonly string[] | undefined, other: readonly string[] = []) =>
    csiNode({ name: 'n1', drivers: { [driver]: topologyKeys, 'other.csi': other } });

  it('[O14] is labels of nodes, and nothing else of them', () => {
    const before = node(onFirst);
    expect(hasOtherLabels(before, { ...before, spec: { unschedulable: true } })).toBe(false);
    expect(hasOtherLabels(before, node({ ...onFirst, labels: { nodename: 'n2' } }))).toBe(true);
    expect(hasOtherLabels(node({ name: 'n1' }), before)).toBe(true);
  });

  it('[O14] is the driver’s keys, and nothing of other drivers', () => {
    expect(hasOtherKeys(driver, withKeys(['a']), withKeys(['a'], ['x']))).toBe(false);
    expect(hasOtherKeys(driver, withKeys(['a']), withKeys(['b']))).toBe(true);
    expect(hasOtherKeys(driver, csiNode({ name: 'n1' }), withKeys([]))).toBe(true);
    expect(hasOtherKeys(driver, withKeys(undefined), withKeys([]))).toBe(false);
  });
});
