/**
 * What a claim's volume is to be filled from. The source is read from the server, checked, and made to stay by a
 * finalizer before anybody is asked for a volume.
 */

import {
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  type VolumeSnapshot,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { ifFound } from '../../client/index.ts';
import { cloningProtectionFinalizer } from '../../component-helpers/index.ts';
import type { CreateRequest } from './attempts.ts';
import { checkSourceClaim, clonedVolumeId } from './clone-source.ts';
import { ProvisionError, type ProvisionerContext } from './context.ts';
import { findDataSource } from './data-source.ts';
import { isIntended } from './decide.ts';
import { boundContentName, restoredSnapshotId } from './snapshot-source.ts';

export type ContentSource = NonNullable<CreateRequest['volumeContentSource']>;

export interface PreparedSource {
  readonly content: ContentSource;
  /** Makes the source stay until the claim has its volume. */
  protect(): Promise<void>;
}

/**
 * Undefined when the volume is to be empty.
 * @throws ProvisionError with upstream's words
 */
export async function prepareSource(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<PreparedSource | undefined> {
  const source = findDataSource(claim);
  if (source?.kind !== 'PersistentVolumeClaim' && source?.kind !== 'VolumeSnapshot') return undefined;
  const prepare = source.kind === 'VolumeSnapshot' ? prepareRestore : prepareClone;
  try {
    return await prepare(context, claim, source.name, signal);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    throw new ProvisionError(
      `error getting handle for DataSource Type ${source.kind} by Name ${source.name}: ${messageOf(thrown)}`,
      { cause: thrown },
    );
  }
}

async function prepareClone(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  name: string,
  signal: AbortSignal,
): Promise<PreparedSource> {
  const { client, driver } = context;
  const source = await readSourceClaim(context, { namespace: claim.metadata.namespace, name }, signal);
  checkSourceClaim(claim, source, { mayBeUnderWay: isIntended(claim) });
  const volume = await ifFound(client.get(persistentVolumes, { name: source.spec.volumeName ?? '' }, { signal }));
  const volumeId = clonedVolumeId(claim, source, volume, driver.name);
  const protect = async () => {
    if (source.metadata.finalizers?.includes(cloningProtectionFinalizer)) return;
    const body = { metadata: { uid: source.metadata.uid, finalizers: [cloningProtectionFinalizer] } };
    await client.patch(persistentVolumeClaims, source.metadata, { type: 'strategic', body }, { signal });
  };
  return { content: { type: { case: 'volume', value: { volumeId } } }, protect };
}

async function readSourceClaim(
  { client }: ProvisionerContext,
  key: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<PersistentVolumeClaim> {
  try {
    return await client.get(persistentVolumeClaims, key, { signal });
  } catch (cause) {
    const message = `error getting PVC ${key.name} (namespace "${key.namespace}") from api server: ${messageOf(cause)}`;
    throw new ProvisionError(message, { cause });
  }
}

async function prepareRestore(
  { client, driver, flags, heldSnapshots }: ProvisionerContext,
  claim: PersistentVolumeClaim,
  name: string,
  signal: AbortSignal,
): Promise<PreparedSource> {
  let snapshot: VolumeSnapshot;
  try {
    snapshot = await client.get(volumeSnapshots, { namespace: claim.metadata.namespace, name }, { signal });
  } catch (cause) {
    throw new ProvisionError(`error getting snapshot ${name} from api server: ${messageOf(cause)}`, { cause });
  }
  const contentName = boundContentName(snapshot, { mayBeUnderWay: isIntended(claim) });
  const content = await ifFound(client.get(volumeSnapshotContents, { name: contentName }, { signal }));
  const { preventVolumeModeConversion } = flags;
  const snapshotId = restoredSnapshotId({ claim, snapshot, content, driver: driver.name, preventVolumeModeConversion });
  return {
    content: { type: { case: 'snapshot', value: { snapshotId } } },
    protect: async () => {
      const outcome = await heldSnapshots.hold(snapshot, signal);
      if (outcome === 'deleted') throw new ProvisionError(`snapshot ${name} is being deleted`);
    },
  };
}
