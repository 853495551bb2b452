/**
 * What a provisioned object must carry so that whoever is responsible for it knows: the annotation that names the CSI
 * driver which took over its plugin, and the finalizer that keeps a volume until its storage is deleted. Pure.
 * Upstream: pv_controller_base.go updateMigrationAnnotations, modifyDeletionFinalizers.
 */
import type { KubernetesObject, PersistentVolume, PersistentVolumeClaim } from '../../api/index.ts';
import {
  annBetaStorageProvisioner,
  annDynamicallyProvisioned,
  annMigratedTo,
  annStorageProvisioner,
  externalProvisionerFinalizer,
  inTreeVolumeFinalizer,
} from '../../component-helpers/index.ts';
import { isProvisionedInTree, type MigratedDriver } from './provisioners.ts';

/** The claim with its annotation put right; the claim itself when it is right. */
export function claimUpkeep(claim: PersistentVolumeClaim, migratedDriver: MigratedDriver): PersistentVolumeClaim {
  const annotations = claim.metadata.annotations ?? {};
  return withMigration(
    claim,
    annotations[annStorageProvisioner] ?? annotations[annBetaStorageProvisioner],
    migratedDriver,
  );
}

/** The volume with its annotation and finalizers put right; the volume itself when they are right. */
export function volumeUpkeep(volume: PersistentVolume, migratedDriver: MigratedDriver): PersistentVolume {
  const provisioner = volume.metadata.annotations?.[annDynamicallyProvisioned];
  const annotated = withMigration(volume, provisioner, migratedDriver);
  const before = volume.metadata.finalizers ?? [];
  const after = wantedFinalizers(volume, provisioner !== undefined && migratedDriver(provisioner) !== undefined);
  if (after.length === before.length && after.every((finalizer, index) => finalizer === before[index]))
    return annotated;
  return { ...annotated, metadata: { ...annotated.metadata, finalizers: [...after] } };
}

function withMigration<T extends KubernetesObject>(
  object: T,
  provisioner: string | undefined,
  migratedDriver: MigratedDriver,
): T {
  if (provisioner === undefined) return object;
  const { [annMigratedTo]: before, ...others } = object.metadata.annotations ?? {};
  const driver = migratedDriver(provisioner);
  if (before === driver) return object;
  const annotations = driver === undefined ? others : { ...others, [annMigratedTo]: driver };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function wantedFinalizers(volume: PersistentVolume, isMigrated: boolean): readonly string[] {
  const finalizers = volume.metadata.finalizers ?? [];
  const without = (unwanted: string) => finalizers.filter((finalizer) => finalizer !== unwanted);
  if (isMigrated) return without(inTreeVolumeFinalizer);
  if (!isProvisionedInTree(volume)) return finalizers;
  const others = finalizers.filter((finalizer) => finalizer !== externalProvisionerFinalizer);
  const policy = volume.spec.persistentVolumeReclaimPolicy;
  if (policy === 'Retain' || policy === 'Recycle') return others.filter((other) => other !== inTreeVolumeFinalizer);
  // An object that is being deleted takes no new finalizers.
  const mayAdd = policy === 'Delete' && volume.metadata.deletionTimestamp === undefined;
  return mayAdd && !others.includes(inTreeVolumeFinalizer) ? [...others, inTreeVolumeFinalizer] : others;
}
