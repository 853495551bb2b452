/**
 * A provisioner beside the driver of one node, as one of many: which claims and volumes are its own, and what it knows
 * of nodes. Pure. Upstream: external-provisioner --node-deployment.
 */
import type { CSINode, Node, PersistentVolume, PersistentVolumeClaim } from '../../api/index.ts';
import type { Lister } from '../../client/index.ts';
import { annSelectedNode, volumeMatchesNode } from '../../component-helpers/index.ts';
import type { Segments } from './topology.ts';

export interface NodeDeployment {
  readonly nodeName: string;
  /** What the driver of the node says of where it is. */
  readonly segments: Segments;
  /** Whether claims that nobody selects a node for are shared among the nodes. */
  readonly immediateBinding: boolean;
  /** The first wait before trying to get such a claim is up to so long. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
}

/** `open`: no node is selected. */
export type Share = 'ours' | 'others' | 'open';

export function shareOf({ nodeName }: NodeDeployment, { metadata }: PersistentVolumeClaim): Share {
  const selectedNode = metadata.annotations?.[annSelectedNode];
  if (!selectedNode) return 'open';
  return selectedNode === nodeName ? 'ours' : 'others';
}

/** Only what is reached from the node was made there. */
export function isMadeHere({ nodeName, segments }: NodeDeployment, volume: PersistentVolume): boolean {
  return volumeMatchesNode(volume, { metadata: { name: nodeName, labels: segments } });
}

const named = (name: string) => ({ name, uid: '', resourceVersion: '', creationTimestamp: '' });

/** The one node with the driver on it, as if there were no others. What is in use there is told by the real one. */
export function fixedNodes(
  { nodeName, segments }: NodeDeployment,
  driver: string,
  real: Lister<Node>,
): { readonly nodes: Lister<Node>; readonly csiNodes: Lister<CSINode> } {
  const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { ...named(nodeName), labels: segments }, spec: {} };
  const drivers = [{ name: driver, nodeID: nodeName, topologyKeys: Object.keys(segments).sort() }];
  const csiNode: CSINode = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    metadata: named(nodeName),
    spec: { drivers },
  };
  return {
    nodes: { ...only(node), byIndex: (index, value) => real.byIndex(index, value) },
    csiNodes: only(csiNode),
  };
}

function only<T extends Node | CSINode>(object: T): Lister<T> {
  return {
    get: (key) => (key === object.metadata.name ? object : undefined),
    list: () => [object],
    byIndex: () => [],
  };
}
