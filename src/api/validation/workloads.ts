/** StatefulSets, Deployments, DaemonSets, ReplicaSets, ReplicationControllers, Jobs and CronJobs. */
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../gen/apps.v1.gen.ts';
import type { CronJob, Job, JobSpec } from '../gen/batch.v1.gen.ts';
import type { PodTemplateSpec, ReplicationController } from '../gen/core.v1.gen.ts';
import type { LabelSelector } from '../gen/meta.v1.gen.ts';
import { checkDnsSubdomain, patternMessage } from '../names.ts';
import { labelSelectorMatcher } from '../selectors.ts';
import { isEqual } from './equal.ts';
import { type FieldErrors, immutable } from './field-error.ts';
import { FieldPath } from './field-path.ts';
import { validateAnnotations, validateLabelSelector, validateLabels } from './object-meta.ts';
import { validatePodTemplate } from './pod.ts';

const specPath = FieldPath.of('spec');
const retentionPolicies = ['Delete', 'Retain'];
const managementPolicies = ['OrderedReady', 'Parallel'];

function validateNonNegative(errors: FieldErrors, path: FieldPath, value: number | undefined): void {
  if (value !== undefined && value < 0) errors.invalid(path, value, 'must be greater than or equal to 0');
}

function validateCounts<T extends object>(errors: FieldErrors, spec: T, names: readonly (keyof T & string)[]): void {
  for (const name of names) {
    const value: unknown = spec[name];
    if (typeof value === 'number') validateNonNegative(errors, specPath.child(name), value);
  }
}

/** A selector that selects something, and a template that it selects. */
function validateSelection(
  errors: FieldErrors,
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  emptyDetail: string,
): void {
  const path = specPath.child('selector');
  const labels = template?.metadata?.labels;
  if (!selector) {
    errors.required(path);
    return;
  }
  const before = errors.list.length;
  validateLabelSelector(errors, path, selector);
  const isEmpty = !selector.matchLabels && !selector.matchExpressions?.length;
  if (isEmpty) errors.invalid(path, selector, emptyDetail);
  if (isEmpty || errors.list.length > before || !template) return;
  if (!labelSelectorMatcher(selector).matches(labels)) {
    const at = specPath.child('template', 'metadata', 'labels');
    errors.invalid(at, labels, '`selector` does not match template `labels`');
  }
}

function validateTemplate(
  errors: FieldErrors,
  template: PodTemplateSpec | undefined,
  restartPolicies: readonly string[],
): void {
  const path = specPath.child('template');
  if (!template) {
    errors.required(path);
    return;
  }
  validatePodTemplate(errors, path, template);
  const policy = template.spec?.restartPolicy;
  if (policy && !restartPolicies.includes(policy)) {
    errors.unsupported(path.child('spec', 'restartPolicy'), policy, restartPolicies);
  }
}

const always = ['Always'];

function validateStatefulSetPolicies(errors: FieldErrors, set: StatefulSet): void {
  const { podManagementPolicy, updateStrategy, persistentVolumeClaimRetentionPolicy: retention } = set.spec;
  if (!podManagementPolicy) errors.required(specPath.child('podManagementPolicy'));
  else if (!managementPolicies.includes(podManagementPolicy)) {
    const detail = `must be '${managementPolicies.join("' or '")}'`;
    errors.invalid(specPath.child('podManagementPolicy'), podManagementPolicy, detail);
  }
  const type = updateStrategy?.type;
  const strategyPath = specPath.child('updateStrategy');
  if (!type) errors.required(strategyPath);
  else if (type === 'OnDelete') {
    if (updateStrategy.rollingUpdate) {
      const detail = "only allowed for updateStrategy 'RollingUpdate'";
      errors.invalid(strategyPath.child('rollingUpdate'), updateStrategy.rollingUpdate, detail);
    }
  } else if (type !== 'RollingUpdate')
    errors.invalid(strategyPath, updateStrategy, "must be 'RollingUpdate' or 'OnDelete'");
  validateNonNegative(
    errors,
    strategyPath.child('rollingUpdate', 'partition'),
    updateStrategy?.rollingUpdate?.partition,
  );
  for (const name of ['whenDeleted', 'whenScaled'] as const) {
    const value = retention?.[name];
    if (value && !retentionPolicies.includes(value)) {
      const at = specPath.child('persistentVolumeClaimRetentionPolicy', name);
      errors.unsupported(at, value, retentionPolicies);
    }
  }
}

export function validateStatefulSet(errors: FieldErrors, set: StatefulSet): void {
  const { selector, template, serviceName, ordinals } = set.spec;
  validateStatefulSetPolicies(errors, set);
  validateCounts(errors, set.spec, ['replicas', 'minReadySeconds']);
  validateNonNegative(errors, specPath.child('ordinals', 'start'), ordinals?.start);
  if (serviceName) errors.invalidEach(specPath.child('serviceName'), serviceName, checkDnsSubdomain(serviceName));
  validateSelection(errors, selector, template, 'empty selector is invalid for statefulset');
  // Upstream leaves the pod spec to the creation of the pods, as claim templates add volumes to it.
  const path = specPath.child('template');
  validateLabels(errors, path.child('metadata', 'labels'), template?.metadata?.labels);
  validateAnnotations(errors, path.child('metadata', 'annotations'), template?.metadata?.annotations);
  const policy = template?.spec?.restartPolicy;
  if (policy && policy !== 'Always') errors.unsupported(path.child('spec', 'restartPolicy'), policy, always);
}

const changeableStatefulSetFields = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

export function validateStatefulSetUpdate(errors: FieldErrors, set: StatefulSet, previous: StatefulSet): void {
  validateStatefulSet(errors, set);
  const fixed: Record<string, unknown> = { ...set.spec };
  for (const name of changeableStatefulSetFields) fixed[name] = previous.spec[name];
  if (isEqual(fixed, previous.spec)) return;
  const names = changeableStatefulSetFields.map((name) => `'${name}'`);
  const list = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  errors.forbidden(specPath, `updates to statefulset spec for fields other than ${list} are forbidden`);
}

export function validateCountOrPercent(errors: FieldErrors, path: FieldPath, value: number | string): void {
  if (typeof value === 'number') validateNonNegative(errors, path, value);
  else if (!/^[0-9]+%$/.test(value)) {
    const rule = "a valid percent string must be a numeric string followed by an ending '%'";
    errors.invalid(path, value, patternMessage(rule, '[0-9]+%', '1%', '93%'));
  }
}

function validateRolling(errors: FieldErrors, path: FieldPath, update: object | undefined): void {
  for (const [name, value] of Object.entries(update ?? {}) as [string, number | string | undefined][]) {
    if (value !== undefined) validateCountOrPercent(errors, path.child(name), value);
  }
}

function isNothing(value: number | string | undefined): boolean {
  return value === 0 || value === '0%';
}

export function validateDeployment(errors: FieldErrors, deployment: Deployment): void {
  const { selector, template, strategy } = deployment.spec;
  validateCounts(errors, deployment.spec, ['replicas', 'minReadySeconds', 'revisionHistoryLimit']);
  validateSelection(errors, selector, template, 'empty selector is invalid for deployment');
  validateTemplate(errors, template, always);
  const path = specPath.child('strategy');
  const update = strategy?.rollingUpdate;
  if (strategy?.type === 'Recreate') {
    const detail = "may not be specified when strategy `type` is 'Recreate'";
    if (update) errors.forbidden(path.child('rollingUpdate'), detail);
  } else if (strategy?.type === 'RollingUpdate') {
    validateRolling(errors, path.child('rollingUpdate'), update);
    if (update && isNothing(update.maxUnavailable) && isNothing(update.maxSurge)) {
      const at = path.child('rollingUpdate', 'maxUnavailable');
      errors.invalid(at, update.maxUnavailable, 'may not be 0 when `maxSurge` is 0');
    }
  } else errors.unsupported(path.child('type'), strategy?.type ?? '', ['Recreate', 'RollingUpdate']);
  const deadline = deployment.spec.progressDeadlineSeconds;
  if (deadline !== undefined && deadline <= (deployment.spec.minReadySeconds ?? 0)) {
    errors.invalid(specPath.child('progressDeadlineSeconds'), deadline, 'must be greater than minReadySeconds');
  }
}

export function validateDaemonSet(errors: FieldErrors, set: DaemonSet): void {
  const { selector, template, updateStrategy } = set.spec;
  validateSelection(errors, selector, template, 'empty selector is invalid for daemonset');
  validateTemplate(errors, template, always);
  validateCounts(errors, set.spec, ['minReadySeconds', 'revisionHistoryLimit']);
  const path = specPath.child('updateStrategy');
  if (updateStrategy?.type === 'RollingUpdate') {
    validateRolling(errors, path.child('rollingUpdate'), updateStrategy.rollingUpdate);
  } else if (updateStrategy?.type !== 'OnDelete') {
    errors.unsupported(path.child('type'), updateStrategy?.type ?? '', ['OnDelete', 'RollingUpdate']);
  }
}

export function validateReplicaSet(errors: FieldErrors, set: ReplicaSet): void {
  const { selector, template } = set.spec;
  validateCounts(errors, set.spec, ['replicas', 'minReadySeconds']);
  validateSelection(errors, selector, template, 'empty selector is invalid for deployment');
  validateTemplate(errors, template, always);
}

export function validateReplicationController(errors: FieldErrors, controller: ReplicationController): void {
  const { selector, template } = controller.spec;
  validateCounts(errors, controller.spec, ['replicas', 'minReadySeconds']);
  if (!selector) errors.required(specPath.child('selector'));
  validateTemplate(errors, template, always);
  const labels = template?.metadata?.labels;
  if (selector && template && !labelSelectorMatcher({ matchLabels: selector }).matches(labels)) {
    const at = specPath.child('template', 'metadata', 'labels');
    errors.invalid(at, labels, '`selector` does not match template `labels`');
  }
}

interface Selecting {
  readonly spec: { readonly selector?: unknown };
}

/** The selector of a controller is fixed: pods would be orphaned or adopted by surprise. */
export function validateSelectorUnchanged(errors: FieldErrors, object: Selecting, previous: Selecting): void {
  if (!isEqual(object.spec.selector, previous.spec.selector)) {
    errors.invalid(specPath.child('selector'), object.spec.selector, immutable);
  }
}

function validateJobSpec(errors: FieldErrors, spec: JobSpec): void {
  const counts = [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
  ] as const;
  validateCounts(errors, spec, counts);
  if (spec.completionMode && !['NonIndexed', 'Indexed'].includes(spec.completionMode)) {
    errors.unsupported(specPath.child('completionMode'), spec.completionMode, ['Indexed', 'NonIndexed']);
  }
  if (spec.completionMode === 'Indexed' && spec.completions === undefined) {
    const detail = 'when completion mode is Indexed';
    errors.required(specPath.child('completions'), detail);
  }
  if (spec.selector) validateLabelSelector(errors, specPath.child('selector'), spec.selector);
  validateTemplate(errors, spec.template, ['OnFailure', 'Never']);
}

export function validateJob(errors: FieldErrors, job: Job): void {
  validateJobSpec(errors, job.spec);
}

export function validateJobUpdate(errors: FieldErrors, job: Job, previous: Job): void {
  validateJobSpec(errors, job.spec);
  const canChangeTemplate = previous.spec.suspend === true && previous.status?.startTime === undefined;
  for (const name of ['selector', 'template', 'completionMode', 'podFailurePolicy', 'backoffLimitPerIndex'] as const) {
    if (name === 'template' && canChangeTemplate) continue;
    if (!isEqual(job.spec[name], previous.spec[name])) errors.invalid(specPath.child(name), job.spec[name], immutable);
  }
  if (job.spec.completionMode !== 'Indexed' && job.spec.completions !== previous.spec.completions) {
    errors.invalid(specPath.child('completions'), job.spec.completions, immutable);
  }
}

const maxCronJobName = 52;
const macro = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)$/;

export function validateCronJob(errors: FieldErrors, cronJob: CronJob): void {
  const { schedule, concurrencyPolicy, startingDeadlineSeconds, jobTemplate } = cronJob.spec;
  if ((cronJob.metadata.name ?? '').length > maxCronJobName) {
    const detail = `must be no more than ${maxCronJobName} characters`;
    errors.invalid(FieldPath.of('metadata', 'name'), cronJob.metadata.name, detail);
  }
  if (!schedule) errors.required(specPath.child('schedule'));
  else if (!macro.test(schedule) && schedule.trim().split(/\s+/).length !== 5) {
    const count = schedule.trim().split(/\s+/).length;
    const detail = `expected exactly 5 fields, found ${count}: ${JSON.stringify(schedule.trim().split(/\s+/))}`;
    errors.invalid(specPath.child('schedule'), schedule, detail);
  }
  const policies = ['Allow', 'Forbid', 'Replace'];
  if (concurrencyPolicy && !policies.includes(concurrencyPolicy)) {
    errors.unsupported(specPath.child('concurrencyPolicy'), concurrencyPolicy, policies);
  }
  validateNonNegative(errors, specPath.child('startingDeadlineSeconds'), startingDeadlineSeconds);
  validateCounts(errors, cronJob.spec, ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit']);
  const path = specPath.child('jobTemplate', 'spec', 'template');
  if (!jobTemplate?.spec?.template) errors.required(path);
  else validatePodTemplate(errors, path, jobTemplate.spec.template);
}
