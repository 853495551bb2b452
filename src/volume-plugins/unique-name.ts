import type { VolumePlugin } from './plugin.ts';
import type { VolumeSpec } from './volume-spec.ts';

/** Whether one mount of the volume serves every pod of the node: it is attached or has a device step. */
export function isSharedOnNode(plugin: VolumePlugin, spec: VolumeSpec): boolean {
  return (plugin.canAttach?.(spec) ?? false) || (plugin.deviceMounter?.canDeviceMount(spec) ?? false);
}

/** `<plugin>/<volume>`: the name in node.status of a volume that pods of one node share. */
export function sharedVolumeName(plugin: VolumePlugin, spec: VolumeSpec): string {
  return `${plugin.name}/${plugin.getVolumeName(spec)}`;
}

/** The name that tells a volume of a node apart; volumes that are not shared carry the pod's uid. */
export function uniqueVolumeName(plugin: VolumePlugin, spec: VolumeSpec, podUid: string): string {
  return isSharedOnNode(plugin, spec) ? sharedVolumeName(plugin, spec) : `${plugin.name}/${podUid}-${spec.name}`;
}
