/** The segments of a driver, as its nodes tell them. Pure. Upstream: pkg/capacity/topology/nodes.go. */
import type { CSINode, Node } from '../../../api/index.ts';
import { type Segment, segmentText } from './segment.ts';

/** What the driver said of the node; undefined when it is not on it. */
export function topologyKeysOf({ spec }: CSINode, driver: string): readonly string[] | undefined {
  const found = spec.drivers.find(({ name }) => name === driver);
  return found && (found.topologyKeys ?? []);
}

/** Each segment once, by its text. A node that lacks a label is left out: the label is on its way. */
export function segmentsOfNodes(
  driver: string,
  csiNodes: readonly CSINode[],
  findNode: (name: string) => Node | undefined,
): ReadonlyMap<string, Segment> {
  const segments = new Map<string, Segment>();
  for (const csiNode of csiNodes) {
    const keys = topologyKeysOf(csiNode, driver);
    const node = keys && findNode(csiNode.metadata.name);
    const segment = node && segmentOf(keys, node);
    if (segment) segments.set(segmentText(segment), segment);
  }
  return segments;
}

function segmentOf(keys: readonly string[], { metadata: { labels } }: Node): Segment | undefined {
  const segment: Record<string, string> = {};
  for (const key of keys) {
    const value = labels?.[key];
    if (value === undefined) return undefined;
    segment[key] = value;
  }
  return segment;
}

export function hasOtherLabels(previous: Node, current: Node): boolean {
  return JSON.stringify(previous.metadata.labels) !== JSON.stringify(current.metadata.labels);
}

export function hasOtherKeys(driver: string, previous: CSINode, current: CSINode): boolean {
  const keysOf = (csiNode: CSINode) => JSON.stringify(topologyKeysOf(csiNode, driver));
  return keysOf(previous) !== keysOf(current);
}
