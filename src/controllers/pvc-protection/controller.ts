/**
 * The claim protection controller: a claim in use is not removed, however often it is deleted. Where the gate is on it
 * also tells since when a claim is used by nobody.
 */
import { keyOf, type PersistentVolumeClaim, type Pod, persistentVolumeClaims, pods } from '../../api/index.ts';
import { type Informer, type ResourceEventHandler, runReconciler } from '../../client/index.ts';
import { claimProtectionFinalizer, isPodTerminated, podClaims } from '../../component-helpers/index.ts';
import { decideProtection } from '../common/finalizers.ts';
import { addPodClaimIndex, podsUsingClaim } from '../common/pod-claim-index.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { syncClaim } from './sync-claim.ts';
import { decideUnused } from './unused-condition.ts';

export const claimProtectionControllerName = 'persistentvolumeclaim-protection-controller';

export interface ClaimProtectionOptions extends Omit<ControllerOptions, 'recorder'> {
  /** The gate PersistentVolumeClaimUnusedSinceTime; off by default, as in Kubernetes 1.36. */
  readonly tellsUnused?: boolean;
}

export function startClaimProtectionController(options: ClaimProtectionOptions): AsyncDisposable {
  const { informers, client, clock, tellsUnused = false } = options;
  const logger = options.logger.with({ component: claimProtectionControllerName });
  const claimInformer = informers.informer(persistentVolumeClaims);
  const podInformer = informers.informer(pods);
  addPodClaimIndex(podInformer);
  return startWhenSynced(informers, logger, (stack) => {
    const context = { client, clock, claims: claimInformer, pods: podInformer, tellsUnused };
    const reconcile = (key: string, signal: AbortSignal) => syncClaim(context, key, signal);
    const queue = stack.use(
      runReconciler({ name: 'pvcprotection', clock, logger, metrics: options.metrics, reconcile }),
    );
    const wake = (claim: PersistentVolumeClaim) => {
      if (hasWork(claim, podInformer, tellsUnused)) queue.add(keyOf(claim));
    };
    const wakeClaimsOf = (pod: Pod) => {
      for (const { claimName } of podClaims(pod)) {
        const claim = claimInformer.get(`${pod.metadata.namespace}/${claimName}`);
        if (claim) wake(claim);
      }
    };
    stack.use(claimInformer.addHandler({ onAdd: wake, onUpdate: (_previous, claim) => wake(claim) }));
    stack.use(podInformer.addHandler({ onDelete: wakeClaimsOf, ...(tellsUnused ? usersOf(wakeClaimsOf) : {}) }));
  });
}

/** Pods that come or go without a change for the claim wake nothing. */
function hasWork(claim: PersistentVolumeClaim, podCache: Informer<Pod>, tellsUnused: boolean): boolean {
  if (decideProtection(claim, claimProtectionFinalizer).kind !== 'settled') return true;
  return tellsUnused && decideUnused(claim, podsUsingClaim(podCache, keyOf(claim))).kind !== 'settled';
}

/** Pods that begin or end to use their claims. */
function usersOf(wakeClaimsOf: (pod: Pod) => void): ResourceEventHandler<Pod> {
  return {
    onAdd: wakeClaimsOf,
    onUpdate: (previous, pod) => {
      if (isPodTerminated(previous) !== isPodTerminated(pod)) wakeClaimsOf(pod);
    },
  };
}
