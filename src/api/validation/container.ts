/** Containers of a pod. */
import type {
  Container,
  ContainerPort,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  EphemeralContainer,
  PodSpec,
  ResourceRequirements,
} from '../gen/core.v1.gen.ts';
import { checkConfigKey, checkDnsLabel, checkDnsSubdomain, checkLabelKey, inclusiveRange } from '../names.ts';
import { compareQuantities } from '../quantity.ts';
import type { FieldErrors } from './field-error.ts';
import type { FieldPath } from './field-path.ts';
import type { VolumesByName } from './pod-volumes.ts';
import { checkPortName, type ProbeKind, validateLifecycle, validatePort, validateProbe } from './probes.ts';
import { validateFieldSelector, validateResourceSelector } from './projected-volume.ts';
import { type MountContext, validateVolumeDevices, validateVolumeMounts } from './volume-mounts.ts';

const protocols = ['SCTP', 'TCP', 'UDP'];
const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const messagePolicies = ['File', 'FallbackToLogsOnError'];
const maxId = 2 ** 32 - 1;
const envFieldPaths = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const probeKinds: readonly ProbeKind[] = ['livenessProbe', 'readinessProbe', 'startupProbe'];

function validatePorts(errors: FieldErrors, path: FieldPath, ports: readonly ContainerPort[]): void {
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = path.index(index);
    if (port.name) {
      const problems = checkPortName(port.name);
      errors.invalidEach(at.child('name'), port.name, problems);
      if (problems.length === 0 && names.has(port.name)) errors.duplicate(at.child('name'), port.name);
      names.add(port.name);
    }
    if (!port.containerPort) errors.required(at.child('containerPort'));
    else validatePort(errors, at.child('containerPort'), port.containerPort);
    if (port.hostPort) validatePort(errors, at.child('hostPort'), port.hostPort);
    if (!port.protocol) errors.required(at.child('protocol'));
    else if (!protocols.includes(port.protocol)) errors.unsupported(at.child('protocol'), port.protocol, protocols);
  }
}

function validateKeyReference(
  errors: FieldErrors,
  path: FieldPath,
  reference: { readonly name?: string; readonly key: string },
): void {
  errors.invalidEach(path.child('name'), reference.name ?? '', checkDnsSubdomain(reference.name ?? ''));
  if (!reference.key) errors.required(path.child('key'));
  else errors.invalidEach(path.child('key'), reference.key, checkConfigKey(reference.key));
}

function validateEnvSource(errors: FieldErrors, path: FieldPath, source: EnvVarSource, value: string): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  if (fieldRef) validateFieldSelector(errors, path.child('fieldRef'), fieldRef, envFieldPaths);
  if (resourceFieldRef) validateResourceSelector(errors, path.child('resourceFieldRef'), resourceFieldRef, false);
  if (configMapKeyRef) validateKeyReference(errors, path.child('configMapKeyRef'), configMapKeyRef);
  if (secretKeyRef) validateKeyReference(errors, path.child('secretKeyRef'), secretKeyRef);
  const given = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef];
  const count = given.filter((one) => one !== undefined).length;
  if (count === 0) {
    const names = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.invalid(path, '', `must specify one of: ${names}`);
  } else if (value !== '') {
    errors.invalid(path, '', 'may not be specified when `value` is not empty');
  } else if (count > 1) {
    errors.invalid(path, '', 'may not have more than one field specified at a time');
  }
}

/** What is wrong with the name of an environment variable. */
function checkEnvName(name: string): readonly string[] {
  if (/^[\x20-\x3c\x3e-\x7e]*$/.test(name)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

function validateEnv(errors: FieldErrors, path: FieldPath, variables: readonly EnvVar[]): void {
  for (const [index, variable] of variables.entries()) {
    const at = path.index(index);
    if (!variable.name) errors.required(at.child('name'));
    else errors.invalidEach(at.child('name'), variable.name, checkEnvName(variable.name));
    if (variable.valueFrom) {
      validateEnvSource(errors, at.child('valueFrom'), variable.valueFrom, variable.value ?? '');
    }
  }
}

function validateEnvFrom(errors: FieldErrors, path: FieldPath, sources: readonly EnvFromSource[]): void {
  for (const [index, source] of sources.entries()) {
    const at = path.index(index);
    if (source.prefix) errors.invalidEach(at.child('prefix'), source.prefix, checkEnvName(source.prefix));
    for (const name of ['configMapRef', 'secretRef'] as const) {
      const reference = source[name];
      if (!reference) continue;
      if (!reference.name) errors.required(at.child(name, 'name'));
      else errors.invalidEach(at.child(name, 'name'), reference.name, checkDnsSubdomain(reference.name));
    }
    if (!source.configMapRef && !source.secretRef) {
      errors.invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`');
    } else if (source.configMapRef && source.secretRef) {
      errors.invalid(path, '', 'may not have more than one field specified at a time');
    }
  }
}

const standardResources = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** Standard resources may be overcommitted: request less than the limit. Others are given out whole. */
export function validateResources(errors: FieldErrors, path: FieldPath, resources: ResourceRequirements): void {
  const { limits = {}, requests = {} } = resources;
  for (const [list, amounts] of [
    ['limits', limits],
    ['requests', requests],
  ] as const) {
    for (const [name, quantity] of Object.entries(amounts)) {
      const at = path.child(list).key(name);
      errors.invalidEach(at, name, checkLabelKey(name));
      if (!name.includes('/') && !standardResources.has(name) && !name.startsWith('hugepages-')) {
        errors.invalid(at, name, 'must be a standard resource for containers');
      }
      if (compareQuantities(quantity, '0') < 0) {
        errors.invalid(at, quantity, 'must be greater than or equal to 0');
      }
    }
  }
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit === undefined) continue;
    const at = path.child('requests');
    if (compareQuantities(request, limit) > 0) {
      errors.invalid(at, request, `must be less than or equal to ${name} limit of ${limit}`);
    }
  }
}

function validateSecurity(errors: FieldErrors, path: FieldPath, container: Container | EphemeralContainer): void {
  const context = container.securityContext;
  if (!context) return;
  for (const name of ['runAsUser', 'runAsGroup'] as const) {
    const id = context[name];
    if (id !== undefined && (id < 0 || id > maxId)) errors.invalid(path.child(name), id, inclusiveRange(0, maxId));
  }
  if (context.allowPrivilegeEscalation !== false) return;
  const at = path;
  if (context.privileged) {
    errors.invalid(at, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true');
  }
  if (context.capabilities?.add?.some((capability) => capability === 'SYS_ADMIN' || capability === 'CAP_SYS_ADMIN')) {
    const detail = 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN';
    errors.invalid(at, context, detail);
  }
}

/** What every kind of container must satisfy. */
function validateCommon(
  errors: FieldErrors,
  path: FieldPath,
  container: Container | EphemeralContainer,
  volumes: VolumesByName,
): void {
  if (!container.name) errors.required(path.child('name'));
  else errors.invalidEach(path.child('name'), container.name, checkDnsLabel(container.name));
  if (!container.image) errors.required(path.child('image'));
  else if (container.image.trim() !== container.image) {
    errors.invalid(path.child('image'), container.image, 'must not have leading or trailing whitespace');
  }
  const messagePolicy = container.terminationMessagePolicy;
  if (messagePolicy && !messagePolicies.includes(messagePolicy)) {
    errors.unsupported(path.child('terminationMessagePolicy'), messagePolicy, messagePolicies);
  }
  if (container.ports) validatePorts(errors, path.child('ports'), container.ports);
  if (container.env) validateEnv(errors, path.child('env'), container.env);
  if (container.envFrom) validateEnvFrom(errors, path.child('envFrom'), container.envFrom);
  const context: MountContext = {
    volumes,
    mounts: container.volumeMounts ?? [],
    devices: container.volumeDevices ?? [],
    privileged: container.securityContext?.privileged === true,
  };
  validateVolumeMounts(errors, path.child('volumeMounts'), context);
  validateVolumeDevices(errors, path.child('volumeDevices'), context);
  const pullPolicy = container.imagePullPolicy;
  if (pullPolicy && !pullPolicies.includes(pullPolicy)) {
    errors.unsupported(path.child('imagePullPolicy'), pullPolicy, pullPolicies);
  }
  if (container.resources) validateResources(errors, path.child('resources'), container.resources);
  validateSecurity(errors, path.child('securityContext'), container);
}

function validateHooks(errors: FieldErrors, path: FieldPath, container: Container, spec: PodSpec): void {
  const grace = spec.terminationGracePeriodSeconds;
  if (container.lifecycle) validateLifecycle(errors, path.child('lifecycle'), container.lifecycle, grace);
  for (const kind of probeKinds) {
    const probe = container[kind];
    if (probe) validateProbe(errors, path.child(kind), probe, kind, grace);
  }
}

function validateHostPorts(errors: FieldErrors, path: FieldPath, containers: readonly Container[]): void {
  const seen = new Set<string>();
  for (const [index, container] of containers.entries()) {
    for (const [portIndex, port] of (container.ports ?? []).entries()) {
      if (!port.hostPort) continue;
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (seen.has(key)) errors.duplicate(path.index(index).child('ports').index(portIndex).child('hostPort'), key);
      seen.add(key);
    }
  }
}

export function validateContainers(errors: FieldErrors, path: FieldPath, spec: PodSpec, volumes: VolumesByName): void {
  const containers = spec.containers ?? [];
  if (containers.length === 0) errors.required(path);
  const names = new Set<string>();
  for (const [index, container] of containers.entries()) {
    const at = path.index(index);
    validateCommon(errors, at, container, volumes);
    if (names.has(container.name)) errors.duplicate(at.child('name'), container.name);
    names.add(container.name);
    validateHooks(errors, at, container, spec);
  }
  validateHostPorts(errors, path, containers);
}

export function validateInitContainers(
  errors: FieldErrors,
  path: FieldPath,
  spec: PodSpec,
  volumes: VolumesByName,
): void {
  const names = new Set((spec.containers ?? []).map((container) => container.name));
  for (const [index, container] of (spec.initContainers ?? []).entries()) {
    const at = path.index(index);
    validateCommon(errors, at, container, volumes);
    if (names.has(container.name)) errors.duplicate(at.child('name'), container.name);
    else if (container.name) names.add(container.name);
    validateHostPorts(errors, path, [container]);
    if (container.restartPolicy === 'Always') {
      validateHooks(errors, at, container, spec);
      continue;
    }
    for (const name of ['lifecycle', ...probeKinds] as const) {
      if (container[name] === undefined) continue;
      errors.forbidden(at.child(name), 'may not be set for init containers without restartPolicy=Always');
    }
  }
}

export function validateEphemeralContainers(
  errors: FieldErrors,
  path: FieldPath,
  spec: PodSpec,
  volumes: VolumesByName,
): void {
  const others = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name));
  const names = new Set(others);
  for (const [index, container] of (spec.ephemeralContainers ?? []).entries()) {
    const at = path.index(index);
    validateCommon(errors, at, container, volumes);
    if (names.has(container.name)) errors.duplicate(at.child('name'), container.name);
    names.add(container.name);
    const target = container.targetContainerName;
    if (target && !others.has(target)) errors.notFound(at.child('targetContainerName'), target);
    for (const [mountIndex, mount] of (container.volumeMounts ?? []).entries()) {
      const mountPath = at.child('volumeMounts').index(mountIndex);
      for (const name of ['subPath', 'subPathExpr'] as const) {
        if (mount[name]) errors.forbidden(mountPath.child(name), 'cannot be set for an Ephemeral Container');
      }
    }
  }
}
