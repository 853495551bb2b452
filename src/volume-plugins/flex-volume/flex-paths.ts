/** Where a driver's volumes live under the agent's root. Upstream: plugin.go getDeviceMountPath, volume.go GetPath. */
import { join } from 'node:path';
import { pathSegment, pluginDir, podVolumeDir } from '../paths.ts';

const flexVolumePluginName = 'kubernetes.io/flexvolume';

export function flexDir(rootDir: string): string {
  return pluginDir(rootDir, flexVolumePluginName);
}

/** `plugins/kubernetes.io/flexvolume/<vendor>/<driver>/mounts`: one device mount serves every pod of the node. */
export function deviceMountsDir(rootDir: string, driver: string): string {
  return join(flexDir(rootDir), driver, 'mounts');
}

export function deviceMountPath(rootDir: string, driver: string, volumeName: string): string {
  return join(deviceMountsDir(rootDir, driver), pathSegment(volumeName));
}

/** `pods/<uid>/volumes/<vendor~driver>/<volume>` */
export function podMountPath(rootDir: string, driver: string, target: PodVolume): string {
  return podVolumeDir(rootDir, target.podUid, driver, target.volumeName);
}

export interface PodVolume {
  readonly podUid: string;
  readonly volumeName: string;
}

/** The note that a call to mount the device has begun and not come to its end. */
export function deviceNotePath(rootDir: string, driver: string, volumeName: string): string {
  return join(flexDir(rootDir), driver, 'begun', pathSegment(volumeName));
}

/** The same for a pod's mount. No volume's name has an @. */
export function podNotePath(rootDir: string, driver: string, { podUid, volumeName }: PodVolume): string {
  return join(flexDir(rootDir), driver, 'begun', pathSegment(`${volumeName}@${podUid}`));
}

/** Which disk the device mount is of. */
export function deviceIdentityPath(rootDir: string, driver: string, volumeName: string): string {
  return join(flexDir(rootDir), driver, 'disks', pathSegment(volumeName));
}
