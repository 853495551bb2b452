/** Sees to it that somebody enlarges the volume of a claim that asks for more. */
import {
  isConflict,
  keyOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  quantityValue,
} from '../../api/index.ts';
import { type Clock, isAbort, messageOf, unreachable } from '../../base/index.ts';
import { type Client, done, type Informer, type ReconcileResult } from '../../client/index.ts';
import {
  annPreResizeCapacity,
  annStorageResizer,
  withBegunResize,
  withFinishedResize,
  withPendingResize,
} from '../../component-helpers/index.ts';
import { type FlexControllerPlugin, type FlexGrowth, specFromPersistentVolume } from '../../volume-plugins/index.ts';
import type { Announcer } from '../common/announcer.ts';
import { decideExpansion } from './decide-expansion.ts';
import type { ExpandMetrics } from './metrics.ts';

export interface ExpandContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly announcer: Announcer;
  readonly metrics: ExpandMetrics;
  readonly claims: Informer<PersistentVolumeClaim>;
  /** The FlexVolume drivers that are installed beside the controller. */
  readonly flex: FlexControllerPlugin | undefined;
}

/** The name under which volumes count that only a node can enlarge. */
const nodePluginName = 'kubernetes.io/flexvolume';

/** The driver did not enlarge the volume. */
export class ExpansionError extends Error {
  override readonly name = 'ExpansionError';
}

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
  const driver = await findFlexDriver(context, volume);
  try {
    await metrics.expansion(driver?.name ?? nodePluginName, () =>
      expandVolume(context, { claim, volume, size, driver }, signal),
    );
  } catch (thrown) {
    if (!signal.aborted && !isConflict(thrown)) {
      announcer.announce(claim, { type: 'Warning', reason: 'VolumeResizeFailed', message: messageOf(thrown) });
    }
    throw thrown;
  }
}

/** The part of a driver beside this controller in growing one volume. */
interface FlexGrower {
  readonly name: string;
  readonly requiresFsResize: boolean;
  readonly grow: (growth: FlexGrowth, signal: AbortSignal) => Promise<void>;
}

async function findFlexDriver({ flex }: ExpandContext, volume: PersistentVolume): Promise<FlexGrower | undefined> {
  const name = volume.spec.flexVolume?.driver;
  // Before it is known what is installed, a driver must not be passed over.
  await flex?.ready();
  if (name === undefined || !flex?.isInstalled(name)) return undefined;
  const spec = specFromPersistentVolume(volume, false);
  return {
    name,
    requiresFsResize: flex.requiresFsResize(spec),
    grow: (growth, signal) => flex.expandVolume(spec, growth, signal),
  };
}

interface Expansion {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
  readonly size: string;
  /** Undefined: only the node can enlarge the volume. */
  readonly driver: FlexGrower | undefined;
}

/**
 * Intent, then the storage, then the volume's size, then the word to the node: a crash in between is taken up where it
 * happened.
 */
async function expandVolume(context: ExpandContext, expansion: Expansion, signal: AbortSignal): Promise<void> {
  const { client, clock } = context;
  const { claim, size, driver } = expansion;
  const begun = await client.updateStatus(persistentVolumeClaims, withBegunResize(claim, size, clock), { signal });
  const oldSize = claim.status?.capacity?.storage ?? '0';
  const growth = { newSizeBytes: quantityValue(size), oldSizeBytes: quantityValue(oldSize) };
  await driver?.grow(growth, signal).catch((thrown: unknown) => {
    if (isAbort(thrown)) throw thrown;
    const what = `error expanding volume "${keyOf(claim)}" of plugin "${driver.name}"`;
    throw new ExpansionError(`${what}: ${messageOf(thrown)}`, { cause: thrown });
  });
  const isNodesTurn = driver?.requiresFsResize ?? true;
  await writeVolumeSize(context, expansion, { oldSize, isNodesTurn }, signal);
  const told = isNodesTurn ? withPendingResize(begun, clock, { alone: true }) : withFinishedResize(begun, size);
  await client.updateStatus(persistentVolumeClaims, told, { signal });
}

async function writeVolumeSize(
  { client }: ExpandContext,
  { volume, size }: Expansion,
  { oldSize, isNodesTurn }: { readonly oldSize: string; readonly isNodesTurn: boolean },
  signal: AbortSignal,
): Promise<void> {
  if (volume.spec.capacity?.storage === size) return;
  const noted = volume.metadata.annotations?.[annPreResizeCapacity] ?? oldSize;
  const annotations = { ...volume.metadata.annotations, ...(isNodesTurn ? { [annPreResizeCapacity]: noted } : {}) };
  const spec = { ...volume.spec, capacity: { ...volume.spec.capacity, storage: size } };
  const metadata = { ...volume.metadata, annotations };
  await client.update(persistentVolumes, { ...volume, metadata, spec }, { signal });
}
