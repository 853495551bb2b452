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
  /** Whether the driver is told all segments when neither node nor class narrow them. */
  readonly immediate: boolean;
}

/** The nodes do not say where the volume would have to be: it must not be made anywhere else. */
export class TopologyError extends Error {
  override readonly name = 'TopologyError';

  constructor(reason: string) {
    super(`error generating accessibility requirements: ${reason}`);
  }
}

function keysOf(driver: string, { spec }: CSINode): readonly string[] {
  return (spec.drivers.find(({ name }) => name === driver)?.topologyKeys ?? []).toSorted();
}

function segmentsOf(keys: readonly string[], node: Node | undefined): Segments | undefined {
  const segments: Record<string, string> = {};
  for (const key of keys) {
    const value = node?.metadata.labels?.[key];
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

/** As Go prints them. */
const inGo = {
  list: (values: readonly string[]) => `[${values.join(' ')}]`,
  labels: (labels: Readonly<Record<string, string>>) =>
    `map[${Object.entries(labels)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${key}:${value}`)
      .join(' ')}]`,
  segments: (segments: Segments) => inGo.list(Object.entries(segments).map(([key, value]) => `{${key} ${value}}`)),
};

interface SelectedNode {
  readonly keys: readonly string[];
  readonly segments: Segments;
}

/** @throws TopologyError when the driver, or the labels that it reported, are not on the node. */
function selectedOf({ driver, csiNodes, nodes, selectedNode = '' }: TopologyInput): SelectedNode {
  const csiNode = csiNodes.find(({ metadata }) => metadata.name === selectedNode);
  if (!csiNode) throw new TopologyError(`csinode.storage.k8s.io "${selectedNode}" not found`);
  const keys = keysOf(driver, csiNode);
  if (keys.length === 0) throw new TopologyError(`no topology key found for node ${selectedNode}`);
  const node = nodes.get(selectedNode);
  const segments = segmentsOf(keys, node);
  if (segments) return { keys, segments };
  const labels = inGo.labels(node?.metadata.labels ?? {});
  throw new TopologyError(
    `topology labels from selected node ${labels} does not match topology keys from CSINode ${inGo.list(keys)}`,
  );
}

const isPartOf = (segments: Segments, whole: Segments) =>
  Object.entries(segments).every(([key, value]) => whole[key] === value);

/** The segments of all nodes where the driver says the same keys as on the selected one, or as on the first that has any. */
function segmentsOfNodes(
  { driver, csiNodes, nodes }: TopologyInput,
  selected: SelectedNode | undefined,
): readonly Segments[] {
  const inOrder = csiNodes.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const first = inOrder.find((csiNode) => keysOf(driver, csiNode).length > 0);
  const keys = selected?.keys ?? (first ? keysOf(driver, first) : []);
  if (keys.length === 0) return [];
  const withDriver = csiNodes.filter(({ spec }) => spec.drivers.some(({ name }) => name === driver));
  return withDriver
    .map(({ metadata }) => segmentsOf(keys, nodes.get(metadata.name)))
    .filter((segments) => segments !== undefined);
}

/**
 * The requirement to send, or undefined when the driver is to choose. Upstream: GenerateAccessibilityRequirements.
 * @throws TopologyError
 */
export function topologyRequirement(input: TopologyInput): TopologyRequirement | undefined {
  const { selectedNode = '', claimName, strict } = input;
  const selected = input.selectedNode === undefined ? undefined : selectedOf(input);
  const allowed = allowedSegments(input.class);
  if (selected && strict) {
    const { segments } = selected;
    if (allowed.length > 0 && !allowed.some((one) => isPartOf(one, segments))) {
      const text = `'"${selectedNode}"' topology '${inGo.segments(segments)}'`;
      throw new TopologyError(
        `selected node ${text} is not in allowed topologies: ${inGo.list(allowed.map(inGo.segments))}`,
      );
    }
    return { requisite: [segments], preferred: [segments] };
  }
  if (!selected && allowed.length === 0 && !input.immediate) return undefined;
  const requisite = distinct(allowed.length > 0 ? allowed : segmentsOfNodes(input, selected));
  if (requisite.length === 0) throw new TopologyError('no available topology found');
  const first = selected
    ? requisite.findIndex((segments) => isPartOf(segments, selected.segments))
    : startOf(claimName, requisite.length);
  if (first < 0) {
    const from = `topology ${inGo.segments(selected?.segments ?? {})} from selected node "${selectedNode}"`;
    throw new TopologyError(`${from} is not in requisite: ${inGo.list(requisite.map(inGo.segments))}`);
  }
  return { requisite, preferred: [...requisite.slice(first), ...requisite.slice(0, first)] };
}

/** The same where the selected node may be gone: what was asked for before is found again by its name. */
export function topologyToFindAgain(input: TopologyInput): TopologyRequirement | undefined {
  for (const selectedNode of [input.selectedNode, undefined]) {
    try {
      return topologyRequirement({ ...input, selectedNode });
    } catch (thrown) {
      if (!(thrown instanceof TopologyError)) throw thrown;
    }
  }
  return undefined;
}
