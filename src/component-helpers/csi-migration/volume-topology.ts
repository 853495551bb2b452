/**
 * Zones and regions of a volume in the terms of Kubernetes' labels and of a driver's topology keys.
 * Upstream: csi-translation-lib plugins/in_tree_volume.go.
 */
import {
  labelBetaRegion,
  labelBetaZone,
  labelRegion,
  labelZone,
  type NodeSelectorRequirement,
  type NodeSelectorTerm,
  type PersistentVolume,
} from '../../api/index.ts';
import { MigrationError } from './translator.ts';

/** Joins the zones of one label. */
export const zoneDelimiter = '__';

/** @throws MigrationError when the zones do not tell one region. */
export type RegionOfZones = (zones: readonly string[]) => string;

function selectorTerms({ spec }: PersistentVolume): readonly NodeSelectorTerm[] {
  return spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
}

function withTerms(volume: PersistentVolume, nodeSelectorTerms: readonly NodeSelectorTerm[]): PersistentVolume {
  return { ...volume, spec: { ...volume.spec, nodeAffinity: { required: { nodeSelectorTerms } } } };
}

/** Whether any term of the volume's node affinity speaks of the key. */
export function hasTopologyKey(volume: PersistentVolume, key: string): boolean {
  return selectorTerms(volume).some(({ matchExpressions }) => matchExpressions?.some((each) => each.key === key));
}

/** The values that the node affinity gives for the key in any term, each once and sorted. */
export function topologyValues(volume: PersistentVolume, key: string): readonly string[] {
  const expressions = selectorTerms(volume).flatMap(({ matchExpressions }) => matchExpressions ?? []);
  const values = expressions.filter((each) => each.key === key).flatMap((each) => each.values ?? []);
  return [...new Set(values)].sort();
}

/** Calls a key by another name. Expressions that already bear that name stay beside it. */
export function replaceTopology(volume: PersistentVolume, oldKey: string, newKey: string): PersistentVolume {
  if (!hasTopologyKey(volume, oldKey)) return volume;
  const terms = selectorTerms(volume).map((term) => ({
    ...term,
    matchExpressions: (term.matchExpressions ?? []).map((each) =>
      each.key === oldKey ? { ...each, key: newKey } : each,
    ),
  }));
  return withTerms(volume, terms);
}

/** Asks for the zones in every term of the node affinity; blank zones count for nothing. */
export function addTopology(volume: PersistentVolume, key: string, zones: readonly string[]): PersistentVolume {
  const values = [...new Set(zones.map((zone) => zone.trim()).filter((zone) => zone !== ''))].sort();
  if (values.length === 0) return volume;
  const present = selectorTerms(volume);
  const terms = (present.length > 0 ? present : [{}]).map((term) => withExpression(term, key, values));
  return withTerms(volume, terms);
}

function withExpression(term: NodeSelectorTerm, key: string, values: readonly string[]): NodeSelectorTerm {
  const expression: NodeSelectorRequirement = { key, operator: 'In', values };
  return { ...term, matchExpressions: [...(term.matchExpressions ?? []), expression] };
}

/** The labels by which the volume names its zone and region: those of its affinity before those it is labelled with. */
export function topologyLabels(volume: PersistentVolume): { readonly zone: string; readonly region: string } {
  const current = { zone: labelZone, region: labelRegion };
  const beta = { zone: labelBetaZone, region: labelBetaRegion };
  if (hasTopologyKey(volume, labelZone)) return current;
  if (hasTopologyKey(volume, labelBetaZone)) return beta;
  const labels = volume.metadata.labels ?? {};
  return labels[labelZone] === undefined && labels[labelBetaZone] !== undefined ? beta : current;
}

/** The volume's zones under the driver's key. A region's old label becomes the current one: new nodes bear only that. */
export function translateTopologyToCsi(volume: PersistentVolume, csiKey: string): PersistentVolume {
  const { zone, region } = topologyLabels(volume);
  const label = volume.metadata.labels?.[zone];
  let translated = volume;
  if (topologyValues(volume, zone).length > 0) translated = replaceTopology(volume, zone, csiKey);
  else if (label !== undefined) translated = addTopology(volume, csiKey, label.split(zoneDelimiter));
  return region === labelBetaRegion ? replaceTopology(translated, labelBetaRegion, labelRegion) : translated;
}

/** The driver's zones under Kubernetes' keys and labels, with the region when the zones tell it. */
export function translateTopologyToInTree(
  volume: PersistentVolume,
  csiKey: string,
  regionOfZones?: RegionOfZones,
): PersistentVolume {
  const { zone } = topologyLabels(volume);
  let translated = replaceTopology(volume, csiKey, zone);
  if (regionOfZones) translated = addRegion(translated, regionOfZones);
  const zones = topologyValues(translated, zone);
  return zones.length === 0 ? translated : withLabel(translated, zone, zones.join(zoneDelimiter));
}

/** Labels the volume unless it bears the label. */
export function withLabel(volume: PersistentVolume, key: string, value: string): PersistentVolume {
  const { labels } = volume.metadata;
  if (labels?.[key] !== undefined) return volume;
  return { ...volume, metadata: { ...volume.metadata, labels: { ...labels, [key]: value } } };
}

function addRegion(volume: PersistentVolume, regionOfZones: RegionOfZones): PersistentVolume {
  const { zone, region } = topologyLabels(volume);
  const terms = selectorTerms(volume);
  if (terms.length === 0) return volume;
  const translated = withTerms(
    volume,
    terms.map((term) => termWithRegion(term, { zone, region, regionOfZones })),
  );
  const [value, ...others] = topologyValues(translated, region);
  return value === undefined || others.length > 0 ? translated : withLabel(translated, region, value);
}

function termWithRegion(
  term: NodeSelectorTerm,
  { zone, region, regionOfZones }: { zone: string; region: string; regionOfZones: RegionOfZones },
): NodeSelectorTerm {
  const expressions = term.matchExpressions ?? [];
  if (expressions.some(({ key }) => key === region)) return term;
  const zones = expressions.filter(({ key }) => key === zone).flatMap(({ values }) => values ?? []);
  return withExpression(term, region, [regionOfZones(zones)]);
}

/** @throws MigrationError unless the zones lie in one region, which the function tells of each. */
export function commonRegion(zones: readonly string[], regionOf: (zone: string) => string): string {
  if (zones.length === 0) throw new MigrationError('no zones specified');
  const [region, ...others] = new Set(zones.map(regionOf));
  if (region !== undefined && others.length === 0) return region;
  throw new MigrationError(`multiple or no regions gotten from zones, got: ${[region, ...others].join(' ')}`);
}
