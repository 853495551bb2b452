import type { Container, Pod } from '../../api/index.ts';
import { quantityMilliValue } from '../../api/index.ts';

/** Amounts per resource name in milli-units. A double is exact up to 9 PiB in milli-bytes, and only sums are compared. */
export type ResourceAmounts = ReadonlyMap<string, number>;

export function milliValue(quantity: string): number {
  return Number(quantityMilliValue(quantity));
}

const requestsOf = new WeakMap<Pod, ResourceAmounts>();

function add(into: Map<string, number>, containers: readonly Container[] | undefined): void {
  for (const container of containers ?? []) {
    for (const [resource, quantity] of Object.entries(container.resources?.requests ?? {})) {
      into.set(resource, (into.get(resource) ?? 0) + milliValue(quantity));
    }
  }
}

/** What the pod asks of its node: the sum over its containers, or its largest init container where that is more. */
export function podRequests(pod: Pod): ResourceAmounts {
  const known = requestsOf.get(pod);
  if (known) return known;
  const amounts = new Map<string, number>();
  add(amounts, pod.spec.containers);
  for (const init of pod.spec.initContainers ?? []) {
    const own = new Map<string, number>();
    add(own, [init]);
    for (const [resource, amount] of own) amounts.set(resource, Math.max(amounts.get(resource) ?? 0, amount));
  }
  for (const [resource, quantity] of Object.entries(pod.spec.overhead ?? {})) {
    amounts.set(resource, (amounts.get(resource) ?? 0) + milliValue(quantity));
  }
  requestsOf.set(pod, amounts);
  return amounts;
}
