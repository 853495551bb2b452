/** The fields of a value, and those in which two values differ. */
import { deepEqual } from '../registry/deep-equal.ts';
import { FieldSet, leaf, nothing } from './field-set.ts';
import { type Part, partsOf, type Slot } from './granularity.ts';

export function fieldsOf(value: unknown, slot: Slot): FieldSet {
  const parts = partsOf(value, slot);
  if (!parts || parts.length === 0) return leaf;
  return new FieldSet(false, new Map(parts.map((part) => [part.element, fieldsOfPart(part)])));
}

function fieldsOfPart({ value, slot, isItem }: Part): FieldSet {
  const fields = fieldsOf(value, slot);
  return isItem ? fields.union(leaf) : fields;
}

export interface Difference {
  /** Added, or with another value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

const noDifference: Difference = { changed: nothing, removed: nothing };

/** How the fields of `after` differ from those of `before`. */
export function compareFields(before: unknown, after: unknown, slot: Slot): Difference {
  if (deepEqual(before, after)) return noDifference;
  const old = partsOf(before, slot);
  const now = partsOf(after, slot);
  if (!old || !now) return { changed: leaf.union(now ? fieldsOf(after, slot) : nothing), removed: nothing };
  const olds = new Map(old.map((part) => [part.element, part]));
  const changed = new Map<string, FieldSet>();
  const removed = new Map<string, FieldSet>();
  for (const part of now) {
    const previous = olds.get(part.element);
    olds.delete(part.element);
    if (!previous) {
      changed.set(part.element, leaf.union(fieldsOfPart(part)));
      continue;
    }
    const inner = compareFields(previous.value, part.value, part.slot);
    if (!inner.changed.isEmpty) changed.set(part.element, inner.changed);
    if (!inner.removed.isEmpty) removed.set(part.element, inner.removed);
  }
  for (const [element, part] of olds) removed.set(element, leaf.union(fieldsOfPart(part)));
  return { changed: new FieldSet(false, changed), removed: new FieldSet(false, removed) };
}
