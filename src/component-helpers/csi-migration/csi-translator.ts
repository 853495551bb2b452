/**
 * Volume types that were built into Kubernetes once and are served by CSI drivers now: which they are, and what their
 * objects are to the driver. Pure. Upstream: csi-translation-lib translate.go.
 */
import type { CSIPersistentVolumeSource, PersistentVolume, StorageClass, Volume } from '../../api/index.ts';
import { awsEbsTranslator } from './aws-ebs.ts';
import { azureDiskTranslator } from './azure-disk.ts';
import { azureFileTranslator } from './azure-file.ts';
import { cinderTranslator } from './cinder.ts';
import { gcePdTranslator } from './gce-pd.ts';
import { portworxVolumeTranslator } from './portworx-volume.ts';
import { MigrationError, type Translator } from './translator.ts';
import { vsphereVolumeTranslator } from './vsphere-volume.ts';

const translators: readonly Translator[] = [
  awsEbsTranslator,
  azureDiskTranslator,
  azureFileTranslator,
  cinderTranslator,
  gcePdTranslator,
  portworxVolumeTranslator,
  vsphereVolumeTranslator,
];

/** The built-in plugins whose volumes drivers serve, sorted by name. */
export const migratedPlugins: readonly string[] = translators.map(({ plugin }) => plugin).sort();

function translatorOfPlugin(plugin: string): Translator | undefined {
  return translators.find((each) => each.plugin === plugin);
}

function translatorOfDriver(driver: string): Translator | undefined {
  return translators.find((each) => each.driver === driver);
}

function translatorOfVolume({ spec }: PersistentVolume): Translator | undefined {
  return translators.find(({ field }) => spec[field] !== undefined);
}

function translatorOfInlineVolume(volume: Volume): Translator | undefined {
  return translators.find(({ field }) => volume[field] !== undefined);
}

/** The driver that serves the volumes of a built-in plugin; absent when it is not one of them. */
export function findMigratedDriver(plugin: string): string | undefined {
  return translatorOfPlugin(plugin)?.driver;
}

/** The built-in plugin whose volumes a driver serves; absent when it serves none but its own. */
export function findInTreePlugin(driver: string): string | undefined {
  return translatorOfDriver(driver)?.plugin;
}

/** The plugin of a volume whose type a driver took over, and that driver. */
export interface Migration {
  /** The built-in plugin's name. */
  readonly plugin: string;
  readonly driver: string;
}

/** Who served a volume and who does now; absent when its type is still served as it says. */
export function findMigration(volume: PersistentVolume): Migration | undefined {
  return translatorOfVolume(volume);
}

/** The same for a volume of a pod. */
export function findInlineMigration(volume: Volume): Migration | undefined {
  return translatorOfInlineVolume(volume);
}

/**
 * The class as the driver's own would be.
 * @throws MigrationError when its provisioner is none of the plugins, or its parameters contradict each other.
 */
export function translateClassToCsi(storageClass: StorageClass): StorageClass {
  const { provisioner } = storageClass;
  const translator = translatorOfPlugin(provisioner);
  if (translator) return translator.translateClass(storageClass);
  const message = `could not find in-tree storage class parameter translation logic for "${provisioner}"`;
  throw new MigrationError(message);
}

/**
 * The volume that a pod's volume stands for, as the driver's own would be. It exists nowhere in the API.
 * @throws MigrationError when its type is not migrated or what it says cannot be translated.
 */
export function translateInlineVolumeToCsi(volume: Volume, podNamespace: string): PersistentVolume {
  const translator = translatorOfInlineVolume(volume);
  if (translator) return translator.translateInline(volume, podNamespace);
  throw new MigrationError(`could not find in-tree plugin translation logic for "${volume.name}"`);
}

/**
 * The volume as the driver's own would be.
 * @throws MigrationError when its type is not migrated or what it says cannot be translated.
 */
export function translateVolumeToCsi(volume: PersistentVolume): PersistentVolume {
  const translator = translatorOfVolume(volume);
  if (translator) return translator.translateToCsi(volume);
  throw new MigrationError(`could not find in-tree plugin translation logic for "${volume.metadata.name}"`);
}

/**
 * The volume translated when a driver serves its type, else the volume itself: what binds, attaches and mounts it.
 * @throws MigrationError when what it says cannot be translated.
 */
export function asCsiVolume(volume: PersistentVolume): PersistentVolume {
  return translatorOfVolume(volume)?.translateToCsi(volume) ?? volume;
}

/** The same for those who need not say why it cannot be translated: absent then. */
export function findCsiVolume(volume: PersistentVolume): PersistentVolume | undefined {
  return ifTranslatable(() => asCsiVolume(volume));
}

/** The source that the volume's driver knows it by; absent when none serves it or it cannot be translated. */
export function findCsiSource(volume: PersistentVolume): CSIPersistentVolumeSource | undefined {
  return findCsiVolume(volume)?.spec.csi;
}

/** The volume that a pod's volume stands for; absent when none of the drivers serves it or it cannot be translated. */
export function findInlineCsiVolume(volume: Volume, podNamespace: string): PersistentVolume | undefined {
  return ifTranslatable(() => translatorOfInlineVolume(volume)?.translateInline(volume, podNamespace));
}

function ifTranslatable<T>(translate: () => T): T | undefined {
  try {
    return translate();
  } catch (error) {
    if (error instanceof MigrationError) return undefined;
    throw error;
  }
}

/**
 * A driver's volume as the built-in plugin's.
 * @throws MigrationError when the driver took over no plugin's, or what it says cannot be translated.
 */
export function translateVolumeToInTree(volume: PersistentVolume): PersistentVolume {
  const driver = volume.spec.csi?.driver;
  if (driver === undefined) throw new MigrationError('CSI persistent volume was nil');
  const translator = translatorOfDriver(driver);
  if (translator) return translator.translateToInTree(volume);
  throw new MigrationError(`could not find in-tree plugin translation logic for ${driver}`);
}

/**
 * A handle with what only a node knows filled in from its id.
 * @throws MigrationError when the driver took over no plugin's, or either is not of the form that it gives it.
 */
export function repairVolumeHandle(driver: string, volumeHandle: string, nodeId: string): string {
  const translator = translatorOfDriver(driver);
  if (!translator) throw new MigrationError(`could not find In-Tree driver name for CSI plugin ${driver}`);
  return translator.repairVolumeHandle?.(volumeHandle, nodeId) ?? volumeHandle;
}
