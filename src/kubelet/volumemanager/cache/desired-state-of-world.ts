/**
 * What should be mounted: the volumes that containers of this node's pods use. The populator writes it, the reconciler
 * reads it. A pod stays in it until its containers are gone.
 */
import type { Pod } from '../../../api/index.ts';
import { uniqueVolumeName, type VolumePlugin, type VolumeSpec } from '../../../volume-plugins/index.ts';
import type { OuterVolumeName, PodUid, UniqueVolumeName } from '../volume-manager.ts';

/** One volume of one pod. A pod may reach one PersistentVolume under several outer names. */
export interface DesiredPodVolume {
  readonly pod: Pod;
  readonly spec: VolumeSpec;
  readonly outerVolumeNames: ReadonlySet<OuterVolumeName>;
  /** The PersistentVolume's `pv.beta.kubernetes.io/gid`. */
  readonly gid: string | undefined;
  readonly requestedAtMs: number;
}

export interface DesiredVolume {
  readonly name: UniqueVolumeName;
  readonly plugin: VolumePlugin;
  /** A controller must attach it before this node may touch it. */
  readonly attachable: boolean;
  readonly deviceMountable: boolean;
  /** The API server holds the name in node.status.volumesInUse: only then may volumesAttached be relied on. */
  readonly reportedInUse: boolean;
  /** By podVolumeKey. */
  readonly pods: ReadonlyMap<string, DesiredPodVolume>;
  /** The size that the volume must have on this node, in bytes, when it is the node's turn to see to it. */
  readonly expandToBytes: bigint | undefined;
  /** The size that the claim shows. */
  readonly claimSizeBytes: bigint | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface DesiredEntry extends Mutable<Omit<DesiredVolume, 'pods'>> {
  readonly pods: Map<string, DesiredPodVolume>;
}

/** Tells a pod's mounts of one volume apart: two PersistentVolumes with one handle are two mounts of one volume. */
export function podVolumeKey(podUid: PodUid, volumeName: string): string {
  return `${podUid}/${volumeName}`;
}

export interface AddPodVolume {
  readonly pod: Pod;
  readonly spec: VolumeSpec;
  readonly plugin: VolumePlugin;
  readonly outerVolumeName: OuterVolumeName;
  readonly gid: string | undefined;
  readonly expandToBytes: bigint | undefined;
  readonly claimSizeBytes: bigint | undefined;
  readonly nowMs: number;
}

export class DesiredStateOfWorld {
  readonly #volumes = new Map<UniqueVolumeName, DesiredEntry>();
  readonly #namesByPod = new Map<PodUid, Set<UniqueVolumeName>>();
  readonly #errors = new Map<PodUid, ReadonlyMap<OuterVolumeName, string>>();

  /** Adds the volume or refreshes the pod and spec of one that is there. Answers its unique name. */
  addPodToVolume(add: AddPodVolume): UniqueVolumeName {
    const { pod, spec, plugin } = add;
    const podUid = pod.metadata.uid;
    const name = uniqueVolumeName(plugin, spec, podUid);
    const entry = this.#volumes.get(name) ?? this.#create(name, plugin, spec);
    const key = podVolumeKey(podUid, spec.name);
    const before = entry.pods.get(key);
    entry.pods.set(key, {
      pod,
      spec,
      outerVolumeNames: new Set([...(before?.outerVolumeNames ?? []), add.outerVolumeName]),
      gid: add.gid,
      requestedAtMs: before?.requestedAtMs ?? add.nowMs,
    });
    entry.attachable = plugin.canAttach?.(spec) ?? false;
    entry.expandToBytes = add.expandToBytes;
    entry.claimSizeBytes = add.claimSizeBytes;
    const names = this.#namesByPod.get(podUid) ?? new Set();
    this.#namesByPod.set(podUid, names.add(name));
    return name;
  }

  #create(name: UniqueVolumeName, plugin: VolumePlugin, spec: VolumeSpec): DesiredEntry {
    const entry: DesiredEntry = {
      name,
      plugin,
      attachable: plugin.canAttach?.(spec) ?? false,
      deviceMountable: plugin.deviceMounter?.canDeviceMount(spec) ?? false,
      reportedInUse: false,
      pods: new Map(),
      expandToBytes: undefined,
      claimSizeBytes: undefined,
    };
    this.#volumes.set(name, entry);
    return entry;
  }

  /** Removes the pod from all its volumes. Answers the names of volumes that changed. */
  deletePod(podUid: PodUid): readonly UniqueVolumeName[] {
    this.#errors.delete(podUid);
    const names = [...(this.#namesByPod.get(podUid) ?? [])];
    this.#namesByPod.delete(podUid);
    for (const name of names) {
      const entry = this.#volumes.get(name);
      if (!entry) continue;
      for (const [key, { pod }] of entry.pods) if (pod.metadata.uid === podUid) entry.pods.delete(key);
      if (entry.pods.size === 0) this.#volumes.delete(name);
    }
    return names;
  }

  /** The pod's object has changed, its volumes have not: files of its volumes may show the change. */
  refreshPod(pod: Pod): void {
    for (const name of this.#namesByPod.get(pod.metadata.uid) ?? []) {
      const pods = this.#volumes.get(name)?.pods;
      for (const [key, volume] of pods ?? []) {
        if (volume.pod.metadata.uid === pod.metadata.uid) pods?.set(key, { ...volume, pod });
      }
    }
  }

  outerVolumeNames(podUid: PodUid): ReadonlySet<OuterVolumeName> {
    const names = new Set<OuterVolumeName>();
    for (const volume of this.volumesOfPod(podUid)) {
      for (const { pod, outerVolumeNames } of volume.pods.values()) {
        if (pod.metadata.uid === podUid) for (const name of outerVolumeNames) names.add(name);
      }
    }
    return names;
  }

  get(name: UniqueVolumeName): DesiredVolume | undefined {
    return this.#volumes.get(name);
  }

  list(): IterableIterator<DesiredVolume> {
    return this.#volumes.values();
  }

  podUids(): Iterable<PodUid> {
    return new Set([...this.#namesByPod.keys(), ...this.#errors.keys()]);
  }

  hasPod(podUid: PodUid): boolean {
    return this.#namesByPod.has(podUid);
  }

  volumesOfPod(podUid: PodUid): readonly DesiredVolume[] {
    const volumes: DesiredVolume[] = [];
    for (const name of this.#namesByPod.get(podUid) ?? []) {
      const entry = this.#volumes.get(name);
      if (entry) volumes.push(entry);
    }
    return volumes;
  }

  /** The names the API server holds as in use; all others lose the mark. Answers the names that gained it. */
  markReportedInUse(names: ReadonlySet<UniqueVolumeName>): readonly UniqueVolumeName[] {
    const gained: UniqueVolumeName[] = [];
    for (const entry of this.#volumes.values()) {
      const reported = names.has(entry.name);
      if (reported && !entry.reportedInUse) gained.push(entry.name);
      entry.reportedInUse = reported;
    }
    return gained;
  }

  /** Why volumes of the pod could not be added, by outer name. An empty map clears. */
  setPodErrors(podUid: PodUid, errors: ReadonlyMap<OuterVolumeName, string>): void {
    if (errors.size === 0) this.#errors.delete(podUid);
    else this.#errors.set(podUid, errors);
  }

  podErrors(podUid: PodUid): ReadonlyMap<OuterVolumeName, string> {
    return this.#errors.get(podUid) ?? new Map();
  }
}
