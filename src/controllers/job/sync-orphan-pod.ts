/** A pod that carries the tracking finalizer although no Job counts it: nobody else would ever let it go. */
import { type Job, jobs, storedSelectorMatcher } from '../../api/index.ts';
import { done, type Informer, ifFound, type ReconcileResult } from '../../client/index.ts';
import { controllerOf } from '../common/owners.ts';
import type { JobContext } from './job-context.ts';
import { isTracked } from './job-pods.ts';
import { endOf } from './job-status.ts';
import { releasePods } from './release-pods.ts';

export async function syncOrphanPod(
  context: JobContext,
  jobInformer: Informer<Job>,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const pod = context.pods.get(key);
  if (!pod || !isTracked(pod)) return done;
  const { namespace } = pod.metadata;
  const controller = controllerOf(pod);
  if (controller?.kind === jobs.kind) {
    const live = await ifFound(context.client.get(jobs, { namespace, name: controller.name }, { signal }));
    if (live?.metadata.uid === controller.uid && !endOf(live)) return done;
  } else if (!controller) {
    const isWanted = ({ metadata, spec }: Job) =>
      metadata.namespace === namespace && storedSelectorMatcher(spec.selector).matches(pod.metadata.labels);
    if (jobInformer.list().some(isWanted)) return done;
  }
  const { error } = await releasePods(context, [pod], signal);
  if (error !== undefined) throw error;
  return done;
}
