/** The volume that a snapshot is taken of, and the claim that keeps it meanwhile. */

import {
  claimAsSourceFinalizer,
  keyOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  splitKey,
  type VolumeSnapshot,
} from '../../api/index.ts';
import { goQuote, isAbort, messageOf } from '../../base/index.ts';
import { ifFound } from '../../client/index.ts';
import { isVolumeBoundToClaim } from '../../component-helpers/index.ts';
import { withFinalizer } from '../common/finalizers.ts';
import { type SnapshotContext, SnapshotSourceError } from './context.ts';
import { isProtectedClaim, sourceClaimKey } from './snapshot-state.ts';

/** Throws a SnapshotSourceError in upstream's words when there is none to take a snapshot of. */
export async function sourceVolume(
  { claims, client }: SnapshotContext,
  snapshot: VolumeSnapshot,
  signal: AbortSignal,
): Promise<PersistentVolume> {
  const claim = claims.get(sourceClaimKey(snapshot) ?? '');
  if (!claim) {
    const name = snapshot.spec.source.persistentVolumeClaimName;
    if (!name) throw new SnapshotSourceError(`the PVC name is not specified in snapshot ${keyOf(snapshot)}`);
    const cause = goQuote(`persistentvolumeclaim "${name}" not found`);
    throw new SnapshotSourceError(`failed to retrieve PVC ${name} from the lister: ${cause}`);
  }
  if (claim.status?.phase !== 'Bound')
    throw new SnapshotSourceError(
      `the PVC ${claim.metadata.name} is not yet bound to a PV, will not attempt to take a snapshot`,
    );
  const volume = await readVolume(client, claim, signal);
  if (!isVolumeBoundToClaim(volume, claim)) throw new SnapshotSourceError('claim in dataSource not bound or invalid');
  return volume;
}

async function readVolume(
  client: SnapshotContext['client'],
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<PersistentVolume> {
  const name = claim.spec.volumeName ?? '';
  try {
    return await client.get(persistentVolumes, { name }, { signal });
  } catch (cause) {
    if (isAbort(cause)) throw cause;
    const told = `failed to retrieve PV ${name} from the API server: ${goQuote(messageOf(cause))}`;
    throw new SnapshotSourceError(told, { cause });
  }
}

/** What upstream says of every write that does not come about. */
export function updateFailed(name: string, message: string): string {
  return `snapshot controller failed to update ${name} on API server: ${message}`;
}

/** Keeps the claim until the snapshot is taken. Throws a SnapshotSourceError. */
export async function protectClaim(
  { client }: SnapshotContext,
  snapshot: VolumeSnapshot,
  signal: AbortSignal,
): Promise<void> {
  const key = sourceClaimKey(snapshot);
  // At the server: of a claim that is let go at this moment a cache knows nothing.
  const claim = key && (await ifFound(client.get(persistentVolumeClaims, splitKey(key), { signal })));
  if (!claim) throw new SnapshotSourceError(updateFailed(snapshot.metadata.name, 'cannot get claim from snapshot'));
  if (isProtectedClaim(claim)) return;
  if (claim.metadata.deletionTimestamp !== undefined) {
    const why = 'cannot add finalizer on claim because it is being deleted';
    throw new SnapshotSourceError(updateFailed(claim.metadata.name, why));
  }
  await client.update(persistentVolumeClaims, withFinalizer(claim, claimAsSourceFinalizer), { signal });
}
