/** The kinds of snapshots, with the columns of the definitions that Kubernetes clusters install them with. */
import type { CustomResourceColumnDefinition } from '../gen/apiextensions.v1.gen.ts';
import { ageColumn, customPrinter } from './custom.ts';

/** `ReadyToUse:boolean .status.readyToUse` */
function column(text: string): CustomResourceColumnDefinition {
  const [head = '', jsonPath = ''] = text.split(' ');
  const [name = '', type = 'string'] = head.split(':');
  return { name, type, jsonPath };
}

const printerOf = (...columns: readonly string[]) => customPrinter([...columns.map(column), ageColumn]);

export const volumeSnapshotPrinter = printerOf(
  'ReadyToUse:boolean .status.readyToUse',
  'SourcePVC .spec.source.persistentVolumeClaimName',
  'SourceSnapshotContent .spec.source.volumeSnapshotContentName',
  'RestoreSize .status.restoreSize',
  'SnapshotClass .spec.volumeSnapshotClassName',
  'SnapshotContent .status.boundVolumeSnapshotContentName',
  'CreationTime:date .status.creationTime',
);

export const volumeSnapshotContentPrinter = printerOf(
  'ReadyToUse:boolean .status.readyToUse',
  'RestoreSize:integer .status.restoreSize',
  'DeletionPolicy .spec.deletionPolicy',
  'Driver .spec.driver',
  'VolumeSnapshotClass .spec.volumeSnapshotClassName',
  'VolumeSnapshot .spec.volumeSnapshotRef.name',
  'VolumeSnapshotNamespace .spec.volumeSnapshotRef.namespace',
);

export const volumeSnapshotClassPrinter = printerOf('Driver .driver', 'DeletionPolicy .deletionPolicy');
