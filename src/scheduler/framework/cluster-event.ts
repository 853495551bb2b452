/** Changes in the cluster that may make a waiting pod schedulable, under the labels that upstream's metrics give them. */
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
  VolumeAttachment,
} from '../../api/index.ts';

interface EventObjects {
  NodeAdd: Node;
  NodeDelete: Node;
  UpdateNodeAllocatable: Node;
  UpdateNodeLabel: Node;
  UpdateNodeTaint: Node;
  UpdateNodeCondition: Node;
  UpdateNodeAnnotation: Node;
  /** A pod that has a node: bound by anybody, or assumed and now confirmed. */
  AssignedPodAdd: Pod;
  /** Labels, requests or phase of a pod that has a node. */
  AssignedPodUpdate: Pod;
  /** A pod left its node: deleted or finished. Also told when a placement that was assumed is taken back. */
  AssignedPodDelete: Pod;
  /** The waiting pod itself changed; only that pod hears of it. */
  PodUpdate: Pod;
  PersistentVolumeClaimAdd: PersistentVolumeClaim;
  PersistentVolumeClaimUpdate: PersistentVolumeClaim;
  PersistentVolumeClaimDelete: PersistentVolumeClaim;
  PersistentVolumeAdd: PersistentVolume;
  PersistentVolumeUpdate: PersistentVolume;
  PersistentVolumeDelete: PersistentVolume;
  StorageClassAdd: StorageClass;
  StorageClassUpdate: StorageClass;
  StorageClassDelete: StorageClass;
  CSINodeAdd: CSINode;
  CSINodeUpdate: CSINode;
  CSINodeDelete: CSINode;
  CSIDriverAdd: CSIDriver;
  CSIDriverUpdate: CSIDriver;
  CSIDriverDelete: CSIDriver;
  CSIStorageCapacityAdd: CSIStorageCapacity;
  CSIStorageCapacityUpdate: CSIStorageCapacity;
  CSIStorageCapacityDelete: CSIStorageCapacity;
  VolumeAttachmentAdd: VolumeAttachment;
  VolumeAttachmentUpdate: VolumeAttachment;
  VolumeAttachmentDelete: VolumeAttachment;
  NamespaceUpdate: Namespace;
}

export type ClusterEvent = keyof EventObjects;

/**
 * Whether the change may make the pod schedulable. `previous` is undefined for an addition, `current` for a deletion.
 * Upstream: QueueingHintFn. It must not throw; when in doubt it says true.
 */
export type QueueingHint<T> = (pod: Pod, previous: T | undefined, current: T | undefined) => boolean;

/** What a plugin registers: the event, and whether it is worth waking the pod. Without a hint every such event is. */
export interface ClusterEventWithHint {
  readonly event: ClusterEvent;
  readonly hint?: QueueingHint<unknown>;
}

/** Registers one hint for several events about the same kind of object. */
export function on<E extends ClusterEvent>(
  events: readonly E[],
  hint?: QueueingHint<EventObjects[E]>,
): readonly ClusterEventWithHint[] {
  return events.map((event) => (hint ? { event, hint: hint as QueueingHint<unknown> } : { event }));
}

/** What an event carries, from the informers to the hints. */
export interface Happening {
  readonly event: ClusterEvent;
  readonly previous?: unknown;
  readonly current?: unknown;
}
