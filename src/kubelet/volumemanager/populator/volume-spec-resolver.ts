/**
 * Finds what a volume of a pod really is: follows a claim to the PersistentVolume it is bound to. Reads live objects:
 * a cache may still show an earlier claim of the same name, and mounting that one's volume would be wrong data.
 *
 * Upstream: desired_state_of_world_populator.go createVolumeSpec.
 */
import {
  compareQuantities,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  quantityValue,
  type Volume,
} from '../../../api/index.ts';
import { messageOf } from '../../../base/index.ts';
import type { Client } from '../../../client/index.ts';
import {
  annNodeExpansionNotRequired,
  annVolumeGid,
  ephemeralClaimName,
  notOwnerMessage,
  podIsOwner,
  resizeStatusOf,
} from '../../../component-helpers/index.ts';
import {
  finalError,
  migratedSpec,
  specFromPersistentVolume,
  specFromVolume,
  transientError,
  type VolumeSpec,
  volumeModeOf,
} from '../../../volume-plugins/index.ts';
import type { UsedVolumes } from './pod-volumes.ts';

export interface ResolvedVolume {
  readonly spec: VolumeSpec;
  readonly gid: string | undefined;
  readonly expandToBytes: bigint | undefined;
  readonly claimSizeBytes: bigint | undefined;
}

export interface ResolveRequest {
  readonly pod: Pod;
  readonly volume: Volume;
  readonly used: UsedVolumes;
  /** The pod has this volume mounted already: a claim that is being deleted must not take it away. */
  readonly mounted: boolean;
}

export class VolumeSpecResolver {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async resolve(request: ResolveRequest, signal: AbortSignal): Promise<ResolvedVolume> {
    const { pod, volume } = request;
    const claimName =
      volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral && ephemeralClaimName(pod, volume.name));
    if (claimName === undefined) {
      const spec = migratedSpec(specFromVolume(volume), pod.metadata.namespace ?? '');
      return { spec, gid: undefined, expandToBytes: undefined, claimSizeBytes: undefined };
    }
    const { claim, persistentVolume } = await this.#getBound(request, claimName, signal);
    const { readOnly = false } = volume.persistentVolumeClaim ?? {};
    const spec = migratedSpec(specFromPersistentVolume(persistentVolume, readOnly), pod.metadata.namespace ?? '');
    checkVolumeMode(request, spec);
    const gid = persistentVolume.metadata.annotations?.[annVolumeGid];
    const shown = claim.status?.capacity?.storage;
    const claimSizeBytes = shown === undefined ? undefined : quantityValue(shown);
    return { spec, gid, expandToBytes: expandTarget(claim, persistentVolume), claimSizeBytes };
  }

  async #getBound(request: ResolveRequest, claimName: string, signal: AbortSignal) {
    try {
      const claim = await this.#getClaim(request, claimName, signal);
      return { claim, persistentVolume: await this.#getVolume(claim, signal) };
    } catch (thrown) {
      const namespace = request.pod.metadata.namespace ?? '';
      throw transientError(`error processing PVC ${namespace}/${claimName}: ${messageOf(thrown)}`, thrown);
    }
  }

  async #getClaim(
    { pod, volume, mounted }: ResolveRequest,
    name: string,
    signal: AbortSignal,
  ): Promise<PersistentVolumeClaim> {
    const namespace = pod.metadata.namespace ?? '';
    const claim = await this.#client
      .get(persistentVolumeClaims, { namespace, name }, { signal })
      .catch((thrown: unknown) => {
        throw transientError(`failed to fetch PVC from API server: ${messageOf(thrown)}`, thrown);
      });
    if (volume.ephemeral && !podIsOwner(pod, claim)) throw finalError(notOwnerMessage(pod, claim));
    if (claim.metadata.deletionTimestamp !== undefined && !mounted && !hasStarted(pod)) {
      throw finalError('PVC is being deleted');
    }
    if (claim.status?.phase !== 'Bound') throw finalError('PVC is not bound');
    if (!claim.spec.volumeName) throw finalError('PVC has empty pvc.Spec.VolumeName');
    return claim;
  }

  async #getVolume(claim: PersistentVolumeClaim, signal: AbortSignal): Promise<PersistentVolume> {
    const name = claim.spec.volumeName ?? '';
    const volume = await this.#client.get(persistentVolumes, { name }, { signal }).catch((thrown: unknown) => {
      throw transientError(`failed to fetch PV ${name} from API server: ${messageOf(thrown)}`, thrown);
    });
    const { claimRef } = volume.spec;
    if (!claimRef) {
      throw finalError(
        `found PV object ${name} but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim`,
      );
    }
    if (claimRef.uid !== claim.metadata.uid) {
      throw finalError(
        `found PV object ${name} but its pv.Spec.ClaimRef.UID ${claimRef.uid ?? ''} does not point to claim.UID ${claim.metadata.uid}`,
      );
    }
    return volume;
  }
}

/** A pod whose containers have run keeps its claim: the deletion waits for it. */
function hasStarted(pod: Pod): boolean {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  return [...containerStatuses, ...initContainerStatuses].some(
    ({ state, lastState }) => state?.running ?? state?.terminated ?? lastState?.terminated,
  );
}

function checkVolumeMode({ volume, used }: ResolveRequest, spec: VolumeSpec): void {
  const mode = volumeModeOf(spec);
  if (used.mounts.has(volume.name) && mode !== 'Filesystem') {
    throw finalError(`volume ${volume.name} has volumeMode ${mode}, but is specified in volumeMounts`);
  }
  if (used.devices.has(volume.name) && mode !== 'Block') {
    throw finalError(`volume ${volume.name} has volumeMode ${mode}, but is specified in volumeDevices`);
  }
}

/**
 * The volume's size when it is the node's turn to make it true: the claim does not show it yet, or another node of a
 * shared volume was first and this one may still lag behind.
 */
function expandTarget(claim: PersistentVolumeClaim, volume: PersistentVolume): bigint | undefined {
  const size = volume.spec.capacity?.storage;
  const shown = claim.status?.capacity?.storage;
  if (size === undefined || shown === undefined) return undefined;
  const isDue = compareQuantities(size, shown) > 0 ? isNodesTurn(claim) : isSharedAndGrown(claim);
  if (!isDue || claim.metadata.annotations?.[annNodeExpansionNotRequired] === 'true') return undefined;
  return quantityValue(size);
}

/** A claim without a status was grown by a resizer of before there were any. */
function isNodesTurn(claim: PersistentVolumeClaim): boolean {
  const status = resizeStatusOf(claim);
  return status === undefined || status === 'NodeResizePending' || status === 'NodeResizeInProgress';
}

function isSharedAndGrown(claim: PersistentVolumeClaim): boolean {
  return resizeStatusOf(claim) === undefined && (claim.spec.accessModes?.includes('ReadWriteMany') ?? false);
}
