import { describe, expect, it } from 'vitest';
import type { CSINode, Node } from '../../api/index.ts';
import type { NodeGetInfoResponse } from '../../csi/index.ts';
import { checkNodeInfo, csiNodeWith, csiNodeWithout, nodePatchFor, nodePatchWithout } from './node-info.ts';

const meta = { name: 'n1', uid: 'u', resourceVersion: '1', creationTimestamp: '' };

function answer(fields: { nodeId?: string; maxVolumesPerNode?: bigint; segments?: Record<string, string> }) {
  const { nodeId = 'id-1', maxVolumesPerNode = 0n, segments } = fields;
  return { nodeId, maxVolumesPerNode, accessibleTopology: segments && { segments } } as NodeGetInfoResponse;
}

function node(fields: { labels?: Record<string, string>; ids?: Record<string, string> } = {}): Node {
  const annotations = fields.ids ? { 'csi.volume.kubernetes.io/nodeid': JSON.stringify(fields.ids) } : {};
  return { apiVersion: 'v1', kind: 'Node', metadata: { ...meta, labels: fields.labels ?? {}, annotations }, spec: {} };
}

const csiNode: CSINode = { apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: meta, spec: { drivers: [] } };

describe('what a driver says about its node', () => {
  it('[rel-X37] is refused when the node id is empty or too long, the limit negative or the topology no label', () => {
    expect(() => checkNodeInfo('d', answer({ nodeId: '' }))).toThrow('empty node id');
    expect(() => checkNodeInfo('d', answer({ nodeId: 'x'.repeat(257) }))).toThrow('more than 256 bytes');
    expect(() => checkNodeInfo('d', answer({ maxVolumesPerNode: -1n }))).toThrow('limit of -1');
    expect(() => checkNodeInfo('d', answer({ segments: { 'a b': 'c' } }))).toThrow('no label');
    expect(() => checkNodeInfo('d', answer({ segments: { zone: 'a/b' } }))).toThrow('no label');
  });

  it('[I24] becomes a CSINode entry with sorted topology keys and a count above zero', () => {
    const segments = { 'topology.d/zone': 'z', 'topology.d/rack': 'r' };
    const info = checkNodeInfo('d', answer({ segments, maxVolumesPerNode: 2n ** 63n - 1n }));
    expect(csiNodeWith(csiNode, info)?.spec.drivers).toEqual([
      {
        name: 'd',
        nodeID: 'id-1',
        topologyKeys: ['topology.d/rack', 'topology.d/zone'],
        allocatable: { count: 2147483647 },
      },
    ]);
    expect(csiNodeWith(csiNode, checkNodeInfo('d', answer({})))?.spec.drivers).toEqual([{ name: 'd', nodeID: 'id-1' }]);
  });

  it('[I24] leaves a CSINode that holds it alone, and takes only its own entry out', () => {
    const info = checkNodeInfo('d', answer({}));
    const other = { name: 'other', nodeID: 'x' };
    const both = { ...csiNode, spec: { drivers: [other, { name: 'd', nodeID: 'id-1' }] } };
    expect(csiNodeWith(both, info)).toBeUndefined();
    expect(csiNodeWithout(both, 'd')?.spec.drivers).toEqual([other]);
    expect(csiNodeWithout(csiNode, 'd')).toBeUndefined();
  });

  it('[I24] becomes labels and an annotation that keeps the ids of other drivers', () => {
    const info = checkNodeInfo('d', answer({ segments: { zone: 'z1' } }));
    const patch = nodePatchFor(node({ ids: { other: 'x' } }), info);
    expect(patch).toEqual({
      labels: { zone: 'z1' },
      annotations: { 'csi.volume.kubernetes.io/nodeid': '{"d":"id-1","other":"x"}' },
    });
    expect(nodePatchFor(node({ labels: { zone: 'z1' }, ids: { d: 'id-1' } }), info)).toBeUndefined();
  });

  it('[I24] is refused when a label has another value', () => {
    const info = checkNodeInfo('d', answer({ segments: { zone: 'z1' } }));
    expect(() => nodePatchFor(node({ labels: { zone: 'z2' } }), info)).toThrow(
      'detected topology value collision: driver reported "zone":"z1" but existing label is "zone":"z2"',
    );
  });

  it('[I24] leaves its labels when it goes, and the annotation goes with the last driver', () => {
    expect(nodePatchWithout(node({ ids: { d: '1', e: '2' } }), 'd')).toEqual({
      labels: {},
      annotations: { 'csi.volume.kubernetes.io/nodeid': '{"e":"2"}' },
    });
    expect(nodePatchWithout(node({ ids: { d: '1' } }), 'd')?.annotations).toEqual({
      'csi.volume.kubernetes.io/nodeid': null,
    });
    expect(nodePatchWithout(node(), 'd')).toBeUndefined();
  });
});
