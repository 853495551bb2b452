/**
 * What a claim's volume is to be filled from. The source is read from the server, checked, and made to stay by a
 * finalizer before anybody is asked for a volume.
 */
import {
  isNotFound,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
} from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { cloningProtectionFinalizer } from '../../component-helpers/index.ts';
import type { CreateRequest } from './attempts.ts';
import { checkSourceClaim, clonedVolumeId } from './clone-source.ts';
import { ProvisionError, type ProvisionerContext } from './context.ts';
import { findDataSource } from './data-source.ts';
import { isIntended } from './decide.ts';

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
  if (source?.kind !== 'PersistentVolumeClaim') return undefined;
  try {
    return await prepareClone(context, claim, source.name, signal);
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
  const volume = await findVolume(context, source.spec.volumeName ?? '', signal);
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

async function findVolume(
  { client }: ProvisionerContext,
  name: string,
  signal: AbortSignal,
): Promise<PersistentVolume | undefined> {
  try {
    return await client.get(persistentVolumes, { name }, { signal });
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined;
    throw thrown;
  }
}
