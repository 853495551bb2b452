/** Sees to it that somebody enlarges the volume of a claim that asks for more. */
import {
  isConflict,
  keyOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
} from '../../api/index.ts';
import { type Clock, messageOf, unreachable } from '../../base/index.ts';
import { type Client, done, type Informer, type ReconcileResult } from '../../client/index.ts';
import {
  annPreResizeCapacity,
  annStorageResizer,
  withBegunResize,
  withPendingResize,
} from '../../component-helpers/index.ts';
import type { Announcer } from '../common/announcer.ts';
import { decideExpansion } from './decide-expansion.ts';
import type { ExpandMetrics } from './metrics.ts';

export interface ExpandContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly announcer: Announcer;
  readonly metrics: ExpandMetrics;
  readonly claims: Informer<PersistentVolumeClaim>;
}

/** The name under which volumes count that only a node can enlarge. */
const nodePluginName = 'kubernetes.io/flexvolume';

/** The volume that a claim names is not its own: binding is not complete, or was undone. */
export class NotBoundError extends Error {
  override readonly name = 'NotBoundError';
}

export async function syncClaim(context: ExpandContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  const claim = context.claims.get(key);
  if (!claim?.spec.volumeName || claim.status?.phase !== 'Bound') return done;
  const volume = await context.client.get(persistentVolumes, { name: claim.spec.volumeName }, { signal });
  const { claimRef } = volume.spec;
  if (claimRef?.namespace !== claim.metadata.namespace || claimRef?.uid !== claim.metadata.uid) {
    throw new NotBoundError(`persistent Volume is not bound to PVC being updated : ${keyOf(claim)}`);
  }
  const decision = decideExpansion(claim, volume);
  switch (decision.kind) {
    case 'settled':
      context.announcer.forget(key);
      return done;
    case 'external': {
      const { message, resizer } = decision;
      context.announcer.announce(claim, { type: 'Normal', reason: 'ExternalExpanding', message });
      if (resizer !== undefined) await setResizer(context, claim, resizer, signal);
      return done;
    }
    case 'onNode':
      await expand(context, claim, volume, decision.size, signal);
      return done;
    case 'forgetPreResize': {
      const { [annPreResizeCapacity]: _, ...annotations } = volume.metadata.annotations ?? {};
      const metadata = { ...volume.metadata, annotations };
      await context.client.update(persistentVolumes, { ...volume, metadata }, { signal });
      return done;
    }
    default:
      return unreachable(decision, 'expansion decision');
  }
}

async function setResizer(
  { announcer, client }: ExpandContext,
  claim: PersistentVolumeClaim,
  resizer: string,
  signal: AbortSignal,
): Promise<void> {
  const { annotations } = claim.metadata;
  if (annotations?.[annStorageResizer] === resizer) return;
  const { uid, resourceVersion } = claim.metadata;
  const body = { metadata: { uid, resourceVersion, annotations: { [annStorageResizer]: resizer } } };
  // Upstream: the controller's role lets it write a claim's status, which takes annotations along.
  const patch = { type: 'merge', body } as const;
  try {
    await client.patch(persistentVolumeClaims, claim.metadata, patch, { subresource: 'status', signal });
  } catch (thrown) {
    // Somebody else wrote the claim: it will be looked at again.
    if (signal.aborted || isConflict(thrown)) throw thrown;
    const message = `error setting resizer annotation to pvc ${keyOf(claim)}, with error ${messageOf(thrown)}`;
    announcer.announce(claim, { type: 'Warning', reason: 'ExternalExpanding', message }, 'resizer');
    throw thrown;
  }
}

async function expand(
  context: ExpandContext,
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
  size: string,
  signal: AbortSignal,
): Promise<void> {
  const { announcer, metrics } = context;
  try {
    await metrics.expansion(nodePluginName, () => expandOnNode(context, claim, volume, size, signal));
  } catch (thrown) {
    if (!signal.aborted && !isConflict(thrown)) {
      announcer.announce(claim, { type: 'Warning', reason: 'VolumeResizeFailed', message: messageOf(thrown) });
    }
    throw thrown;
  }
}

/** Intent, then the volume's size, then the word to the node: a crash in between is taken up where it happened. */
async function expandOnNode(
  context: ExpandContext,
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
  size: string,
  signal: AbortSignal,
): Promise<void> {
  const { client, clock } = context;
  const begun = await client.updateStatus(persistentVolumeClaims, withBegunResize(claim, size, clock), { signal });
  if (volume.spec.capacity?.storage !== size) {
    const noted = volume.metadata.annotations?.[annPreResizeCapacity] ?? claim.status?.capacity?.storage ?? '0';
    const annotations = { ...volume.metadata.annotations, [annPreResizeCapacity]: noted };
    const spec = { ...volume.spec, capacity: { ...volume.spec.capacity, storage: size } };
    const metadata = { ...volume.metadata, annotations };
    await client.update(persistentVolumes, { ...volume, metadata, spec }, { signal });
  }
  await client.updateStatus(persistentVolumeClaims, withPendingResize(begun, clock, { alone: true }), { signal });
}
