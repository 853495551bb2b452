/**
 * What is mounted, or may be: attached volumes, their node-wide device mounts and their mounts in pods. Operations
 * and the reconstruction after a restart write it, the reconciler reads it. A state is `uncertain` from the moment a
 * step may have had its effect until a later answer settles it; an uncertain volume counts as in use.
 */
import type { Pod } from '../../../api/index.ts';
import { assert } from '../../../base/index.ts';
import type { VolumeAttributes, VolumePlugin, VolumeSpec } from '../../../volume-plugins/index.ts';
import type { OuterVolumeName, PodUid, UniqueVolumeName } from '../volume-manager.ts';
import { podVolumeKey } from './desired-state-of-world.ts';

export type MountState = 'uncertain' | 'mounted';

/** A volume's mount (or block mapping) in one pod. */
export interface PodMount {
  readonly podUid: PodUid;
  /** Unknown for mounts found on disk, until the pod is seen again. */
  readonly pod: Pod | undefined;
  readonly spec: VolumeSpec;
  readonly outerVolumeNames: ReadonlySet<OuterVolumeName>;
  readonly state: MountState;
  /** Found on disk after a restart, and not settled by a step of this run yet. */
  readonly reconstructed: boolean;
  /** Reconstructed, and the kernel's mount is the one that was made: can be taken over without a step. */
  readonly intact: boolean;
  readonly remountRequired: boolean;
  readonly path: string;
  readonly blockDevicePath: string | undefined;
  readonly attributes: VolumeAttributes;
  readonly gid: string | undefined;
}

export interface ActualVolume {
  readonly name: UniqueVolumeName;
  readonly spec: VolumeSpec;
  readonly plugin: VolumePlugin;
  /** `unknown` until the plugin knows (CSIDriver objects not listed yet after a restart). */
  readonly attachability: 'required' | 'notRequired' | 'unknown';
  /** Known to be attached: confirmed by node.status.volumesAttached, or needs no attaching. */
  readonly attached: boolean;
  readonly devicePath: string;
  readonly device: 'notMounted' | MountState;
  readonly deviceReconstructed: boolean;
  readonly deviceMountPath: string;
  /** By podVolumeKey. */
  readonly pods: ReadonlyMap<string, PodMount>;
  /** What the claim showed when this run first had the volume mounted; then what the last node expansion reached. */
  readonly sizeBytes: bigint | undefined;
  /** An earlier run of the agent mounted it: nobody knows at what size. */
  readonly foundOnDisk: boolean;
  /** The driver refuses to expand to this size, now or ever: no retry until another is asked or it is mounted anew. */
  readonly expandRefusedBytes: bigint | undefined;
}

/** Whether the size was neither reached nor refused in this run. */
export function isExpansionDue(actual: ActualVolume, wantedBytes: bigint): boolean {
  const reached = actual.sizeBytes !== undefined && actual.sizeBytes >= wantedBytes;
  return !reached && actual.expandRefusedBytes !== wantedBytes;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface ActualEntry extends Mutable<Omit<ActualVolume, 'pods'>> {
  readonly pods: Map<string, PodMount>;
}

export type NewVolume = Pick<ActualVolume, 'name' | 'spec' | 'plugin' | 'attachability' | 'attached' | 'devicePath'>;

export class ActualStateOfWorld {
  readonly #volumes = new Map<UniqueVolumeName, ActualEntry>();
  readonly #namesByPod = new Map<PodUid, Set<UniqueVolumeName>>();

  get(name: UniqueVolumeName): ActualVolume | undefined {
    return this.#volumes.get(name);
  }

  list(): IterableIterator<ActualVolume> {
    return this.#volumes.values();
  }

  /** Records the volume as known to this node, or updates what is known about its attachment. */
  addVolume(volume: NewVolume): void {
    const before = this.#volumes.get(volume.name);
    if (before) Object.assign(before, volume);
    else {
      this.#volumes.set(volume.name, {
        ...volume,
        device: 'notMounted',
        deviceReconstructed: false,
        deviceMountPath: '',
        pods: new Map(),
        sizeBytes: undefined,
        foundOnDisk: false,
        expandRefusedBytes: undefined,
      });
    }
  }

  markAttachability(name: UniqueVolumeName, attachability: 'required' | 'notRequired'): void {
    this.#entry(name).attachability = attachability;
  }

  markAttached(name: UniqueVolumeName, devicePath: string): void {
    Object.assign(this.#entry(name), { attached: true, devicePath });
  }

  markDevice(name: UniqueVolumeName, device: ActualVolume['device'], deviceMountPath: string): void {
    Object.assign(this.#entry(name), { device, deviceMountPath, deviceReconstructed: false });
  }

  markDeviceReconstructed(name: UniqueVolumeName, state: MountState, deviceMountPath: string): void {
    const found = { device: state, deviceMountPath, deviceReconstructed: true, foundOnDisk: true };
    Object.assign(this.#entry(name), found);
  }

  setDevicePath(name: UniqueVolumeName, devicePath: string): void {
    this.#entry(name).devicePath = devicePath;
  }

  /**
   * What is known of the size when a pod gets the volume; later looks at the claim may see another node's work. So may
   * the first look after a restart of the agent.
   */
  initializeSize(name: UniqueVolumeName, sizeBytes: bigint | undefined): void {
    const entry = this.#entry(name);
    if (!entry.foundOnDisk) entry.sizeBytes ??= sizeBytes;
  }

  markExpanded(name: UniqueVolumeName, sizeBytes: bigint): void {
    Object.assign(this.#entry(name), { sizeBytes, expandRefusedBytes: undefined });
  }

  markExpandRefused(name: UniqueVolumeName, sizeBytes: bigint): void {
    this.#entry(name).expandRefusedBytes = sizeBytes;
  }

  /** Nothing is to be expanded now: what is asked for next is asked for anew. */
  forgetExpandRefusal(name: UniqueVolumeName): void {
    const entry = this.#volumes.get(name);
    if (entry) entry.expandRefusedBytes = undefined;
  }

  setPodMount(name: UniqueVolumeName, mount: PodMount): void {
    const entry = this.#entry(name);
    entry.pods.set(podVolumeKey(mount.podUid, mount.spec.name), mount);
    entry.foundOnDisk ||= mount.reconstructed;
    const names = this.#namesByPod.get(mount.podUid) ?? new Set();
    this.#namesByPod.set(mount.podUid, names.add(name));
  }

  removePodMount(name: UniqueVolumeName, key: string): void {
    const entry = this.#entry(name);
    const mount = entry.pods.get(key);
    if (!mount) return;
    entry.pods.delete(key);
    if ([...entry.pods.values()].some((other) => other.podUid === mount.podUid)) return;
    const names = this.#namesByPod.get(mount.podUid);
    names?.delete(name);
    if (names?.size === 0) this.#namesByPod.delete(mount.podUid);
  }

  /** Marks the pod's mounts whose plugins want setUp repeated. Answers the names of the volumes. */
  markRemountRequired(podUid: PodUid): readonly UniqueVolumeName[] {
    const marked: UniqueVolumeName[] = [];
    for (const name of this.#namesByPod.get(podUid) ?? []) {
      const entry = this.#entry(name);
      for (const [key, mount] of entry.pods) {
        if (mount.podUid !== podUid || !entry.plugin.requiresRemount(mount.spec)) continue;
        entry.pods.set(key, { ...mount, remountRequired: true });
        marked.push(name);
      }
    }
    return marked;
  }

  /** Forgets a volume that is mounted nowhere: from now on it may be detached. */
  forget(name: UniqueVolumeName): void {
    const entry = this.#entry(name);
    assert(entry.pods.size === 0 && entry.device === 'notMounted', 'a mounted volume is forgotten');
    this.#volumes.delete(name);
  }

  hasPod(podUid: PodUid): boolean {
    return this.#namesByPod.has(podUid);
  }

  podUids(): Iterable<PodUid> {
    return this.#namesByPod.keys();
  }

  mountsOfPod(podUid: PodUid): readonly { readonly volume: ActualVolume; readonly mount: PodMount }[] {
    const found: { volume: ActualVolume; mount: PodMount }[] = [];
    for (const name of this.#namesByPod.get(podUid) ?? []) {
      const volume = this.#entry(name);
      for (const mount of volume.pods.values()) if (mount.podUid === podUid) found.push({ volume, mount });
    }
    return found;
  }

  /** Whether another pod has the volume mounted, or may have. */
  isMountedElsewhere(name: UniqueVolumeName, podUid: PodUid): boolean {
    const pods = this.#volumes.get(name)?.pods.values() ?? [];
    return [...pods].some((mount) => mount.podUid !== podUid);
  }

  #entry(name: UniqueVolumeName): ActualEntry {
    const entry = this.#volumes.get(name);
    assert(entry, 'the volume is not in the actual state of the world');
    return entry;
  }
}
