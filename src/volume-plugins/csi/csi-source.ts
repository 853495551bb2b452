import { hash } from 'node:crypto';
import type { SecretReference } from '../../api/index.ts';
import { finalError } from '../errors.ts';
import { mountOptionsOf } from '../mount-options.ts';
import { accessModesOf, type VolumeSpec } from '../volume-spec.ts';

export type LifecycleMode = 'Persistent' | 'Ephemeral';

/** What the CSI calls of the node need from a volume, whether it is persistent or lives in a pod. */
export interface CsiSource {
  readonly driver: string;
  readonly volumeHandle: string;
  readonly lifecycle: LifecycleMode;
  readonly fsType: string;
  readonly readOnly: boolean;
  readonly volumeAttributes: Readonly<Record<string, string>>;
  /** The first access mode of the PersistentVolume: the driver is told one. */
  readonly accessMode: string;
  readonly mountOptions: readonly string[];
  readonly stageSecret: SecretReference | undefined;
  readonly publishSecret: SecretReference | undefined;
  readonly expandSecret: SecretReference | undefined;
}

/** The handle of an inline volume: its own for each pod and volume name. */
export function ephemeralVolumeHandle(podUid: string, volumeName: string): string {
  return `csi-${hash('sha256', `${podUid}${volumeName}`)}`;
}

/** The driver of a CSI volume, or undefined for a volume of another kind. */
export function csiDriverOf(spec: VolumeSpec): string | undefined {
  return spec.kind === 'inline' ? spec.volume.csi?.driver : spec.persistentVolume.spec.csi?.driver;
}

export interface PodIdentity {
  readonly podUid: string;
  readonly namespace: string;
}

/** The pod is needed for inline volumes only. */
export function csiSourceOf(spec: VolumeSpec, pod?: PodIdentity): CsiSource {
  return spec.kind === 'inline' ? inlineSource(spec, pod) : persistentSource(spec);
}

function inlineSource(spec: VolumeSpec & { kind: 'inline' }, pod: PodIdentity | undefined): CsiSource {
  const { csi } = spec.volume;
  if (!csi || !pod) throw finalError('kubernetes.io/csi: volume source not found in volume.Spec');
  return {
    driver: csi.driver,
    volumeHandle: ephemeralVolumeHandle(pod.podUid, spec.name),
    lifecycle: 'Ephemeral',
    fsType: csi.fsType ?? '',
    readOnly: csi.readOnly ?? false,
    volumeAttributes: csi.volumeAttributes ?? {},
    accessMode: 'ReadWriteOnce',
    mountOptions: [],
    stageSecret: undefined,
    publishSecret: csi.nodePublishSecretRef && { namespace: pod.namespace, ...csi.nodePublishSecretRef },
    expandSecret: undefined,
  };
}

function persistentSource(spec: VolumeSpec & { kind: 'persistent' }): CsiSource {
  const { csi } = spec.persistentVolume.spec;
  if (!csi) throw finalError('kubernetes.io/csi: volume source not found in volume.Spec');
  return {
    driver: csi.driver,
    volumeHandle: csi.volumeHandle,
    lifecycle: 'Persistent',
    fsType: csi.fsType ?? '',
    readOnly: spec.readOnly || (csi.readOnly ?? false),
    volumeAttributes: csi.volumeAttributes ?? {},
    accessMode: accessModesOf(spec)[0] ?? 'ReadWriteOnce',
    mountOptions: mountOptionsOf(spec),
    stageSecret: csi.nodeStageSecretRef,
    publishSecret: csi.nodePublishSecretRef,
    expandSecret: csi.nodeExpandSecretRef,
  };
}
