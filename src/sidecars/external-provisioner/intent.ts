/**
 * What a claim carries while a CreateVolume for it may have happened: the finalizer that tells so, and the request,
 * signed. Both are written at once, before the call, and taken away at once, after its end.
 */
import { isNotFound, type PersistentVolumeClaim, persistentVolumeClaims } from '../../api/index.ts';
import { annSelectedNode } from '../../component-helpers/index.ts';
import type { Attempt } from './attempts.ts';
import type { ProvisionerContext } from './context.ts';
import { isIntended, provisioningFinalizer } from './decide.ts';
import { annRequest, readSignedRequest, signRequest } from './signed-request.ts';

/** Where each node has a provisioner of its own, none goes on with what another began. */
function ownerOf({ driver, flags }: ProvisionerContext, { metadata }: PersistentVolumeClaim) {
  const node = flags.nodeDeployment?.nodeName;
  return { driver: node === undefined ? driver.name : `${driver.name} on ${node}`, claimUid: metadata.uid };
}

export async function ensureIntent(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim> {
  const key = await context.signingKey.get();
  const text = key && signRequest(attempt, ownerOf(context, claim), key);
  if (key && text === undefined) context.logger.warn('request is too large to be kept', { claim: claim.metadata.name });
  // What a cache shows of an attempt that has ended may be gone by now.
  const isBegun = context.attempts.get(claim.metadata.uid) === attempt;
  if (isBegun && isIntended(claim) && claim.metadata.annotations?.[annRequest] === text) return claim;
  const annotations = { [annRequest]: text ?? null };
  const body = { metadata: { uid: claim.metadata.uid, finalizers: [provisioningFinalizer], annotations } };
  return context.client.patch(persistentVolumeClaims, claim.metadata, { type: 'strategic', body }, { signal });
}

/** The attempt that is under way for the claim: this process's, or one that the claim tells of. */
export async function findAttempt(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
): Promise<Attempt | undefined> {
  const { attempts, logger, signingKey, flags } = context;
  const { uid, name, annotations } = claim.metadata;
  const begun = attempts.get(uid);
  const text = annotations?.[annRequest];
  if (begun || text === undefined || !isIntended(claim) || attempts.hasEnded(uid, text)) return begun;
  const key = await signingKey.get();
  const attempt = key && readSignedRequest(text, ownerOf(context, claim), key);
  if (attempt) attempts.begin(uid, attempt);
  else if (!flags.nodeDeployment) logger.warn('the request that the claim carries is not ours', { claim: name });
  return attempt;
}

export async function releaseIntent(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
  reschedule: boolean,
): Promise<void> {
  endAttempt(context, claim);
  const body = {
    metadata: {
      uid: claim.metadata.uid,
      '$deleteFromPrimitiveList/finalizers': [provisioningFinalizer],
      annotations: { [annRequest]: null, ...(reschedule ? { [annSelectedNode]: null } : {}) },
    },
  };
  try {
    await context.client.patch(persistentVolumeClaims, claim.metadata, { type: 'strategic', body }, { signal });
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
}

/** The end of the call is known. */
export function endAttempt({ attempts }: ProvisionerContext, { metadata }: PersistentVolumeClaim): void {
  attempts.end(metadata.uid, metadata.annotations?.[annRequest]);
}
