/** What ReplicaSets and ReplicationControllers have in common: a number of pods of one template. */
import type {
  KubernetesObject,
  LabelSelector,
  NamespacedObjectMeta,
  ReplicaSet,
  ReplicaSetStatus,
  ResourceType,
} from '../../api/index.ts';

export interface Replicated extends KubernetesObject {
  readonly metadata: NamespacedObjectMeta;
  readonly spec: Pick<ReplicaSet['spec'], 'replicas' | 'minReadySeconds' | 'template'>;
  readonly status?: ReplicaSetStatus;
}

export interface ReplicaKind<T extends Replicated> {
  readonly type: ResourceType<T>;
  /** The name that its events carry. */
  readonly controllerName: string;
  readonly selectorOf: (owner: T) => LabelSelector | undefined;
  /** Whether its status tells of pods that are on their way out. */
  readonly countsTerminating: boolean;
}
