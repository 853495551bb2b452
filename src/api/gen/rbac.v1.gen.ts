// Generated from schema/rbac.v1.api by `npm run generate:api`. Do not edit.
import type * as meta from './meta.v1.gen.ts';

export interface AggregationRule {
  readonly clusterRoleSelectors?: readonly meta.LabelSelector[];
}

export interface ClusterRole {
  readonly apiVersion: string;
  readonly kind: string;
  readonly aggregationRule?: AggregationRule;
  readonly metadata: meta.ObjectMeta;
  readonly rules?: readonly PolicyRule[];
}

export interface ClusterRoleBinding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: meta.ObjectMeta;
  readonly roleRef: RoleRef;
  readonly subjects?: readonly Subject[];
}

export interface PolicyRule {
  readonly apiGroups?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
}

export interface Role {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: meta.NamespacedObjectMeta;
  readonly rules?: readonly PolicyRule[];
}

export interface RoleBinding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: meta.NamespacedObjectMeta;
  readonly roleRef: RoleRef;
  readonly subjects?: readonly Subject[];
}

export interface RoleRef {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
}

export interface Subject {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

