/** What a LimitRange allows one claim, container or pod to ask for. Pure. Upstream: plugin/limitranger, in its words. */
import {
  type Container,
  compareQuantities,
  type LimitRange,
  type LimitRangeItem,
  type PersistentVolumeClaim,
  type Pod,
  parseQuantity,
  podAmounts,
  type ResourceList,
} from '../../api/index.ts';

interface Amounts {
  readonly requests: ResourceList;
  readonly limits: ResourceList;
}

/** How many digits Go's %f prints. */
const ratioDigits = 6;

/** What is wrong with a claim, one sentence each. */
export function claimProblems({ spec }: LimitRange, claim: PersistentVolumeClaim): readonly string[] {
  const requests = claim.spec?.resources?.requests ?? {};
  return itemsOf({ spec }, 'PersistentVolumeClaim').flatMap(({ type, min = {}, max = {} }) => [
    ...each(min, (name, bound) => tooLittle({ type, name, bound }, { requests, limits: {} })),
    ...each(max, (name, bound) => tooMuchRequested({ type, name, bound }, requests)),
  ]);
}

export function podProblems(range: LimitRange, pod: Pod): readonly string[] {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].map(amountsOf);
  const whole = { requests: podAmounts(pod, 'requests'), limits: podAmounts(pod, 'limits') };
  return [
    ...itemsOf(range, 'Container').flatMap((item) => containers.flatMap((amounts) => itemProblems(item, amounts))),
    ...itemsOf(range, 'Pod').flatMap((item) => itemProblems(item, whole)),
  ];
}

function amountsOf({ resources }: Container): Amounts {
  return { requests: resources?.requests ?? {}, limits: resources?.limits ?? {} };
}

function itemsOf({ spec }: Pick<LimitRange, 'spec'>, type: string): readonly LimitRangeItem[] {
  return spec?.limits.filter((item) => item.type === type) ?? [];
}

function itemProblems(item: LimitRangeItem, amounts: Amounts): readonly string[] {
  const { type, min = {}, max = {}, maxLimitRequestRatio = {} } = item;
  return [
    ...each(min, (name, bound) => tooLittle({ type, name, bound }, amounts)),
    ...each(max, (name, bound) => tooMuch({ type, name, bound }, amounts)),
    ...each(maxLimitRequestRatio, (name, bound) => tooFarApart({ type, name, bound }, amounts)),
  ];
}

function each(list: ResourceList, check: (name: string, bound: string) => string | undefined): readonly string[] {
  return Object.entries(list)
    .map(([name, bound]) => check(name, bound))
    .filter((problem) => problem !== undefined);
}

interface Bound {
  readonly type: string;
  readonly name: string;
  readonly bound: string;
}

function tooLittle({ type, name, bound }: Bound, { requests, limits }: Amounts): string | undefined {
  const [request, limit] = [requests[name], limits[name]];
  const rule = `minimum ${name} usage per ${type} is ${bound}`;
  if (request === undefined) return `${rule}.  No request is specified`;
  if (compareQuantities(request, bound) < 0) return `${rule}, but request is ${request}`;
  return limit !== undefined && compareQuantities(limit, bound) < 0 ? `${rule}, but limit is ${limit}` : undefined;
}

function tooMuch({ type, name, bound }: Bound, { requests, limits }: Amounts): string | undefined {
  const [request, limit] = [requests[name], limits[name]];
  const rule = `maximum ${name} usage per ${type} is ${bound}`;
  if (limit === undefined) return `${rule}.  No limit is specified`;
  if (compareQuantities(limit, bound) > 0) return `${rule}, but limit is ${limit}`;
  if (request === undefined || compareQuantities(request, bound) <= 0) return undefined;
  return `${rule}, but request is ${request}`;
}

/** Claims have no limits, so that what they ask for is held against the maximum. */
function tooMuchRequested({ type, name, bound }: Bound, requests: ResourceList): string | undefined {
  const request = requests[name];
  const rule = `maximum ${name} usage per ${type} is ${bound}`;
  if (request === undefined) return `${rule}.  No request is specified`;
  return compareQuantities(request, bound) > 0 ? `${rule}, but request is ${request}` : undefined;
}

function tooFarApart({ type, name, bound }: Bound, { requests, limits }: Amounts): string | undefined {
  const rule = `${name} max limit to request ratio per ${type} is ${bound}`;
  const request = approximately(requests[name]);
  const limit = approximately(limits[name]);
  if (request === 0) return `${rule}, but no request is specified or request is 0`;
  if (limit === 0) return `${rule}, but no limit is specified or limit is 0`;
  const ratio = limit / request;
  return ratio > approximately(bound) ? `${rule}, but provided ratio is ${ratio.toFixed(ratioDigits)}` : undefined;
}

/** Only for ratios: a double is exact enough for them. */
function approximately(quantity: string | undefined): number {
  return quantity === undefined ? 0 : Number(parseQuantity(quantity).nano) / 1e9;
}
