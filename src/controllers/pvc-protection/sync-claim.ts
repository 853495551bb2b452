/** Keeps a claim that is being deleted until no scheduled pod uses it, and tells which ones no pod uses. Upstream: volume/pvcprotection. */
import { keyOf, type PersistentVolumeClaim, type Pod, persistentVolumeClaims, pods } from '../../api/index.ts';
import { type Clock, unreachable } from '../../base/index.ts';
import { type Client, done, type Informer, ifFound, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { claimProtectionFinalizer } from '../../component-helpers/index.ts';
import { decideProtection, withFinalizer, withoutFinalizer } from '../common/finalizers.ts';
import { podsUsingClaim } from '../common/pod-claim-index.ts';
import { namesClaim } from './names-claim.ts';
import { decideUnused, withUnusedCondition } from './unused-condition.ts';

/** When a pod is asked for again that the server knows and the cache does not. */
const recheckMs = 10_000;

export interface ClaimProtectionContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly pods: Informer<Pod>;
  /** Whether claims show since when no pod names them. */
  readonly tellsUnused: boolean;
}

export async function syncClaim(
  context: ClaimProtectionContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const claim = context.claims.get(key);
  if (!claim) return done;
  const decision = decideProtection(claim, claimProtectionFinalizer);
  switch (decision.kind) {
    case 'settled':
      await tellUnused(context, claim, signal);
      return done;
    case 'protect':
      await write(context, withFinalizer(claim, claimProtectionFinalizer), signal);
      return done;
    case 'releaseIfUnused':
      if (podsUsingClaim(context.pods, key).some((pod) => keepsClaim(pod, claim))) return done;
      // Its end may be missed with all that the cache missed of it.
      if (await isInUse(context, claim, signal)) return requeueAfter(recheckMs);
      await write(context, withoutFinalizer(claim, claimProtectionFinalizer), signal);
      return done;
    default:
      return unreachable(decision, 'protection decision');
  }
}

/** A claim that is gone by now needs nothing. */
async function write({ client }: ClaimProtectionContext, claim: PersistentVolumeClaim, signal: AbortSignal) {
  await ifFound(client.update(persistentVolumeClaims, claim, { signal }));
}

/** What the cache shows is told; a pod that it does not show yet wakes the claim when it comes. */
async function tellUnused(
  { client, clock, pods: podCache, tellsUnused }: ClaimProtectionContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<void> {
  if (!tellsUnused) return;
  const decision = decideUnused(claim, podsUsingClaim(podCache, keyOf(claim)));
  if (decision.kind === 'settled') return;
  const wanted = withUnusedCondition(claim, decision.status, clock);
  await ifFound(client.updateStatus(persistentVolumeClaims, wanted, { signal }));
}

/** A cache can say yes; only the API server can say no, because pods and claims reach caches at different times. */
async function isInUse({ client }: ClaimProtectionContext, claim: PersistentVolumeClaim, signal: AbortSignal) {
  const { items } = await client.list(pods, { namespace: claim.metadata.namespace, signal });
  return items.some((pod) => keepsClaim(pod, claim));
}

/**
 * Whether the pod holds the claim: it has a node, ended or not. A pod without a node never gets one while the claim is
 * being deleted.
 */
export function keepsClaim(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if (!pod.spec.nodeName) return false;
  return namesClaim(pod, claim);
}
