/** Which volumes a pod wants attached to its node. Pure. Upstream: attachdetach/util/util.go. */
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttachmentSource } from '../../api/index.ts';
import {
  annControllerManagedAttach,
  findCsiVolume,
  findInlineCsiVolume,
  isExclusiveVolume,
  isPodTerminated,
  podClaims,
  podIsOwner,
} from '../../component-helpers/index.ts';
import {
  type CsiVolume,
  csiUniqueVolumeName,
  specFromPersistentVolume,
  specFromVolume,
  type VolumeSpec,
} from '../../volume-plugins/index.ts';

export interface PodVolumeWorld {
  node(name: string): Node | undefined;
  claim(key: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  attachRequired(driver: string): boolean;
  /** Whether the volume is one of a FlexVolume driver that attaches. */
  isFlexAttachable(spec: VolumeSpec, volumeName: string, driver: string): boolean;
}

export interface WantedVolume {
  /** As nodes list it: `kubernetes.io/csi/<driver>^<handle>`, or `<FlexVolume driver>/<volume>`. */
  readonly volumeName: string;
  /** What users know the volume by. */
  readonly name: string;
  /** What an attachment of it names. */
  readonly source: VolumeAttachmentSource;
  /** The volume of a FlexVolume driver, which has no attachments. */
  readonly flex?: VolumeSpec;
  /** Whether it must be on one node at a time. */
  readonly exclusive: boolean;
}

const annKeepTerminatedPodVolumes = 'volumes.kubernetes.io/keep-terminated-pod-volumes';

/** Nodes that opt in have their volumes attached by the controller; on others the agent does it. */
export function isManagedNode(node: Node): boolean {
  return node.metadata.annotations?.[annControllerManagedAttach] !== undefined;
}

/**
 * The volumes that must be attached to the pod's node for its sake; none when it has ended. A pod whose Node object was
 * deleted still wants what it has: it may run, and is taken away by the pod garbage collector.
 */
export function wantedVolumes(pod: Pod, world: PodVolumeWorld): readonly WantedVolume[] {
  if (!pod.spec.nodeName || !needsVolumes(pod, world.node(pod.spec.nodeName))) return [];
  const wanted = new Map<string, WantedVolume>();
  for (const { csi, name, source, accessModes } of podSources(pod, world)) {
    if (!world.attachRequired(csi.driver)) continue;
    const volumeName = csiUniqueVolumeName(csi);
    if (wanted.has(volumeName)) continue;
    wanted.set(volumeName, { volumeName, name, source, exclusive: isExclusiveVolume({ accessModes }) });
  }
  for (const volume of flexVolumes(pod, world)) {
    if (!wanted.has(volume.volumeName)) wanted.set(volume.volumeName, volume);
  }
  return [...wanted.values()];
}

/** The plugins of the attachable volumes that a pod on a node uses, attached by whomever. */
export function pluginsUsed(pod: Pod, world: PodVolumeWorld): readonly string[] {
  if (!pod.spec.nodeName) return [];
  const csi = podSources(pod, world).map(({ csi: { driver } }) => csiPluginName(driver));
  return [...csi, ...flexVolumes(pod, world).map(({ source }) => source.inlineVolumeSpec?.flexVolume?.driver ?? '')];
}

/** The name that metrics give to a CSI driver's plugin. */
export function csiPluginName(driver: string): string {
  return `kubernetes.io/csi:${driver}`;
}

function flexVolumes(pod: Pod, world: PodVolumeWorld): readonly WantedVolume[] {
  const wanted: WantedVolume[] = [];
  const add = (spec: VolumeSpec, driver: string, accessModes: readonly string[]) => {
    const volumeName = `${driver}/${spec.name}`;
    if (!world.isFlexAttachable(spec, volumeName, driver)) return;
    const source = { inlineVolumeSpec: { flexVolume: { driver } } };
    wanted.push({ volumeName, name: spec.name, source, exclusive: isExclusiveVolume({ accessModes }), flex: spec });
  };
  for (const volume of boundVolumes(pod, world)) {
    const { accessModes = [], flexVolume } = volume.spec;
    if (flexVolume) add(specFromPersistentVolume(volume, false), flexVolume.driver, accessModes);
  }
  for (const volume of pod.spec.volumes ?? []) {
    if (volume.flexVolume) add(specFromVolume(volume), volume.flexVolume.driver, []);
  }
  return wanted;
}

/** A volume of a pod that a CSI driver serves. */
interface PodSource extends Pick<WantedVolume, 'name' | 'source'> {
  readonly csi: CsiVolume;
  readonly accessModes: readonly string[];
}

function podSources(pod: Pod, world: PodVolumeWorld): readonly PodSource[] {
  return [...claimSources(pod, world), ...inlineSources(pod)];
}

function claimSources(pod: Pod, world: PodVolumeWorld): readonly PodSource[] {
  const sources: PodSource[] = [];
  for (const bound of boundVolumes(pod, world)) {
    const volume = findCsiVolume(bound);
    if (!volume?.spec.csi) continue;
    const { name } = volume.metadata;
    const { accessModes = [], csi } = volume.spec;
    sources.push({ csi, name, source: { persistentVolumeName: name }, accessModes });
  }
  return sources;
}

/** The volumes behind the pod's claims. */
function boundVolumes(pod: Pod, world: PodVolumeWorld): readonly PersistentVolume[] {
  const volumes: PersistentVolume[] = [];
  for (const { claimName, ephemeral } of podClaims(pod)) {
    const claim = world.claim(`${pod.metadata.namespace}/${claimName}`);
    if (!claim || (ephemeral && !podIsOwner(pod, claim))) continue;
    const volume = boundVolume(claim, world);
    if (volume) volumes.push(volume);
  }
  return volumes;
}

/** The volumes in the pod itself, of the built-in plugins whose types CSI drivers took over. */
function inlineSources({ metadata, spec }: Pod): readonly PodSource[] {
  const sources: PodSource[] = [];
  for (const inline of spec.volumes ?? []) {
    // The agent tells of what nobody can make sense of.
    const volume = findInlineCsiVolume(inline, metadata.namespace ?? '');
    if (!volume?.spec.csi) continue;
    const { accessModes = [], csi } = volume.spec;
    sources.push({ csi, name: volume.metadata.name, source: { inlineVolumeSpec: volume.spec }, accessModes });
  }
  return sources;
}

function needsVolumes(pod: Pod, node: Node | undefined): boolean {
  if (node && !isManagedNode(node)) return false;
  // For debugging: the volumes of a pod that ended stay until the pod is gone.
  return !isPodTerminated(pod) || node?.metadata.annotations?.[annKeepTerminatedPodVolumes] === 'true';
}

/** Both sides must agree: a claim that merely names a volume may be an impostor. */
function boundVolume(claim: PersistentVolumeClaim, world: PodVolumeWorld): PersistentVolume | undefined {
  if (claim.status?.phase !== 'Bound' || !claim.spec.volumeName) return undefined;
  const volume = world.volume(claim.spec.volumeName);
  return volume?.spec.claimRef?.uid === claim.metadata.uid ? volume : undefined;
}
