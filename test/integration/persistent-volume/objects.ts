/** Claims and volumes for tables: what matters in a case is written, the rest is the same everywhere. */
import type {
  Draft,
  KubernetesObject,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
} from '../../../src/api/index.ts';

const boundByController = 'pv.kubernetes.io/bound-by-controller';
const bindCompleted = 'pv.kubernetes.io/bind-completed';

type VolumeSpec = PersistentVolume['spec'];
type ClaimSpec = PersistentVolumeClaim['spec'];

export interface VolumeOptions {
  readonly size?: string;
  readonly class?: string;
  readonly modes?: readonly string[];
  readonly mode?: string;
  readonly policy?: string;
  readonly phase?: string;
  /** The claim in its claimRef, with that claim's uid. */
  readonly to?: string;
  /** The claim in its claimRef, with no uid: reserved by a user. */
  readonly for?: string;
  /** The claim in its claimRef, with a uid that no claim has. */
  readonly toGone?: string;
  /** Bound by the controller. */
  readonly controller?: boolean;
  readonly provisionedBy?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  /** Its deletion has begun; a finalizer holds it. */
  readonly deleting?: boolean;
  /** A directory below /tmp by default. */
  readonly source?: Partial<VolumeSpec>;
  readonly spec?: Partial<VolumeSpec>;
}

export interface ClaimOptions {
  readonly size?: string;
  readonly class?: string;
  readonly modes?: readonly string[];
  readonly mode?: string;
  readonly phase?: string;
  /** The volume it names. */
  readonly on?: string;
  readonly controller?: boolean;
  readonly completed?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deleting?: boolean;
  /** status.capacity.storage; that of a Bound claim is its size by default. */
  readonly capacity?: string;
  readonly spec?: Partial<ClaimSpec>;
}

export interface Given<T extends KubernetesObject, O> {
  readonly draft: Draft<T>;
  readonly options: O;
}

export type GivenVolume = Given<PersistentVolume, VolumeOptions>;
export type GivenClaim = Given<PersistentVolumeClaim, ClaimOptions>;

/** Available, 1Gi, ReadWriteOnce, Retain, no class. */
export function volume(name: string, options: VolumeOptions = {}): GivenVolume {
  const { controller, provisionedBy } = options;
  const annotations = {
    ...(controller ? { [boundByController]: 'yes' } : {}),
    ...(provisionedBy ? { 'pv.kubernetes.io/provisioned-by': provisionedBy } : {}),
    ...options.annotations,
  };
  const finalizers = [...(options.finalizers ?? []), ...(options.deleting ? ['test/held'] : [])];
  const metadata = { name, annotations, labels: options.labels ?? {}, finalizers };
  const spec: VolumeSpec = {
    capacity: { storage: options.size ?? '1Gi' },
    accessModes: options.modes ?? ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: options.policy ?? 'Retain',
    storageClassName: options.class ?? '',
    ...(options.mode ? { volumeMode: options.mode } : {}),
    ...(options.source ?? { hostPath: { path: `/tmp/volumes/${name}` } }),
    ...options.spec,
  };
  return { draft: { metadata, spec }, options };
}

/** Pending, 1Gi, ReadWriteOnce, class ''. */
export function claim(name: string, options: ClaimOptions = {}): GivenClaim {
  const annotations = {
    ...(options.controller ? { [boundByController]: 'yes' } : {}),
    ...(options.completed ? { [bindCompleted]: 'yes' } : {}),
    ...options.annotations,
  };
  const metadata = {
    namespace: 'default',
    name,
    annotations,
    labels: options.labels ?? {},
    finalizers: options.deleting ? ['test/held'] : [],
  };
  const spec: ClaimSpec = {
    accessModes: options.modes ?? ['ReadWriteOnce'],
    resources: { requests: { storage: options.size ?? '1Gi' } },
    storageClassName: options.class ?? '',
    ...(options.mode ? { volumeMode: options.mode } : {}),
    ...(options.on ? { volumeName: options.on } : {}),
    ...options.spec,
  };
  return { draft: { metadata, spec }, options };
}

/** A claim as it is when the controller has bound it to the volume. */
export function boundClaim(name: string, on: string, options: ClaimOptions = {}): GivenClaim {
  return claim(name, { phase: 'Bound', on, controller: true, completed: true, ...options });
}

export interface ClassOptions {
  readonly wait?: boolean;
  readonly isDefault?: boolean;
  readonly policy?: string;
  readonly more?: Partial<StorageClass>;
}

export function storageClass(name: string, provisioner: string, options: ClassOptions = {}): Draft<StorageClass> {
  return {
    metadata: {
      name,
      annotations: { 'storageclass.kubernetes.io/is-default-class': String(options.isDefault ?? false) },
    },
    provisioner,
    reclaimPolicy: options.policy ?? 'Delete',
    volumeBindingMode: options.wait ? 'WaitForFirstConsumer' : 'Immediate',
    ...options.more,
  };
}
