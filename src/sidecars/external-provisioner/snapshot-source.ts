/** Whether a claim can be restored from a snapshot. Pure. Upstream: external-provisioner getSnapshotSource. */
import {
  annAllowVolumeModeChange,
  type PersistentVolumeClaim,
  quantityValue,
  restoreSourceFinalizer,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
} from '../../api/index.ts';
import { claimRequestBytes } from '../../component-helpers/index.ts';
import { ProvisionError } from './context.ts';

/**
 * The name of the content that the snapshot says is its own. A snapshot that is being deleted still serves a volume
 * that may already be being restored from it, which is what its finalizer stands for. Upstream lets a claim begin, too,
 * while another one is being restored.
 * @throws ProvisionError
 */
export function boundContentName(
  { metadata, status }: VolumeSnapshot,
  options: { readonly mayBeUnderWay: boolean },
): string {
  const isKept = options.mayBeUnderWay && metadata.finalizers?.includes(restoreSourceFinalizer) === true;
  if (metadata.deletionTimestamp && !isKept) throw new ProvisionError(`snapshot ${metadata.name} is being deleted`);
  if (status?.boundVolumeSnapshotContentName === undefined) throw notBound(metadata.name);
  return status.boundVolumeSnapshotContentName;
}

function notBound(name: string): ProvisionError {
  return new ProvisionError(`snapshot ${name} not bound`);
}

export interface RestoreInput {
  readonly claim: PersistentVolumeClaim;
  readonly snapshot: VolumeSnapshot;
  /** Undefined when there is none of the name. */
  readonly content: VolumeSnapshotContent | undefined;
  readonly driver: string;
  readonly preventVolumeModeConversion: boolean;
}

/**
 * The driver's id of the snapshot.
 * @throws ProvisionError
 */
export function restoredSnapshotId(input: RestoreInput): string {
  const { claim, snapshot, content, driver } = input;
  const { name, namespace, uid } = snapshot.metadata;
  const { volumeSnapshotRef: owner, driver: contentDriver } = content?.spec ?? {};
  if (!content || owner?.uid !== uid || owner.namespace !== namespace || owner.name !== name) throw notBound(name);
  if (contentDriver !== driver) throw notBound(name);
  if (snapshot.status?.readyToUse !== true) throw new ProvisionError(`snapshot ${name} is not Ready`);
  const { snapshotHandle } = content.status ?? {};
  if (snapshotHandle === undefined) throw new ProvisionError(`snapshot handle ${name} is not available`);
  checkSize(claim, snapshot);
  if (input.preventVolumeModeConversion) checkMode(claim, content);
  return snapshotHandle;
}

function checkSize(claim: PersistentVolumeClaim, { metadata, status }: VolumeSnapshot): void {
  if (status?.restoreSize === undefined) return;
  if (claim.spec.resources?.requests?.storage === undefined) {
    throw new ProvisionError(
      `error getting capacity for PVC ${claim.metadata.name} when creating snapshot ${metadata.name}`,
    );
  }
  const asked = claimRequestBytes(claim);
  const least = quantityValue(status.restoreSize);
  if (asked >= least) return;
  throw new ProvisionError(
    `requested volume size ${asked} is less than the size ${least} for the source snapshot ${metadata.name}`,
  );
}

/** What Go takes for a truth value. */
const goBooleans: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
]);

/** A file system is not read as a block device, nor the other way round, unless an administrator allows it. */
function checkMode({ metadata, spec }: PersistentVolumeClaim, content: VolumeSnapshotContent): void {
  const { sourceVolumeMode } = content.spec;
  if (sourceVolumeMode === undefined || spec.volumeMode === undefined || sourceVolumeMode === spec.volumeMode) return;
  const allowed = content.metadata.annotations?.[annAllowVolumeModeChange];
  const isAllowed = goBooleans.get(allowed ?? '');
  if (isAllowed) return;
  const refusal = `requested volume ${metadata.namespace}/${metadata.name} modifies the mode of the source volume but does not have permission to do so. `;
  const on = `snapshotcontent ${content.metadata.name}`;
  if (allowed === undefined)
    throw new ProvisionError(`${refusal}${annAllowVolumeModeChange} annotation is not present on ${on}`);
  if (isAllowed === false) throw new ProvisionError(`${refusal}${annAllowVolumeModeChange} is set to false on ${on}`);
  throw new ProvisionError(
    `${refusal}failed to convert ${annAllowVolumeModeChange} annotation value to boolean with error: strconv.ParseBool: parsing ${JSON.stringify(allowed)}: invalid syntax`,
  );
}
