/** The PersistentVolume for a volume that a driver has created. Pure. */
import {
  type Draft,
  type PersistentVolume,
  type PersistentVolumeClaim,
  quantityOfBytes,
  type VolumeNodeAffinity,
} from '../../api/index.ts';
import {
  annDeletionSecretName,
  annDeletionSecretNamespace,
  annDynamicallyProvisioned,
  annModifySecretName,
  annModifySecretNamespace,
  externalProvisionerFinalizer,
} from '../../component-helpers/index.ts';
import type { Attempt } from './attempts.ts';
import type { ProvisionerFlags } from './context.ts';
import { secretReference } from './parameters.ts';

export interface CreatedVolume {
  readonly volumeId: string;
  readonly capacityBytes: bigint;
  readonly volumeContext: Readonly<Record<string, string>>;
  /** Topology segments the volume can be reached from; empty: from everywhere. */
  readonly topologies: readonly Readonly<Record<string, string>>[];
  /** Whether the driver says what it is filled from. */
  readonly isFilled: boolean;
}

export interface VolumeInput {
  readonly claim: PersistentVolumeClaim;
  readonly attempt: Attempt;
  readonly driver: string;
  readonly identity: string;
  readonly created: CreatedVolume;
  /** Whether what is only read is attached read-only as well. */
  readonly controllerPublishReadonly: boolean;
}

/** The name of a claim's volume, at the driver and in the API: one per claim, over all retries. */
export function volumeNameOf(
  { metadata: { uid } }: PersistentVolumeClaim,
  { volumeNamePrefix, volumeNameUuidLength }: Pick<ProvisionerFlags, 'volumeNamePrefix' | 'volumeNameUuidLength'>,
): string {
  const part = volumeNameUuidLength < 0 ? uid : uid.replaceAll('-', '').slice(0, volumeNameUuidLength);
  return `${volumeNamePrefix}-${part}`;
}

function nodeAffinity(topologies: CreatedVolume['topologies']): VolumeNodeAffinity | undefined {
  if (topologies.length === 0) return undefined;
  const nodeSelectorTerms = topologies.map((segments) => ({
    matchExpressions: Object.keys(segments)
      .sort()
      .map((key) => ({ key, operator: 'In', values: [segments[key] ?? ''] })),
  }));
  return { required: { nodeSelectorTerms } };
}

export function volumeOf(input: VolumeInput): Draft<PersistentVolume> {
  const { claim, attempt, created, driver } = input;
  const { driverClass: volumeClass, secret: deletionSecret, fsType } = attempt;
  const parameters = volumeClass.parameters ?? {};
  const { name } = attempt.request;
  const secret = (purpose: Parameters<typeof secretReference>[0]) => secretReference(purpose, parameters, name, claim);
  const reclaimPolicy = volumeClass.reclaimPolicy ?? 'Delete';
  const bytes = created.capacityBytes > 0n ? created.capacityBytes : attempt.requiredBytes;
  const affinity = nodeAffinity(created.topologies);
  const isBlock = claim.spec.volumeMode === 'Block';
  const { accessModes = [] } = claim.spec;
  const isReadOnly = input.controllerPublishReadonly && accessModes.length === 1 && accessModes[0] === 'ReadOnlyMany';
  const references = {
    controllerPublishSecretRef: secret('controllerPublish'),
    nodeStageSecretRef: secret('nodeStage'),
    nodePublishSecretRef: secret('nodePublish'),
    controllerExpandSecretRef: secret('controllerExpand'),
    nodeExpandSecretRef: secret('nodeExpand'),
  };
  const modifySecret = secret('controllerModify');
  const present = Object.fromEntries(Object.entries(references).filter(([, reference]) => reference !== undefined));
  return {
    metadata: {
      name,
      annotations: {
        [annDynamicallyProvisioned]: attempt.class.provisioner,
        [annDeletionSecretName]: deletionSecret?.name ?? '',
        [annDeletionSecretNamespace]: deletionSecret?.namespace ?? '',
        ...(modifySecret
          ? {
              [annModifySecretName]: modifySecret.name ?? '',
              [annModifySecretNamespace]: modifySecret.namespace ?? '',
            }
          : {}),
      },
      ...(reclaimPolicy === 'Delete' ? { finalizers: [externalProvisionerFinalizer] } : {}),
    },
    spec: {
      accessModes,
      capacity: { storage: quantityOfBytes(bytes) },
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        name: claim.metadata.name,
        namespace: claim.metadata.namespace,
        resourceVersion: claim.metadata.resourceVersion,
        uid: claim.metadata.uid,
      },
      csi: {
        driver,
        volumeHandle: created.volumeId,
        ...(!isBlock && fsType ? { fsType } : {}),
        ...(isReadOnly ? { readOnly: true } : {}),
        volumeAttributes: { ...created.volumeContext, 'storage.kubernetes.io/csiProvisionerIdentity': input.identity },
        ...present,
      },
      ...(affinity ? { nodeAffinity: affinity } : {}),
      ...(volumeClass.mountOptions ? { mountOptions: volumeClass.mountOptions } : {}),
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName: volumeClass.metadata.name,
      ...(claim.spec.volumeMode ? { volumeMode: claim.spec.volumeMode } : {}),
      ...(claim.spec.volumeAttributesClassName
        ? { volumeAttributesClassName: claim.spec.volumeAttributesClassName }
        : {}),
    },
  };
}
