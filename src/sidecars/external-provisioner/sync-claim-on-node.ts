/**
 * One claim, for the provisioner of one node: provisions it when its node is selected. A claim that nobody selects a
 * node for goes to whoever writes its own node's name first; the API server takes one such write.
 */
import { isConflict, isNotFound, type PersistentVolumeClaim, persistentVolumeClaims } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { done, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { annSelectedNode, claimRequestBytes, getClaimClass } from '../../component-helpers/index.ts';
import type { ProvisionerContext } from './context.ts';
import { findAttempt } from './intent.ts';
import { type NodeDeployment, shareOf } from './node-deployment.ts';
import { capacityRequests } from './prepare-attempt.ts';
import { decisionOf, syncClaim } from './sync-claim.ts';
import { TopologyError } from './topology.ts';
import type { Volunteers } from './volunteers.ts';

export interface NodeContext extends ProvisionerContext {
  readonly deployment: NodeDeployment;
  readonly volunteers: Volunteers;
}

export async function syncClaimOnNode(
  context: NodeContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const claim = context.claims.get(key);
  if (!claim) return done;
  const { uid } = claim.metadata;
  const share = shareOf(context.deployment, claim);
  // What this node's provisioner has begun it ends, whatever is written into the claim.
  const isBegun = (await findAttempt(context, claim)) !== undefined;
  if (share === 'open' && !isBegun && isToShare(context, claim)) return await volunteer(context, claim, signal);
  context.volunteers.forget(uid);
  return share === 'ours' || isBegun ? await syncClaim(context, key, signal) : done;
}

/** A claim that cannot be provisioned is taken, too: somebody has to say so, and only one. */
function isToShare(context: NodeContext, claim: PersistentVolumeClaim): boolean {
  const volumeClass = context.classes.get(getClaimClass(claim));
  if (!context.deployment.immediateBinding || volumeClass?.volumeBindingMode !== 'Immediate') return false;
  const { kind } = decisionOf(context, claim, undefined);
  return kind === 'provision' || kind === 'unsupported';
}

/** Upstream: becomeOwner, which sleeps in its worker. */
async function volunteer(
  context: NodeContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { client, deployment, volunteers } = context;
  const { uid, resourceVersion } = claim.metadata;
  const waitMs = volunteers.waitMs(uid);
  if (waitMs > 0) return requeueAfter(waitMs);
  const annotations = { [annSelectedNode]: deployment.nodeName };
  const wanted = {
    ...claim,
    metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, ...annotations } },
  };
  if (!(await isRoomFor(context, wanted, signal))) return requeueAfter(volunteers.again(uid));
  const body = { metadata: { uid, resourceVersion, annotations } };
  try {
    await client.patch(persistentVolumeClaims, claim.metadata, { type: 'merge', body }, { signal });
  } catch (thrown) {
    if (isNotFound(thrown)) return done;
    if (!isConflict(thrown)) throw thrown;
    return requeueAfter(volunteers.again(uid));
  }
  volunteers.forget(uid);
  return done;
}

/** Asked as late as can be. When nobody can say, provisioning will tell. Upstream: checkCapacity. */
async function isRoomFor(context: NodeContext, claim: PersistentVolumeClaim, signal: AbortSignal): Promise<boolean> {
  const { driver, flags, logger } = context;
  try {
    for (const request of capacityRequests(context, claim)) {
      const options = { timeoutMs: flags.timeoutMs, signal };
      const { availableCapacity } = await driver.controller.getCapacity(request, options);
      if (claimRequestBytes(claim) <= availableCapacity) return true;
    }
    return false;
  } catch (thrown) {
    // The class does not allow this node.
    if (thrown instanceof TopologyError) return false;
    if (signal.aborted) throw thrown;
    logger.info('room for the claim is not known', { claim: claim.metadata.name, error: messageOf(thrown) });
    return true;
  }
}
