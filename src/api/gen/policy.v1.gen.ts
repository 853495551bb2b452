// Generated from schema/policy.v1.api by `npm run generate:api`. Do not edit.
import type * as meta from './meta.v1.gen.ts';

export interface Eviction {
  readonly apiVersion: string;
  readonly kind: string;
  readonly deleteOptions?: meta.DeleteOptions;
  readonly metadata: meta.NamespacedObjectMeta;
}

export interface PodDisruptionBudget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: meta.NamespacedObjectMeta;
  readonly spec: PodDisruptionBudgetSpec;
  readonly status?: PodDisruptionBudgetStatus;
}

export interface PodDisruptionBudgetSpec {
  readonly maxUnavailable?: number | string;
  readonly minAvailable?: number | string;
  readonly selector?: meta.LabelSelector;
  readonly unhealthyPodEvictionPolicy?: string;
}

export interface PodDisruptionBudgetStatus {
  readonly conditions?: readonly meta.Condition[];
  readonly currentHealthy?: number;
  readonly desiredHealthy?: number;
  readonly disruptedPods?: Readonly<Record<string, string>>;
  readonly disruptionsAllowed?: number;
  readonly expectedPods?: number;
  readonly observedGeneration?: number;
}

