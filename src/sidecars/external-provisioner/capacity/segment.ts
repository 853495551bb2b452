/**
 * Topology segments: storage that is reached from the same nodes, named by the labels of these nodes. Pure.
 * Upstream: external-provisioner pkg/capacity/topology.
 */
import type { LabelSelector, NodeSelectorTerm } from '../../../api/index.ts';

/** Values by label; without any label, the storage is reached from everywhere. */
export type Segment = Readonly<Record<string, string>>;

function inOrder(segment: Segment): [string, string][] {
  return Object.entries(segment).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The same text for the same segment, however its labels are ordered. */
export function segmentText(segment: Segment): string {
  return JSON.stringify(inOrder(segment));
}

export function selectorOf(segment: Segment): LabelSelector {
  const labels = inOrder(segment);
  return labels.length === 0 ? {} : { matchLabels: Object.fromEntries(labels) };
}

/** The text of the segment that the selector stands for; of no segment when it is not one that was made of one. */
export function selectorText(selector: LabelSelector | undefined): string {
  const isSegment = selector !== undefined && !selector.matchExpressions?.length;
  return isSegment ? segmentText(selector.matchLabels ?? {}) : `no segment: ${JSON.stringify(selector)}`;
}

/** The segment that a term of a volume's node affinity stands for; undefined when it is not one of our making. */
export function segmentOfTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): Segment | undefined {
  if (matchFields.length > 0) return undefined;
  const segment: Record<string, string> = {};
  for (const { key, operator, values = [] } of matchExpressions) {
    const [value, ...others] = values;
    if (operator !== 'In' || value === undefined || others.length > 0) return undefined;
    segment[key] = value;
  }
  return segment;
}
