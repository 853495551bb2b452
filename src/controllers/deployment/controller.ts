/** The Deployment controller: rolls a template out over ReplicaSets, one step at a time, and back again. */
import { deployments, keyOf, type Pod, pods, replicaSets } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { isPodPhaseTerminal } from '../../component-helpers/index.ts';
import { Announcer } from '../common/announcer.ts';
import { addOwnerIndexes, controllerOf, wakeOwners } from '../common/owners.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { WrittenCache } from '../common/written-cache.ts';
import { isRollingUpdate } from './limits.ts';
import { type DeploymentContext, syncDeployment } from './sync-deployment.ts';

/** The name that its events carry. */
export const deploymentControllerName = 'deployment-controller';

export function startDeploymentController(options: ControllerOptions): AsyncDisposable {
  const { informers, client, recorder, clock } = options;
  const logger = options.logger.with({ component: deploymentControllerName });
  const setInformer = informers.informer(replicaSets);
  const context: DeploymentContext = {
    client,
    recorder,
    announcer: new Announcer(clock, recorder),
    clock,
    deployments: informers.informer(deployments),
    setInformer,
    sets: new WrittenCache(setInformer),
    pods: informers.informer(pods),
  };
  addOwnerIndexes(setInformer);
  addOwnerIndexes(context.pods);
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) => syncDeployment(context, key, signal);
    const queue = stack.use(
      runReconciler({
        name: 'deployment',
        clock,
        logger,
        metrics: options.metrics,
        concurrency: options.concurrency,
        reconcile,
      }),
    );
    stack.use(
      setInformer.addHandler({
        onAdd: (set) => context.sets.observe(set),
        onUpdate: (_previous, set) => context.sets.observe(set),
        onDelete: (set) => context.sets.observeDeletion(set),
      }),
    );
    stack.use(
      context.deployments.addHandler({
        onAdd: (deployment) => queue.add(keyOf(deployment)),
        onUpdate: (previous, deployment) => {
          if (previous !== deployment) queue.add(keyOf(deployment));
        },
        onDelete: (deployment) => context.announcer.forget(keyOf(deployment)),
      }),
    );
    const owners = context.deployments;
    const wake = (key: string) => queue.add(key);
    stack.use(wakeOwners(setInformer, { owners, selectorOf: ({ spec }) => spec.selector, wake }));
    stack.use(watchEndOfPods(context, wake));
  });
}

/** A Deployment that recreates waits until the last old pod is gone. */
function watchEndOfPods(context: DeploymentContext, wake: (key: string) => void): Disposable {
  const ended = (pod: Pod) => {
    const setName = controllerOf(pod)?.name;
    const set = setName === undefined ? undefined : context.setInformer.get(`${pod.metadata.namespace}/${setName}`);
    const owner = set && controllerOf(set);
    const deployment = owner && context.deployments.get(`${pod.metadata.namespace}/${owner.name}`);
    if (deployment && !isRollingUpdate(deployment)) wake(keyOf(deployment));
  };
  return context.pods.addHandler({
    onUpdate: (previous, pod) => {
      if (!isPodPhaseTerminal(previous) && isPodPhaseTerminal(pod)) ended(pod);
    },
    onDelete: ended,
  });
}
