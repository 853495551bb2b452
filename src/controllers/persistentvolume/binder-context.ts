/** What the two syncs of the binder share: the caches, the queues, and the writes that keep the caches current. */
import {
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  type StorageClass,
} from '../../api/index.ts';
import type { DecisionLog, Logger } from '../../base/index.ts';
import type { Client, EventRecorder, Informer, WorkQueue } from '../../client/index.ts';
import type { Announcer } from '../common/announcer.ts';
import type { WrittenCache } from '../common/written-cache.ts';
import type { VolumeCache } from './volume-cache.ts';
import type { VolumeOffers } from './volume-offers.ts';

export interface BinderContext {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly announcer: Announcer;
  readonly decisions: DecisionLog;
  readonly logger: Logger;
  readonly volumes: VolumeCache;
  readonly claims: WrittenCache<PersistentVolumeClaim>;
  readonly classes: Informer<StorageClass>;
  readonly pods: Informer<Pod>;
  readonly offers: VolumeOffers;
  readonly claimQueue: Pick<WorkQueue, 'add'>;
  readonly volumeQueue: Pick<WorkQueue, 'add'>;
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
