/**
 * Where a volume must be reachable from. Pure. Upstream: external-provisioner pkg/controller/topology.go.
 */
import { createHash } from 'node:crypto';
import type { CSINode, Node, StorageClass } from '../../api/index.ts';

export type Segments = Readonly<Record<string, string>>;

export interface TopologyRequirement {
  readonly requisite: readonly Segments[];
  readonly preferred: readonly Segments[];
}

export interface TopologyInput {
  readonly driver: string;
  readonly class: StorageClass;
  readonly claimName: string;
  readonly csiNodes: readonly CSINode[];
  readonly nodes: ReadonlyMap<string, Node>;
  /** The node the scheduler has chosen, for WaitForFirstConsumer. */
  readonly selectedNode: string | undefined;
  /** Only the chosen node's segment will do. */
  readonly strict: boolean;
}

function segmentsOf(input: TopologyInput, csiNode: CSINode): Segments | undefined {
  const keys = csiNode.spec.drivers.find(({ name }) => name === input.driver)?.topologyKeys ?? [];
  const labels = input.nodes.get(csiNode.metadata.name)?.metadata.labels ?? {};
  if (keys.length === 0) return undefined;
  const segments: Record<string, string> = {};
  for (const key of keys.toSorted()) {
    const value = labels[key];
    if (value === undefined) return undefined;
    segments[key] = value;
  }
  return segments;
}

function distinct(all: readonly Segments[]): readonly Segments[] {
  const byText = new Map(all.map((segments) => [JSON.stringify(segments), segments]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, segments]) => segments);
}

/** The class's allowedTopologies as segments: every combination of the values of a term. */
function allowedSegments(volumeClass: StorageClass): readonly Segments[] {
  return (volumeClass.allowedTopologies ?? []).flatMap((term) => {
    let combinations: Segments[] = [{}];
    for (const { key, values } of term.matchLabelExpressions ?? []) {
      combinations = combinations.flatMap((segments) => values.map((value) => ({ ...segments, [key]: value })));
    }
    return combinations;
  });
}

/**
 * Spreads the claims of a StatefulSet: claims of one set hash alike, and the ordinal moves the start on.
 * Upstream: getPVCNameHashAndIndexOffset.
 */
function startOf(claimName: string, count: number): number {
  const ordinal = /^(.*)-(\d+)$/.exec(claimName);
  const hash = createHash('sha1')
    .update(ordinal?.[1] ?? claimName)
    .digest()
    .readUInt32BE(0);
  return (hash + Number(ordinal?.[2] ?? 0)) % count;
}

/** The requirement to send, or undefined when the driver's nodes have no topology. */
export function topologyRequirement(input: TopologyInput): TopologyRequirement | undefined {
  const chosen = input.csiNodes.find(({ metadata }) => metadata.name === input.selectedNode);
  const selected = chosen ? segmentsOf(input, chosen) : undefined;
  const allowed = allowedSegments(input.class);
  const ofNodes = () =>
    input.csiNodes.map((node) => segmentsOf(input, node)).filter((segments) => segments !== undefined);
  let requisite = distinct(allowed.length > 0 ? allowed : ofNodes());
  if (requisite.length === 0) return undefined;
  if (!selected) {
    const start = startOf(input.claimName, requisite.length);
    return { requisite, preferred: [...requisite.slice(start), ...requisite.slice(0, start)] };
  }
  const covers = (segments: Segments) => Object.entries(segments).every(([key, value]) => selected[key] === value);
  if (input.strict) requisite = [selected];
  const first = requisite.findIndex(covers);
  if (first < 0) return { requisite: distinct([...requisite, selected]), preferred: [selected, ...requisite] };
  return { requisite, preferred: [...requisite.slice(first), ...requisite.slice(0, first)] };
}
