/** Fewer nodes than this are always looked at all. Upstream: minFeasibleNodesToFind. */
const minFeasibleNodes = 100;
/** Upstream: minFeasibleNodesPercentageToFind. */
const minPercentage = 5;

/**
 * How many nodes that fit are enough to choose among: the given percentage, or with 0 half of a small cluster down to a
 * twentieth of a large one. Upstream: numFeasibleNodesToFind.
 */
export function feasibleNodesWanted(nodeCount: number, percentageOfNodes = 0): number {
  if (nodeCount < minFeasibleNodes) return nodeCount;
  const percentage = percentageOfNodes || Math.max(minPercentage, 50 - Math.trunc(nodeCount / 125));
  return Math.max(minFeasibleNodes, Math.trunc((nodeCount * percentage) / 100));
}
