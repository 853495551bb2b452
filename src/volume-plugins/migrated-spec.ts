/** Volumes of types that CSI drivers took over, as plugins see them. Upstream: pkg/volume/csimigration. */
import type { PersistentVolume } from '../api/index.ts';
import {
  findInlineMigration,
  findMigration,
  MigrationError,
  translateInlineVolumeToCsi,
  translateVolumeToCsi,
} from '../component-helpers/index.ts';
import { finalError } from './errors.ts';
import { escapePluginName } from './paths.ts';
import { specFromPersistentVolume, type VolumeSpec } from './volume-spec.ts';

/**
 * The volume as its CSI driver's; other volumes are returned as they are.
 * @throws VolumeError when what it says cannot be translated.
 */
export function migratedSpec(spec: VolumeSpec, podNamespace: string): VolumeSpec {
  try {
    const translated = translate(spec, podNamespace);
    if (!translated) return spec;
    // Volumes of pods are named after their disks, whose names may look like paths.
    return { ...specFromPersistentVolume(translated, spec.readOnly), name: escapePluginName(translated.metadata.name) };
  } catch (thrown) {
    if (!(thrown instanceof MigrationError)) throw thrown;
    throw finalError(`failed to translate in-tree pv to CSI: ${thrown.message}`, thrown);
  }
}

function translate(spec: VolumeSpec, podNamespace: string): PersistentVolume | undefined {
  if (spec.kind === 'persistent') {
    return findMigration(spec.persistentVolume) && translateVolumeToCsi(spec.persistentVolume);
  }
  return findInlineMigration(spec.volume) && translateInlineVolumeToCsi(spec.volume, podNamespace);
}
