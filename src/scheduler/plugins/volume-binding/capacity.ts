/** What CSIStorageCapacity objects say about the room for a new volume. Pure. */
import {
  type CSIStorageCapacity,
  type LabelMatcher,
  type Labels,
  labelSelectorMatcher,
  quantityValue,
} from '../../../api/index.ts';

/** The largest volume that can be made, in bytes; undefined when the object does not say. Upstream: volumeLimit. */
export function volumeLimitBytes(capacity: CSIStorageCapacity): bigint | undefined {
  const limit = capacity.maximumVolumeSize ?? capacity.capacity;
  return limit === undefined ? undefined : quantityValue(limit);
}

/** The bytes that are free in the segment. */
export function freeBytes(capacity: CSIStorageCapacity): bigint {
  return capacity.capacity === undefined ? 0n : quantityValue(capacity.capacity);
}

const matchers = new WeakMap<CSIStorageCapacity, LabelMatcher>();

function matcherOf(capacity: CSIStorageCapacity): LabelMatcher {
  const known = matchers.get(capacity);
  if (known) return known;
  const matcher = labelSelectorMatcher(capacity.nodeTopology ?? {});
  matchers.set(capacity, matcher);
  return matcher;
}

/** Whether a volume of this size can be made in the segment and reached from a node with these labels. */
export function hasRoom(capacity: CSIStorageCapacity, labels: Labels | undefined, neededBytes: bigint): boolean {
  const limit = volumeLimitBytes(capacity);
  // Without a topology the storage is not reachable from any node.
  if (limit === undefined || limit < neededBytes || !capacity.nodeTopology) return false;
  return matcherOf(capacity).matches(labels);
}

/**
 * Index values under which an object is found by those who know the class and a node's labels: one for each value of
 * one label that the topology asks for. There may be a segment per node, so looking at all of them for each node is
 * out of the question.
 */
export function capacityIndexValues(capacity: CSIStorageCapacity): string[] {
  const { nodeTopology, storageClassName } = capacity;
  const [label] = Object.entries(nodeTopology?.matchLabels ?? {});
  if (label) return [capacityIndexValue(storageClassName, label[0], label[1])];
  const listed = nodeTopology?.matchExpressions?.find(({ operator }) => operator === 'In');
  if (listed) return (listed.values ?? []).map((value) => capacityIndexValue(storageClassName, listed.key, value));
  return [anyLabelIndexValue(storageClassName)];
}

/** Where objects are found whose topology asks for no label's value. */
export function anyLabelIndexValue(className: string): string {
  return `${className}\0`;
}

export function capacityIndexValue(className: string, label: string, value: string): string {
  return `${className}\0${label}\0${value}`;
}
