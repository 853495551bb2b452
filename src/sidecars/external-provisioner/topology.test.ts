import { describe, expect, it } from 'vitest';
import type { CSINode, Node, StorageClass } from '../../api/index.ts';
import { topologyRequirement } from './topology.ts';

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
  return { driver: 'drv', csiNodes, nodes, claimName: 'disk-web-0', strict: false };
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

  it('asks for nothing when no node reports a topology', () => {
    const input = { ...world([]), class: storageClass, selectedNode: undefined };
    expect(topologyRequirement(input)).toBeUndefined();
  });
});
