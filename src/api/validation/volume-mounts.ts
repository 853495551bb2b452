/** How containers use the volumes of their pod [A14]. */
import type { VolumeDevice, VolumeMount } from '../gen/core.v1.gen.ts';
import type { FieldErrors } from './field-error.ts';
import type { FieldPath } from './field-path.ts';
import { hasBackstep, validateDescendingPath } from './local-paths.ts';
import type { VolumesByName } from './pod-volumes.ts';

const propagations = ['Bidirectional', 'HostToContainer', 'None'];
const recursiveReadOnlyModes = ['Disabled', 'Enabled', 'IfPossible'];

export interface MountContext {
  readonly volumes: VolumesByName;
  readonly mounts: readonly VolumeMount[];
  readonly devices: readonly VolumeDevice[];
  readonly privileged: boolean;
}

function validatePropagation(errors: FieldErrors, path: FieldPath, mount: VolumeMount, privileged: boolean): void {
  const propagation = mount.mountPropagation;
  if (propagation === undefined) return;
  if (!propagations.includes(propagation)) errors.unsupported(path, propagation, propagations);
  if (propagation === 'Bidirectional' && !privileged) {
    errors.forbidden(path, 'Bidirectional mount propagation is available only to privileged containers');
  }
}

function validateRecursiveReadOnly(errors: FieldErrors, path: FieldPath, mount: VolumeMount): void {
  const mode = mount.recursiveReadOnly;
  if (mode === undefined || mode === 'Disabled') return;
  if (!recursiveReadOnlyModes.includes(mode)) {
    errors.unsupported(path, mode, recursiveReadOnlyModes);
    return;
  }
  if (!mount.readOnly) errors.forbidden(path, 'may only be specified when readOnly is true');
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    errors.forbidden(path, 'may only be specified when mountPropagation is None or not specified');
  }
}

/** Upstream names the list, not the mount, in errors about paths and propagation. */
function validateSubPaths(errors: FieldErrors, listPath: FieldPath, at: FieldPath, mount: VolumeMount): void {
  const { subPath, subPathExpr } = mount;
  if (subPath) validateDescendingPath(errors, listPath.child('subPath'), subPath);
  if (!subPathExpr) return;
  if (subPath) errors.invalid(at.child('subPathExpr'), subPathExpr, 'subPathExpr and subPath are mutually exclusive');
  validateDescendingPath(errors, listPath.child('subPathExpr'), subPathExpr);
}

export function validateVolumeMounts(errors: FieldErrors, path: FieldPath, context: MountContext): void {
  const seen = new Set<string>();
  for (const [index, mount] of context.mounts.entries()) {
    const at = path.index(index);
    const { name = '', mountPath = '' } = mount;
    if (name === '') errors.required(at.child('name'));
    if (!context.volumes.has(name)) errors.notFound(at.child('name'), name);
    if (mountPath === '') errors.required(at.child('mountPath'));
    if (seen.has(mountPath)) errors.invalid(at.child('mountPath'), mountPath, 'must be unique');
    seen.add(mountPath);
    if (context.devices.some((device) => device.name === name)) {
      errors.invalid(at.child('name'), name, 'must not already exist in volumeDevices');
    }
    if (context.devices.some((device) => device.devicePath === mountPath)) {
      errors.invalid(at.child('mountPath'), mountPath, 'must not already exist as a path in volumeDevices');
    }
    validateSubPaths(errors, path, at, mount);
    validatePropagation(errors, path.child('mountPropagation'), mount, context.privileged);
    validateRecursiveReadOnly(errors, path.child('recursiveReadOnly'), mount);
  }
}

export function validateVolumeDevices(errors: FieldErrors, path: FieldPath, context: MountContext): void {
  const names = new Set<string>();
  const paths = new Set<string>();
  for (const [index, { name = '', devicePath = '' }] of context.devices.entries()) {
    const at = path.index(index);
    const volume = context.volumes.get(name);
    if (name === '') errors.required(at.child('name'));
    if (names.has(name)) errors.invalid(at.child('name'), name, 'must be unique');
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      const detail = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      errors.invalid(at.child('name'), name, detail);
    }
    if (!volume) errors.notFound(at.child('name'), name);
    if (devicePath === '') errors.required(at.child('devicePath'));
    if (paths.has(devicePath)) errors.invalid(at.child('devicePath'), devicePath, 'must be unique');
    if (hasBackstep(devicePath)) {
      errors.invalid(at.child('devicePath'), devicePath, "can not contain backsteps ('..')");
    } else paths.add(devicePath);
    if (context.mounts.some((mount) => mount.name === name)) {
      errors.invalid(at.child('name'), name, 'must not already exist in volumeMounts');
    }
    if (context.mounts.some((mount) => mount.mountPath === devicePath)) {
      errors.invalid(at.child('devicePath'), devicePath, 'must not already exist as a path in volumeMounts');
    }
    if (name !== '') names.add(name);
  }
}
