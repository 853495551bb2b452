/** Keeps pods on nodes in the zones and regions that the labels of their bound volumes name. Upstream: volume_zone.go. */
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../../api/index.ts';
import type { Lister } from '../../../client/index.ts';
import { getClaimClass, podClaims } from '../../../component-helpers/index.ts';
import type { CycleState, NodeInfo, Plugin, PreFilterResult } from '../../framework/plugin.ts';
import { type Status, skip, success, unresolvable } from '../../framework/status.ts';
import { volumeZoneEvents } from './hints.ts';
import { stableLabel, topologyLabels, type ZoneLimit, zoneLimits } from './zone-limits.ts';

const pluginName = 'VolumeZone';
const noZone = unresolvable('node(s) had no available volume zone');

export interface VolumeZoneOptions {
  readonly claims: Lister<PersistentVolumeClaim>;
  readonly volumes: Lister<PersistentVolume>;
  readonly classes: Lister<StorageClass>;
}

export class VolumeZone implements Plugin {
  readonly name = pluginName;
  readonly events = volumeZoneEvents;
  readonly #options: VolumeZoneOptions;

  constructor(options: VolumeZoneOptions) {
    this.#options = options;
  }

  preFilter(state: CycleState, pod: Pod): PreFilterResult {
    if (!pod.spec.volumes?.length) return { status: skip };
    const limits: ZoneLimit[] = [];
    for (const { claimName, ephemeral } of podClaims(pod)) {
      const claim = this.#options.claims.get(`${pod.metadata.namespace}/${claimName}`);
      const volume = this.#options.volumes.get(claim?.spec.volumeName ?? '');
      if (volume) limits.push(...zoneLimits(volume));
      else {
        // What is wrong with an ephemeral volume's claim is for VolumeBinding to say.
        const problem = ephemeral ? undefined : this.#problemOf(claimName, claim);
        if (problem !== undefined) return { status: unresolvable(problem) };
      }
    }
    if (limits.length === 0) return { status: skip };
    state.write(pluginName, limits);
    return { status: success };
  }

  filter(state: CycleState, _pod: Pod, node: NodeInfo): Status {
    const labels = node.node.metadata.labels ?? {};
    // A node that knows no zones is taken to be in a cluster without them.
    if (!topologyLabels.some((label) => labels[label] !== undefined)) return success;
    const limits = state.read<readonly ZoneLimit[]>(pluginName) ?? [];
    for (const { label, values } of limits) {
      const value = labels[label] ?? labels[stableLabel(label)];
      if (value === undefined || !values.has(value)) return noZone;
    }
    return success;
  }

  /** Why the claim has no volume that could tell a zone; undefined while it waits for its pod to be placed. */
  #problemOf(claimName: string, claim: PersistentVolumeClaim | undefined): string | undefined {
    if (!claim) return `persistentvolumeclaim "${claimName}" not found`;
    if (claim.spec.volumeName) return `persistentvolume "${claim.spec.volumeName}" not found`;
    const className = getClaimClass(claim);
    if (className === '') return 'PersistentVolumeClaim had no pv name and storageClass name';
    const volumeClass = this.#options.classes.get(className);
    if (!volumeClass) return `storageclass.storage.k8s.io "${className}" not found`;
    if (!volumeClass.volumeBindingMode) return `VolumeBindingMode not set for StorageClass "${className}"`;
    return volumeClass.volumeBindingMode === 'WaitForFirstConsumer' ? undefined : 'PersistentVolume had no name';
  }
}
