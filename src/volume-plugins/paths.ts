/** Where volumes live under the agent's root. Upstream: the path table of pkg/kubelet/kubelet_getters.go. */
import { join } from 'node:path';
import { finalError } from './errors.ts';

/** `kubernetes.io/csi` as a directory's name: `kubernetes.io~csi`. */
export function escapePluginName(name: string): string {
  return name.replaceAll('/', '~');
}

export function unescapePluginName(name: string): string {
  return name.replaceAll('~', '/');
}

/** A name from an API object or a file as one path segment. Refuses whatever could lead out of its directory. */
export function pathSegment(name: string): string {
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    throw finalError(`${JSON.stringify(name)} cannot be the name of a directory`);
  }
  return name;
}

export function podsDir(rootDir: string): string {
  return join(rootDir, 'pods');
}

export function podDir(rootDir: string, podUid: string): string {
  return join(podsDir(rootDir), pathSegment(podUid));
}

export function podVolumesDir(rootDir: string, podUid: string): string {
  return join(podDir(rootDir, podUid), 'volumes');
}

export function podVolumeDir(rootDir: string, podUid: string, pluginName: string, volumeName: string): string {
  return join(podVolumesDir(rootDir, podUid), escapePluginName(pluginName), pathSegment(volumeName));
}

export function podVolumeDevicesDir(rootDir: string, podUid: string): string {
  return join(podDir(rootDir, podUid), 'volumeDevices');
}

/** The plugin's own files for one pod, as the ready marks of emptyDir. */
export function podPluginDir(rootDir: string, podUid: string, pluginName: string): string {
  return join(podDir(rootDir, podUid), 'plugins', escapePluginName(pluginName));
}

/** The plugin's directory for things that belong to the node. */
export function pluginDir(rootDir: string, pluginName: string): string {
  return join(rootDir, 'plugins', pluginName);
}
