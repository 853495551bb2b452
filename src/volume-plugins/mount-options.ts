import { volumeMountOptions } from '../component-helpers/index.ts';
import type { VolumeSpec } from './volume-spec.ts';

export function mountOptionsOf(spec: VolumeSpec): readonly string[] {
  return spec.kind === 'persistent' ? volumeMountOptions(spec.persistentVolume) : [];
}

/** The volume's options joined with the plugin's own: sorted, each once. */
export function joinMountOptions(spec: VolumeSpec, own: readonly string[]): readonly string[] {
  return [...new Set([...mountOptionsOf(spec), ...own])].sort();
}
