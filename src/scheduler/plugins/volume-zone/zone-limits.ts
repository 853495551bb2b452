/** The zones and regions that a volume's labels name. Pure. */
import type { PersistentVolume } from '../../../api/index.ts';
import { labelBetaRegion, labelBetaZone, labelRegion, labelZone } from '../../../component-helpers/index.ts';

export const topologyLabels: readonly string[] = [labelBetaZone, labelBetaRegion, labelZone, labelRegion];

/** A label that a node must carry with one of these values. */
export interface ZoneLimit {
  readonly label: string;
  readonly values: ReadonlySet<string>;
}

/** The label that took the place of a beta label; any other label is itself. */
export function stableLabel(label: string): string {
  if (label === labelBetaZone) return labelZone;
  return label === labelBetaRegion ? labelRegion : label;
}

export function zoneLimits(volume: PersistentVolume): readonly ZoneLimit[] {
  const limits: ZoneLimit[] = [];
  for (const label of topologyLabels) {
    const values = zonesOf(volume.metadata.labels?.[label]);
    if (values) limits.push({ label, values });
  }
  return limits;
}

/** Several zones are joined by `__`. A list with a gap in it is not understood, and says nothing, as upstream. */
function zonesOf(value: string | undefined): ReadonlySet<string> | undefined {
  const zones = value?.split('__').map((zone) => zone.trim());
  return zones && !zones.includes('') ? new Set(zones) : undefined;
}
