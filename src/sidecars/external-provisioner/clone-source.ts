/** Whether a claim can be filled from another claim's volume. Pure. Upstream: external-provisioner getPVCSource. */
import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimStatus } from '../../api/index.ts';
import { claimRequestBytes, cloningProtectionFinalizer } from '../../component-helpers/index.ts';
import { ProvisionError } from './context.ts';

/** The status as Go prints it, which the message has to show. */
function goText({ phase = '', accessModes = [], capacity = {}, ...rest }: PersistentVolumeClaimStatus): string {
  const map = (of: object) =>
    `map[${Object.entries(of)
      .map(([key, value]) => `${key}:${String(value)}`)
      .join(' ')}]`;
  const { allocatedResources = {}, allocatedResourceStatuses = {} } = rest;
  const current = rest.currentVolumeAttributesClassName ?? '<nil>';
  const lists = `[${accessModes.join(' ')}] ${map(capacity)} []`;
  return `{${phase} ${lists} ${map(allocatedResources)} ${map(allocatedResourceStatuses)} ${current} <nil>}`;
}

/**
 * Refuses what cannot be cloned yet, or never. A source that is being deleted still serves a volume that may already
 * be being made from it, which is what its finalizer stands for.
 * @throws ProvisionError
 */
export function checkSourceClaim(
  claim: PersistentVolumeClaim,
  source: PersistentVolumeClaim,
  options: { readonly mayBeUnderWay: boolean },
): void {
  const { name, deletionTimestamp, finalizers = [] } = source.metadata;
  if (source.status?.phase !== 'Bound') {
    const status = goText(source.status ?? {});
    throw new ProvisionError(`the PVC DataSource ${name} must have a status of Bound.  Got ${status}`);
  }
  const isKept = options.mayBeUnderWay && finalizers.includes(cloningProtectionFinalizer);
  if (deletionTimestamp && !isKept) throw new ProvisionError(`the PVC DataSource ${name} is currently being deleted`);
  if (source.spec.storageClassName === undefined)
    throw new ProvisionError(`the source PVC (${name}) storageclass cannot be empty`);
  if (claim.spec.storageClassName === undefined)
    throw new ProvisionError(`the requested PVC (${claim.metadata.name}) storageclass cannot be empty`);
  const asked = claimRequestBytes(claim);
  const present = claimRequestBytes(source);
  if (asked < present) {
    throw new ProvisionError(
      `error, new PVC request must be greater than or equal in size to the specified PVC data source, requested ${asked} but source is ${present}`,
    );
  }
  if (!source.spec.volumeName) throw new ProvisionError(`volume name is empty in source PVC ${name}`);
}

const invalid = 'claim in dataSource not bound or invalid';

/**
 * The id of the source's volume; undefined as `volume` means that there is no such object.
 * @throws ProvisionError
 */
export function clonedVolumeId(
  claim: PersistentVolumeClaim,
  source: PersistentVolumeClaim,
  volume: PersistentVolume | undefined,
  driver: string,
): string {
  const { csi, claimRef, volumeMode = 'Filesystem' } = volume?.spec ?? {};
  if (!csi || csi.driver !== driver || !claimRef) throw new ProvisionError(invalid);
  const { uid, namespace, name } = source.metadata;
  if (claimRef.uid !== uid || claimRef.namespace !== namespace || claimRef.name !== name)
    throw new ProvisionError(invalid);
  if (volume?.status?.phase !== 'Bound') throw new ProvisionError(invalid);
  const { volumeMode: wanted = 'Filesystem' } = claim.spec;
  if (volumeMode !== wanted) {
    throw new ProvisionError(
      `the source PVC and destination PVCs must have the same volume mode for cloning.  Source is ${volumeMode}, but new PVC requested ${wanted}`,
    );
  }
  return csi.volumeHandle;
}
