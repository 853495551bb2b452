/**
 * One claim: provisions its volume, or settles what an earlier attempt may have left. A claim carries our finalizer
 * from before the first CreateVolume until its volume is bound to it or known not to exist, so no crash forgets one.
 */

import {
  type Draft,
  isAlreadyExists,
  isNotFound,
  type Node,
  nodes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  type StorageClass,
} from '../../api/index.ts';
import { messageOf, unreachable } from '../../base/index.ts';
import { done, type ReconcileResult } from '../../client/index.ts';
import { annSelectedNode, claimRequestBytes, getClaimClass, MigrationError } from '../../component-helpers/index.ts';
import { Code, CsiError, PluginService } from '../../csi/index.ts';
import { ProvisionError, type ProvisionerContext } from './context.ts';
import { csiCreateVolume, csiDeleteVolume, fsTypeOf, stateAfter } from './csi-create-volume.ts';
import { decideClaim, provisioningFinalizer } from './decide.ts';
import { classForDriver, inTreeVolume, isMigratedClass } from './migration.ts';
import { secretReference } from './parameters.ts';
import { type CreatedVolume, volumeNameOf, volumeOf } from './volume-of.ts';

export async function syncClaim(
  context: ProvisionerContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const claim = context.claims.get(key);
  if (!claim) return done;
  const className = getClaimClass(claim);
  const decision = decideClaim({
    claim,
    driver: context.driver.name,
    className,
    class: context.classes.get(className),
    volumeExists: context.volumes.get(volumeNameOf(claim, context.flags.volumeNamePrefix)) !== undefined,
    nodeExists: (name) => context.nodes.get(name) !== undefined,
  });
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
    case 'provision':
      await provision(context, claim, decision.class, signal);
      return done;
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

async function provision(
  context: ProvisionerContext,
  given: PersistentVolumeClaim,
  volumeClass: StorageClass,
  signal: AbortSignal,
): Promise<void> {
  const { client, driver, recorder } = context;
  const name = `${given.metadata.namespace}/${given.metadata.name}`;
  const claim = await ensureIntent(context, given, signal);
  recorder.event(claim, 'Normal', 'Provisioning', `External provisioner is provisioning volume for claim "${name}"`);
  try {
    const driverClass = classForDriver(volumeClass);
    const created = await csiCreateVolume(context, claim, driverClass, signal);
    const made = volumeOf({
      claim,
      class: driverClass,
      provisioner: volumeClass.provisioner,
      driver: driver.name,
      identity: context.identity,
      fsType: fsTypeOf(context, driverClass),
      created,
      requestedBytes: claimRequestBytes(claim),
    });
    const volume = isMigratedClass(volumeClass)
      ? await translateBack(context, { claim, class: driverClass, created, made }, signal)
      : made;
    try {
      await client.create(persistentVolumes, volume, { signal });
    } catch (thrown) {
      if (!isAlreadyExists(thrown)) throw thrown;
    }
    recorder.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${volume.metadata.name}`);
  } catch (thrown) {
    if (!signal.aborted) await afterFailure(context, claim, volumeClass, thrown, signal);
    throw thrown;
  }
}

interface MadeVolume {
  readonly claim: PersistentVolumeClaim;
  readonly class: StorageClass;
  readonly created: CreatedVolume;
  readonly made: Draft<PersistentVolume>;
}

/** A volume that cannot be said in the plugin's terms is of no use to the claim, and goes at once. */
async function translateBack(
  context: ProvisionerContext,
  { claim, class: volumeClass, created, made }: MadeVolume,
  signal: AbortSignal,
): Promise<Draft<PersistentVolume>> {
  try {
    return inTreeVolume(made);
  } catch (thrown) {
    if (!(thrown instanceof MigrationError)) throw thrown;
    const secret = secretReference('provisioner', volumeClass.parameters ?? {}, made.metadata.name ?? '', claim);
    try {
      await csiDeleteVolume(context, created.volumeId, secret, signal);
    } catch (cause) {
      // The volume is still there: the same call must find it again.
      throw new ProvisionError(thrown.message, { cause });
    }
    throw thrown;
  }
}

async function afterFailure(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  volumeClass: StorageClass,
  thrown: unknown,
  signal: AbortSignal,
): Promise<void> {
  const { recorder, driver } = context;
  const text = `failed to provision volume with StorageClass "${volumeClass.metadata.name}": ${messageOf(thrown)}`;
  recorder.event(claim, 'Warning', 'ProvisioningFailed', text);
  if (stateAfter(thrown) === 'background') return;
  const exhausted = thrown instanceof CsiError && thrown.code === Code.RESOURCE_EXHAUSTED;
  const reschedule =
    exhausted &&
    driver.plugin.services.has(PluginService.VOLUME_ACCESSIBILITY_CONSTRAINTS) &&
    claim.metadata.annotations?.[annSelectedNode] !== undefined;
  await releaseIntent(context, claim, signal, reschedule);
}

/**
 * Has the pod placed anew whose node is gone, once nothing is left of a volume for that node. The server is asked: a
 * node that is new may be known to the scheduler before it is to us.
 */
async function giveBack(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  nodeName: string,
  signal: AbortSignal,
): Promise<void> {
  const node = await findLive(context, nodeName, signal);
  if (node) throw new ProvisionError(`node "${nodeName}" is not seen yet`);
  context.recorder.event(claim, 'Warning', 'ProvisioningFailed', `node "${nodeName}" not found`);
  if (claim.metadata.finalizers?.includes(provisioningFinalizer)) await undo(context, claim, signal);
  await releaseIntent(context, claim, signal, true);
}

async function findLive(context: ProvisionerContext, name: string, signal: AbortSignal): Promise<Node | undefined> {
  try {
    return await context.client.get(nodes, { name }, { signal });
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined;
    throw thrown;
  }
}

/** Ends the intent of a claim that has its volume, or that will not get one. */
async function settle(context: ProvisionerContext, claim: PersistentVolumeClaim, signal: AbortSignal): Promise<void> {
  const name = volumeNameOf(claim, context.flags.volumeNamePrefix);
  if (!claim.metadata.deletionTimestamp && claim.status?.phase !== 'Bound' && claim.spec.volumeName !== '') {
    // The volume exists and is on its way to the claim: the claim's next change brings us back.
    if (context.volumes.get(name)) return;
  }
  const volume = await context.client.get(persistentVolumes, { name }, { signal }).catch((thrown: unknown) => {
    if (isNotFound(thrown)) return undefined;
    throw thrown;
  });
  if (!volume) await undo(context, claim, signal);
  await releaseIntent(context, claim, signal, false);
}

/** Finds out by the same call again whether the volume exists, and deletes it. */
async function undo(context: ProvisionerContext, claim: PersistentVolumeClaim, signal: AbortSignal): Promise<void> {
  const found = context.classes.get(getClaimClass(claim));
  if (!found) throw new ProvisionError(`storageclass.storage.k8s.io "${getClaimClass(claim)}" not found`);
  const name = volumeNameOf(claim, context.flags.volumeNamePrefix);
  try {
    const volumeClass = classForDriver(found);
    const secret = secretReference('provisioner', volumeClass.parameters ?? {}, name, claim);
    const created = await csiCreateVolume(context, claim, volumeClass, signal);
    await csiDeleteVolume(context, created.volumeId, secret, signal);
  } catch (thrown) {
    if (stateAfter(thrown) === 'background') throw thrown;
    context.logger.info('volume of a deleted claim was never created', { claim: claim.metadata.name, error: thrown });
  }
}

async function ensureIntent(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim> {
  if (claim.metadata.finalizers?.includes(provisioningFinalizer)) return claim;
  const body = { metadata: { uid: claim.metadata.uid, finalizers: [provisioningFinalizer] } };
  return context.client.patch(persistentVolumeClaims, claim.metadata, { type: 'strategic', body }, { signal });
}

async function releaseIntent(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
  reschedule: boolean,
): Promise<void> {
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
