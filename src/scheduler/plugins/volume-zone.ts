/** Keeps pods on nodes in the zones and regions that the labels of their bound volumes name. */
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/index.ts';
import type { Lister } from '../../client/index.ts';
import {
  labelBetaRegion,
  labelBetaZone,
  labelRegion,
  labelZone,
  podClaims,
  zoneSet,
} from '../../component-helpers/index.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import { type CycleState, on, type Plugin, type PreFilterResult } from '../framework/plugin.ts';
import { type Status, skip, success, unresolvable } from '../framework/status.ts';

const topologyLabels = [labelBetaZone, labelBetaRegion, labelZone, labelRegion];

interface ZoneLimit {
  readonly label: string;
  readonly values: ReadonlySet<string>;
}

export class VolumeZone implements Plugin {
  readonly name = 'VolumeZone';
  readonly events = [
    ...on(['PersistentVolumeClaimAdd', 'PersistentVolumeClaimUpdate', 'PersistentVolumeAdd', 'PersistentVolumeUpdate']),
    ...on(['StorageClassAdd', 'NodeAdd', 'UpdateNodeLabel']),
  ];
  readonly #claims: Lister<PersistentVolumeClaim>;
  readonly #volumes: Lister<PersistentVolume>;

  constructor(options: { claims: Lister<PersistentVolumeClaim>; volumes: Lister<PersistentVolume> }) {
    this.#claims = options.claims;
    this.#volumes = options.volumes;
  }

  preFilter(state: CycleState, pod: Pod): PreFilterResult {
    const limits: ZoneLimit[] = [];
    for (const { claimName } of podClaims(pod)) {
      const claim = this.#claims.get(`${pod.metadata.namespace}/${claimName}`);
      // An unbound claim is for VolumeBinding to judge.
      const labels = this.#volumes.get(claim?.spec.volumeName ?? '')?.metadata.labels;
      for (const label of topologyLabels) {
        const value = labels?.[label];
        if (value !== undefined) limits.push({ label, values: zoneSet(value) });
      }
    }
    if (limits.length === 0) return { status: skip };
    state.write(this.name, limits);
    return { status: success };
  }

  filter(state: CycleState, _pod: Pod, node: NodeInfo): Status {
    const labels = node.node.metadata.labels ?? {};
    // A node that knows no zones is taken to be in a cluster without them.
    if (!topologyLabels.some((label) => labels[label] !== undefined)) return success;
    const limits = state.read<readonly ZoneLimit[]>(this.name) ?? [];
    const fits = limits.every(({ label, values }) => values.has(zoneOf(labels, label)));
    return fits ? success : unresolvable('node(s) had no available volume zone');
  }
}

/** The node's value of a label; the old and the new name of a label mean the same. */
function zoneOf(labels: Readonly<Record<string, string>>, label: string): string {
  const twins: Readonly<Record<string, string>> = {
    [labelBetaZone]: labelZone,
    [labelZone]: labelBetaZone,
    [labelBetaRegion]: labelRegion,
    [labelRegion]: labelBetaRegion,
  };
  return labels[label] ?? labels[twins[label] ?? ''] ?? '';
}
