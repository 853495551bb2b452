import { type Pod, quantityValue } from '../../api/index.ts';
import { finalError } from '../errors.ts';

const medium = 'HugePages';
const mediumWithSize = 'HugePages-';
const resourcePrefix = 'hugepages-';

export function isHugePagesMedium(name: string): boolean {
  return name === medium || name.startsWith(mediumWithSize);
}

/** The page sizes that the pod's containers ask for, as `2Mi`. */
function requestedPageSizes(pod: Pod): ReadonlySet<string> {
  const sizes = new Set<string>();
  for (const container of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]) {
    const { requests = {}, limits = {} } = container.resources ?? {};
    for (const [name, amount] of Object.entries({ ...limits, ...requests })) {
      if (name.startsWith(resourcePrefix) && quantityValue(amount) > 0n) sizes.add(name.slice(resourcePrefix.length));
    }
  }
  return sizes;
}

/** Upstream: empty_dir.go getPageSizeMountOption. */
export function hugePagesMountOptions(pod: Pod, name: string): readonly string[] {
  const sizes = requestedPageSizes(pod);
  if (sizes.size === 0) {
    throw finalError(`medium ${name}: hugePages storage requested, but there is no resource request for huge pages`);
  }
  if (name.startsWith(mediumWithSize)) {
    const wanted = name.slice(mediumWithSize.length);
    if (!sizes.has(wanted)) {
      throw finalError(`medium ${name}: hugePages storage requested, but there is no resource request for huge pages`);
    }
    return [`pagesize=${quantityValue(wanted)}`];
  }
  const [only, ...more] = sizes;
  if (only === undefined || more.length > 0) {
    throw finalError(`medium ${name}: use pagesize hugepage medium when multiple page sizes are requested`);
  }
  return [`pagesize=${quantityValue(only)}`];
}
