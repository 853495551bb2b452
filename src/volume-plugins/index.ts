/** Volume plugins: what kinds of volumes there are, and the node's side of each. */

export {
  type CsiVolume,
  csiAttachmentName,
  csiUniqueVolumeName,
  csiVolumeOf,
  isAttachmentOf,
  isCsiAttachmentName,
  parseCsiUniqueVolumeName,
} from './attach/csi-attach.ts';
export { csiPluginName } from './csi/csi-paths.ts';
export { csiDriverOf } from './csi/csi-source.ts';
export { fieldValue, resourceValue } from './downward-api-values.ts';
export {
  type FailureKind,
  failureKindOf,
  finalError,
  transientError,
  uncertainError,
  VolumeError,
  wrapError,
} from './errors.ts';
export { mountOptionsOf } from './mount-options.ts';
export { createNodePlugins } from './node-plugins.ts';
export {
  escapePluginName,
  pathSegment,
  pluginDir,
  podDir,
  podPluginDir,
  podsDir,
  podVolumeDevicesDir,
  podVolumeDir,
  podVolumesDir,
  unescapePluginName,
} from './paths.ts';
export type {
  BlockVolumeMapper,
  DeviceMounter,
  GlobalMount,
  Mounter,
  MounterArgs,
  NodeExpander,
  PodVolumeDirectory,
  ReconstructedVolume,
  Unmounter,
  VolumeAttributes,
  VolumePlugin,
} from './plugin.ts';
export { type DynamicPluginProber, VolumePluginManager } from './plugin-manager.ts';
export { sharedVolumeName, uniqueVolumeName } from './unique-name.ts';
export type { CsiDriverRegistry, ServiceAccountToken, ServiceAccountTokenRequest, VolumeHost } from './volume-host.ts';
export { specFromPersistentVolume, specFromVolume, type VolumeSpec, volumeModeOf } from './volume-spec.ts';
