/** What becomes of an object whose owners are gone or going, and of an owner that waits for its dependents. Pure. */
import type { KubernetesObject, OwnerReference } from '../../api/index.ts';

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

/** An owner as the API server shows it now. */
export type OwnerState = 'solid' | 'gone' | 'deletingInForeground';

export interface OwnerView {
  readonly reference: OwnerReference;
  readonly state: OwnerState;
}

export type DependentDecision =
  | { readonly kind: 'keep' }
  /** Some owners are gone, others hold the object: their references go. */
  | { readonly kind: 'dropReferences'; readonly remaining: readonly OwnerReference[] }
  | { readonly kind: 'delete'; readonly propagationPolicy: 'Background' | 'Foreground' };

/** Upstream: garbagecollector.go attemptToDeleteItem. */
export function decideDependent(
  object: KubernetesObject,
  owners: readonly OwnerView[],
  hasDependents: boolean,
): DependentDecision {
  const deleting = object.metadata.deletionTimestamp !== undefined;
  if (owners.length === 0 || (deleting && !object.metadata.finalizers?.includes(foregroundFinalizer)))
    return { kind: 'keep' };
  const solid = owners.filter(({ state }) => state === 'solid').map(({ reference }) => reference);
  if (solid.length === owners.length) return { kind: 'keep' };
  if (solid.length > 0) return { kind: 'dropReferences', remaining: solid };
  if (deleting) return { kind: 'keep' };
  const waiting = owners.some(({ state }) => state === 'deletingInForeground');
  return { kind: 'delete', propagationPolicy: waiting && hasDependents ? 'Foreground' : 'Background' };
}

export type OwnerDecision =
  | { readonly kind: 'nothing' }
  /** Every dependent forgets this owner, then the finalizer goes. */
  | { readonly kind: 'orphan' }
  /** Dependents that block the deletion are still there. */
  | { readonly kind: 'wait'; readonly blocking: readonly KubernetesObject[] }
  | { readonly kind: 'release'; readonly finalizer: string };

export function decideOwner(owner: KubernetesObject, dependents: readonly KubernetesObject[]): OwnerDecision {
  const { deletionTimestamp, finalizers = [], uid } = owner.metadata;
  if (deletionTimestamp === undefined) return { kind: 'nothing' };
  if (finalizers.includes(orphanFinalizer)) {
    return dependents.length > 0 ? { kind: 'orphan' } : { kind: 'release', finalizer: orphanFinalizer };
  }
  if (!finalizers.includes(foregroundFinalizer)) return { kind: 'nothing' };
  const blocking = dependents.filter(({ metadata }) =>
    metadata.ownerReferences?.some((reference) => reference.uid === uid && reference.blockOwnerDeletion === true),
  );
  return blocking.length > 0 ? { kind: 'wait', blocking } : { kind: 'release', finalizer: foregroundFinalizer };
}
