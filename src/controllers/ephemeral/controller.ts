/** The ephemeral volume controller: gives every generic ephemeral volume of a pod its claim. */
import { keyOf, type Pod, persistentVolumeClaims, pods } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { Announcer } from '../common/announcer.ts';
import { addPodClaimIndex, podsUsingClaim } from '../common/pod-claim-index.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { ephemeralVolumes, syncPod } from './sync-pod.ts';

/** The name that its events carry. */
export const ephemeralVolumeControllerName = 'ephemeral_volume';

export function startEphemeralVolumeController(options: ControllerOptions): AsyncDisposable {
  const { informers, client, clock, recorder } = options;
  const logger = options.logger.with({ component: ephemeralVolumeControllerName });
  const podInformer = informers.informer(pods);
  const claims = informers.informer(persistentVolumeClaims);
  addPodClaimIndex(podInformer);
  return startWhenSynced(informers, logger, (stack) => {
    const announcer = new Announcer(clock, recorder);
    const context = { client, announcer, pods: podInformer, claims };
    const reconcile = (key: string, signal: AbortSignal) => syncPod(context, key, signal);
    const queue = stack.use(
      runReconciler({
        name: 'ephemeral_volume',
        clock,
        logger,
        metrics: options.metrics,
        concurrency: options.concurrency,
        reconcile,
      }),
    );
    const wake = (pod: Pod) => {
      if (ephemeralVolumes(pod).length > 0) queue.add(keyOf(pod));
    };
    stack.use(
      podInformer.addHandler({
        onAdd: wake,
        onUpdate: (previous, pod) => {
          if (previous.spec !== pod.spec) wake(pod);
        },
        onDelete: (pod) => {
          for (const volume of ephemeralVolumes(pod)) announcer.forget(keyOf(pod), volume.name);
        },
      }),
    );
    // A claim that vanished under its pod is made again; one that blocked a pod makes room.
    stack.use(
      claims.addHandler({
        onDelete: (claim) => {
          for (const pod of podsUsingClaim(podInformer, keyOf(claim))) wake(pod);
        },
      }),
    );
  });
}
