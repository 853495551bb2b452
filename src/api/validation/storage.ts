/** StorageClasses, VolumeAttributesClasses, VolumeAttachments and the CSI kinds [A12, A13]. */
import type {
  CSIDriver,
  CSIDriverSpec,
  CSINode,
  CSINodeDriver,
  CSIStorageCapacity,
  StorageClass,
  TokenRequest,
  VolumeAttachment,
  VolumeAttachmentSource,
  VolumeAttributesClass,
  VolumeError,
} from '../gen/storage.v1.gen.ts';
import { byteLength, checkDnsSubdomain, checkLabelKey, inclusiveRange } from '../names.ts';
import { compareQuantities } from '../quantity.ts';
import type { Labels } from '../selectors.ts';
import { isEqual } from './equal.ts';
import { type FieldErrors, immutable } from './field-error.ts';
import { FieldPath } from './field-path.ts';
import { validateTopologyTerms } from './node-selector.ts';
import { mapBytes, validateLabelSelector } from './object-meta.ts';
import { validateVolumeSpec } from './persistent-volume.ts';
import { validateDriverName } from './volume-sources.ts';

const maxParameters = 512;
const maxParametersBytes = 256 * 1024;
const maxMetadataBytes = 256 * 1024;
const maxErrorMessageBytes = 1024;
const maxNodeIdBytes = 256;
const minTokenSeconds = 600;
const maxTokenSeconds = 2 ** 32;
const minUpdatePeriodSeconds = 10;
const reclaimPolicies = ['Delete', 'Retain'];
const bindingModes = ['Immediate', 'WaitForFirstConsumer'];
const fsGroupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const lifecycleModes = ['Persistent', 'Ephemeral'];
const specPath = FieldPath.of('spec');

function validateProvisioner(errors: FieldErrors, path: FieldPath, provisioner: string | undefined): void {
  if (!provisioner) errors.required(path);
  else errors.invalidEach(path, provisioner, checkLabelKey(provisioner.toLowerCase()));
}

function validateParameters(
  errors: FieldErrors,
  path: FieldPath,
  parameters: Labels | undefined,
  allowEmpty: boolean,
): void {
  const keys = Object.keys(parameters ?? {});
  if (keys.length > maxParameters) {
    errors.tooLong(path, maxParameters);
    return;
  }
  if (keys.includes('')) errors.invalid(path, '', 'field can not be empty.');
  if (mapBytes(parameters) > maxParametersBytes) errors.tooLong(path, maxParametersBytes);
  if (!allowEmpty && keys.length === 0) errors.required(path, 'must contain at least one key/value pair');
}

export function validateStorageClass(errors: FieldErrors, storageClass: StorageClass): void {
  validateProvisioner(errors, FieldPath.of('provisioner'), storageClass.provisioner);
  validateParameters(errors, FieldPath.of('parameters'), storageClass.parameters, true);
  const { reclaimPolicy, volumeBindingMode, allowedTopologies } = storageClass;
  if (reclaimPolicy && !reclaimPolicies.includes(reclaimPolicy)) {
    errors.unsupported(FieldPath.of('reclaimPolicy'), reclaimPolicy, reclaimPolicies);
  }
  if (!volumeBindingMode) errors.required(FieldPath.of('volumeBindingMode'));
  else if (!bindingModes.includes(volumeBindingMode)) {
    errors.unsupported(FieldPath.of('volumeBindingMode'), volumeBindingMode, bindingModes);
  }
  if (allowedTopologies) validateTopologyTerms(errors, FieldPath.of('allowedTopologies'), allowedTopologies);
}

export function validateStorageClassUpdate(
  errors: FieldErrors,
  storageClass: StorageClass,
  previous: StorageClass,
): void {
  validateStorageClass(errors, storageClass);
  for (const field of ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const) {
    if (!isEqual(storageClass[field], previous[field])) {
      errors.invalid(FieldPath.of(field), storageClass[field], immutable);
    }
  }
}

export function validateVolumeAttributesClass(errors: FieldErrors, attributesClass: VolumeAttributesClass): void {
  validateProvisioner(errors, FieldPath.of('driverName'), attributesClass.driverName);
  validateParameters(errors, FieldPath.of('parameters'), attributesClass.parameters, false);
}

export function validateVolumeAttributesClassUpdate(
  errors: FieldErrors,
  attributesClass: VolumeAttributesClass,
  previous: VolumeAttributesClass,
): void {
  for (const field of ['driverName', 'parameters'] as const) {
    if (!isEqual(attributesClass[field], previous[field])) {
      errors.forbidden(FieldPath.of(field), `updates to ${field} are forbidden.`);
    }
  }
  validateVolumeAttributesClass(errors, attributesClass);
}

function validateAttachmentSource(errors: FieldErrors, path: FieldPath, source: VolumeAttachmentSource): void {
  const { persistentVolumeName: name, inlineVolumeSpec: inline } = source;
  const detail = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (name === undefined && inline === undefined) errors.required(path, detail);
  else if (name !== undefined && inline !== undefined) errors.forbidden(path, detail);
  else if (name === '') {
    errors.required(path.child('persistentVolumeName'), 'must specify non empty persistentVolumeName');
  } else if (name !== undefined) {
    errors.invalidEach(path.child('persistentVolumeName'), name, checkDnsSubdomain(name));
  } else if (inline) {
    validateVolumeSpec(errors, path.child('inlineVolumeSpec'), inline, { name: '', inline: true });
  }
}

function validateVolumeError(errors: FieldErrors, path: FieldPath, error: VolumeError | undefined): void {
  if (byteLength(error?.message ?? '') > maxErrorMessageBytes)
    errors.tooLong(path.child('message'), maxErrorMessageBytes);
  if ((error?.errorCode ?? 0) < 0) {
    errors.invalid(path.child('errorCode'), error?.errorCode, inclusiveRange(0, 2 ** 31 - 1));
  }
}

export function validateVolumeAttachment(errors: FieldErrors, attachment: VolumeAttachment): void {
  const { attacher, source, nodeName } = attachment.spec ?? {};
  validateDriverName(errors, specPath.child('attacher'), attacher);
  validateAttachmentSource(errors, specPath.child('source'), source ?? {});
  errors.invalidEach(specPath.child('nodeName'), nodeName ?? '', checkDnsSubdomain(nodeName ?? ''));
  validateVolumeAttachmentStatus(errors, attachment);
}

export function validateVolumeAttachmentStatus(errors: FieldErrors, attachment: VolumeAttachment): void {
  const { attachmentMetadata, attachError, detachError } = attachment.status ?? {};
  const path = FieldPath.of('status');
  if (mapBytes(attachmentMetadata) > maxMetadataBytes) {
    errors.tooLong(path.child('attachmentMetadata'), maxMetadataBytes);
  }
  validateVolumeError(errors, path.child('attachError'), attachError);
  validateVolumeError(errors, path.child('detachError'), detachError);
}

export function validateVolumeAttachmentUpdate(
  errors: FieldErrors,
  attachment: VolumeAttachment,
  previous: VolumeAttachment,
): void {
  validateVolumeAttachment(errors, attachment);
  if (!isEqual(attachment.spec, previous.spec)) errors.invalid(specPath, attachment.spec, immutable);
}

function validateNodeDriver(errors: FieldErrors, path: FieldPath, driver: CSINodeDriver): void {
  validateDriverName(errors, path.child('name'), driver.name);
  const nodeId = driver.nodeID ?? '';
  if (nodeId === '') errors.required(path.child('nodeID'));
  if (byteLength(nodeId) > maxNodeIdBytes) {
    errors.invalid(path.child('nodeID'), nodeId, `must be ${maxNodeIdBytes} characters or less`);
  }
  const count = driver.allocatable?.count;
  if (count !== undefined && count < 0) {
    errors.invalid(path.child('allocatable', 'count'), count, 'must be greater than or equal to 0');
  }
  const keys = new Set<string>();
  for (const key of driver.topologyKeys ?? []) {
    if (key === '') errors.required(path);
    if (keys.has(key)) errors.duplicate(path, key);
    keys.add(key);
    errors.invalidEach(path, key, checkLabelKey(key));
  }
}

export function validateCsiNode(errors: FieldErrors, node: CSINode): void {
  const names = new Set<string>();
  for (const [index, driver] of (node.spec?.drivers ?? []).entries()) {
    const path = specPath.child('drivers').index(index);
    validateNodeDriver(errors, path, driver);
    if (names.has(driver.name)) errors.duplicate(path.child('name'), driver.name);
    names.add(driver.name);
  }
}

export function validateCsiNodeUpdate(errors: FieldErrors, node: CSINode, previous: CSINode): void {
  validateCsiNode(errors, node);
  for (const before of previous.spec?.drivers ?? []) {
    const after = node.spec?.drivers?.find((driver) => driver.name === before.name);
    if (!after) continue;
    const { allocatable: _before, ...fixedBefore } = before;
    const { allocatable: _after, ...fixedAfter } = after;
    if (!isEqual(fixedBefore, fixedAfter)) errors.invalid(specPath.child('drivers'), fixedAfter, immutable);
  }
}

function validateTokenRequests(errors: FieldErrors, path: FieldPath, requests: readonly TokenRequest[]): void {
  const audiences = new Set<string>();
  for (const [index, { audience = '', expirationSeconds }] of requests.entries()) {
    const at = path.index(index);
    if (audiences.has(audience)) {
      errors.duplicate(at.child('audience'), audience);
      continue;
    }
    audiences.add(audience);
    if (expirationSeconds === undefined) continue;
    const secondsPath = at.child('expirationSeconds');
    if (expirationSeconds < minTokenSeconds) {
      errors.invalid(secondsPath, expirationSeconds, 'may not specify a duration less than 10 minutes');
    }
    if (expirationSeconds > maxTokenSeconds) {
      errors.invalid(secondsPath, expirationSeconds, 'may not specify a duration larger than 2^32 seconds');
    }
  }
}

export function validateCsiDriver(errors: FieldErrors, driver: CSIDriver): void {
  const spec: CSIDriverSpec = driver.spec ?? {};
  if (spec.fsGroupPolicy && !fsGroupPolicies.includes(spec.fsGroupPolicy)) {
    errors.unsupported(specPath.child('fsGroupPolicy'), spec.fsGroupPolicy, fsGroupPolicies);
  }
  validateTokenRequests(errors, specPath.child('tokenRequests'), spec.tokenRequests ?? []);
  for (const mode of spec.volumeLifecycleModes ?? []) {
    if (!lifecycleModes.includes(mode)) {
      errors.unsupported(specPath.child('volumeLifecycleModes'), mode, lifecycleModes);
    }
  }
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  if (period !== undefined && period < minUpdatePeriodSeconds) {
    const path = specPath.child('nodeAllocatableUpdatePeriodSeconds');
    errors.invalid(path, period, 'must be greater than or equal to 10 seconds');
  }
}

export function validateCsiDriverUpdate(errors: FieldErrors, driver: CSIDriver, previous: CSIDriver): void {
  validateCsiDriver(errors, driver);
  if (driver.spec.attachRequired !== previous.spec.attachRequired) {
    errors.invalid(specPath.child('attachedRequired'), driver.spec.attachRequired, immutable);
  }
  if (!isEqual(driver.spec.volumeLifecycleModes, previous.spec.volumeLifecycleModes)) {
    errors.invalid(specPath.child('volumeLifecycleModes'), driver.spec.volumeLifecycleModes, immutable);
  }
}

export function validateCsiStorageCapacity(errors: FieldErrors, capacity: CSIStorageCapacity): void {
  validateLabelSelector(errors, FieldPath.of('nodeTopology'), capacity.nodeTopology);
  const className = capacity.storageClassName ?? '';
  errors.invalidEach(FieldPath.of('storageClassName'), className, checkDnsSubdomain(className));
  if (capacity.capacity !== undefined && compareQuantities(capacity.capacity, '0') < 0) {
    errors.invalid(FieldPath.of('capacity'), capacity.capacity, 'must be greater than or equal to 0');
  }
}

export function validateCsiStorageCapacityUpdate(
  errors: FieldErrors,
  capacity: CSIStorageCapacity,
  previous: CSIStorageCapacity,
): void {
  for (const field of ['nodeTopology', 'storageClassName'] as const) {
    if (!isEqual(capacity[field], previous[field])) errors.invalid(FieldPath.of(field), capacity[field], immutable);
  }
}
