/** The claim protection controller: a claim in use is not removed, however often it is deleted. */
import { keyOf, type PersistentVolumeClaim, persistentVolumeClaims, pods } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { claimProtectionFinalizer, podClaims } from '../../component-helpers/index.ts';
import { decideProtection } from '../common/finalizers.ts';
import { addPodClaimIndex } from '../common/pod-claim-index.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { syncClaim } from './sync-claim.ts';

export const claimProtectionControllerName = 'persistentvolumeclaim-protection-controller';

export function startClaimProtectionController(options: Omit<ControllerOptions, 'recorder'>): AsyncDisposable {
  const { informers, client, clock } = options;
  const logger = options.logger.with({ component: claimProtectionControllerName });
  const claimInformer = informers.informer(persistentVolumeClaims);
  const podInformer = informers.informer(pods);
  addPodClaimIndex(podInformer);
  return startWhenSynced(informers, logger, (stack) => {
    const context = { client, claims: claimInformer, pods: podInformer };
    const reconcile = (key: string, signal: AbortSignal) => syncClaim(context, key, signal);
    const queue = stack.use(
      runReconciler({ name: 'pvcprotection', clock, logger, metrics: options.metrics, reconcile }),
    );
    const wake = (claim: PersistentVolumeClaim) => {
      if (decideProtection(claim, claimProtectionFinalizer).kind !== 'settled') queue.add(keyOf(claim));
    };
    stack.use(claimInformer.addHandler({ onAdd: wake, onUpdate: (_previous, claim) => wake(claim) }));
    stack.use(
      podInformer.addHandler({
        onDelete: (pod) => {
          for (const { claimName } of podClaims(pod)) {
            const claim = claimInformer.get(`${pod.metadata.namespace}/${claimName}`);
            if (claim) wake(claim);
          }
        },
      }),
    );
  });
}
