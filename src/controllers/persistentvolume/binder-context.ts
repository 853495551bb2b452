/** What the two syncs of the binder share: the caches, the queues, and the writes that keep the caches current. */
import {
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  type StorageClass,
} from '../../api/index.ts';
import type { Clock, DecisionLog, Logger } from '../../base/index.ts';
import type { Client, EventRecorder, Informer, WorkQueue } from '../../client/index.ts';
import type { Announcer } from '../common/announcer.ts';
import type { WrittenCache } from '../common/written-cache.ts';
import { withVolumePhase } from './bind-steps.ts';
import type { ObjectEvent } from './messages.ts';
import type { BinderMetrics } from './metrics.ts';
import type { VolumeOperations } from './operations.ts';
import type { Provisioners } from './provisioners.ts';
import type { RecyclerPods } from './recycler-pods.ts';
import type { VolumeCache } from './volume-cache.ts';
import type { VolumeOffers } from './volume-offers.ts';

export interface BinderContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly announcer: Announcer;
  readonly decisions: DecisionLog;
  readonly logger: Logger;
  readonly volumes: VolumeCache;
  readonly claims: WrittenCache<PersistentVolumeClaim>;
  readonly classes: Informer<StorageClass>;
  readonly pods: Informer<Pod>;
  readonly offers: VolumeOffers;
  readonly provisioners: Provisioners;
  readonly operations: Pick<VolumeOperations, 'start'>;
  readonly recyclers: RecyclerPods;
  readonly metrics: BinderMetrics;
  readonly claimQueue: Pick<WorkQueue, 'add'>;
  readonly volumeQueue: Pick<WorkQueue, 'add'>;
}

/** What is told beside the reason why an object waits. */
export type Topic = 'volumeMode' | 'delete' | 'recycle' | 'cleanup';
const topics: readonly Topic[] = ['volumeMode', 'delete', 'recycle', 'cleanup'];

/** The object is gone: what was told of it is forgotten. */
export function forgetAnnouncements({ announcer }: BinderContext, key: string): void {
  announcer.forget(key);
  for (const topic of topics) announcer.forget(key, topic);
}

/** Each write carries the resourceVersion that was read: it is refused with Conflict if anyone wrote since. */
export async function writeVolume(
  { client, volumes }: BinderContext,
  volume: PersistentVolume,
  signal: AbortSignal,
): Promise<PersistentVolume> {
  const written = await client.update(persistentVolumes, volume, { signal });
  volumes.record(written);
  return written;
}

export async function writeVolumeStatus(
  { client, volumes }: BinderContext,
  volume: PersistentVolume,
  signal: AbortSignal,
): Promise<PersistentVolume> {
  const written = await client.updateStatus(persistentVolumes, volume, { signal });
  volumes.record(written);
  return written;
}

/** Marks the volume Failed and says why, once: the retries of a volume that has failed are silent. */
export async function failVolume(
  context: BinderContext,
  volume: PersistentVolume,
  { type, reason, message }: ObjectEvent,
  signal: AbortSignal,
): Promise<void> {
  const failed = withVolumePhase(volume, 'Failed', { reason, message });
  if (!failed) return;
  const written = await writeVolumeStatus(context, failed, signal);
  context.recorder.event(written, type, reason, message);
}

export async function writeClaim(
  { client, claims }: BinderContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim> {
  const written = await client.update(persistentVolumeClaims, claim, { signal });
  claims.record(written);
  return written;
}

export async function writeClaimStatus(
  { client, claims }: BinderContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim> {
  const written = await client.updateStatus(persistentVolumeClaims, claim, { signal });
  claims.record(written);
  return written;
}
