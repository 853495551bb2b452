/** Where CSI volumes live on a node. Upstream: csi_attacher.go, csi_mounter.go and csi_block.go. */
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { pathSegment, pluginDir, podVolumeDir } from '../paths.ts';

export const csiPluginName = 'kubernetes.io/csi';

export function csiPluginDir(rootDir: string): string {
  return pluginDir(rootDir, csiPluginName);
}

/** The directory that stands for a volume of a driver on this node: unique for driver and handle. */
export function stageDir(rootDir: string, driver: string, volumeHandle: string): string {
  return join(csiPluginDir(rootDir), pathSegment(driver), hash('sha256', volumeHandle));
}

export function globalMountPath(rootDir: string, driver: string, volumeHandle: string): string {
  return join(stageDir(rootDir, driver, volumeHandle), 'globalmount');
}

/** Holds `mount`, which the driver makes, and the files beside it. */
export function publishDir(rootDir: string, podUid: string, volumeName: string): string {
  return podVolumeDir(rootDir, podUid, csiPluginName, volumeName);
}

export function publishPath(rootDir: string, podUid: string, volumeName: string): string {
  return join(publishDir(rootDir, podUid, volumeName), 'mount');
}

export interface BlockPaths {
  readonly staging: string;
  /** `<publish>/<podUid>` is what the driver makes for a pod. */
  readonly publish: string;
  /** `<map>/<podUid>` is the device that the pod gets. */
  readonly map: string;
  readonly data: string;
}

export function blockPaths(rootDir: string, volumeName: string): BlockPaths {
  const base = join(csiPluginDir(rootDir), 'volumeDevices');
  const name = pathSegment(volumeName);
  return {
    staging: join(base, 'staging', name),
    publish: join(base, 'publish', name),
    map: join(base, name, 'dev'),
    data: join(base, name, 'data'),
  };
}
