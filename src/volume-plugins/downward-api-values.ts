/** The values that a downward API file can show. Upstream: pkg/fieldpath, pkg/api/v1/resource. */
import {
  type Container,
  type ObjectFieldSelector,
  type Pod,
  parseQuantity,
  quantityMilliValue,
  quantityValue,
  type ResourceFieldSelector,
} from '../api/index.ts';
import { goQuote } from '../base/index.ts';
import { finalError } from './errors.ts';

/** A map as sorted lines `key="value"` without a newline at the end. */
export function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${goQuote(value)}`)
    .join('\n');
}

export function fieldValue(pod: Pod, selector: ObjectFieldSelector): string {
  const { fieldPath } = selector;
  const { metadata } = pod;
  const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath);
  if (subscript) {
    const [, map, key = ''] = subscript;
    return (map === 'labels' ? metadata.labels : metadata.annotations)?.[key] ?? '';
  }
  switch (fieldPath) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid;
    case 'metadata.labels':
      return formatMap(metadata.labels);
    case 'metadata.annotations':
      return formatMap(metadata.annotations);
    default:
      throw finalError(`unsupported fieldPath: ${fieldPath}`);
  }
}

function findContainer(pod: Pod, name: string): Container {
  const container = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((one) => one.name === name);
  if (!container) throw finalError(`container ${name} not found`);
  return container;
}

/** What a container may use at most when it sets no limit: what the node can give. */
const limitedByNode = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** A container's request or limit in units of the divisor, rounded up. */
export function resourceValue(
  pod: Pod,
  selector: ResourceFieldSelector,
  nodeAllocatable: Readonly<Record<string, string>>,
): string {
  const container = findContainer(pod, selector.containerName ?? '');
  const [kind = '', resource = ''] = splitOnce(selector.resource);
  if (kind !== 'limits' && kind !== 'requests')
    throw finalError(`unsupported container resource : ${selector.resource}`);
  const own = container.resources?.[kind]?.[resource];
  const fallback = kind === 'limits' && limitedByNode.has(resource) ? nodeAllocatable[resource] : undefined;
  return inUnitsOf(own ?? fallback ?? '0', selector.divisor, resource === 'cpu');
}

function splitOnce(text: string): string[] {
  const dot = text.indexOf('.');
  return dot < 0 ? [text] : [text.slice(0, dot), text.slice(dot + 1)];
}

function inUnitsOf(quantity: string, divisor: string | undefined, isCpu: boolean): string {
  const unit = divisor === undefined || isZero(divisor) ? '1' : divisor;
  const [value, per] = isCpu
    ? [quantityMilliValue(quantity), quantityMilliValue(unit)]
    : [quantityValue(quantity), quantityValue(unit)];
  return String((value + per - 1n) / per);
}

function isZero(quantity: string): boolean {
  parseQuantity(quantity);
  return quantityMilliValue(quantity) === 0n;
}
