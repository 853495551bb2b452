/** The last look before a volume's content is destroyed: at the API server, never at a cache. */

import { type PersistentVolume, persistentVolumeClaims, persistentVolumes } from '../../api/index.ts';
import { ifFound } from '../../client/index.ts';
import { isPodTerminated } from '../../component-helpers/index.ts';
import { podsUsingClaim } from '../common/pod-claim-index.ts';
import type { BinderContext } from './binder-context.ts';
import { isDeletedExternally } from './provisioners.ts';
import { claimRefKey } from './volume-cache.ts';

export interface ReclaimableVolume {
  readonly volume: PersistentVolume;
  /** Keys of the pods that may still have the volume mounted. */
  readonly usedBy: readonly string[];
}

/**
 * The volume, if its claim is gone or bound elsewhere and its policy is still the one given; else undefined. A pod
 * counts as a user when it names the claim and no new claim of that name could be what it uses.
 */
export async function readReclaimable(
  { client, pods }: BinderContext,
  name: string,
  policy: 'Delete' | 'Recycle',
  signal: AbortSignal,
): Promise<ReclaimableVolume | undefined> {
  const volume = await ifFound(client.get(persistentVolumes, { name }, { signal }));
  if (volume?.spec.persistentVolumeReclaimPolicy !== policy || isDeletedExternally(volume)) return undefined;
  const { claimRef } = volume.spec;
  const claimKey = claimRefKey(volume);
  if (claimKey === undefined || !claimRef?.uid || !claimRef.name) return undefined;
  const key = { namespace: claimRef.namespace, name: claimRef.name };
  const claim = await ifFound(client.get(persistentVolumeClaims, key, { signal }));
  if (claim?.metadata.uid === claimRef.uid) {
    const isBoundElsewhere = claim.spec.volumeName !== undefined && claim.spec.volumeName !== name;
    if (!isBoundElsewhere) return undefined;
  }
  const users = claim ? [] : podsUsingClaim(pods, claimKey).filter((pod) => !isPodTerminated(pod));
  const usedBy = users.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).sort();
  return { volume, usedBy };
}
