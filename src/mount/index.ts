export { cleanupMountPoint } from './cleanup.ts';
export {
  type DeviceHost,
  type FormatAndMount,
  type FormatAndMountRequest,
  formatAndMount,
} from './format-and-mount.ts';
export type { MountHost } from './host-command.ts';
export { createLoopDevices, type LoopDevice, type LoopDevices } from './loop.ts';
export { MountError, type MountErrorCode, type MountErrorDetails } from './mount-error.ts';
export {
  createMounter,
  getMountOf,
  type Mounter,
  type MountRequest,
  mountTimeoutMs,
  type Propagation,
  type UnmountOptions,
  unmountTimeoutMs,
} from './mounter.ts';
export {
  findContainingMount,
  findMountRefs,
  isWithin,
  listMounts,
  type MountPoint,
  parseMountinfo,
} from './mountinfo.ts';
export { type DeviceContent, getDeviceSizeBytes, isBlank, probeDevice } from './probe-device.ts';
export { removeTreeOneFilesystem, type TreeHost } from './remove-tree.ts';
export { type ResizeRequest, resizeFs } from './resize-fs.ts';
export { type CreateOptions, ensureDirectoryInside, handlePath, openInside } from './safe-open.ts';
export { type FakeMountCall, FakeMounter, type FakeMountHook } from './testing.ts';
export { mountTmpfs, type TmpfsRequest } from './tmpfs.ts';
