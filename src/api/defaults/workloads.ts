import type {
  DaemonSet,
  Deployment,
  ReplicaSet,
  RollingUpdateDaemonSet,
  RollingUpdateDeployment,
  StatefulSet,
} from '../gen/apps.v1.gen.ts';
import type { CronJob, Job, JobSpec } from '../gen/batch.v1.gen.ts';
import type { PodTemplateSpec, ReplicationController } from '../gen/core.v1.gen.ts';
import { defaultClaimTemplate } from './claims.ts';
import { change, changeEach, fill } from './fill.ts';
import { defaultPodTemplate } from './pod.ts';

const revisionHistoryLimit = 10;
const progressDeadlineSeconds = 600;
const backoffLimit = 6;
const unlimited = 2 ** 31 - 1;

function withTemplate<T extends { readonly template?: PodTemplateSpec }>(spec: T): T {
  return change<{ readonly template?: PodTemplateSpec }, 'template'>(spec, 'template', defaultPodTemplate) as T;
}

export function defaultStatefulSet(set: StatefulSet): StatefulSet {
  let spec = withTemplate(set.spec);
  spec = fill(spec, {
    podManagementPolicy: 'OrderedReady',
    replicas: 1,
    revisionHistoryLimit,
    updateStrategy: { type: 'RollingUpdate' },
    persistentVolumeClaimRetentionPolicy: {},
  });
  spec = change(spec, 'persistentVolumeClaimRetentionPolicy', (policy) =>
    fill(policy, { whenDeleted: 'Retain', whenScaled: 'Retain' }),
  );
  spec = change(spec, 'updateStrategy', (given) => {
    const strategy = fill(given, { type: 'RollingUpdate' });
    if (strategy.type !== 'RollingUpdate') return strategy;
    return change(fill(strategy, { rollingUpdate: {} }), 'rollingUpdate', (update) => fill(update, { partition: 0 }));
  });
  spec = changeEach(spec, 'volumeClaimTemplates', defaultClaimTemplate);
  return { ...set, spec, status: fill(set.status ?? { replicas: 0 }, { replicas: 0, availableReplicas: 0 }) };
}

export function defaultDeployment(deployment: Deployment): Deployment {
  let spec = withTemplate(deployment.spec);
  spec = fill(spec, { replicas: 1, revisionHistoryLimit, progressDeadlineSeconds, strategy: {} });
  const quarter: RollingUpdateDeployment = { maxUnavailable: '25%', maxSurge: '25%' };
  spec = change(spec, 'strategy', (given) => {
    const strategy = fill(given, { type: 'RollingUpdate' });
    if (strategy.type !== 'RollingUpdate') return strategy;
    return change(fill(strategy, { rollingUpdate: {} }), 'rollingUpdate', (update) => fill(update, quarter));
  });
  return { ...deployment, spec, status: deployment.status ?? {} };
}

export function defaultDaemonSet(set: DaemonSet): DaemonSet {
  let spec = fill(withTemplate(set.spec), { revisionHistoryLimit, updateStrategy: {} });
  const one: RollingUpdateDaemonSet = { maxUnavailable: 1, maxSurge: 0 };
  spec = change(spec, 'updateStrategy', (given) => {
    const strategy = fill(given, { type: 'RollingUpdate' });
    if (strategy.type !== 'RollingUpdate') return strategy;
    return change(fill(strategy, { rollingUpdate: {} }), 'rollingUpdate', (update) => fill(update, one));
  });
  const status = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };
  return { ...set, spec, status: { ...status, ...set.status } };
}

export function defaultReplicaSet(set: ReplicaSet): ReplicaSet {
  return { ...set, spec: fill(withTemplate(set.spec), { replicas: 1 }), status: set.status ?? { replicas: 0 } };
}

export function defaultReplicationController(controller: ReplicationController): ReplicationController {
  let spec = fill(withTemplate(controller.spec), { replicas: 1 });
  const labels = spec.template?.metadata?.labels;
  let metadata = controller.metadata;
  if (labels) {
    spec = fill(spec, { selector: labels });
    metadata = fill(metadata, { labels });
  }
  return { ...controller, metadata, spec, status: controller.status ?? { replicas: 0 } };
}

function defaultCounts(spec: JobSpec): JobSpec {
  const neither = spec.completions === undefined && spec.parallelism === undefined;
  return fill(spec, neither ? { completions: 1, parallelism: 1 } : { parallelism: 1 });
}

export function defaultJob(job: Job): Job {
  const given = withTemplate(defaultCounts(job.spec));
  const spec = fill(given, {
    backoffLimit: given.backoffLimitPerIndex === undefined ? backoffLimit : unlimited,
    completionMode: 'NonIndexed',
    suspend: false,
    manualSelector: false,
    podReplacementPolicy: given.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed',
  });
  const labels = spec.template?.metadata?.labels;
  const metadata = labels ? fill(job.metadata, { labels }) : job.metadata;
  return { ...job, metadata, spec, status: job.status ?? {} };
}

export function defaultCronJob(cronJob: CronJob): CronJob {
  const spec = fill(cronJob.spec, {
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  });
  return {
    ...cronJob,
    spec: change(spec, 'jobTemplate', (template) => change(template, 'spec', withTemplate)),
    status: cronJob.status ?? {},
  };
}
