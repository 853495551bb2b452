import { describe, expect, it } from 'vitest';
import type { CSINode, Node, StorageClass } from '../../api/index.ts';
import { TopologyError, topologyRequirement, topologyToFindAgain } from './topology.ts';

const meta = (name: string) => ({ name, uid: name, resourceVersion: '1', creationTimestamp: '' });
const key = 'topology.hostpath.csi/node';

function world(names: readonly string[]) {
  const csiNodes: CSINode[] = names.map((name) => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    metadata: meta(name),
    spec: { drivers: [{ name: 'drv', nodeID: name, topologyKeys: [key] }] },
  }));
  const nodes = new Map<string, Node>(
    names.map((name) => [
      name,
      { apiVersion: 'v1', kind: 'Node', metadata: { ...meta(name), labels: { [key]: name } }, spec: {} },
    ]),
  );
  return { driver: 'drv', csiNodes, nodes, claimName: 'disk-web-0', strict: false, immediate: true };
}

const storageClass: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: meta('c'),
  provisioner: 'drv',
};
const segment = (name: string) => ({ [key]: name });

describe('topologyRequirement', () => {
  it('[O13] prefers the segment of the selected node and allows the others', () => {
    const requirement = topologyRequirement({ ...world(['a', 'b', 'c']), class: storageClass, selectedNode: 'b' });
    expect(requirement?.requisite).toEqual([segment('a'), segment('b'), segment('c')]);
    expect(requirement?.preferred).toEqual([segment('b'), segment('c'), segment('a')]);
  });

  it('[O13] allows only the selected segment when strict', () => {
    const requirement = topologyRequirement({
      ...world(['a', 'b']),
      class: storageClass,
      selectedNode: 'b',
      strict: true,
    });
    expect(requirement?.requisite).toEqual([segment('b')]);
  });

  it('[H11] spreads the claims of a StatefulSet over the segments', () => {
    const firsts = [0, 1, 2].map((ordinal) => {
      const input = { ...world(['a', 'b', 'c']), class: storageClass, selectedNode: undefined };
      return topologyRequirement({ ...input, claimName: `disk-web-${ordinal}` })?.preferred[0]?.[key];
    });
    expect(new Set(firsts).size).toBe(3);
  });

  it('[O13] keeps to the allowed topologies of the class', () => {
    const allowed = {
      ...storageClass,
      allowedTopologies: [{ matchLabelExpressions: [{ key, values: ['c', 'a'] }] }],
    };
    const requirement = topologyRequirement({ ...world(['a', 'b', 'c']), class: allowed, selectedNode: undefined });
    expect(requirement?.requisite).toEqual([segment('a'), segment('c')]);
  });

  it('[O13] asks for nothing when nobody narrows it and the driver does not want to be told', () => {
    const input = { ...world(['a']), class: storageClass, selectedNode: undefined, immediate: false };
    expect(topologyRequirement(input)).toBeUndefined();
    const allowed = { ...storageClass, allowedTopologies: [{ matchLabelExpressions: [{ key, values: ['a'] }] }] };
    expect(topologyRequirement({ ...input, class: allowed })?.requisite).toEqual([segment('a')]);
  });
});

describe('a node that cannot have the volume', () => {
  const allowing = (...values: string[]) => ({
    ...storageClass,
    allowedTopologies: [{ matchLabelExpressions: [{ key, values }] }],
  });
  const { csiNodes, nodes, ...rest } = world(['a', 'b']);
  const [first] = csiNodes;
  const without = (change: (csiNode: CSINode) => CSINode) => csiNodes.map((one) => (one === first ? change(one) : one));
  const input = { ...rest, csiNodes, nodes, class: storageClass, selectedNode: 'a' };
  const unlabelled = new Map([...nodes, ['a', { ...nodes.get('a'), metadata: meta('a') } as Node]]);

  it.each<[string, Partial<typeof input>, string]>([
    ['without a CSINode', { csiNodes: csiNodes.slice(1) }, 'csinode.storage.k8s.io "a" not found'],
    [
      'without the driver',
      { csiNodes: without((one) => ({ ...one, spec: { drivers: [] } })) },
      'no topology key found for node a',
    ],
    [
      'of which the driver says no topology',
      { csiNodes: without((one) => ({ ...one, spec: { drivers: [{ name: 'drv', nodeID: 'a' }] } })) },
      'no topology key found for node a',
    ],
    [
      'without its label',
      { nodes: unlabelled },
      `topology labels from selected node map[] does not match topology keys from CSINode [${key}]`,
    ],
    [
      'where the class allows none',
      { class: allowing('b', 'c') },
      `topology [{${key} a}] from selected node "a" is not in requisite: [[{${key} b}] [{${key} c}]]`,
    ],
    [
      'where the class allows none, strictly',
      { class: allowing('b'), strict: true },
      `selected node '"a"' topology '[{${key} a}]' is not in allowed topologies: [[{${key} b}]]`,
    ],
  ])('[O13] [rel-H1] is refused: %s', (_title, change, reason) => {
    const decide = () => topologyRequirement({ ...input, ...change });
    expect(decide).toThrow(new TopologyError(reason));
    expect(decide).toThrow(`error generating accessibility requirements: ${reason}`);
  });

  it('[O13] [rel-H1] is none at all when the driver is on no node', () => {
    const nowhere = { ...world([]), class: storageClass, selectedNode: undefined };
    expect(() => topologyRequirement(nowhere)).toThrow('no available topology found');
  });

  it('[O13] is no obstacle to finding again what was made for it', () => {
    expect(topologyToFindAgain({ ...input, csiNodes: csiNodes.slice(1) })?.requisite).toEqual([segment('b')]);
    expect(topologyToFindAgain({ ...input, csiNodes: [] })).toBeUndefined();
    expect(topologyToFindAgain(input)).toEqual(topologyRequirement(input));
  });
});

describe('segments of nodes that differ', () => {
  it('[O13] are those that the selected node’s keys tell, where the driver is', () => {
    const { csiNodes, nodes, ...rest } = world(['a', 'b', 'c']);
    const [a, b, c] = csiNodes as [CSINode, CSINode, CSINode];
    const elsewhere = { ...b, spec: { drivers: [{ name: 'other', nodeID: 'b', topologyKeys: [key] }] } };
    const other = { ...c, spec: { drivers: [{ name: 'drv', nodeID: 'c', topologyKeys: ['rack'] }] } };
    const input = { ...rest, nodes, class: storageClass, selectedNode: 'a' };
    expect(topologyRequirement({ ...input, csiNodes: [a, elsewhere, other] })?.requisite).toEqual([
      segment('a'),
      segment('c'),
    ]);
  });
});
