/** What a pod charges to quotas. Upstream: pkg/quota/v1/evaluator/core/pods.go, component-helpers/resource. */
import type { Container, Pod } from '../gen/core.v1.gen.ts';
import { compareQuantities } from '../quantity.ts';
import { addLists, type ResourceList } from './resource-list.ts';

export type Side = 'requests' | 'limits';

const nativeResources = ['cpu', 'memory', 'ephemeral-storage'];
/** Who limits one of these must be told by each container how much it takes: a mistake of old that is kept. */
const namesThatMustBeSaid: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
]);
const hugePagesPrefix = 'hugepages-';
const requestsPrefix = 'requests.';

/** `pods` and compute resources only while the pod is not over; `count/pods` as long as it exists. */
export function podUsage(pod: Pod, nowMs: number): ResourceList {
  const count = { 'count/pods': '1' };
  if (isOver(pod, nowMs)) return count;
  return { ...count, ...chargedAmounts(withOverhead(pod, 'requests'), withOverhead(pod, 'limits')) };
}

/** Ended, or stuck in its deletion, on a lost node for example: then it must not keep its successor out. */
export function isOver({ metadata, status }: Pod, nowMs: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return true;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return false;
  return nowMs > Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

/** Names that quotas charge pods under, out of those given. */
export function podResourceNames(names: readonly string[]): readonly string[] {
  return names.filter((name) => podNames.has(name) || isHugePages(name) || isExtendedRequest(name));
}

const podNames: ReadonlySet<string> = new Set([
  'pods',
  'count/pods',
  ...nativeResources.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
]);

function isHugePages(name: string): boolean {
  return name.startsWith(hugePagesPrefix) || name.startsWith(requestsPrefix + hugePagesPrefix);
}

function isExtendedRequest(name: string): boolean {
  return name.startsWith(requestsPrefix) && isExtended(name.slice(requestsPrefix.length));
}

function isExtended(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/');
}

/** Undefined, or what some containers do not say although a quota limits it. */
export function missingAmounts(required: readonly string[], pod: Pod): string | undefined {
  const { containers = [], initContainers = [], resources } = pod.spec ?? {};
  if (resources?.requests || resources?.limits) return undefined;
  const missing = new Map<string, Set<string>>();
  for (const container of [...containers, ...initContainers]) {
    const said = chargedAmounts(container.resources?.requests ?? {}, container.resources?.limits ?? {});
    for (const name of required) {
      if (!namesThatMustBeSaid.has(name) || said[name] !== undefined) continue;
      missing.set(name, (missing.get(name) ?? new Set()).add(container.name));
    }
  }
  if (missing.size === 0) return undefined;
  const parts = [...missing].sort().map(([name, who]) => `${name} for: ${[...who].sort().join(',')}`);
  return `must specify ${parts.join('; ')}`;
}

function chargedAmounts(requests: ResourceList, limits: ResourceList): ResourceList {
  const charged: Record<string, string> = { pods: '1' };
  for (const [name, quantity] of Object.entries(requests)) {
    const isHuge = name.startsWith(hugePagesPrefix);
    const isNative = nativeResources.includes(name);
    if (isNative || isHuge) charged[name] = quantity;
    if (isNative || isHuge || isExtended(name)) charged[`requests.${name}`] = quantity;
  }
  for (const name of nativeResources) {
    const quantity = limits[name];
    if (quantity !== undefined) charged[`limits.${name}`] = quantity;
  }
  return charged;
}

/** The sum over what runs at the same time, or the largest init container with the sidecars before it. */
export function podAmounts({ spec }: Pod, side: Side): ResourceList {
  let running = (spec?.containers ?? []).reduce<ResourceList>((sum, one) => addLists(sum, amounts(one, side)), {});
  let sidecars: ResourceList = {};
  let largestInit: ResourceList = {};
  for (const container of spec?.initContainers ?? []) {
    const own = addLists(sidecars, amounts(container, side));
    if (container.restartPolicy === 'Always') {
      running = addLists(running, amounts(container, side));
      sidecars = own;
    }
    largestInit = largerOf(largestInit, own);
  }
  return { ...largerOf(running, largestInit), ...podLevelAmounts(spec, side) };
}

/** An overhead adds to a limit only where there is one. */
function withOverhead(pod: Pod, side: Side): ResourceList {
  const total = podAmounts(pod, side);
  const overhead = Object.entries(pod.spec?.overhead ?? {});
  const added = side === 'limits' ? overhead.filter(([name]) => total[name] !== undefined) : overhead;
  return addLists(total, Object.fromEntries(added));
}

function amounts(container: Container, side: Side): ResourceList {
  return container.resources?.[side] ?? {};
}

/** What the pod says as a whole stands in place of what its containers add up to. */
function podLevelAmounts(spec: Pod['spec'] | undefined, side: Side): ResourceList {
  const entries = Object.entries(spec?.resources?.[side] ?? {});
  return Object.fromEntries(
    entries.filter(([name]) => name === 'cpu' || name === 'memory' || name.startsWith(hugePagesPrefix)),
  );
}

function largerOf(left: ResourceList, right: ResourceList): ResourceList {
  const larger: Record<string, string> = { ...left };
  for (const [name, quantity] of Object.entries(right)) {
    const known = larger[name];
    if (known === undefined || compareQuantities(quantity, known) > 0) larger[name] = quantity;
  }
  return larger;
}
