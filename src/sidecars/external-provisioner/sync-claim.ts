/**
 * One claim: provisions its volume, or settles what an earlier attempt may have left. A claim carries our finalizer
 * from before the first CreateVolume until its volume is bound to it or known not to exist, so no crash forgets one.
 */

import {
  type Draft,
  isAlreadyExists,
  isConflict,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumes,
  type StorageClass,
} from '../../api/index.ts';
import { messageOf, unreachable } from '../../base/index.ts';
import { done, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { annSelectedNode, getClaimClass, MigrationError } from '../../component-helpers/index.ts';
import { Code, ControllerCapability, CsiError, PluginService } from '../../csi/index.ts';
import { secretData } from '../common/secrets.ts';
import type { Attempt } from './attempts.ts';
import { ProvisionError, type ProvisionerContext } from './context.ts';
import { assertAsAsked, csiCreateVolume, csiDeleteVolume, stateAfter } from './csi-create-volume.ts';
import { type ClaimDecision, decideClaim } from './decide.ts';
import { endAttempt, ensureIntent, findAttempt, releaseIntent } from './intent.ts';
import { inTreeVolume, isMigratedClass } from './migration.ts';
import { prepareAttempt } from './prepare-attempt.ts';
import { giveBack, settle } from './settle-claim.ts';
import { type CreatedVolume, volumeNameOf, volumeOf } from './volume-of.ts';

export async function syncClaim(
  context: ProvisionerContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const claim = context.claims.get(key);
  if (!claim) return done;
  const className = getClaimClass(claim);
  const decision = decisionOf(context, claim, await findAttempt(context, claim));
  switch (decision.kind) {
    case 'ignore':
      return done;
    case 'classMissing': {
      const message = `storageclass.storage.k8s.io "${decision.className}" not found`;
      context.recorder.event(claim, 'Warning', 'ProvisioningFailed', message);
      throw new ProvisionError(message);
    }
    case 'unsupported': {
      const message = `failed to provision volume with StorageClass "${className}": ${decision.reason}`;
      context.recorder.event(claim, 'Warning', 'ProvisioningFailed', message);
      // Nothing but another claim can mend it; a change of this one brings us back.
      return done;
    }
    case 'populated':
      context.recorder.event(
        claim,
        'Normal',
        'Provisioning',
        'Assuming an external populator will provision the volume',
      );
      return done;
    case 'provision': {
      const slowMs = context.slowRetries.leftMs(claim.metadata.uid, decision.class.metadata.uid);
      if (slowMs > 0) return requeueAfter(slowMs);
      await provision(context, claim, decision.class, signal);
      return done;
    }
    case 'settle':
      await settle(context, claim, signal);
      return done;
    case 'nodeGone':
      await giveBack(context, claim, decision.nodeName, signal);
      return done;
    default:
      return unreachable(decision);
  }
}

export function decisionOf(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  begun: Attempt | undefined,
): ClaimDecision {
  const className = getClaimClass(claim);
  return decideClaim({
    claim,
    driver: context.driver.name,
    className,
    // What is under way goes on as it was begun.
    class: begun?.class ?? context.classes.get(className),
    volumeExists: context.volumes.get(begun?.request.name ?? volumeNameOf(claim, context.flags)) !== undefined,
    isBegun: begun !== undefined,
    canClone: context.driver.controllerCapabilities.has(ControllerCapability.CLONE_VOLUME),
    canRestore: context.driver.controllerCapabilities.has(ControllerCapability.CREATE_DELETE_SNAPSHOT),
    nodeExists: (name) => isNodeThere(context, name),
  });
}

/** Without its CSINode nobody knows where on the node's side a volume of a driver with topology would have to be. */
function isNodeThere({ driver, nodes, csiNodes, flags }: ProvisionerContext, name: string): boolean {
  // The provisioner of one node knows no other.
  if (flags.nodeDeployment && flags.nodeDeployment.nodeName !== name) return true;
  const isPlaced = driver.plugin.services.has(PluginService.VOLUME_ACCESSIBILITY_CONSTRAINTS);
  return nodes.get(name) !== undefined && (!isPlaced || csiNodes.get(name) !== undefined);
}

async function provision(
  context: ProvisionerContext,
  given: PersistentVolumeClaim,
  volumeClass: StorageClass,
  signal: AbortSignal,
): Promise<void> {
  const { client, recorder } = context;
  const name = `${given.metadata.namespace}/${given.metadata.name}`;
  recorder.event(given, 'Normal', 'Provisioning', `External provisioner is provisioning volume for claim "${name}"`);
  const { attempt, secrets } = await prepare(context, given, volumeClass, signal);
  const claim = await ensureIntent(context, given, attempt, signal);
  try {
    context.attempts.begin(claim.metadata.uid, attempt);
    const created = await csiCreateVolume(context, claim, attempt, secrets, signal);
    await assertAsAsked(context, attempt, created, signal);
    const volume = await volumeFor(context, { claim, attempt, created }, signal);
    try {
      await client.create(persistentVolumes, volume, { signal });
    } catch (thrown) {
      if (!isAlreadyExists(thrown)) throw thrown;
    }
    context.capacity.volumeChanged(volume.spec.nodeAffinity, attempt.class.metadata.name);
    recorder.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${volume.metadata.name}`);
  } catch (thrown) {
    if (!signal.aborted) await afterFailure(context, claim, attempt.class, thrown, signal);
    throw thrown;
  }
}

/** Nothing is asked of the driver yet: what fails here leaves an intent of before as it is. */
async function prepare(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  volumeClass: StorageClass,
  signal: AbortSignal,
) {
  try {
    const attempt = await prepareAttempt(context, claim, volumeClass, signal);
    return { attempt, secrets: await secretData(context.client, attempt.secret, signal) };
  } catch (thrown) {
    // Somebody else wrote at the same time: the next try is not far.
    if (!signal.aborted && !isConflict(thrown)) tellFailure(context, claim, volumeClass, thrown);
    throw thrown;
  }
}

interface MadeVolume {
  readonly claim: PersistentVolumeClaim;
  readonly attempt: Attempt;
  readonly created: CreatedVolume;
}

/** The object for the volume. One that cannot be said in the plugin's terms is of no use to the claim, and goes at once. */
async function volumeFor(
  context: ProvisionerContext,
  { claim, attempt, created }: MadeVolume,
  signal: AbortSignal,
): Promise<Draft<PersistentVolume>> {
  const made = volumeOf({
    claim,
    attempt,
    driver: context.driver.name,
    identity: context.identity,
    created,
    controllerPublishReadonly: context.flags.controllerPublishReadonly,
  });
  if (!isMigratedClass(attempt.class)) return made;
  try {
    return inTreeVolume(made);
  } catch (thrown) {
    if (!(thrown instanceof MigrationError)) throw thrown;
    try {
      await csiDeleteVolume(context, created.volumeId, attempt.secret, signal);
    } catch (cause) {
      // The volume is still there: the same call must find it again.
      throw new ProvisionError(thrown.message, { cause });
    }
    throw thrown;
  }
}

function tellFailure(
  { recorder }: ProvisionerContext,
  claim: PersistentVolumeClaim,
  { metadata }: StorageClass,
  thrown: unknown,
): void {
  const text = `failed to provision volume with StorageClass "${metadata.name}": ${messageOf(thrown)}`;
  recorder.event(claim, 'Warning', 'ProvisioningFailed', text);
}

/** The request cannot be carried out however often it is made. Upstream: sig-storage-lib isInfeasibleError. */
function isInfeasible(thrown: unknown): boolean {
  return thrown instanceof CsiError && thrown.code === Code.INVALID_ARGUMENT;
}

async function afterFailure(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  volumeClass: StorageClass,
  thrown: unknown,
  signal: AbortSignal,
): Promise<void> {
  const { driver, slowRetries } = context;
  if (isInfeasible(thrown)) {
    const told = `Volume provisioning failed with infeasible error. Retries will be delayed. ${messageOf(thrown)}`;
    context.recorder.event(claim, 'Warning', 'ProvisioningFailed', told);
    slowRetries.add(claim.metadata.uid, volumeClass.metadata.uid);
  } else {
    tellFailure(context, claim, volumeClass, thrown);
  }
  // The scheduler may choose better with what is left now.
  context.capacity.classChanged(volumeClass.metadata.name);
  const state = stateAfter(thrown);
  if (state === 'background') return;
  endAttempt(context, claim);
  if (state === 'refused') return;
  const exhausted = thrown instanceof CsiError && thrown.code === Code.RESOURCE_EXHAUSTED;
  const reschedule =
    exhausted &&
    driver.plugin.services.has(PluginService.VOLUME_ACCESSIBILITY_CONSTRAINTS) &&
    claim.metadata.annotations?.[annSelectedNode] !== undefined;
  await releaseIntent(context, claim, signal, reschedule);
}
