import type { KubernetesObject } from '../../api/index.ts';

export function hasFinalizer(object: KubernetesObject, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false;
}

export function withFinalizer<T extends KubernetesObject>(object: T, finalizer: string): T {
  return {
    ...object,
    metadata: { ...object.metadata, finalizers: [...(object.metadata.finalizers ?? []), finalizer] },
  };
}

export function withoutFinalizer<T extends KubernetesObject>(object: T, finalizer: string): T {
  const finalizers = object.metadata.finalizers?.filter((other) => other !== finalizer) ?? [];
  return { ...object, metadata: { ...object.metadata, finalizers } };
}

export type ProtectionDecision =
  /** The object came without its protection. */
  | { readonly kind: 'protect' }
  /** It is being deleted: it may go when nothing uses it. */
  | { readonly kind: 'releaseIfUnused' }
  | { readonly kind: 'settled' };

/** What a protection controller does with an object and its finalizer. */
export function decideProtection(object: KubernetesObject, finalizer: string): ProtectionDecision {
  const isProtected = hasFinalizer(object, finalizer);
  const isDeleting = object.metadata.deletionTimestamp !== undefined;
  if (isDeleting) return { kind: isProtected ? 'releaseIfUnused' : 'settled' };
  return { kind: isProtected ? 'settled' : 'protect' };
}
