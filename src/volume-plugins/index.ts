/** Volume plugins: what kinds of volumes there are, and the node's side of each. */

export {
  type CsiVolume,
  csiAttachmentName,
  csiUniqueVolumeName,
  isAttachmentOf,
  isCsiAttachmentName,
  isCsiUniqueVolumeName,
  parseCsiUniqueVolumeName,
} from './attach/csi-attach.ts';
export {
  type ControllerPlugin,
  type ControllerPluginHost,
  type ProvisioningIntents,
  VolumeInUseError,
} from './controller/controller-plugin.ts';
export {
  type ControllerPluginConfig,
  ControllerPlugins,
  createControllerPlugins,
  defaultControllerPluginConfig,
} from './controller/controller-plugins.ts';
export { defaultRecyclerTemplate, type RecyclerConfig, recyclerPod } from './controller/recycler-pod.ts';
export { fieldValue, resourceValue } from './downward-api-values.ts';
export {
  type FailureKind,
  failureKindOf,
  finalError,
  transientError,
  VolumeError,
} from './errors.ts';
export { parseFlexVolumeName } from './flex-volume/driver-name.ts';
export { FlexControllerPlugin, type FlexGrowth } from './flex-volume/flex-controller.ts';
export { defaultFlexVolumeDir, FlexDrivers, type InstalledDrivers } from './flex-volume/flex-drivers.ts';
export { FlexProber } from './flex-volume/flex-prober.ts';
export { migratedSpec } from './migrated-spec.ts';
export { mountOptionsOf } from './mount-options.ts';
export { createNodePlugins } from './node-plugins.ts';
export {
  escapePluginName,
  pathSegment,
  podDir,
  podsDir,
  podVolumeDevicesDir,
  podVolumesDir,
  unescapePluginName,
} from './paths.ts';
export type {
  BlockVolumeMapper,
  VolumeAttributes,
  VolumePlugin,
} from './plugin.ts';
export { VolumePluginManager } from './plugin-manager.ts';
export { sharedVolumeName, uniqueVolumeName } from './unique-name.ts';
export type { CsiDriverRegistry, ServiceAccountToken, ServiceAccountTokenRequest, VolumeHost } from './volume-host.ts';
export { specFromPersistentVolume, specFromVolume, type VolumeSpec, volumeModeOf } from './volume-spec.ts';
