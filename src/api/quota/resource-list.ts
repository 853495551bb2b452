/** Arithmetic on lists of quantities by resource name. Upstream: apiserver/pkg/quota/v1/resources.go. */
import { addQuantities, compareQuantities, subtractQuantities } from '../quantity.ts';

export type ResourceList = Readonly<Record<string, string>>;

/** A resource may be called `constructor`: only what the list itself names counts. */
function amountOf(list: ResourceList, name: string): string | undefined {
  return Object.hasOwn(list, name) ? list[name] : undefined;
}

/** The sum of both; what only one of them names counts as it is. */
export function addLists(left: ResourceList, right: ResourceList): ResourceList {
  const sum: Record<string, string> = { ...left };
  for (const [name, quantity] of Object.entries(right)) sum[name] = addQuantities(amountOf(sum, name) ?? '0', quantity);
  return sum;
}

/** By how much each amount of `left` exceeds that of `right`: only what does. */
export function increaseOver(left: ResourceList, right: ResourceList): ResourceList {
  const more: Record<string, string> = {};
  for (const [name, quantity] of Object.entries(left)) {
    const before = amountOf(right, name) ?? '0';
    if (compareQuantities(quantity, before) > 0) more[name] = subtractQuantities(quantity, before);
  }
  return more;
}

/** The part of the list that has one of the names. */
export function maskList(list: ResourceList, names: Iterable<string>): ResourceList {
  const masked: Record<string, string> = {};
  for (const name of names) {
    const quantity = amountOf(list, name);
    if (quantity !== undefined) masked[name] = quantity;
  }
  return masked;
}

/** The names under which `left` holds more than `right` allows; what `right` does not name is not limited. */
export function exceededNames(left: ResourceList, right: ResourceList): readonly string[] {
  return Object.entries(left)
    .filter(([name, quantity]) => compareQuantities(quantity, amountOf(right, name) ?? quantity) > 0)
    .map(([name]) => name);
}

export function equalLists(left: ResourceList = {}, right: ResourceList = {}): boolean {
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => {
    const other = amountOf(right, name);
    return other !== undefined && compareQuantities(amountOf(left, name) ?? '0', other) === 0;
  });
}

/** `cpu=1,requests.storage=2Gi`, in the order of names. */
export function printList(list: ResourceList): string {
  return Object.keys(list)
    .sort()
    .map((name) => `${name}=${list[name]}`)
    .join(',');
}
