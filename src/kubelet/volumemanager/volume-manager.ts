/**
 * The contract between the volume manager and the rest of the node agent. The pod side asks for a pod's volumes and
 * waits; the volume manager mounts what the pods of this node need and unmounts what no pod needs any more. It never
 * unmounts while a container of the pod may be running.
 */
import type { Pod } from '../../api/index.ts';

/** metadata.uid of a pod. For static pods: the uid derived from the file, not the mirror pod's. */
export type PodUid = string;
/** pod.spec.volumes[].name: what volumeMounts and volumeDevices refer to. */
export type OuterVolumeName = string;
/** `<plugin>/<volume>` as in node.status.volumesInUse and volumesAttached. */
export type UniqueVolumeName = string;

/** One volume of one pod that is ready for containers. */
export interface MountedVolume {
  readonly outerVolumeName: OuterVolumeName;
  /** Name of the PersistentVolume, else the outer name. The directory under the pod's volumes carries it. */
  readonly innerVolumeName: string;
  readonly uniqueVolumeName: UniqueVolumeName;
  readonly pluginName: string;
  /** Filesystem volumes: the directory (hostPath: or file) on the host that is bound into containers. Block: ''. */
  readonly path: string;
  /** Block volumes: the path of the device on the host. */
  readonly blockDevicePath?: string;
  /** The volume itself (claim source, PersistentVolume or inline source) is read-only, whatever the volumeMount says. */
  readonly readOnly: boolean;
  /** The runtime should relabel the content for the container (SELinux hosts only). */
  readonly seLinuxRelabel: boolean;
}

/** What the volume manager must know about the pods of this node. Implemented by the pod side of the agent. */
export interface PodProvider {
  /** Every pod bound to this node that the agent knows, static ones included, terminating and finished ones too. */
  list(): readonly Pod[];
  get(podUid: PodUid): Pod | undefined;
  /** Whether the pod is being stopped for good or has finished (deleted, evicted, Succeeded, Failed): mount nothing new. */
  isTerminating(podUid: PodUid): boolean;
  /**
   * Whether a container of the pod (init, ephemeral, terminating ones included) runs or may run. True while the
   * runtime has not answered. Asked again right before each unmount.
   */
  containersRunning(podUid: PodUid): boolean;
  /** Whether every source of pods has been read in full at least once since the agent started. */
  sourcesReady(): boolean;
  /** Called when a pod appears, changes, goes, or its last container has ended, and when sources become ready. */
  onChange(listener: (podUid: PodUid | undefined) => void): Disposable;
}

/** Where a volume of a pod stands: what `explain` and the debug endpoint read. */
export interface VolumeProgress {
  readonly outerVolumeName: OuterVolumeName;
  readonly uniqueVolumeName?: UniqueVolumeName;
  readonly step: VolumeStep;
  /** Wall-clock time in milliseconds at which the volume entered this step. */
  readonly sinceMs: number;
  /** The last failure of the step and when the next try is due. */
  readonly lastError?: { readonly message: string; readonly atMs: number; readonly retryAtMs: number };
}

export type VolumeStep =
  | 'waitForClaim'
  | 'waitForReportedInUse'
  | 'waitForAttach'
  | 'mountDevice'
  | 'setUp'
  | 'expand'
  | 'mounted'
  | 'tearDown'
  | 'unmountDevice';

/** A pod's volumes did not all become ready (or all go) in time. The message names them and the last real errors. */
export class VolumesNotReadyError extends Error {
  override readonly name = 'VolumesNotReadyError';
}

export interface VolumeManager extends AsyncDisposable {
  /** Reconstructs from disk, then keeps reconciling until disposed. The informers may still be syncing. */
  start(): void;
  /**
   * Resolves when every volume that a container of the pod uses is mounted. Rejects with VolumesNotReadyError after
   * 2 min 3 s, and with an AbortError when the signal aborts. Mounting goes on regardless: call again.
   */
  waitForAttachAndMount(pod: Pod, signal: AbortSignal): Promise<void>;
  /** Resolves when no volume of the pod is mounted or possibly mounted. Same errors as waitForAttachAndMount. */
  waitForUnmount(pod: Pod, signal: AbortSignal): Promise<void>;
  /** The pod's mounted volumes by outer name. */
  getMountedVolumesForPod(podUid: PodUid): ReadonlyMap<OuterVolumeName, MountedVolume>;
  /** As getMountedVolumesForPod, with volumes whose mount is in doubt. */
  getPossiblyMountedVolumesForPod(podUid: PodUid): ReadonlyMap<OuterVolumeName, MountedVolume>;
  /** Whether anything of the pod is or may be mounted, also when its spec is not known any more (orphan clean-up asks). */
  hasPossiblyMountedVolumes(podUid: PodUid): boolean;
  /**
   * Whether anything of any volume is or may be mounted, mapped or staged, or a step is under way. False until
   * reconstruction has finished.
   */
  holdsVolumes(): boolean;
  /** Group ids of `pv.beta.kubernetes.io/gid` annotations that containers get beside the pod's own. */
  getExtraSupplementalGroupsForPod(pod: Pod): readonly number[];
  /**
   * Sorted names for node.status.volumesInUse. Publish them only while reconcilerStatesHasBeenSynced() is true: an
   * empty list from an agent that has just started would let a volume be detached under its mounts.
   */
  getVolumesInUse(): readonly UniqueVolumeName[];
  /** Tells that the API server holds these names in node.status.volumesInUse. */
  markVolumesAsReportedInUse(names: readonly UniqueVolumeName[]): void;
  /** Whether reconstruction has finished, so that the volumes in use are known. */
  reconcilerStatesHasBeenSynced(): boolean;
  volumeIsAttached(name: UniqueVolumeName): boolean;
  /** Where each volume of the pod stands and why it waits. */
  explainPod(podUid: PodUid): readonly VolumeProgress[];
}
