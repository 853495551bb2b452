/** Pods and pod templates. */
import type {
  LocalObjectReference,
  Pod,
  PodSecurityContext,
  PodSpec,
  PodTemplateSpec,
  Toleration,
} from '../gen/core.v1.gen.ts';
import { checkDnsLabel, checkDnsSubdomain, checkLabelKey, inclusiveRange } from '../names.ts';
import { validateContainers, validateEphemeralContainers, validateInitContainers } from './container.ts';
import { describeChange, isEqual } from './equal.ts';
import type { FieldErrors } from './field-error.ts';
import { FieldPath } from './field-path.ts';
import { validateNodeAffinity, validateToleration } from './node-selector.ts';
import { validateAnnotations, validateLabels } from './object-meta.ts';
import { validatePodAffinity, validateTopologySpread } from './pod-neighbours.ts';
import { validateVolumes } from './pod-volumes.ts';

const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const preemptionPolicies = ['PreemptLowerPriority', 'Never'];
const fsGroupChangePolicies = ['Always', 'OnRootMismatch'];
const seLinuxChangePolicies = ['MountOption', 'Recursive'];
const maxId = 2 ** 32 - 1;
const maxDeadlineSeconds = 2 ** 31 - 1;

function validateChoice(
  errors: FieldErrors,
  path: FieldPath,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (value && !supported.includes(value)) errors.unsupported(path, value, supported);
}

function validateSecurity(errors: FieldErrors, path: FieldPath, context: PodSecurityContext): void {
  for (const name of ['runAsUser', 'runAsGroup', 'fsGroup'] as const) {
    const id = context[name];
    if (id !== undefined && (id < 0 || id > maxId)) errors.invalid(path.child(name), id, inclusiveRange(0, maxId));
  }
  for (const [index, id] of (context.supplementalGroups ?? []).entries()) {
    if (id < 0 || id > maxId) {
      errors.invalid(path.child('supplementalGroups').index(index), id, inclusiveRange(0, maxId));
    }
  }
  validateChoice(errors, path.child('fsGroupChangePolicy'), context.fsGroupChangePolicy, fsGroupChangePolicies);
  validateChoice(errors, path.child('seLinuxChangePolicy'), context.seLinuxChangePolicy, seLinuxChangePolicies);
}

function validateAffinity(errors: FieldErrors, path: FieldPath, spec: PodSpec): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = spec.affinity ?? {};
  if (nodeAffinity) validateNodeAffinity(errors, path.child('nodeAffinity'), nodeAffinity);
  if (podAffinity) validatePodAffinity(errors, path.child('podAffinity'), podAffinity);
  if (podAntiAffinity) validatePodAffinity(errors, path.child('podAntiAffinity'), podAntiAffinity);
}

function validatePlacement(errors: FieldErrors, path: FieldPath, spec: PodSpec): void {
  validateLabels(errors, path.child('nodeSelector'), spec.nodeSelector);
  if (spec.affinity) validateAffinity(errors, path.child('affinity'), spec);
  validateTopologySpread(errors, path.child('topologySpreadConstraints'), spec);
  if (spec.nodeName) errors.invalidEach(path.child('nodeName'), spec.nodeName, checkDnsSubdomain(spec.nodeName));
  for (const [index, toleration] of (spec.tolerations ?? []).entries()) {
    validateToleration(errors, path.child('tolerations').index(index), toleration);
  }
  const gates = new Set<string>();
  for (const [index, { name }] of (spec.schedulingGates ?? []).entries()) {
    errors.invalidEach(path.child('schedulingGates').index(index), name, checkLabelKey(name));
    if (gates.has(name)) errors.duplicate(path.child('schedulingGates').index(index), name);
    gates.add(name);
  }
}

function validateNames(errors: FieldErrors, path: FieldPath, spec: PodSpec): void {
  for (const name of ['hostname', 'subdomain'] as const) {
    const value = spec[name];
    if (value) errors.invalidEach(path.child(name), value, checkDnsLabel(value));
  }
  for (const name of ['serviceAccountName', 'priorityClassName', 'runtimeClassName'] as const) {
    const value = spec[name];
    if (value) errors.invalidEach(path.child(name), value, checkDnsSubdomain(value));
  }
  for (const [index, secret] of (spec.imagePullSecrets ?? []).entries()) {
    const reference: LocalObjectReference = secret;
    if (!reference.name) errors.required(path.child('imagePullSecrets').index(index).child('name'));
  }
}

function validateLimits(errors: FieldErrors, path: FieldPath, spec: PodSpec): void {
  const grace = spec.terminationGracePeriodSeconds ?? 0;
  if (grace < 0) {
    errors.invalid(path.child('terminationGracePeriodSeconds'), grace, 'must be greater than or equal to 0');
  }
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > maxDeadlineSeconds)) {
    errors.invalid(path.child('activeDeadlineSeconds'), deadline, inclusiveRange(1, maxDeadlineSeconds));
  }
}

export function validatePodSpec(
  errors: FieldErrors,
  path: FieldPath,
  spec: PodSpec,
  podName: string | undefined,
): void {
  const volumes = validateVolumes(errors, path.child('volumes'), spec.volumes ?? [], podName);
  validateContainers(errors, path.child('containers'), spec, volumes);
  validateInitContainers(errors, path.child('initContainers'), spec, volumes);
  validateEphemeralContainers(errors, path.child('ephemeralContainers'), spec, volumes);
  validateChoice(errors, path.child('restartPolicy'), spec.restartPolicy, restartPolicies);
  validateChoice(errors, path.child('dnsPolicy'), spec.dnsPolicy, dnsPolicies);
  validateChoice(errors, path.child('preemptionPolicy'), spec.preemptionPolicy, preemptionPolicies);
  if (spec.securityContext) validateSecurity(errors, path.child('securityContext'), spec.securityContext);
  validatePlacement(errors, path, spec);
  validateNames(errors, path, spec);
  validateLimits(errors, path, spec);
}

export function validatePod(errors: FieldErrors, pod: Pod): void {
  validatePodSpec(errors, FieldPath.of('spec'), pod.spec ?? { containers: [] }, pod.metadata.name);
}

export function validatePodTemplate(errors: FieldErrors, path: FieldPath, template: PodTemplateSpec): void {
  validateLabels(errors, path.child('metadata', 'labels'), template.metadata?.labels);
  validateAnnotations(errors, path.child('metadata', 'annotations'), template.metadata?.annotations);
  const spec = template.spec ?? { containers: [] };
  validatePodSpec(errors, path.child('spec'), spec, undefined);
  if (spec.ephemeralContainers?.length) {
    errors.forbidden(path.child('spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template');
  }
}

/** The spec with everything that may change put back to what it was. */
function withAllowedChangesUndone(spec: PodSpec, previous: PodSpec, gated: boolean): PodSpec {
  const restored: Record<string, unknown> = { ...spec };
  const free = ['activeDeadlineSeconds', 'tolerations', 'terminationGracePeriodSeconds', 'schedulingGates'] as const;
  for (const name of free) restored[name] = previous[name];
  if (gated) for (const name of ['nodeSelector', 'affinity'] as const) restored[name] = previous[name];
  for (const name of ['containers', 'initContainers'] as const) {
    restored[name] = spec[name]?.map((container, index) => ({
      ...container,
      image: previous[name]?.[index]?.image,
    }));
  }
  return restored as unknown as PodSpec;
}

function withoutSeconds(toleration: Toleration): Toleration {
  const { tolerationSeconds: _, ...rest } = toleration;
  return rest;
}

/** Labels, annotations, images and a few limits of a pod may change; the rest of its spec is fixed. */
export function validatePodUpdate(errors: FieldErrors, pod: Pod, previous: Pod): void {
  const path = FieldPath.of('spec');
  if (isEqual(pod.spec, previous.spec)) return;
  validatePod(errors, pod);
  const { spec } = pod;
  const before = previous.spec;
  if (spec.containers.length !== before.containers.length) {
    errors.forbidden(path.child('containers'), 'pod updates may not add or remove containers');
    return;
  }
  if ((spec.initContainers?.length ?? 0) !== (before.initContainers?.length ?? 0)) {
    errors.forbidden(path.child('initContainers'), 'pod updates may not add or remove containers');
    return;
  }
  const deadline = spec.activeDeadlineSeconds;
  const oldDeadline = before.activeDeadlineSeconds;
  if (oldDeadline !== undefined && (deadline === undefined || deadline > oldDeadline)) {
    const detail = 'must be less than or equal to previous value';
    errors.invalid(path.child('activeDeadlineSeconds'), deadline, detail);
  }
  const kept = (before.tolerations ?? []).map(withoutSeconds);
  const given = (spec.tolerations ?? []).map(withoutSeconds);
  if (kept.some((old) => !given.some((one) => isEqual(one, old)))) {
    const detail = 'existing toleration can not be modified except its tolerationSeconds';
    errors.forbidden(path.child('tolerations'), detail);
  }
  const comparable = withAllowedChangesUndone(spec, before, (before.schedulingGates?.length ?? 0) > 0);
  if (isEqual(comparable, before)) return;
  const rule =
    'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
  errors.forbidden(path, `${rule}\n${describeChange(before, comparable)}`);
}
