/** The Job controller: runs pods until enough of them succeeded, and counts every end exactly once. */
import { type Job, jobs, keyOf, type Pod, pods } from '../../api/index.ts';
import { type Client, type Informer, runReconciler } from '../../client/index.ts';
import { Announcer } from '../common/announcer.ts';
import { addOwnerIndexes, controllerOf, dependentsOf, wakeOwners } from '../common/owners.ts';
import { PodWrites } from '../common/pod-writes.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { WrittenCache } from '../common/written-cache.ts';
import type { JobContext } from './job-context.ts';
import { isTracked } from './job-pods.ts';
import { endOf } from './job-status.ts';
import { syncJob } from './sync-job.ts';
import { syncOrphanPod } from './sync-orphan-pod.ts';

/** The name that its events carry. */
export const jobControllerName = 'job-controller';

/** Keys of pods without a Job, among keys of Jobs. */
const orphanPrefix = 'orphan/';

export interface JobControllerOptions extends ControllerOptions {
  /** Deletes Jobs whose time to live is over; the controller's own client unless given. */
  readonly expiryClient?: Client;
}

export function startJobController(options: JobControllerOptions): AsyncDisposable {
  const { informers, client, recorder, clock } = options;
  const logger = options.logger.with({ component: jobControllerName });
  const podInformer = informers.informer(pods);
  const jobInformer = informers.informer(jobs);
  addOwnerIndexes(podInformer);
  const context: JobContext = {
    client,
    expiryClient: options.expiryClient ?? client,
    recorder,
    announcer: new Announcer(clock, recorder),
    clock,
    writes: new PodWrites(clock, podInformer),
    jobs: new WrittenCache(jobInformer),
    pods: podInformer,
  };
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) =>
      key.startsWith(orphanPrefix)
        ? syncOrphanPod(context, jobInformer, key.slice(orphanPrefix.length), signal)
        : syncJob(context, key, signal);
    const queue = stack.use(
      runReconciler({
        name: 'job',
        clock,
        logger,
        metrics: options.metrics,
        concurrency: options.concurrency,
        reconcile,
      }),
    );
    const wake = (key: string) => queue.add(key);
    stack.use(context.writes.watch());
    stack.use(watchJobs(context, jobInformer, wake));
    stack.use(wakeOwners(podInformer, { owners: jobInformer, selectorOf: ({ spec }) => spec.selector, wake }));
    stack.use(watchOrphans(context, jobInformer, wake));
  });
}

function watchJobs(context: JobContext, jobInformer: Informer<Job>, wake: (key: string) => void): Disposable {
  return jobInformer.addHandler({
    onAdd: (job) => {
      context.jobs.observe(job);
      wake(keyOf(job));
    },
    onUpdate: (previous, job) => {
      context.jobs.observe(job);
      if (previous !== job) wake(keyOf(job));
    },
    onDelete: (job) => {
      context.jobs.observeDeletion(job);
      context.announcer.forget(keyOf(job), 'create');
      context.announcer.forget(keyOf(job), 'delete');
      for (const pod of dependentsOf(context.pods, job.metadata.uid)) {
        if (isTracked(pod)) wake(`${orphanPrefix}${keyOf(pod)}`);
      }
    },
  });
}

/** Pods whose Job is gone, over, or another one of the same name. */
function watchOrphans(context: JobContext, jobInformer: Informer<Job>, wake: (key: string) => void): Disposable {
  const changed = (pod: Pod) => {
    if (!isTracked(pod)) return;
    const controller = controllerOf(pod);
    const job = controller && jobInformer.get(`${pod.metadata.namespace}/${controller.name}`);
    if (job && job.metadata.uid === controller.uid && !endOf(job)) return;
    wake(`${orphanPrefix}${keyOf(pod)}`);
  };
  return context.pods.addHandler({ onAdd: changed, onUpdate: (_previous, pod) => changed(pod) });
}
