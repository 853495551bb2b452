/** Small objects for the tables of the volume plugins, all in the namespace `ns` unless said otherwise. */
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  Labels,
  Node,
  NodeSelectorTerm,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeSpec,
  Pod,
  StorageClass,
  Volume,
  VolumeAttachment,
} from '../../../api/index.ts';
import {
  annBindCompleted,
  annMigratedPlugins,
  annSelectedNode,
  labelHostname,
} from '../../../component-helpers/index.ts';

export const gone = '2026-01-01T00:00:00Z';

function meta(name: string) {
  return { name, uid: `uid-${name}`, resourceVersion: '10', creationTimestamp: gone };
}

interface PodOptions {
  readonly namespace?: string;
  readonly uid?: string;
  readonly node?: string;
  readonly claims?: readonly string[];
  /** The names of ephemeral volumes; their claims are `<pod>-<name>`. */
  readonly ephemeral?: readonly string[];
  readonly volumes?: readonly Omit<Volume, 'name'>[];
}

export function pod(name: string, options: PodOptions = {}): Pod {
  const { namespace = 'ns', uid = `uid-${name}`, node: nodeName, claims = [], ephemeral = [], volumes = [] } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...meta(name), namespace, uid },
    spec: {
      containers: [],
      volumes: [
        ...claims.map((claimName, index) => ({ name: `c${index}`, persistentVolumeClaim: { claimName } })),
        ...ephemeral.map((volume) => ({ name: volume, ephemeral: {} })),
        ...volumes.map((volume, index) => ({ name: `v${index}`, ...volume })),
      ],
      ...(nodeName === undefined ? {} : { nodeName }),
    },
  };
}

interface ClaimOptions {
  readonly namespace?: string;
  /** '' for none. */
  readonly class?: string;
  readonly size?: string;
  /** The volume it names. */
  readonly volume?: string;
  /** Whether the binding was completed. Default: when it names a volume. */
  readonly bound?: boolean;
  readonly phase?: string;
  readonly deleting?: boolean;
  readonly selectedNode?: string;
  readonly modes?: readonly string[];
  /** The pod it was made for. */
  readonly owner?: string;
  readonly version?: string;
  readonly more?: Partial<PersistentVolumeClaim['spec']>;
}

export function claim(name: string, options: ClaimOptions = {}): PersistentVolumeClaim {
  const { namespace = 'ns', size = '1Gi', volume: volumeName, bound = volumeName !== undefined, modes } = options;
  const { phase = bound ? 'Bound' : 'Pending', deleting, selectedNode, owner, version = '10', more } = options;
  const annotations = {
    ...(bound ? { [annBindCompleted]: 'yes' } : {}),
    ...(selectedNode === undefined ? {} : { [annSelectedNode]: selectedNode }),
  };
  const ownerReferences = owner
    ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: owner, uid: `uid-${owner}`, controller: true }] }
    : {};
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...meta(name),
      namespace,
      resourceVersion: version,
      annotations,
      ...ownerReferences,
      ...(deleting ? { deletionTimestamp: gone } : {}),
    },
    spec: {
      accessModes: modes ?? ['ReadWriteOnce'],
      storageClassName: options.class ?? 'wait',
      resources: { requests: { storage: size } },
      ...(volumeName === undefined ? {} : { volumeName }),
      ...more,
    },
    status: { phase },
  };
}

interface VolumeOptions {
  readonly class?: string;
  readonly size?: string;
  readonly phase?: string;
  readonly labels?: Labels;
  /** The hosts that reach it. */
  readonly hosts?: readonly string[];
  /** Labels that its nodes must have, each one of these values. */
  readonly topology?: Readonly<Record<string, readonly string[]>>;
  /** The claim `ns/name` it is for; with its uid, unless `uid` is false. */
  readonly claim?: string;
  readonly uid?: boolean;
  /** `driver/handle`. */
  readonly csi?: string;
  readonly deleting?: boolean;
  readonly version?: string;
  readonly more?: Partial<PersistentVolumeSpec>;
}

export function volume(name: string, options: VolumeOptions = {}): PersistentVolume {
  const { class: storageClassName = 'wait', size = '1Gi', labels, hosts, topology, csi, version = '10' } = options;
  const term = termOf({ ...(hosts ? { [labelHostname]: hosts } : {}), ...topology });
  const [driver = '', volumeHandle = ''] = csi?.split('/') ?? [];
  const uid = options.uid === false ? {} : { uid: `uid-${options.claim}` };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      ...meta(name),
      resourceVersion: version,
      ...(labels ? { labels } : {}),
      ...(options.deleting ? { deletionTimestamp: gone } : {}),
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: size },
      storageClassName,
      ...(term ? { nodeAffinity: { required: { nodeSelectorTerms: [term] } } } : {}),
      ...(options.claim ? { claimRef: { namespace: 'ns', name: options.claim, ...uid } } : {}),
      ...(csi ? { csi: { driver, volumeHandle } } : {}),
      ...options.more,
    },
    status: { phase: options.phase ?? 'Available' },
  };
}

function termOf(labels: Readonly<Record<string, readonly string[]>>): NodeSelectorTerm | undefined {
  const matchExpressions = Object.entries(labels).map(([key, values]) => ({ key, operator: 'In', values }));
  return matchExpressions.length > 0 ? { matchExpressions } : undefined;
}

export function storageClass(name: string, more: Partial<StorageClass> = {}): StorageClass {
  const volumeBindingMode = 'WaitForFirstConsumer';
  const base = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: meta(name) };
  return { ...base, provisioner: 'csi.example', volumeBindingMode, ...more };
}

/** A class of volumes that exist already. */
export const localClass = storageClass('wait', { provisioner: 'kubernetes.io/no-provisioner' });
export const immediateClass = storageClass('now', { volumeBindingMode: 'Immediate' });

export function node(name: string, labels: Labels = {}): Node {
  const metadata = { ...meta(name), labels: { [labelHostname]: name, ...labels } };
  return { apiVersion: 'v1', kind: 'Node', metadata, spec: {} };
}

/** Drivers with the number of volumes the node takes of each; without one it does not say. */
export function csiNode(name: string, drivers: Readonly<Record<string, number | undefined>>, migrated = ''): CSINode {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    metadata: { ...meta(name), ...(migrated ? { annotations: { [annMigratedPlugins]: migrated } } : {}) },
    spec: {
      drivers: Object.entries(drivers).map(([driver, count]) => ({
        name: driver,
        nodeID: name,
        ...(count === undefined ? {} : { allocatable: { count } }),
      })),
    },
  };
}

export function csiDriver(name: string, spec: CSIDriver['spec'] = {}): CSIDriver {
  return { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: meta(name), spec };
}

export function storageCapacity(name: string, more: Partial<CSIStorageCapacity> = {}): CSIStorageCapacity {
  const base = { apiVersion: 'storage.k8s.io/v1', kind: 'CSIStorageCapacity', storageClassName: 'wait' };
  return { ...base, metadata: { ...meta(name), namespace: 'ns' }, ...more };
}

export function attachment(name: string, nodeName: string, volumeName: string, attacher: string): VolumeAttachment {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: meta(name),
    spec: { attacher, nodeName, source: { persistentVolumeName: volumeName } },
  };
}
