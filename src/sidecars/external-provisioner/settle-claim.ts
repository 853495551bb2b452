/** Ends what was begun for a claim that has its volume, or that will not get one from what was begun. */

import { csiNodes, isNotFound, nodes, type PersistentVolumeClaim, persistentVolumes } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { ifFound } from '../../client/index.ts';
import { getClaimClass } from '../../component-helpers/index.ts';
import { PluginService } from '../../csi/index.ts';
import { secretData } from '../common/secrets.ts';
import { ProvisionError, type ProvisionerContext } from './context.ts';
import { csiCreateVolume, csiDeleteVolume, stateAfter } from './csi-create-volume.ts';
import { provisioningFinalizer } from './decide.ts';
import { endAttempt, ensureIntent, releaseIntent } from './intent.ts';
import { prepareAttempt } from './prepare-attempt.ts';
import { type CreatedVolume, volumeNameOf } from './volume-of.ts';

/**
 * Has the pod placed anew whose node is gone, once nothing is left of a volume for that node. The server is asked: a
 * node that is new may be known to the scheduler before it is to us.
 */
export async function giveBack(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  nodeName: string,
  signal: AbortSignal,
): Promise<void> {
  const missing = await findMissing(context, nodeName, signal);
  if (missing === undefined) throw new ProvisionError(`node "${nodeName}" is not seen yet`);
  context.recorder.event(claim, 'Warning', 'ProvisioningFailed', `${missing} not found`);
  if (claim.metadata.finalizers?.includes(provisioningFinalizer)) await undoOrTell(context, claim, signal);
  await releaseIntent(context, claim, signal, true);
}

/** What of the node the server does not have; a driver with topology tells of it in its CSINode. */
async function findMissing(
  { client, driver }: ProvisionerContext,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!(await ifFound(client.get(nodes, { name }, { signal })))) return `node "${name}"`;
  if (!driver.plugin.services.has(PluginService.VOLUME_ACCESSIBILITY_CONSTRAINTS)) return undefined;
  return (await ifFound(client.get(csiNodes, { name }, { signal }))) ? undefined : `csinode.storage.k8s.io "${name}"`;
}

/** Ends the intent of a claim that has its volume, or that will not get one. */
export async function settle(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<void> {
  const name = context.attempts.get(claim.metadata.uid)?.request.name ?? volumeNameOf(claim, context.flags);
  if (!claim.metadata.deletionTimestamp && claim.status?.phase !== 'Bound' && claim.spec.volumeName !== '') {
    // The volume exists and is on its way to the claim: the claim's next change brings us back.
    if (context.volumes.get(name)) return;
  }
  const volume = await context.client.get(persistentVolumes, { name }, { signal }).catch((thrown: unknown) => {
    if (isNotFound(thrown)) return undefined;
    throw thrown;
  });
  if (!volume) await undoOrTell(context, claim, signal);
  await releaseIntent(context, claim, signal, false);
}

/** Finds out by the same call again whether the volume exists, and deletes it. */
async function undo(context: ProvisionerContext, given: PersistentVolumeClaim, signal: AbortSignal): Promise<void> {
  const { attempts, classes, client, logger } = context;
  const className = getClaimClass(given);
  const volumeClass = attempts.get(given.metadata.uid)?.class ?? classes.get(className);
  if (!volumeClass) throw new ProvisionError(`storageclass.storage.k8s.io "${className}" not found`);
  const attempt = await prepareAttempt(context, given, volumeClass, signal, 'findAgain');
  const secrets = await secretData(client, attempt.secret, signal);
  const claim = await ensureIntent(context, given, attempt, signal);
  let created: CreatedVolume;
  try {
    attempts.begin(claim.metadata.uid, attempt);
    created = await csiCreateVolume(context, claim, attempt, secrets, signal);
  } catch (thrown) {
    const state = stateAfter(thrown);
    if (state !== 'background') endAttempt(context, claim);
    if (state !== 'finished') throw thrown;
    logger.info('volume of a deleted claim was never created', { claim: claim.metadata.name, error: thrown });
    return;
  }
  await csiDeleteVolume(context, created.volumeId, attempt.secret, signal);
}

/** Tells the claim what keeps it: a volume may exist that nobody could delete. */
async function undoOrTell(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<void> {
  try {
    await undo(context, claim, signal);
  } catch (thrown) {
    if (!signal.aborted) {
      const message = `failed to delete what was provisioned for the claim: ${messageOf(thrown)}`;
      context.recorder.event(claim, 'Warning', 'VolumeFailedDelete', message);
    }
    throw thrown;
  }
}
