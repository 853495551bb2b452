import type { NodeInfo } from './node-info.ts';

/**
 * The cluster as one attempt sees it. An attempt, from PreFilter to Reserve, is one synchronous turn, so this is the
 * cache itself and nothing is copied: do not keep it for later.
 */
export interface Snapshot {
  /** All nodes, those of different zones taking turns. */
  readonly nodes: readonly NodeInfo[];
  /** The nodes with pods that have an affinity or anti-affinity to other pods. */
  readonly nodesWithAffinity: readonly NodeInfo[];
  readonly nodesWithRequiredAntiAffinity: readonly NodeInfo[];
  node(name: string): NodeInfo | undefined;
  /** How many pods with a node use the claim `namespace/name`. */
  claimUsers(key: string): number;
  /** On how many nodes an image of this name is. */
  imageNodes(name: string): number;
}
