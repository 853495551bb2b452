// Generated from schema/apps.v1.api by `npm run generate:api`. Do not edit.
import type * as core from './core.v1.gen.ts';
import type * as meta from './meta.v1.gen.ts';

/** A state of a controller's template that can be gone back to. */
export interface ControllerRevision {
  readonly apiVersion: string;
  readonly kind: string;
  readonly data?: unknown;
  readonly metadata: meta.NamespacedObjectMeta;
  readonly revision: number;
}

/** One pod on every node, or on those selected. */
export interface DaemonSet {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.NamespacedObjectMeta;
  /** Which pod, on which nodes. */
  readonly spec: DaemonSetSpec;
  /** The present state of the set. */
  readonly status?: DaemonSetStatus;
}

export interface DaemonSetCondition {
  readonly lastTransitionTime?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly status: string;
  readonly type: string;
}

export interface DaemonSetSpec {
  readonly minReadySeconds?: number;
  readonly revisionHistoryLimit?: number;
  readonly selector: meta.LabelSelector;
  readonly template: core.PodTemplateSpec;
  readonly updateStrategy?: DaemonSetUpdateStrategy;
}

export interface DaemonSetStatus {
  readonly collisionCount?: number;
  readonly conditions?: readonly DaemonSetCondition[];
  readonly currentNumberScheduled: number;
  readonly desiredNumberScheduled: number;
  readonly numberAvailable?: number;
  readonly numberMisscheduled: number;
  readonly numberReady: number;
  readonly numberUnavailable?: number;
  readonly observedGeneration?: number;
  readonly updatedNumberScheduled?: number;
}

export interface DaemonSetUpdateStrategy {
  readonly rollingUpdate?: RollingUpdateDaemonSet;
  readonly type?: string;
}

/** Pods that are alike, replaced step by step when their template changes. */
export interface Deployment {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.NamespacedObjectMeta;
  /** How many pods, and of what kind. */
  readonly spec: DeploymentSpec;
  /** The present state of the deployment. */
  readonly status?: DeploymentStatus;
}

export interface DeploymentCondition {
  readonly lastTransitionTime?: string;
  readonly lastUpdateTime?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly status: string;
  readonly type: string;
}

export interface DeploymentSpec {
  /** How long a pod must be ready to count as available. */
  readonly minReadySeconds?: number;
  /** Whether changes of the template wait. */
  readonly paused?: boolean;
  /** How long a rollout may make no progress before it counts as failed. */
  readonly progressDeadlineSeconds?: number;
  /** How many pods are wanted. */
  readonly replicas?: number;
  /** How many old ReplicaSets are kept. */
  readonly revisionHistoryLimit?: number;
  /** The pods that belong to the deployment; it cannot be changed. */
  readonly selector: meta.LabelSelector;
  /** How old pods are replaced by new ones. */
  readonly strategy?: DeploymentStrategy;
  /** What the pods are made from. */
  readonly template: core.PodTemplateSpec;
}

export interface DeploymentStatus {
  readonly availableReplicas?: number;
  readonly collisionCount?: number;
  readonly conditions?: readonly DeploymentCondition[];
  readonly observedGeneration?: number;
  readonly readyReplicas?: number;
  readonly replicas?: number;
  readonly terminatingReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly updatedReplicas?: number;
}

export interface DeploymentStrategy {
  readonly rollingUpdate?: RollingUpdateDeployment;
  readonly type?: string;
}

/** A number of pods that are alike. */
export interface ReplicaSet {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.NamespacedObjectMeta;
  /** How many pods, and of what kind. */
  readonly spec: ReplicaSetSpec;
  /** The present state of the set. */
  readonly status?: ReplicaSetStatus;
}

export interface ReplicaSetCondition {
  readonly lastTransitionTime?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly status: string;
  readonly type: string;
}

export interface ReplicaSetSpec {
  readonly minReadySeconds?: number;
  readonly replicas?: number;
  readonly selector: meta.LabelSelector;
  readonly template?: core.PodTemplateSpec;
}

export interface ReplicaSetStatus {
  readonly availableReplicas?: number;
  readonly conditions?: readonly ReplicaSetCondition[];
  readonly fullyLabeledReplicas?: number;
  readonly observedGeneration?: number;
  readonly readyReplicas?: number;
  readonly replicas: number;
  readonly terminatingReplicas?: number;
}

export interface RollingUpdateDaemonSet {
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
}

export interface RollingUpdateDeployment {
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
}

export interface RollingUpdateStatefulSetStrategy {
  readonly maxUnavailable?: number | string;
  readonly partition?: number;
}

/** Pods with names and storage of their own, started and stopped in order. */
export interface StatefulSet {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.NamespacedObjectMeta;
  /** How many pods, and of what kind. */
  readonly spec: StatefulSetSpec;
  /** The present state of the set. */
  readonly status?: StatefulSetStatus;
}

export interface StatefulSetCondition {
  readonly lastTransitionTime?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly status: string;
  readonly type: string;
}

export interface StatefulSetOrdinals {
  readonly start?: number;
}

/** What becomes of the claims of a set. */
export interface StatefulSetPersistentVolumeClaimRetentionPolicy {
  /** Retain or Delete the claims when the set is deleted. */
  readonly whenDeleted?: string;
  /** Retain or Delete the claims of pods that scaling down removes. */
  readonly whenScaled?: string;
}

/** How many pods a set has, and of what kind. */
export interface StatefulSetSpec {
  /** How long a pod must be ready to count as available. */
  readonly minReadySeconds?: number;
  /** Where the numbering of the pods begins. */
  readonly ordinals?: StatefulSetOrdinals;
  /** What becomes of the claims when the set is deleted or scaled down. */
  readonly persistentVolumeClaimRetentionPolicy?: StatefulSetPersistentVolumeClaimRetentionPolicy;
  /** Whether pods start one after another (OrderedReady) or at once (Parallel). */
  readonly podManagementPolicy?: string;
  /** How many pods are wanted. */
  readonly replicas?: number;
  /** How many old revisions are kept. */
  readonly revisionHistoryLimit?: number;
  /** The pods that belong to the set; it cannot be changed. */
  readonly selector: meta.LabelSelector;
  /** The headless service that gives the pods their names. */
  readonly serviceName?: string;
  /** What the pods are made from. */
  readonly template: core.PodTemplateSpec;
  /** How a changed template reaches the pods. */
  readonly updateStrategy?: StatefulSetUpdateStrategy;
  /** What each pod's own claims are made from; they cannot be changed. */
  readonly volumeClaimTemplates?: readonly core.PersistentVolumeClaim[];
}

export interface StatefulSetStatus {
  readonly availableReplicas?: number;
  readonly collisionCount?: number;
  readonly conditions?: readonly StatefulSetCondition[];
  readonly currentReplicas?: number;
  readonly currentRevision?: string;
  readonly observedGeneration?: number;
  readonly readyReplicas?: number;
  readonly replicas: number;
  readonly updateRevision?: string;
  readonly updatedReplicas?: number;
}

export interface StatefulSetUpdateStrategy {
  readonly rollingUpdate?: RollingUpdateStatefulSetStrategy;
  readonly type?: string;
}

