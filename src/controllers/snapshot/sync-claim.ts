/** One claim: kept while a snapshot is being taken of it, and let go when none is. Upstream: checkandRemovePVCFinalizer. */
import {
  claimAsSourceFinalizer,
  isConflict,
  isNotFound,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  volumeSnapshots,
} from '../../api/index.ts';
import { isAbort, unreachable } from '../../base/index.ts';
import { done, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { withFinalizer, withoutFinalizer } from '../common/finalizers.ts';
import { byClaim, type SnapshotContext } from './context.ts';
import { isProtectedClaim, needsClaim, pointsBack, sourceClaimKey } from './snapshot-state.ts';

/** When a snapshot is looked for again that the server knows and the cache does not. */
const recheckMs = 10_000;

export type ClaimDecision = 'protect' | 'releaseIfUnused' | 'settled';

/** A claim is protected before a content is made; here that is made good when somebody took the protection away. */
export function decideClaim(
  claim: PersistentVolumeClaim,
  use: { readonly isNeeded: boolean; readonly hasContent: boolean },
): ClaimDecision {
  if (isProtectedClaim(claim)) return use.isNeeded ? 'settled' : 'releaseIfUnused';
  return use.hasContent && claim.metadata.deletionTimestamp === undefined ? 'protect' : 'settled';
}

export async function syncClaim(context: SnapshotContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  const claim = context.claims.get(key);
  if (!claim) return done;
  const users = context.snapshots.byIndex(byClaim, key).filter(needsClaim);
  const hasContent = users.some((snapshot) => {
    const content = context.contents.get(snapshot.status?.boundVolumeSnapshotContentName ?? '');
    return content !== undefined && pointsBack(content, snapshot);
  });
  const decision = decideClaim(claim, { isNeeded: users.length > 0, hasContent });
  switch (decision) {
    case 'settled':
      return done;
    case 'protect':
      await context.client.update(persistentVolumeClaims, withFinalizer(claim, claimAsSourceFinalizer), { signal });
      return done;
    case 'releaseIfUnused':
      return await release(context, claim, key, signal);
    default:
      return unreachable(decision, 'claim decision');
  }
}

async function release(
  context: SnapshotContext,
  claim: PersistentVolumeClaim,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  try {
    if (await isNeededLive(context, key, claim.metadata.namespace, signal)) return requeueAfter(recheckMs);
    await context.client.update(persistentVolumeClaims, withoutFinalizer(claim, claimAsSourceFinalizer), { signal });
    return done;
  } catch (thrown) {
    if (isNotFound(thrown)) return done;
    if (!isAbort(thrown) && !isConflict(thrown)) tellOfFailure(context, key);
    throw thrown;
  }
}

/** Only the API server can say that no snapshot is being taken. */
async function isNeededLive({ client }: SnapshotContext, key: string, namespace: string, signal: AbortSignal) {
  const { items } = await client.list(volumeSnapshots, { namespace, signal });
  return items.some((snapshot) => sourceClaimKey(snapshot) === key && needsClaim(snapshot));
}

function tellOfFailure({ snapshots, announcer }: SnapshotContext, key: string): void {
  const message = 'Error check and remove PVC Finalizer for VolumeSnapshot';
  for (const snapshot of snapshots.byIndex(byClaim, key))
    announcer.announce(snapshot, { type: 'Warning', reason: 'ErrorPVCFinalizer', message }, 'claim');
}
