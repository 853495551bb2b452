/**
 * How many nodes of a zone may be emptied, and how fast. When many fail at once, the fault is more likely in between
 * than in the nodes: then pods stay where they are. Upstream: ComputeZoneState, setLimiterInZone.
 */
import type { Node } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import { labelBetaRegion, labelBetaZone, labelRegion, labelZone } from '../../component-helpers/index.ts';
import { readyStatusOf } from '../common/node-condition.ts';

const exclusionLabel = 'node.kubernetes.io/exclude-disruption';

/** Under the names of upstream's flags. */
export interface EvictionLimits {
  /** Nodes per second (`--node-eviction-rate`). */
  readonly evictionRate: number;
  /** The same in a zone that is partly disrupted (`--secondary-node-eviction-rate`). */
  readonly secondaryEvictionRate: number;
  /** Up to so many nodes, a partly disrupted zone is not emptied at all (`--large-cluster-size-threshold`). */
  readonly largeClusterSize: number;
  /** The share of nodes that fail in a zone that is partly disrupted (`--unhealthy-zone-threshold`). */
  readonly unhealthyZoneThreshold: number;
}

export const defaultEvictionLimits: EvictionLimits = {
  evictionRate: 0.1,
  secondaryEvictionRate: 0.01,
  largeClusterSize: 50,
  unhealthyZoneThreshold: 0.55,
};

export function zoneOf({ metadata: { labels = {} } }: Node): string {
  const region = labels[labelRegion] ?? labels[labelBetaRegion] ?? '';
  const zone = labels[labelZone] ?? labels[labelBetaZone] ?? '';
  return `${region}:${zone}`;
}

interface Counted {
  readonly zone: string;
  readonly isReady: boolean;
}

interface ZoneCounts {
  ready: number;
  unhealthy: number;
}

/** How many nodes are ready, zone by zone. Kept by the controller's handlers: counting anew would be slow when it matters. */
export class ZoneCensus {
  readonly #nodes = new Map<string, Counted>();
  readonly #zones = new Map<string, ZoneCounts>();
  #ready = 0;
  readonly #limits: EvictionLimits;

  constructor(limits: EvictionLimits = defaultEvictionLimits) {
    this.#limits = limits;
  }

  set(node: Node): void {
    this.delete(node.metadata.name);
    if (node.metadata.labels?.[exclusionLabel] !== undefined) return;
    const counted = { zone: zoneOf(node), isReady: readyStatusOf(node) === 'True' };
    this.#nodes.set(node.metadata.name, counted);
    this.#count(counted, 1);
  }

  delete(nodeName: string): void {
    const counted = this.#nodes.get(nodeName);
    if (!counted) return;
    this.#nodes.delete(nodeName);
    this.#count(counted, -1);
  }

  /** Nobody is ready anywhere: it is more likely this process that does not hear them. */
  get isAllSilent(): boolean {
    return this.#nodes.size > 0 && this.#ready === 0;
  }

  /** How many nodes of the zone may be emptied per second; 0 when none. */
  evictionRate(zone: string): number {
    if (this.isAllSilent) return 0;
    const { ready, unhealthy } = this.#zones.get(zone) ?? { ready: 0, unhealthy: 0 };
    const total = ready + unhealthy;
    const limits = this.#limits;
    const isPartlyDisrupted = ready > 0 && unhealthy > 2 && unhealthy / total >= limits.unhealthyZoneThreshold;
    if (!isPartlyDisrupted) return limits.evictionRate;
    return total > limits.largeClusterSize ? limits.secondaryEvictionRate : 0;
  }

  #count({ zone, isReady }: Counted, change: 1 | -1): void {
    const counts = this.#zones.get(zone) ?? { ready: 0, unhealthy: 0 };
    if (isReady) {
      counts.ready += change;
      this.#ready += change;
    } else counts.unhealthy += change;
    this.#zones.set(zone, counts);
  }
}

/** Lets one node through at once, and the next when its time has come. */
export class EvictionPace {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** When each zone's last node was let through. */
  readonly #lastMs = new Map<string, number>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** 0 when the node may be emptied now, and counts it; else how long to wait. The rate must not be 0. */
  take(zone: string, perSecond: number): number {
    const nowMs = this.#clock.monotonic();
    const lastMs = this.#lastMs.get(zone);
    const waitMs = lastMs === undefined ? 0 : Math.ceil(lastMs + 1000 / perSecond - nowMs);
    if (waitMs > 0) return waitMs;
    this.#lastMs.set(zone, nowMs);
    return 0;
  }
}
