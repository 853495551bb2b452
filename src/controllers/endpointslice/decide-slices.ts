/**
 * Which slices are to be written so that all endpoints are in some slice, with as few writes as will do: what is right
 * stays, what changed is mended in place, new endpoints fill slices that are written anyway. Pure.
 * Upstream: endpointslice/reconciler.go reconcileByPortMapping.
 */
import { type Endpoint, type EndpointSlice, isEqual } from '../../api/index.ts';
import { endpointKey, type PortGroup, portsKey, type SliceContent } from './slice-endpoints.ts';

/** Upstream's default of --max-endpoints-per-slice. */
export const maxEndpointsPerSlice = 100;

export interface SliceUpdate {
  readonly slice: EndpointSlice;
  readonly content: SliceContent;
}

export interface SliceDecision {
  readonly creates: readonly SliceContent[];
  readonly updates: readonly SliceUpdate[];
  readonly deletes: readonly EndpointSlice[];
}

interface Draft {
  /** Undefined: a slice to be made. */
  readonly slice: EndpointSlice | undefined;
  readonly endpoints: Endpoint[];
  dirty: boolean;
}

export interface SliceInput {
  readonly addressType: string;
  readonly existing: readonly EndpointSlice[];
  readonly groups: ReadonlyMap<string, PortGroup>;
  /** Whether labels and owner of a slice are what they should be. */
  readonly isLabelled: (slice: EndpointSlice) => boolean;
  readonly maxEndpoints?: number;
}

export function decideSlices(input: SliceInput): SliceDecision {
  const { addressType, existing, groups, maxEndpoints = maxEndpointsPerSlice } = input;
  const creates: SliceContent[] = [];
  const updates: SliceUpdate[] = [];
  const deletes = existing.filter(({ ports }) => !groups.has(portsKey(ports)));
  for (const [key, group] of groups) {
    const own = existing.filter(({ ports }) => portsKey(ports) === key);
    for (const { slice, endpoints, dirty } of fill(own, group.endpoints, input.isLabelled, maxEndpoints)) {
      const content = { addressType, endpoints, ports: [...group.ports] };
      if (!slice) creates.push(content);
      else if (endpoints.length === 0) deletes.push(slice);
      else if (dirty) updates.push({ slice, content });
    }
  }
  const stay = existing.length - deletes.length;
  // A service without endpoints keeps one empty slice, so that clients can tell it from one not looked at yet.
  if (stay === 0 && creates.length === 0) {
    const placeholder = { addressType, endpoints: [], ports: [] };
    const kept = deletes.findIndex((slice) => isPlaceholder(slice) && input.isLabelled(slice));
    if (kept >= 0) deletes.splice(kept, 1);
    else creates.push(placeholder);
  }
  // A slice to be deleted is rewritten instead of making another.
  while (creates.length > 0 && deletes.length > 0) {
    updates.push({ slice: deletes.pop() as EndpointSlice, content: creates.pop() as SliceContent });
  }
  return { creates, updates, deletes };
}

function isPlaceholder({ endpoints, ports }: EndpointSlice): boolean {
  return (endpoints?.length ?? 0) === 0 && (ports?.length ?? 0) === 0;
}

function fill(
  existing: readonly EndpointSlice[],
  desired: readonly Endpoint[],
  isLabelled: (slice: EndpointSlice) => boolean,
  maxEndpoints: number,
): readonly Draft[] {
  const missing = new Map(desired.map((endpoint) => [endpointKey(endpoint), endpoint]));
  const drafts = existing.map((slice) => keepDesired(slice, missing, isLabelled));
  const rest = [...missing.values()];
  const open = drafts.filter(({ dirty, endpoints }) => dirty && endpoints.length > 0);
  for (const draft of open.sort((a, b) => b.endpoints.length - a.endpoints.length)) {
    draft.endpoints.push(...rest.splice(0, Math.max(0, maxEndpoints - draft.endpoints.length)));
  }
  while (rest.length > 0) {
    const target = rest.length < maxEndpoints ? closestFit(drafts, rest.length, maxEndpoints) : undefined;
    const draft = target ?? { slice: undefined, endpoints: [], dirty: true };
    draft.endpoints.push(...rest.splice(0, maxEndpoints - draft.endpoints.length));
    draft.dirty = true;
    if (!target) drafts.push(draft);
  }
  return drafts;
}

/** What of the slice is still wanted, in its newest form; takes it off the missing. */
function keepDesired(
  slice: EndpointSlice,
  missing: Map<string, Endpoint>,
  isLabelled: (slice: EndpointSlice) => boolean,
): Draft {
  const before = slice.endpoints ?? [];
  let dirty = !isLabelled(slice);
  const endpoints: Endpoint[] = [];
  for (const endpoint of before) {
    const key = endpointKey(endpoint);
    const wanted = missing.get(key);
    if (!wanted) continue;
    missing.delete(key);
    endpoints.push(wanted);
    if (!isEqual(wanted, endpoint)) dirty = true;
  }
  return { slice, endpoints, dirty: dirty || endpoints.length < before.length };
}

/** The fullest of the slices left alone so far that has room for all that is left. */
function closestFit(drafts: readonly Draft[], count: number, maxEndpoints: number): Draft | undefined {
  let best: Draft | undefined;
  for (const draft of drafts) {
    if (draft.dirty || draft.endpoints.length + count > maxEndpoints) continue;
    if (!best || draft.endpoints.length > best.endpoints.length) best = draft;
  }
  return best;
}
