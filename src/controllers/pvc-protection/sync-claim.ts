/** Keeps a claim that is being deleted until no scheduled pod uses it. Upstream: volume/pvcprotection. */
import { type PersistentVolumeClaim, type Pod, persistentVolumeClaims, pods } from '../../api/index.ts';
import { unreachable } from '../../base/index.ts';
import { type Client, done, type Informer, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { claimProtectionFinalizer, podClaims, podIsOwner } from '../../component-helpers/index.ts';
import { decideProtection, withFinalizer, withoutFinalizer } from '../common/finalizers.ts';
import { podsUsingClaim } from '../common/pod-claim-index.ts';

/** When a pod is asked for again that the server knows and the cache does not. */
const recheckMs = 10_000;

export interface ClaimProtectionContext {
  readonly client: Client;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly pods: Informer<Pod>;
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
      return done;
    case 'protect':
      await context.client.update(persistentVolumeClaims, withFinalizer(claim, claimProtectionFinalizer), { signal });
      return done;
    case 'releaseIfUnused':
      if (podsUsingClaim(context.pods, key).some((pod) => keepsClaim(pod, claim))) return done;
      // Its end may be missed with all that the cache missed of it.
      if (await isInUse(context, claim, signal)) return requeueAfter(recheckMs);
      await context.client.update(persistentVolumeClaims, withoutFinalizer(claim, claimProtectionFinalizer), {
        signal,
      });
      return done;
    default:
      return unreachable(decision, 'protection decision');
  }
}

/** A cache can say yes; only the API server can say no, because pods and claims reach caches at different times. */
async function isInUse({ client }: ClaimProtectionContext, claim: PersistentVolumeClaim, signal: AbortSignal) {
  const { items } = await client.list(pods, { namespace: claim.metadata.namespace, signal });
  return items.some((pod) => keepsClaim(pod, claim));
}

/**
 * Whether the pod holds the claim: it has a node, ended or not. A pod without a node never gets one while the claim is
 * being deleted. An ephemeral volume holds only the claim that was made for it.
 */
export function keepsClaim(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if (!pod.spec.nodeName) return false;
  return podClaims(pod).some(
    ({ claimName, ephemeral }) => claimName === claim.metadata.name && (!ephemeral || podIsOwner(pod, claim)),
  );
}
