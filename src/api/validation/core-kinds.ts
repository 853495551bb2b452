/** Secrets, config maps, namespaces, nodes, services and the other small kinds. */

import type { Lease } from '../gen/coordination.v1.gen.ts';
import type { ConfigMap, Event, Namespace, Node, Secret, Service, ServicePort } from '../gen/core.v1.gen.ts';
import type { PriorityClass } from '../gen/scheduling.v1.gen.ts';
import { byteLength, checkConfigKey, checkDnsLabel, checkLabelKey, checkLabelValue } from '../names.ts';
import { isEqual } from './equal.ts';
import { type FieldErrors, immutable } from './field-error.ts';
import { FieldPath } from './field-path.ts';
import { validateTaintEffect } from './node-selector.ts';
import { validateLabels } from './object-meta.ts';
import { checkPortName, validatePort, validatePortOrName } from './probes.ts';

const maxDataBytes = 1024 * 1024;
const protocols = ['SCTP', 'TCP', 'UDP'];
const serviceTypes = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const maxUserPriority = 1_000_000_000;
const dataPath = FieldPath.of('data');

/** The bytes that a base64 text stands for. */
function decodedBytes(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}

function requireSecretKey(errors: FieldErrors, secret: Secret, key: string): void {
  if (secret.data?.[key] === undefined) errors.required(dataPath.key(key));
}

function isJson(base64: string): boolean {
  try {
    JSON.parse(Buffer.from(base64, 'base64').toString());
    return true;
  } catch {
    // Not JSON: that is the answer.
    return false;
  }
}

function validateSecretType(errors: FieldErrors, secret: Secret): void {
  switch (secret.type) {
    case 'kubernetes.io/service-account-token':
      if (!secret.metadata.annotations?.['kubernetes.io/service-account.name']) {
        errors.required(FieldPath.of('metadata', 'annotations').key('kubernetes.io/service-account.name'));
      }
      break;
    case 'kubernetes.io/dockerconfigjson': {
      const config = secret.data?.['.dockerconfigjson'];
      if (config === undefined) errors.required(dataPath.key('.dockerconfigjson'));
      else if (!isJson(config))
        errors.invalid(dataPath.key('.dockerconfigjson'), '<secret contents redacted>', 'invalid character');
      break;
    }
    case 'kubernetes.io/basic-auth':
      if (secret.data?.username === undefined && secret.data?.password === undefined) {
        errors.required(dataPath.key('username'));
        errors.required(dataPath.key('password'));
      }
      break;
    case 'kubernetes.io/ssh-auth':
      if (!secret.data?.['ssh-privatekey']) errors.required(dataPath.key('ssh-privatekey'));
      break;
    case 'kubernetes.io/tls':
      requireSecretKey(errors, secret, 'tls.crt');
      requireSecretKey(errors, secret, 'tls.key');
      break;
  }
}

export function validateSecret(errors: FieldErrors, secret: Secret): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(secret.data ?? {})) {
    errors.invalidEach(dataPath.key(key), key, checkConfigKey(key));
    bytes += decodedBytes(value);
  }
  if (bytes > maxDataBytes) errors.tooLong(dataPath, maxDataBytes);
  validateSecretType(errors, secret);
}

export function validateSecretUpdate(errors: FieldErrors, secret: Secret, previous: Secret): void {
  validateSecret(errors, secret);
  if (secret.type !== previous.type) errors.invalid(FieldPath.of('type'), secret.type, immutable);
  validateImmutableData(errors, secret, previous, ['data']);
}

interface Freezable {
  readonly immutable?: boolean;
  readonly data?: unknown;
  readonly binaryData?: unknown;
}

function validateImmutableData(
  errors: FieldErrors,
  object: Freezable,
  previous: Freezable,
  fields: readonly ('data' | 'binaryData')[],
): void {
  if (!previous.immutable) return;
  const detail = 'field is immutable when `immutable` is set';
  if (!object.immutable) errors.forbidden(FieldPath.of('immutable'), detail);
  for (const field of fields) {
    if (!isEqual(object[field], previous[field])) errors.forbidden(FieldPath.of(field), detail);
  }
}

export function validateConfigMap(errors: FieldErrors, configMap: ConfigMap): void {
  const { data = {}, binaryData = {} } = configMap;
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.invalidEach(dataPath.key(key), key, checkConfigKey(key));
    if (Object.hasOwn(binaryData, key))
      errors.invalid(dataPath.key(key), key, 'duplicate of key present in binaryData');
    bytes += byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    errors.invalidEach(FieldPath.of('binaryData').key(key), key, checkConfigKey(key));
    bytes += decodedBytes(value);
  }
  if (bytes > maxDataBytes) errors.tooLong(FieldPath.of('data'), maxDataBytes);
}

export function validateConfigMapUpdate(errors: FieldErrors, configMap: ConfigMap, previous: ConfigMap): void {
  validateConfigMap(errors, configMap);
  validateImmutableData(errors, configMap, previous, ['data', 'binaryData']);
}

export function validateNamespace(errors: FieldErrors, namespace: Namespace): void {
  for (const [index, finalizer] of (namespace.spec?.finalizers ?? []).entries()) {
    const path = FieldPath.of('spec', 'finalizers').index(index);
    errors.invalidEach(path, finalizer, checkLabelKey(finalizer));
    if (!finalizer.includes('/') && finalizer !== 'kubernetes') {
      errors.invalid(path, finalizer, 'name is neither a standard finalizer name nor is it fully qualified');
    }
  }
}

export function validateNode(errors: FieldErrors, node: Node): void {
  const path = FieldPath.of('spec', 'taints');
  const seen = new Set<string>();
  for (const [index, taint] of (node.spec?.taints ?? []).entries()) {
    const at = path.index(index);
    errors.invalidEach(at.child('key'), taint.key ?? '', checkLabelKey(taint.key ?? ''));
    errors.invalidEach(at.child('value'), taint.value ?? '', checkLabelValue(taint.value ?? ''));
    if (!taint.effect) errors.required(at.child('effect'));
    validateTaintEffect(errors, at.child('effect'), taint.effect);
    const identity = `${taint.key}:${taint.effect}`;
    if (seen.has(identity)) errors.duplicate(at, taint);
    seen.add(identity);
  }
}

export function validateNodeUpdate(errors: FieldErrors, node: Node, previous: Node): void {
  validateNode(errors, node);
  const before = previous.spec?.providerID;
  if (before && before !== node.spec?.providerID) {
    errors.forbidden(
      FieldPath.of('spec', 'providerID'),
      'node updates may not change providerID except from "" to valid',
    );
  }
}

function validateServicePort(errors: FieldErrors, path: FieldPath, port: ServicePort, needsName: boolean): void {
  if (!port.name) {
    if (needsName) errors.required(path.child('name'));
  } else errors.invalidEach(path.child('name'), port.name, checkDnsLabel(port.name));
  validatePort(errors, path.child('port'), port.port ?? 0);
  if (!port.protocol) errors.required(path.child('protocol'));
  else if (!protocols.includes(port.protocol)) errors.unsupported(path.child('protocol'), port.protocol, protocols);
  if (typeof port.targetPort === 'string') {
    errors.invalidEach(path.child('targetPort'), port.targetPort, checkPortName(port.targetPort));
  } else validatePortOrName(errors, path.child('targetPort'), port.targetPort ?? port.port);
}

export function validateService(errors: FieldErrors, service: Service): void {
  const spec = service.spec ?? {};
  const path = FieldPath.of('spec');
  const ports = spec.ports ?? [];
  const headless = spec.clusterIP === 'None';
  if (ports.length === 0 && !headless && spec.type !== 'ExternalName') errors.required(path.child('ports'));
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = path.child('ports').index(index);
    validateServicePort(errors, at, port, ports.length > 1);
    if (port.name && names.has(port.name)) errors.duplicate(at.child('name'), port.name);
    if (port.name) names.add(port.name);
  }
  validateLabels(errors, path.child('selector'), spec.selector);
  if (!spec.type) errors.required(path.child('type'));
  else if (!serviceTypes.includes(spec.type)) errors.unsupported(path.child('type'), spec.type, serviceTypes);
  if (spec.type === 'ExternalName' && !spec.externalName) errors.required(path.child('externalName'));
  const affinities = ['ClientIP', 'None'];
  if (spec.sessionAffinity && !affinities.includes(spec.sessionAffinity)) {
    errors.unsupported(path.child('sessionAffinity'), spec.sessionAffinity, affinities);
  }
}

export function validateServiceUpdate(errors: FieldErrors, service: Service, previous: Service): void {
  validateService(errors, service);
  const before = previous.spec?.clusterIP;
  const fixed = service.spec?.type !== 'ExternalName' && previous.spec?.type !== 'ExternalName';
  if (fixed && before && before !== service.spec?.clusterIP) {
    errors.invalid(FieldPath.of('spec', 'clusterIP'), service.spec?.clusterIP ?? '', immutable);
  }
}

export function validateLease(errors: FieldErrors, lease: Lease): void {
  const { leaseDurationSeconds: duration, leaseTransitions: transitions } = lease.spec ?? {};
  const path = FieldPath.of('spec');
  if (duration !== undefined && duration <= 0) {
    errors.invalid(path.child('leaseDurationSeconds'), duration, 'must be greater than 0');
  }
  if (transitions !== undefined && transitions < 0) {
    errors.invalid(path.child('leaseTransitions'), transitions, 'must be greater than or equal to 0');
  }
}

/** An event lives in the namespace of the object that it is about; of one without a namespace, in `default`. */
export function validateEvent(errors: FieldErrors, event: Event): void {
  const involved = event.involvedObject?.namespace;
  const path = FieldPath.of('involvedObject', 'namespace');
  if (!involved) {
    const allowed = event.metadata.namespace === 'default' || event.metadata.namespace === 'kube-system';
    if (!allowed) errors.invalid(path, '', 'does not match event.namespace');
  } else if (involved !== event.metadata.namespace) {
    errors.invalid(path, involved, 'does not match event.namespace');
  }
}

const systemPriorities: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

function systemPriorityProblem({ metadata, value, globalDefault }: PriorityClass): string | undefined {
  const { name } = metadata;
  const known = systemPriorities[name];
  if (known === undefined) return `${name} is not a known system priority class`;
  if (value !== known) return `value of ${name} PriorityClass must be ${known}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

export function validatePriorityClass(errors: FieldErrors, priorityClass: PriorityClass): void {
  const { name = '' } = priorityClass.metadata;
  if (name.startsWith('system-')) {
    const problem = systemPriorityProblem(priorityClass);
    if (problem === undefined) return;
    const detail = `priority class names with 'system-' prefix are reserved for system use only. error: ${problem}`;
    errors.forbidden(FieldPath.of('metadata', 'name'), detail);
  } else if ((priorityClass.value ?? 0) > maxUserPriority) {
    const detail = `maximum allowed value of a user defined priority is ${maxUserPriority}`;
    errors.forbidden(FieldPath.of('value'), detail);
  }
}

export function validatePriorityClassUpdate(
  errors: FieldErrors,
  priorityClass: PriorityClass,
  previous: PriorityClass,
): void {
  if (priorityClass.value !== previous.value) {
    errors.forbidden(FieldPath.of('value'), 'may not be changed in an update.');
  }
  if (priorityClass.preemptionPolicy !== previous.preemptionPolicy) {
    errors.invalid(FieldPath.of('preemptionPolicy'), priorityClass.preemptionPolicy, immutable);
  }
}
