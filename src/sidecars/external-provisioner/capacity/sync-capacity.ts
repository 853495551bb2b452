/**
 * One segment and class: asks the driver what there is and sees to it that one object says so, or none when segment or
 * class are gone. There is never a second object, see capacity-object.ts, nor a write when nothing has changed.
 */
import {
  type CSIStorageCapacity,
  csiStorageCapacities,
  isAlreadyExists,
  isNotFound,
  type StorageClass,
} from '../../../api/index.ts';
import { done, type ReconcileResult } from '../../../client/index.ts';
import { AccessMode } from '../../../csi/index.ts';
import {
  type CapacityItem,
  chooseKept,
  draftOf,
  isManaged,
  itemKeyOf,
  type Measured,
  updateOf,
} from './capacity-object.ts';
import { type CapacityContext, CapacityError, capacitiesByItem, isPublished } from './context.ts';

/** So many objects of ours for one item may have been taken over by others. */
const triesLimit = 8;

export async function syncCapacity(
  context: CapacityContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { kept, surplus } = chooseKept(context.manager, context.capacities.byIndex(capacitiesByItem, key));
  for (const capacity of surplus) await remove(context, capacity, signal);
  const item = findItem(context, key);
  if (!item) {
    if (kept) await remove(context, kept, signal);
    return done;
  }
  const measured = await csiGetCapacity(context, item, signal);
  // What has become of it meanwhile brings the key back.
  if (!findItem(context, key)) return done;
  const current = chooseKept(context.manager, context.capacities.byIndex(capacitiesByItem, key)).kept;
  if (current) await ensureCurrent(context, current, measured, signal);
  else await create(context, key, item, measured, signal);
  return done;
}

interface WantedItem extends CapacityItem {
  readonly class: StorageClass;
}

function findItem(context: CapacityContext, key: string): WantedItem | undefined {
  const space = key.indexOf(' ');
  const className = key.slice(0, space);
  const volumeClass = context.classes.get(className);
  const segment = context.segments.get(key.slice(space + 1));
  if (!segment || !volumeClass || !isPublished(context, volumeClass) || !context.isOn()) return undefined;
  return { className, class: volumeClass, segment };
}

/** The capability stands for all: CSI demands one, and drivers do not look at it. Upstream: syncCapacity. */
async function csiGetCapacity(
  { driver, flags }: CapacityContext,
  { class: { parameters = {} }, segment }: WantedItem,
  signal: AbortSignal,
): Promise<Measured> {
  const request = {
    parameters: { ...parameters },
    volumeCapabilities: [
      { accessType: { case: 'mount' as const, value: {} }, accessMode: { mode: AccessMode.UNKNOWN } },
    ],
    accessibleTopology: { segments: { ...segment } },
  };
  const answer = await driver.controller.getCapacity(request, { timeoutMs: flags.timeoutMs, signal });
  return { availableBytes: answer.availableCapacity, maximumVolumeBytes: answer.maximumVolumeSize };
}

/** The resourceVersion goes along: an object that was changed since is looked at again, as it may be another's now. */
async function remove(
  { client }: CapacityContext,
  { metadata }: CSIStorageCapacity,
  signal: AbortSignal,
): Promise<void> {
  const { uid, resourceVersion } = metadata;
  try {
    await client.delete(csiStorageCapacities, metadata, { preconditions: { uid, resourceVersion }, signal });
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
}

async function ensureCurrent(
  { client, manager }: CapacityContext,
  current: CSIStorageCapacity,
  measured: Measured,
  signal: AbortSignal,
): Promise<void> {
  const update = updateOf(manager, current, measured);
  if (update) await client.update(csiStorageCapacities, update, { signal });
}

async function create(
  context: CapacityContext,
  key: string,
  item: CapacityItem,
  measured: Measured,
  signal: AbortSignal,
): Promise<void> {
  const { client, manager } = context;
  for (let tries = 0; tries < triesLimit; tries++) {
    const draft = draftOf(manager, item, measured, tries);
    try {
      await client.create(csiStorageCapacities, draft, { signal });
      return;
    } catch (thrown) {
      if (!isAlreadyExists(thrown)) throw thrown;
    }
    const name = draft.metadata.name ?? '';
    const present = await client.get(csiStorageCapacities, { namespace: manager.namespace, name }, { signal });
    if (isManaged(manager, present) && itemKeyOf(present) === key) {
      // Made by another process, or by this one before it died: the cache has yet to show it.
      return await ensureCurrent(context, present, measured, signal);
    }
  }
  throw new CapacityError(`no name is left for the CSIStorageCapacity of ${key}`);
}
