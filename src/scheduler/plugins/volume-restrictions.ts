/** Keeps two pods from using a ReadWriteOncePod claim at a time, and inline disks from being mounted twice. */
import type { PersistentVolumeClaim, Pod, Volume } from '../../api/index.ts';
import type { Lister } from '../../client/index.ts';
import { podClaims } from '../../component-helpers/index.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import { type CycleState, on, type Plugin, type PreFilterResult, type Snapshot } from '../framework/plugin.ts';
import { type Status, skip, success, unschedulable } from '../framework/status.ts';

const inUse =
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';
const diskConflict = 'node(s) had no available disk';

interface Wanted {
  /** A pod somewhere uses one of this pod's ReadWriteOncePod claims. */
  readonly claimInUse: boolean;
  readonly hasInlineDisks: boolean;
}

export class VolumeRestrictions implements Plugin {
  readonly name = 'VolumeRestrictions';
  readonly events = on(['AssignedPodDelete', 'NodeAdd', 'PersistentVolumeClaimAdd', 'PersistentVolumeClaimUpdate']);
  readonly #claims: Lister<PersistentVolumeClaim>;

  constructor(options: { claims: Lister<PersistentVolumeClaim> }) {
    this.#claims = options.claims;
  }

  preFilter(state: CycleState, pod: Pod, { nodes }: Snapshot): PreFilterResult {
    const exclusive = new Set(this.#exclusiveClaims(pod));
    const hasInlineDisks = (pod.spec.volumes ?? []).some(isInlineDisk);
    if (exclusive.size === 0 && !hasInlineDisks) return { status: skip };
    const claimInUse = exclusive.size > 0 && nodes.some((node) => usesAny(node, pod, exclusive));
    state.write(this.name, { claimInUse, hasInlineDisks } satisfies Wanted);
    return { status: success };
  }

  filter(state: CycleState, pod: Pod, node: NodeInfo): Status {
    const wanted = state.read<Wanted>(this.name);
    if (!wanted) return success;
    // Removing the other pod would free the claim: unschedulable, not unresolvable.
    if (wanted.claimInUse) return unschedulable(inUse);
    if (!wanted.hasInlineDisks) return success;
    for (const { pod: other } of node.pods.values()) {
      for (const volume of pod.spec.volumes ?? []) {
        if ((other.spec.volumes ?? []).some((used) => disksConflict(volume, used))) return unschedulable(diskConflict);
      }
    }
    return success;
  }

  #exclusiveClaims(pod: Pod): string[] {
    return podClaims(pod)
      .map(({ claimName }) => claimName)
      .filter((name) =>
        this.#claims.get(`${pod.metadata.namespace}/${name}`)?.spec.accessModes?.includes('ReadWriteOncePod'),
      );
  }
}

function usesAny(node: NodeInfo, pod: Pod, claims: ReadonlySet<string>): boolean {
  for (const { pod: other } of node.pods.values()) {
    if (other.metadata.namespace !== pod.metadata.namespace || other.metadata.uid === pod.metadata.uid) continue;
    if (podClaims(other).some(({ claimName }) => claims.has(claimName))) return true;
  }
  return false;
}

function isInlineDisk(volume: Volume): boolean {
  return Boolean(volume.gcePersistentDisk || volume.awsElasticBlockStore || volume.rbd || volume.iscsi);
}

/** Whether two inline volumes are the same disk and at least one of them would write. */
function disksConflict(a: Volume, b: Volume): boolean {
  if (a.gcePersistentDisk && b.gcePersistentDisk) {
    const bothReadOnly = a.gcePersistentDisk.readOnly && b.gcePersistentDisk.readOnly;
    return a.gcePersistentDisk.pdName === b.gcePersistentDisk.pdName && !bothReadOnly;
  }
  if (a.awsElasticBlockStore && b.awsElasticBlockStore) {
    return a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore.volumeID;
  }
  if (a.iscsi && b.iscsi) {
    const same = a.iscsi.iqn === b.iscsi.iqn && a.iscsi.lun === b.iscsi.lun;
    return same && !(a.iscsi.readOnly && b.iscsi.readOnly);
  }
  if (a.rbd && b.rbd) {
    const { monitors } = a.rbd;
    const shared = b.rbd.monitors.some((monitor) => monitors.includes(monitor));
    const same = (a.rbd.pool ?? 'rbd') === (b.rbd.pool ?? 'rbd') && a.rbd.image === b.rbd.image;
    return shared && same && !(a.rbd.readOnly && b.rbd.readOnly);
  }
  return false;
}
