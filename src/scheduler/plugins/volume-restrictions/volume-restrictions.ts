/**
 * Keeps two pods from using a ReadWriteOncePod claim at a time, and inline disks from being mounted twice. Upstream:
 * volume_restrictions.go.
 */
import type { PersistentVolumeClaim, Pod } from '../../../api/index.ts';
import type { Lister } from '../../../client/index.ts';
import { podClaims } from '../../../component-helpers/index.ts';
import type { CycleState, NodeInfo, Plugin, PodInfo, PreFilterResult, Snapshot } from '../../framework/plugin.ts';
import { type Status, skip, success, unresolvable, unschedulable } from '../../framework/status.ts';
import { isInlineDisk, podsConflict } from './disk-conflict.ts';
import { volumeRestrictionsEvents } from './hints.ts';

const pluginName = 'VolumeRestrictions';
const diskConflict = unschedulable('node(s) had no available disk');
/** Removing the other pod frees the claim, so that it may be displaced. */
const claimInUse = unschedulable(
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
);

/** What PreFilter knows; preemption tries changes on a copy. */
class Wanted {
  readonly hasInlineDisks: boolean;
  /** The keys of the claims that nobody else may use. */
  readonly exclusive: ReadonlySet<string>;
  /** How many volumes of pods with a node name one of them. */
  users: number;

  constructor(hasInlineDisks: boolean, exclusive: ReadonlySet<string>, users: number) {
    this.hasInlineDisks = hasInlineDisks;
    this.exclusive = exclusive;
    this.users = users;
  }

  clone(): Wanted {
    return new Wanted(this.hasInlineDisks, this.exclusive, this.users);
  }

  usesOf({ claimKeys }: PodInfo): number {
    return claimKeys.filter((key) => this.exclusive.has(key)).length;
  }
}

export interface VolumeRestrictionsOptions {
  readonly claims: Lister<PersistentVolumeClaim>;
}

export class VolumeRestrictions implements Plugin {
  readonly name = pluginName;
  readonly events = volumeRestrictionsEvents;
  readonly #claims: Lister<PersistentVolumeClaim>;

  constructor(options: VolumeRestrictionsOptions) {
    this.#claims = options.claims;
  }

  preFilter(state: CycleState, pod: Pod, snapshot: Snapshot): PreFilterResult {
    if (!pod.spec.volumes?.length) return { status: skip };
    const exclusive = new Set<string>();
    for (const { claimName, ephemeral } of podClaims(pod)) {
      if (ephemeral) continue;
      const key = `${pod.metadata.namespace}/${claimName}`;
      const claim = this.#claims.get(key);
      if (!claim) return { status: unresolvable(`persistentvolumeclaim "${claimName}" not found`) };
      if (claim.spec.accessModes?.includes('ReadWriteOncePod')) exclusive.add(key);
    }
    let users = 0;
    for (const key of exclusive) users += snapshot.claimUsers(key);
    const hasInlineDisks = pod.spec.volumes.some(isInlineDisk);
    if (users === 0 && !hasInlineDisks) return { status: skip };
    state.write(pluginName, new Wanted(hasInlineDisks, exclusive, users));
    return { status: success };
  }

  addPod(state: CycleState, _pod: Pod, added: PodInfo): void {
    const wanted = state.read<Wanted>(pluginName);
    if (wanted) wanted.users += wanted.usesOf(added);
  }

  removePod(state: CycleState, _pod: Pod, removed: PodInfo): void {
    const wanted = state.read<Wanted>(pluginName);
    if (wanted) wanted.users -= wanted.usesOf(removed);
  }

  filter(state: CycleState, pod: Pod, node: NodeInfo): Status {
    const wanted = state.read<Wanted>(pluginName);
    if (!wanted) return success;
    if (wanted.hasInlineDisks) {
      for (const other of node.pods.values()) if (podsConflict(pod, other.pod)) return diskConflict;
    }
    return wanted.users > 0 ? claimInUse : success;
  }
}
