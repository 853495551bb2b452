/**
 * Volumes of the types that were built into Kubernetes once, as a node has them: served by the CSI driver that took the
 * type over where the node's CSINode says so. Pure. Upstream: binder.go tryTranslatePVToCSI, nodevolumelimits/utils.go.
 */
import type { CSINode, PersistentVolume } from '../../api/index.ts';
import { annMigratedPlugins, asCsiVolume, findMigration } from '../../component-helpers/index.ts';

/** Taken over for good: a node that has any driver need not list them. */
const takenOver: ReadonlySet<string> = new Set([
  'kubernetes.io/aws-ebs',
  'kubernetes.io/azure-disk',
  'kubernetes.io/cinder',
  'kubernetes.io/gce-pd',
]);

function isListed(plugin: string, csiNode: CSINode | undefined): boolean {
  const plugins = csiNode?.metadata.annotations?.[annMigratedPlugins]?.split(',') ?? [];
  return plugins.includes(plugin);
}

/** Whether volumes of the plugin count for its driver on the node. */
export function isServedByDriver(plugin: string, csiNode: CSINode | undefined): boolean {
  return csiNode !== undefined && (takenOver.has(plugin) || isListed(plugin, csiNode));
}

const translations = new WeakMap<PersistentVolume, PersistentVolume>();

/**
 * The volume in the terms of its CSI driver; the volume itself when it has no other.
 * @throws MigrationError when what it says cannot be translated.
 */
export function translated(volume: PersistentVolume): PersistentVolume {
  if (volume.spec.csi) return volume;
  const known = translations.get(volume);
  if (known) return known;
  const translation = asCsiVolume(volume);
  translations.set(volume, translation);
  return translation;
}

/**
 * The volume as it is reached from the node: its driver calls zones by other labels.
 * @throws MigrationError when what it says cannot be translated.
 */
export function volumeOnNode(volume: PersistentVolume, csiNode: CSINode | undefined): PersistentVolume {
  if (volume.spec.csi) return volume;
  const migration = findMigration(volume);
  return migration && isListed(migration.plugin, csiNode) ? translated(volume) : volume;
}
