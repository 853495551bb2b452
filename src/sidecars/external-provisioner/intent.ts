/** The finalizer that tells that a CreateVolume for the claim may have happened. */
import { isNotFound, type PersistentVolumeClaim, persistentVolumeClaims } from '../../api/index.ts';
import { annSelectedNode } from '../../component-helpers/index.ts';
import type { ProvisionerContext } from './context.ts';
import { provisioningFinalizer } from './decide.ts';

export async function ensureIntent(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim> {
  if (claim.metadata.finalizers?.includes(provisioningFinalizer)) return claim;
  const body = { metadata: { uid: claim.metadata.uid, finalizers: [provisioningFinalizer] } };
  return context.client.patch(persistentVolumeClaims, claim.metadata, { type: 'strategic', body }, { signal });
}

export async function releaseIntent(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
  reschedule: boolean,
): Promise<void> {
  context.attempts.end(claim.metadata.uid);
  const body = {
    metadata: {
      uid: claim.metadata.uid,
      '$deleteFromPrimitiveList/finalizers': [provisioningFinalizer],
      ...(reschedule ? { annotations: { [annSelectedNode]: null } } : {}),
    },
  };
  try {
    await context.client.patch(persistentVolumeClaims, claim.metadata, { type: 'strategic', body }, { signal });
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
}
