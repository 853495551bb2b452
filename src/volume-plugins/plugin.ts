/**
 * What the node agent asks of a volume plugin. A plugin is one object per agent; the mounters it hands out belong to
 * one volume of one pod. Every step is idempotent and may be repeated after a crash. Failures are VolumeErrors, whose
 * kind tells whether the step may have had its effect.
 *
 * Upstream: pkg/volume/plugins.go, pkg/volume/volume.go.
 */
import type { Pod } from '../api/index.ts';
import type { VolumeSpec } from './volume-spec.ts';

export interface VolumePlugin {
  /** `kubernetes.io/empty-dir`, ... Directories carry it with `/` replaced by `~`. */
  readonly name: string;
  canSupport(spec: VolumeSpec): boolean;
  /** What tells the volume apart within the plugin: a CSI volume's `<driver>^<handle>`, a path, the volume's name. */
  getVolumeName(spec: VolumeSpec): string;
  /** Whether setUp is repeated while the pod runs (configMap and its kin, CSI drivers with requiresRepublish). */
  requiresRemount(spec: VolumeSpec): boolean;
  readonly supportsMountOption: boolean;
  newMounter(spec: VolumeSpec, pod: Pod): Mounter;
  /** For the directory `pods/<podUid>/volumes/<plugin>/<volumeName>`; works without the pod. */
  newUnmounter(target: UnmountTarget): Unmounter;
  /** Reads back what is mounted from a directory that an earlier run left. Rejects when it cannot be told. */
  constructVolumeSpec(target: PodVolumeDirectory): Promise<ReconstructedVolume>;
  /** Plugins whose volumes a controller must attach to the node first. */
  canAttach?(spec: VolumeSpec): boolean;
  /** Whether canAttach answers from complete knowledge (for CSI: the CSIDriver objects have been listed). */
  readonly attachabilityKnown?: boolean;
  readonly deviceMounter?: DeviceMounter;
  readonly blockMapper?: BlockVolumeMapper;
  readonly nodeExpander?: NodeExpander;
}

/** A volume's directory under a pod as found on disk. */
export interface PodVolumeDirectory {
  readonly podUid: string;
  /** The directory's name: PersistentVolume name or outer volume name. */
  readonly volumeName: string;
  readonly volumeMode: 'Filesystem' | 'Block';
}

export interface UnmountTarget {
  readonly podUid: string;
  readonly volumeName: string;
  /** As far as it is known: what is written beside the mount comes first. */
  readonly spec?: VolumeSpec | undefined;
}

export interface ReconstructedVolume {
  readonly spec: VolumeSpec;
  /**
   * Whether the mount is there and is the one that setUp made: same boot, same mount identity. Then the volume is
   * taken over as it is; else setUp runs again when the pod is still wanted.
   */
  readonly intact: boolean;
}

export interface MounterArgs {
  readonly fsGroup?: number | undefined;
  readonly fsGroupChangePolicy?: string | undefined;
  /** The uid that all containers of the pod run as, when they agree. */
  readonly fsUser?: number | undefined;
  /** The volume is mounted already: a failure must leave it as it is. */
  readonly remount: boolean;
  /** The volume was found on disk after a restart: a failure must leave it as it is. */
  readonly reconstructed: boolean;
  /** Aborts when the pod no longer wants the volume: long work that is not a call to a driver stops then. */
  readonly unwanted?: AbortSignal | undefined;
}

export interface VolumeAttributes {
  readonly readOnly: boolean;
  /** Whether the runtime may relabel the content (SELinux hosts). */
  readonly seLinuxRelabel: boolean;
}

export interface Mounter {
  /** The host path that containers get. */
  readonly path: string;
  readonly attributes: VolumeAttributes;
  /** Makes the volume present at `path`. The signal aborts when the agent stops. */
  setUp(args: MounterArgs, signal: AbortSignal): Promise<void>;
}

export interface Unmounter {
  readonly path: string;
  /** Undoes setUp and removes the volume's directory. Nothing there is success. */
  tearDown(signal: AbortSignal): Promise<void>;
}

export interface MountDeviceRequest {
  readonly spec: VolumeSpec;
  readonly devicePath: string;
  readonly fsGroup?: number | undefined;
  /** The global mount was found on disk after a restart: a failure must leave it as it is. */
  readonly reconstructed: boolean;
}

/** The step that is done once per node and volume, before the per-pod mounts: stage, or mount of the device. */
export interface DeviceMounter {
  canDeviceMount(spec: VolumeSpec): boolean;
  getDeviceMountPath(spec: VolumeSpec): string;
  /** Waits until the attached volume can be used on this node and returns the device's path ('' if there is none). */
  waitForAttach(spec: VolumeSpec, devicePath: string, signal: AbortSignal): Promise<string>;
  mountDevice(request: MountDeviceRequest, signal: AbortSignal): Promise<void>;
  unmountDevice(target: UnmountDeviceTarget, signal: AbortSignal): Promise<void>;
  /**
   * Global mounts that an earlier run left, whether or not a pod's directory refers to them. Called once, before
   * anything is mounted: directories of steps that never came to their call are removed.
   */
  findGlobalMounts(): Promise<readonly GlobalMount[]>;
}

export interface UnmountDeviceTarget {
  readonly deviceMountPath: string;
  /** As far as it is known: what is written beside the mount comes first. */
  readonly spec?: VolumeSpec | undefined;
}

export interface GlobalMount {
  readonly spec: VolumeSpec;
  readonly deviceMountPath: string;
  readonly intact: boolean;
  /** Pods that a block device was made for, or may have been. */
  readonly podUids?: readonly string[];
}

/** Raw block volumes: the node-wide step (setUpDevice) and the per-pod step (mapPodDevice), and their inverses. */
export interface BlockVolumeMapper {
  /** The node's directory for the volume: `<path>/<podUid>` is the device as the pod gets it. */
  getGlobalMapPath(spec: VolumeSpec): string;
  /** Where setUpDevice prepares the device; '' when there is nothing to prepare. */
  getStagingPath(spec: VolumeSpec): string;
  setUpDevice(request: MountDeviceRequest, signal: AbortSignal): Promise<void>;
  /** Makes the device available to the pod and returns its path on the host. */
  mapPodDevice(request: MapPodDeviceRequest, signal: AbortSignal): Promise<string>;
  unmapPodDevice(target: UnmountTarget, signal: AbortSignal): Promise<void>;
  tearDownDevice(spec: VolumeSpec, signal: AbortSignal): Promise<void>;
}

export interface MapPodDeviceRequest {
  readonly spec: VolumeSpec;
  readonly pod: Pod;
  /** The device is mapped already, or was found on disk: a failure must leave it as it is. */
  readonly keepOnFailure: boolean;
}

export interface NodeExpandRequest {
  readonly spec: VolumeSpec;
  readonly newSizeBytes: bigint;
  /** What the claim shows. */
  readonly oldSizeBytes: bigint;
  /** The pod's mount, or for block volumes the published device. */
  readonly volumePath: string;
  readonly deviceStagePath: string;
  readonly devicePath: string;
  /** While no pod has the volume mounted yet (between stage and publish), or while it is in use. */
  readonly online: boolean;
}

export interface NodeExpander {
  readonly requiresFsResize: boolean;
  /**
   * Answers the size in bytes that the volume has now, as far as the plugin can tell: undefined says that it grew, or
   * that there is no node step for it. Codes that end the retries are in the error.
   */
  nodeExpand(request: NodeExpandRequest, signal: AbortSignal): Promise<bigint | undefined>;
}
