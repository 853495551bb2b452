/**
 * The condition `Unused` of a claim: since when no pod names it (KEP 5541, gate PersistentVolumeClaimUnusedSinceTime).
 * It is for people who look for storage to give back; nothing here acts on it. Pure.
 * Upstream: pvc_protection_controller.go updateUnusedCondition, podUsesPVCForUnusedSince.
 */
import type { PersistentVolumeClaim, PersistentVolumeClaimCondition, Pod } from '../../api/index.ts';
import { type Clock, timestamp } from '../../base/index.ts';
import { isPodTerminated } from '../../component-helpers/index.ts';
import { namesClaim } from './names-claim.ts';

/** PersistentVolumeClaimConditionType of the API. */
const unusedConditionType = 'Unused';

export type UnusedDecision =
  | { readonly kind: 'settled' }
  | { readonly kind: 'mark'; readonly status: 'True' | 'False' };

const settled: UnusedDecision = { kind: 'settled' };

const texts = {
  True: { reason: 'NoPodsUsingPVC', message: 'No pods are currently referencing this PVC' },
  False: { reason: 'PodUsingPVC', message: 'A pod is currently referencing this PVC' },
} as const;

/**
 * Before it is bound the claim is the binder's to write, and once it is being deleted nobody needs to know. A pod counts
 * whether it has a node or not, until it has ended.
 *
 * @param users the pods whose volumes name the claim, in whatever state.
 */
export function decideUnused(claim: PersistentVolumeClaim, users: readonly Pod[]): UnusedDecision {
  if (claim.metadata.deletionTimestamp !== undefined || claim.status?.phase !== 'Bound') return settled;
  const status = users.some((pod) => !isPodTerminated(pod) && namesClaim(pod, claim)) ? 'False' : 'True';
  return unusedCondition(claim)?.status === status ? settled : { kind: 'mark', status };
}

function unusedCondition(claim: PersistentVolumeClaim): PersistentVolumeClaimCondition | undefined {
  return claim.status?.conditions?.find(({ type }) => type === unusedConditionType);
}

/** The claim with the condition as of now, where it stood or after the others. */
export function withUnusedCondition(
  claim: PersistentVolumeClaim,
  status: 'True' | 'False',
  clock: Clock,
): PersistentVolumeClaim {
  const condition = { type: unusedConditionType, status, lastTransitionTime: timestamp(clock), ...texts[status] };
  const before = claim.status?.conditions ?? [];
  const conditions = unusedCondition(claim)
    ? before.map((other) => (other.type === unusedConditionType ? condition : other))
    : [...before, condition];
  return { ...claim, status: { ...claim.status, conditions } };
}
