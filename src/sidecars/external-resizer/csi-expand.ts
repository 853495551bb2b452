/** ControllerExpandVolume and ControllerModifyVolume for a volume. */
import {
  type CSIPersistentVolumeSource,
  type PersistentVolume,
  type PersistentVolumeClaim,
  quantityOfBytes,
  quantityValue,
  type SecretReference,
} from '../../api/index.ts';
import {
  annModifySecretName,
  annModifySecretNamespace,
  asCsiVolume,
  MigrationError,
} from '../../component-helpers/index.ts';
import { Code, ControllerCapability, CsiError } from '../../csi/index.ts';
import { secretData } from '../common/secrets.ts';
import { volumeCapabilityOf } from '../common/volume-capability.ts';
import { ResizeError, type ResizerContext } from './context.ts';

export interface Grown {
  /** The size that the volume has now. */
  readonly size: string;
  readonly nodeExpansionRequired: boolean;
}

/** The volume as the driver knows it. */
function driversVolume(volume: PersistentVolume) {
  try {
    const { csi, ...spec } = asCsiVolume(volume).spec;
    if (!csi) throw new ResizeError('not a CSI volume');
    return { spec: { ...spec, csi }, source: csi };
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    throw new ResizeError(`failed to translate persistent volume: ${error.message}`, { cause: error });
  }
}

/** Grows the volume in the backend; a driver whose controller has no part in it leaves everything to the node. */
export async function csiControllerExpand(
  { client, driver, flags }: ResizerContext,
  volume: PersistentVolume,
  size: string,
  signal: AbortSignal,
): Promise<Grown> {
  if (driver.expansion !== 'controller') return { size, nodeExpansionRequired: true };
  const { source, spec } = driversVolume(volume);
  const requiredBytes = quantityValue(size);
  const response = await driver.controller.controllerExpandVolume(
    {
      volumeId: source.volumeHandle,
      capacityRange: { requiredBytes },
      secrets: await secretData(client, source.controllerExpandSecretRef, signal),
      volumeCapability: volumeCapabilityOf(spec, {
        defaultFsType: '',
        singleNodeMultiWriter: driver.controllerCapabilities.has(ControllerCapability.SINGLE_NODE_MULTI_WRITER),
      }),
    },
    { timeoutMs: flags.timeoutMs, signal },
  );
  const { capacityBytes, nodeExpansionRequired } = response;
  if (capacityBytes > 0n && capacityBytes < requiredBytes) {
    throw new CsiError(Code.OUT_OF_RANGE, `driver answers ${capacityBytes} bytes where ${requiredBytes} were required`);
  }
  return { size: capacityBytes > 0n ? quantityOfBytes(capacityBytes) : size, nodeExpansionRequired };
}

/** Upstream's --extra-modify-metadata. */
function metadataOf(claim: PersistentVolumeClaim, volume: PersistentVolume): Record<string, string> {
  return {
    'csi.storage.k8s.io/pvc/name': claim.metadata.name,
    'csi.storage.k8s.io/pvc/namespace': claim.metadata.namespace ?? '',
    'csi.storage.k8s.io/pv/name': volume.metadata.name,
  };
}

/** What the provisioner noted on the volume, or else what it is grown with. */
function modifySecretOf(
  { annotations }: PersistentVolume['metadata'],
  source: CSIPersistentVolumeSource,
): SecretReference | undefined {
  const name = annotations?.[annModifySecretName];
  const namespace = annotations?.[annModifySecretNamespace];
  return name && namespace ? { name, namespace } : source.controllerExpandSecretRef;
}

/** Gives the volume the mutable parameters of a VolumeAttributesClass. */
export async function csiControllerModify(
  { client, driver, flags }: ResizerContext,
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
  parameters: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const mutableParameters = { ...parameters, ...(flags.extraModifyMetadata ? metadataOf(claim, volume) : {}) };
  const { source } = driversVolume(volume);
  const secrets = await secretData(client, modifySecretOf(volume.metadata, source), signal);
  await driver.controller.controllerModifyVolume(
    { volumeId: source.volumeHandle, mutableParameters, secrets },
    { timeoutMs: flags.timeoutMs, signal },
  );
}
