/** Takes the tracking finalizer from pods whose end is counted, or will never be. */

import { type Pod, pods } from '../../api/index.ts';
import { ifFound } from '../../client/index.ts';
import type { JobContext } from './job-context.ts';
import { isTracked, trackingFinalizer } from './job-pods.ts';

export interface Release {
  /** The uids of the pods that have no finalizer any more. */
  readonly uids: ReadonlySet<string>;
  /** The first failure. */
  readonly error: unknown;
}

export async function releasePods(
  context: Pick<JobContext, 'client' | 'writes'>,
  released: readonly Pod[],
  signal: AbortSignal,
): Promise<Release> {
  const uids = new Set<string>();
  const results = await Promise.allSettled(
    released.map(async (pod) => {
      await releasePod(context, pod, signal);
      uids.add(pod.metadata.uid);
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  return { uids, error: failed?.reason };
}

async function releasePod(
  { client, writes }: Pick<JobContext, 'client' | 'writes'>,
  pod: Pod,
  signal: AbortSignal,
): Promise<void> {
  if (!isTracked(pod)) return;
  const { namespace, name, uid } = pod.metadata;
  const body = { metadata: { uid, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } };
  const patched = await ifFound(client.patch(pods, { namespace, name }, { type: 'strategic', body }, { signal }));
  if (patched) writes.recordUpdate(patched);
  else writes.recordDeletion(pod);
}
