/**
 * Where each class has room, found by a node's labels. There may be a segment per node, so that looking at all of them
 * for each node is out of the question: each is kept under one label that its topology asks for.
 */
import {
  type CSIStorageCapacity,
  keyOf,
  type LabelMatcher,
  type Labels,
  storedSelectorMatcher,
} from '../../../api/index.ts';
import type { Informer } from '../../../client/index.ts';
import { volumeLimitBytes } from './capacity.ts';

interface Segment {
  readonly capacity: CSIStorageCapacity;
  readonly limitBytes: bigint;
  readonly nodes: LabelMatcher;
}

/** Segments by object key. */
type Segments = Map<string, Segment>;

interface ClassSegments {
  /** By label and value. */
  readonly byLabel: Map<string, Map<string, Segments>>;
  /** Those whose topology asks for no label's value. */
  readonly others: Segments;
}

export class CapacityIndex {
  readonly #byClass = new Map<string, ClassSegments>();

  constructor(capacities: Informer<CSIStorageCapacity>) {
    capacities.addHandler({
      onAdd: (capacity) => this.#add(capacity),
      onUpdate: (previous, capacity) => {
        this.#remove(previous);
        this.#add(capacity);
      },
      onDelete: (capacity) => this.#remove(capacity),
    });
  }

  /** A segment that a node with these labels reaches and where a volume of this size can be made. */
  find(className: string, labels: Labels | undefined, neededBytes: bigint): CSIStorageCapacity | undefined {
    const ofClass = this.#byClass.get(className);
    if (!ofClass) return undefined;
    for (const [label, byValue] of ofClass.byLabel) {
      const value = labels?.[label];
      const found = value === undefined ? undefined : pick(byValue.get(value), labels, neededBytes);
      if (found) return found;
    }
    return pick(ofClass.others, labels, neededBytes);
  }

  #add(capacity: CSIStorageCapacity): void {
    const limitBytes = volumeLimitBytes(capacity);
    // Without a topology the storage is not reachable from any node.
    if (limitBytes === undefined || !capacity.nodeTopology) return;
    const segment = { capacity, limitBytes, nodes: storedSelectorMatcher(capacity.nodeTopology) };
    for (const place of this.#placesOf(capacity)) place.set(keyOf(capacity), segment);
  }

  #remove(capacity: CSIStorageCapacity): void {
    for (const place of this.#placesOf(capacity)) place.delete(keyOf(capacity));
  }

  #placesOf({ storageClassName, nodeTopology }: CSIStorageCapacity): readonly Segments[] {
    const ofClass = getOrAdd(this.#byClass, storageClassName, () => ({ byLabel: new Map(), others: new Map() }));
    const [first] = Object.entries(nodeTopology?.matchLabels ?? {});
    const listed = nodeTopology?.matchExpressions?.find(({ operator }) => operator === 'In');
    const label = first?.[0] ?? listed?.key;
    if (label === undefined) return [ofClass.others];
    const byValue = getOrAdd(ofClass.byLabel, label, () => new Map<string, Segments>());
    const values = first ? [first[1]] : (listed?.values ?? []);
    return values.map((value) => getOrAdd(byValue, value, () => new Map()));
  }
}

function pick(
  segments: Segments | undefined,
  labels: Labels | undefined,
  neededBytes: bigint,
): CSIStorageCapacity | undefined {
  for (const { capacity, limitBytes, nodes } of segments?.values() ?? []) {
    if (limitBytes >= neededBytes && nodes.matches(labels)) return capacity;
  }
  return undefined;
}

function getOrAdd<V>(map: Map<string, V>, key: string, create: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const added = create();
  map.set(key, added);
  return added;
}
