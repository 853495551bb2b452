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
  type Mounter,
  type MountRequest,
  type Propagation,
  type UnmountOptions,
} from './mounter.ts';
export {
  findContainingMount,
  findMountRefs,
  isWithin,
  listMounts,
  type MountPoint,
  parseMountinfo,
} from './mountinfo.ts';
export { getDeviceSizeBytes } from './probe-device.ts';
export { removeTreeOneFilesystem, type TreeHost } from './remove-tree.ts';
export { type ResizeRequest, resizeFs } from './resize-fs.ts';
export { type CreateOptions, ensureDirectoryInside, handlePath, openInside } from './safe-open.ts';
export { type FakeMountCall, FakeMounter, type FakeMountHook } from './testing.ts';
export { mountTmpfs, type TmpfsRequest } from './tmpfs.ts';
