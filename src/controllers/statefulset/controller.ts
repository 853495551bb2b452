/** The StatefulSet controller: pods with names that last, each with claims of its own. */
import { controllerRevisions, keyOf, type Pod, persistentVolumeClaims, pods, statefulSets } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { Announcer } from '../common/announcer.ts';
import { addOwnerIndexes } from '../common/owners.ts';
import { addPodClaimIndex, podsUsingClaim } from '../common/pod-claim-index.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { parsePodName } from './ordinals.ts';
import type { StatefulSetContext } from './set-context.ts';
import { podsByParent, syncStatefulSet } from './sync-stateful-set.ts';

/** The name that its events carry. */
export const statefulSetControllerName = 'statefulset-controller';

export function startStatefulSetController(options: ControllerOptions): AsyncDisposable {
  const { informers, client, recorder, clock } = options;
  const logger = options.logger.with({ component: statefulSetControllerName });
  const context: StatefulSetContext = {
    client,
    recorder,
    announcer: new Announcer(clock, recorder),
    clock,
    sets: informers.informer(statefulSets),
    pods: informers.informer(pods),
    claims: informers.informer(persistentVolumeClaims),
    revisions: informers.informer(controllerRevisions),
  };
  addPodClaimIndex(context.pods);
  context.pods.addIndex(podsByParent, (pod) => {
    const parent = parentKey(pod);
    return parent === undefined ? [] : [parent];
  });
  addOwnerIndexes(context.revisions);
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) => syncStatefulSet(context, key, signal);
    const queue = stack.use(
      runReconciler({
        name: 'statefulset',
        clock,
        logger,
        metrics: options.metrics,
        concurrency: options.concurrency,
        reconcile,
      }),
    );
    stack.use(
      context.sets.addHandler({
        onAdd: (set) => queue.add(keyOf(set)),
        onUpdate: (_previous, set) => queue.add(keyOf(set)),
      }),
    );
    const wakeParent = (pod: Pod) => {
      const parent = parentKey(pod);
      if (parent !== undefined && context.sets.get(parent)) queue.add(parent);
    };
    stack.use(
      context.pods.addHandler({
        onAdd: wakeParent,
        onUpdate: (_previous, pod) => wakeParent(pod),
        onDelete: wakeParent,
      }),
    );
    stack.use(
      context.claims.addHandler({
        onDelete: (claim) => {
          for (const pod of podsUsingClaim(context.pods, keyOf(claim))) wakeParent(pod);
          const parent = claimParentKeys(claim.metadata.namespace, claim.metadata.name);
          for (const key of parent) if (context.sets.get(key)) queue.add(key);
        },
      }),
    );
  });
}

function parentKey({ metadata }: Pod): string | undefined {
  const parent = parsePodName(metadata.name)?.parent;
  return parent === undefined ? undefined : `${metadata.namespace}/${parent}`;
}

/** The sets that a claim of this name may be of: `<template>-<set>-<ordinal>`, where both names may hold dashes. */
function claimParentKeys(namespace: string, claimName: string): readonly string[] {
  const parent = parsePodName(claimName)?.parent ?? '';
  const parts = parent.split('-');
  return parts.slice(1).map((_, index) => `${namespace}/${parts.slice(index + 1).join('-')}`);
}
