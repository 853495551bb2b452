/** The order of a list after a strategic merge. Upstream: strategicpatch/patch.go normalizeElementOrder. */
import { isJsonObject, ownValue } from './own-property.ts';

export interface ElementOrder {
  /** The list before the patch. */
  readonly original: readonly unknown[];
  /** The order the patch wants: its own items, or `$setElementOrder`. */
  readonly order: readonly unknown[];
  /** Undefined for lists of scalars. */
  readonly mergeKey: string | undefined;
}

/**
 * The merged items with those of the patch in the patch's order and the others in theirs. Where both kinds meet, the
 * original list decides, and items new to it come first.
 */
export function mergeOrdered(merged: readonly unknown[], { original, order, mergeKey }: ElementOrder): unknown[] {
  const identity = (item: unknown) => (mergeKey !== undefined && isJsonObject(item) ? ownValue(item, mergeKey) : item);
  const wanted = positions(order, identity);
  const before = positions(original, identity);
  const byPosition = (places: ReadonlyMap<unknown, number>) => (left: unknown, right: unknown) =>
    (places.get(identity(left)) ?? places.size) - (places.get(identity(right)) ?? places.size);
  const patched = merged.filter((item) => wanted.has(identity(item))).sort(byPosition(wanted));
  const others = merged.filter((item) => !wanted.has(identity(item))).sort(byPosition(before));
  const result: unknown[] = [];
  let next = 0;
  for (const item of patched) {
    const place = before.get(identity(item));
    while (next < others.length && place !== undefined && isBefore(others[next], place)) result.push(others[next++]);
    result.push(item);
  }
  return [...result, ...others.slice(next)];

  function isBefore(item: unknown, place: number): boolean {
    const at = before.get(identity(item));
    return at !== undefined && at < place;
  }
}

function positions(items: readonly unknown[], identity: (item: unknown) => unknown): ReadonlyMap<unknown, number> {
  const places = new Map<unknown, number>();
  for (const [index, item] of items.entries()) if (!places.has(identity(item))) places.set(identity(item), index);
  return places;
}
