import { isDefaultClass } from '../default-class.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../gen/core.v1.gen.ts';
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../gen/storage.v1.gen.ts';
import { annBetaStorageClass } from '../well-known.ts';
import { accessModesText, none, since, unset } from './cells.ts';
import { printer } from './table-types.ts';

function classOf(object: PersistentVolume | PersistentVolumeClaim): string {
  return object.metadata.annotations?.[annBetaStorageClass] ?? object.spec.storageClassName ?? '';
}

function phaseOf(object: PersistentVolume | PersistentVolumeClaim): string {
  return object.metadata.deletionTimestamp === undefined ? (object.status?.phase ?? '') : 'Terminating';
}

export const persistentVolumePrinter = printer<PersistentVolume>(
  [
    'Name',
    'Capacity',
    'Access Modes',
    'Reclaim Policy',
    'Status',
    'Claim',
    'StorageClass',
    'VolumeAttributesClass',
    'Reason',
    'Age',
    '+VolumeMode',
  ],
  (volume, nowMs) => {
    const { capacity, accessModes, persistentVolumeReclaimPolicy, claimRef, volumeMode } = volume.spec;
    return [
      volume.metadata.name,
      capacity?.storage ?? '0',
      accessModesText(accessModes),
      persistentVolumeReclaimPolicy ?? '',
      phaseOf(volume),
      claimRef ? `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}` : '',
      classOf(volume),
      volume.spec.volumeAttributesClassName || unset,
      volume.status?.reason ?? '',
      since(volume.metadata.creationTimestamp, nowMs),
      volumeMode ?? unset,
    ];
  },
);

export const persistentVolumeClaimPrinter = printer<PersistentVolumeClaim>(
  [
    'Name',
    'Status',
    'Volume',
    'Capacity',
    'Access Modes',
    'StorageClass',
    'VolumeAttributesClass',
    'Age',
    '+VolumeMode',
  ],
  (claim, nowMs) => {
    const volumeName = claim.spec.volumeName ?? '';
    return [
      claim.metadata.name,
      phaseOf(claim),
      volumeName,
      volumeName ? (claim.status?.capacity?.storage ?? '0') : '',
      volumeName ? accessModesText(claim.status?.accessModes) : '',
      classOf(claim),
      claim.spec.volumeAttributesClassName || unset,
      since(claim.metadata.creationTimestamp, nowMs),
      claim.spec.volumeMode ?? unset,
    ];
  },
);

export const storageClassPrinter = printer<StorageClass>(
  ['Name', 'Provisioner', 'ReclaimPolicy', 'VolumeBindingMode', 'AllowVolumeExpansion', 'Age'],
  (storageClass, nowMs) => [
    isDefaultClass(storageClass) ? `${storageClass.metadata.name} (default)` : storageClass.metadata.name,
    storageClass.provisioner,
    storageClass.reclaimPolicy ?? 'Delete',
    storageClass.volumeBindingMode ?? 'Immediate',
    storageClass.allowVolumeExpansion ?? false,
    since(storageClass.metadata.creationTimestamp, nowMs),
  ],
);

export const volumeAttachmentPrinter = printer<VolumeAttachment>(
  ['Name', 'Attacher', 'PV', 'Node', 'Attached', 'Age'],
  (attachment, nowMs) => [
    attachment.metadata.name,
    attachment.spec.attacher,
    attachment.spec.source.persistentVolumeName ?? '',
    attachment.spec.nodeName,
    attachment.status?.attached ?? false,
    since(attachment.metadata.creationTimestamp, nowMs),
  ],
);

export const csiNodePrinter = printer<CSINode>(['Name', 'Drivers:integer', 'Age'], (node, nowMs) => [
  node.metadata.name,
  node.spec.drivers?.length ?? 0,
  since(node.metadata.creationTimestamp, nowMs),
]);

export const csiDriverPrinter = printer<CSIDriver>(
  [
    'Name',
    'AttachRequired:boolean',
    'PodInfoOnMount:boolean',
    'StorageCapacity:boolean',
    'TokenRequests',
    'RequiresRepublish:boolean',
    'Modes',
    'Age',
  ],
  ({ metadata, spec }, nowMs) => [
    metadata.name,
    spec.attachRequired ?? true,
    spec.podInfoOnMount ?? false,
    spec.storageCapacity ?? false,
    spec.tokenRequests?.map((request) => request.audience).join(',') ?? unset,
    spec.requiresRepublish ?? false,
    spec.volumeLifecycleModes?.join(',') || none,
    since(metadata.creationTimestamp, nowMs),
  ],
);

export const csiStorageCapacityPrinter = printer<CSIStorageCapacity>(
  ['Name', 'StorageClassName', 'Capacity'],
  (capacity) => [capacity.metadata.name, capacity.storageClassName, capacity.capacity ?? unset],
);

export const volumeAttributesClassPrinter = printer<VolumeAttributesClass>(
  ['Name', 'DriverName', 'Age'],
  (attributesClass, nowMs) => [
    attributesClass.metadata.name,
    attributesClass.driverName,
    since(attributesClass.metadata.creationTimestamp, nowMs),
  ],
);
