/** CreateVolume and DeleteVolume for a claim, and what their errors mean for the next step. */

import type { PersistentVolumeClaim, SecretReference } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { MigrationError } from '../../component-helpers/index.ts';
import { Code, CsiError, isKnownCode } from '../../csi/index.ts';
import { secretData } from '../common/secrets.ts';
import type { Attempt } from './attempts.ts';
import { ProvisionError, type ProvisionerContext, volumesByUniqueName } from './context.ts';
import type { CreatedVolume } from './volume-of.ts';

/**
 * What a failed CreateVolume leaves behind. `background`: the volume may exist or may yet come to exist, so the same
 * call must be made again until its end is known. `refused`: this call made nothing, but another before it did.
 * `finished`: the volume does not exist.
 */
export type ProvisioningState = 'background' | 'refused' | 'finished';

const backgroundCodes: ReadonlySet<number> = new Set([
  Code.CANCELED,
  Code.DEADLINE_EXCEEDED,
  Code.UNAVAILABLE,
  Code.ABORTED,
]);

/** Upstream: checkError in external-provisioner, which takes ALREADY_EXISTS for the end and forgets the volume. */
export function stateAfter(thrown: unknown): ProvisioningState {
  if (thrown instanceof MigrationError) return 'finished';
  if (!(thrown instanceof CsiError) || !isKnownCode(thrown.code)) return 'background';
  // Nobody else asks for a volume of this name.
  if (thrown.code === Code.ALREADY_EXISTS) return 'refused';
  return backgroundCodes.has(thrown.code) ? 'background' : 'finished';
}

/** Calls CreateVolume with the attempt's one request, so that a repeated call finds what an earlier one made. */
export async function csiCreateVolume(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  { request }: Attempt,
  secrets: Record<string, string>,
  signal: AbortSignal,
): Promise<CreatedVolume> {
  const { driver, flags } = context;
  const options = { timeoutMs: flags.timeoutMs, signal };
  const { volume } = await driver.controller.createVolume({ ...request, secrets }, options);
  // Whatever was made cannot be named yet: the same call may tell.
  if (!volume?.volumeId) throw new ProvisionError('CreateVolume answered without a volume id');
  assertOwnVolume(context, claim, request.name, volume.volumeId);
  return {
    volumeId: volume.volumeId,
    capacityBytes: volume.capacityBytes,
    volumeContext: volume.volumeContext,
    topologies: flags.topology ? volume.accessibleTopology.map(({ segments }) => segments) : [],
    isFilled: volume.contentSource !== undefined,
  };
}

/** Two volumes never share a handle: deleting the one would delete the other. */
function assertOwnVolume(
  { attempts, driver, volumes }: ProvisionerContext,
  claim: PersistentVolumeClaim,
  name: string,
  volumeId: string,
): void {
  const holder = volumes
    .byIndex(volumesByUniqueName, `kubernetes.io/csi/${driver.name}^${volumeId}`)
    .find(({ metadata }) => metadata.name !== name);
  if (!holder && attempts.takeVolumeId(claim.metadata.uid, volumeId)) return;
  const owner = holder ? `PersistentVolume "${holder.metadata.name}"` : 'another claim';
  throw new ProvisionError(`driver answered with volume id "${volumeId}", which is that of ${owner}`);
}

/**
 * Deletes a volume that is not what was asked for, and throws. A size of 0 is one that the driver does not know.
 * Upstream: external-provisioner Provision.
 */
export async function assertAsAsked(
  context: ProvisionerContext,
  { requiredBytes, request, secret }: Attempt,
  { capacityBytes, volumeId, isFilled }: CreatedVolume,
  signal: AbortSignal,
): Promise<void> {
  const isSmall = capacityBytes !== 0n && capacityBytes < requiredBytes;
  const isEmpty = request.volumeContentSource !== undefined && !isFilled;
  if (!isSmall && !isEmpty) return;
  const size = `created volume capacity ${capacityBytes} less than requested capacity ${requiredBytes}`;
  const told = isSmall ? size : 'volume content source missing';
  try {
    await csiDeleteVolume(context, volumeId, secret, signal);
  } catch (cause) {
    const cleanup = isSmall ? 'Cleanup' : 'cleanup';
    const message = `${told}. ${cleanup} of volume ${request.name} failed, volume is orphaned: ${messageOf(cause)}`;
    throw new ProvisionError(message, { cause });
  }
  throw new ProvisionError(told);
}

/** Deletes a volume at the driver; one that is gone already counts as deleted. */
export async function csiDeleteVolume(
  context: ProvisionerContext,
  volumeId: string,
  secret: SecretReference | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { client, driver, flags } = context;
  try {
    const secrets = await secretData(client, secret, signal);
    await driver.controller.deleteVolume({ volumeId, secrets }, { timeoutMs: flags.timeoutMs, signal });
  } catch (thrown) {
    if (thrown instanceof CsiError && thrown.code === Code.NOT_FOUND) return;
    throw thrown;
  }
}
