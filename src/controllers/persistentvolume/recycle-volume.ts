/**
 * Empties a released volume with a pod and makes it available again. Level-triggered: each call looks where the
 * recycling stands and takes it one step on; the pod's changes wake it. A pod of an earlier life is removed and another
 * one made. Upstream: recycleVolumeOperation, recycler_client.go.
 */

import { isAlreadyExists, type PersistentVolume, type Pod, pods } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { ifFound } from '../../client/index.ts';
import { finalError } from '../../volume-plugins/index.ts';
import { type BinderContext, failVolume, writeVolume } from './binder-context.ts';
import { unboundVolume } from './decide-volume.ts';
import { noRecycler, recycled, recycleFailed, recycleWaits, usedByPods } from './messages.ts';
import { readReclaimable } from './read-reclaimable.ts';
import type { Recycling } from './recycler-pods.ts';

export async function recycleVolume(context: BinderContext, name: string, signal: AbortSignal): Promise<void> {
  const found = await readReclaimable(context, name, 'Recycle', signal);
  const running = context.recyclers.get(name);
  if (running && found?.volume.metadata.uid !== running.volumeUid) {
    // The volume is somebody's again, or no longer to be emptied: the pod must not go on.
    await deletePod(context, running, signal);
    context.recyclers.forget(name);
  } else if (running && found) return await finish(context, found.volume, running, signal);
  if (!found) return;
  if (found.usedBy.length > 0) {
    context.announcer.announce(found.volume, recycleWaits(usedByPods(found.usedBy)), 'recycle');
    return;
  }
  await begin(context, found.volume, signal);
}

async function begin(context: BinderContext, volume: PersistentVolume, signal: AbortSignal): Promise<void> {
  const { recyclers, client, provisioners } = context;
  const recyclerPod = provisioners.plugins.findBySpec(volume)?.recyclerPod;
  if (!recyclerPod) {
    await failVolume(context, volume, noRecycler, signal);
    throw finalError(noRecycler.message);
  }
  const draft = recyclerPod(volume);
  const key = { namespace: draft.metadata.namespace ?? '', name: draft.metadata.name ?? '' };
  try {
    await recyclers.start(volume, key, () => client.create(pods, draft, { signal }));
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const why = isAlreadyExists(thrown)
      ? await removeOldPod(context, key, signal)
      : `unexpected error creating recycler pod:  ${messageOf(thrown)}`;
    await fail(context, volume, why, signal);
  }
}

/** Answers with what is told of it. */
async function removeOldPod(
  { client }: BinderContext,
  key: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<string> {
  try {
    await ifFound(client.delete(pods, key, { signal }));
  } catch (thrown) {
    return `failed to delete old recycler pod ${key.namespace}/${key.name}: ${messageOf(thrown)}`;
  }
  return 'old recycler pod found, will retry later';
}

async function finish(
  context: BinderContext,
  volume: PersistentVolume,
  recycling: Recycling,
  signal: AbortSignal,
): Promise<void> {
  const { name } = volume.metadata;
  const pod = await currentPod(context, recycling, signal);
  const phase = pod?.status?.phase;
  if (pod && phase !== 'Succeeded' && phase !== 'Failed') return;
  // The pod goes before the volume: a volume that is available has no recycler.
  if (pod) await deletePod(context, recycling, signal);
  context.recyclers.forget(name);
  if (!pod) return await fail(context, volume, 'failed to recycle volume: recycler pod was deleted', signal);
  if (phase === 'Failed') {
    const why = pod.status?.message || 'pod failed, pod.Status.Message unknown';
    return await fail(context, volume, `failed to recycle volume: ${why}`, signal);
  }
  context.recorder.event(volume, recycled.type, recycled.reason, recycled.message);
  await writeVolume(context, unboundVolume(volume), signal);
  context.volumeQueue.add(name);
}

/** The pod as the cache has it, or as the API server has it when the cache knows another or none. */
async function currentPod(
  context: BinderContext,
  { namespace, podName, podUid }: Recycling,
  signal: AbortSignal,
): Promise<Pod | undefined> {
  const cached = context.pods.get(`${namespace}/${podName}`);
  if (cached?.metadata.uid === podUid) return cached;
  const live = await ifFound(context.client.get(pods, { namespace, name: podName }, { signal }));
  return live?.metadata.uid === podUid ? live : undefined;
}

async function deletePod(
  { client }: BinderContext,
  { namespace, podName, podUid }: Recycling,
  signal: AbortSignal,
): Promise<void> {
  const preconditions = { uid: podUid };
  await ifFound(client.delete(pods, { namespace, name: podName }, { preconditions, signal }));
}

async function fail(
  context: BinderContext,
  volume: PersistentVolume,
  why: string,
  signal: AbortSignal,
): Promise<never> {
  await failVolume(context, volume, recycleFailed(why), signal);
  throw finalError(why);
}
