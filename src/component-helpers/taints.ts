import type { Taint, Toleration } from '../api/index.ts';

/** Whether the toleration tolerates the taint. Empty key and effect match all; no operator means Equal. */
export function toleratesTaint(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator || 'Equal') {
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '');
    case 'Exists':
      return true;
    default:
      return false;
  }
}

/** The first taint, of the given effects, that no toleration tolerates. */
export function findUntoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[],
): Taint | undefined {
  for (const taint of taints ?? []) {
    if (effects.includes(taint.effect) && !isTolerated(taint, tolerations)) return taint;
  }
  return undefined;
}

// Asked for each pod and node: a loop, and no function made for it.
function isTolerated(taint: Taint, tolerations: readonly Toleration[] | undefined): boolean {
  for (const toleration of tolerations ?? []) if (toleratesTaint(toleration, taint)) return true;
  return false;
}
