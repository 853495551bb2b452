import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../gen/apps.v1.gen.ts';
import type { CronJob, Job } from '../gen/batch.v1.gen.ts';
import type { Pod, PodTemplate, ReplicationController } from '../gen/core.v1.gen.ts';
import {
  containerImages,
  containerNames,
  humanDuration,
  labelsText,
  none,
  selectorText,
  since,
  unset,
} from './cells.ts';
import { podSummary } from './pod-status.ts';
import { printer } from './table-types.ts';

function readinessGates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  if (gates.length === 0) return none;
  const passed = gates.filter((gate) =>
    pod.status?.conditions?.some((one) => one.type === gate.conditionType && one.status === 'True'),
  );
  return `${passed.length}/${gates.length}`;
}

export const podPrinter = printer<Pod>(
  ['Name', 'Ready', 'Status', 'Restarts', 'Age', '+IP', '+Node', '+Nominated Node', '+Readiness Gates'],
  (pod, nowMs) => {
    const summary = podSummary(pod, nowMs);
    return [
      pod.metadata.name,
      summary.ready,
      summary.status,
      summary.restarts,
      since(pod.metadata.creationTimestamp, nowMs),
      pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? none,
      pod.spec.nodeName || none,
      pod.status?.nominatedNodeName || none,
      readinessGates(pod),
    ];
  },
);

export const podTemplatePrinter = printer<PodTemplate>(
  ['Name', 'Containers', 'Images', 'Pod Labels'],
  ({ metadata, template }) => [
    metadata.name,
    containerNames(template?.spec?.containers),
    containerImages(template?.spec?.containers),
    labelsText(template?.metadata?.labels),
  ],
);

export const statefulSetPrinter = printer<StatefulSet>(
  ['Name', 'Ready', 'Age', '+Containers', '+Images'],
  ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    since(metadata.creationTimestamp, nowMs),
    containerNames(spec.template.spec?.containers),
    containerImages(spec.template.spec?.containers),
  ],
);

export const deploymentPrinter = printer<Deployment>(
  ['Name', 'Ready', 'Up-to-date:integer', 'Available:integer', 'Age', '+Containers', '+Images', '+Selector'],
  ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    status?.updatedReplicas ?? 0,
    status?.availableReplicas ?? 0,
    since(metadata.creationTimestamp, nowMs),
    containerNames(spec.template.spec?.containers),
    containerImages(spec.template.spec?.containers),
    selectorText(spec.selector),
  ],
);

export const daemonSetPrinter = printer<DaemonSet>(
  [
    'Name',
    'Desired:integer',
    'Current:integer',
    'Ready:integer',
    'Up-to-date:integer',
    'Available:integer',
    'Node Selector',
    'Age',
    '+Containers',
    '+Images',
    '+Selector',
  ],
  ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    status?.desiredNumberScheduled ?? 0,
    status?.currentNumberScheduled ?? 0,
    status?.numberReady ?? 0,
    status?.updatedNumberScheduled ?? 0,
    status?.numberAvailable ?? 0,
    labelsText(spec.template.spec?.nodeSelector),
    since(metadata.creationTimestamp, nowMs),
    containerNames(spec.template.spec?.containers),
    containerImages(spec.template.spec?.containers),
    selectorText(spec.selector),
  ],
);

const replicaColumns = [
  'Name',
  'Desired:integer',
  'Current:integer',
  'Ready:integer',
  'Age',
  '+Containers',
  '+Images',
  '+Selector',
];

export const replicaSetPrinter = printer<ReplicaSet>(replicaColumns, ({ metadata, spec, status }, nowMs) => [
  metadata.name,
  spec.replicas ?? 0,
  status?.replicas ?? 0,
  status?.readyReplicas ?? 0,
  since(metadata.creationTimestamp, nowMs),
  containerNames(spec.template?.spec?.containers),
  containerImages(spec.template?.spec?.containers),
  selectorText(spec.selector),
]);

export const replicationControllerPrinter = printer<ReplicationController>(
  replicaColumns,
  ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    spec.replicas ?? 0,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    since(metadata.creationTimestamp, nowMs),
    containerNames(spec.template?.spec?.containers),
    containerImages(spec.template?.spec?.containers),
    labelsText(spec.selector),
  ],
);

/** The first of these conditions that a job has names its status. */
function jobStatus(job: Job): string {
  const has = (type: string) => job.status?.conditions?.some((one) => one.type === type && one.status === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running';
}

function jobCompletions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration({ status }: Job, nowMs: number): string {
  if (!status?.startTime) return '';
  const endMs = status.completionTime ? Date.parse(status.completionTime) : nowMs;
  return humanDuration(endMs - Date.parse(status.startTime));
}

export const jobPrinter = printer<Job>(
  ['Name', 'Status', 'Completions', 'Duration', 'Age', '+Containers', '+Images', '+Selector'],
  (job, nowMs) => [
    job.metadata.name,
    jobStatus(job),
    jobCompletions(job),
    jobDuration(job, nowMs),
    since(job.metadata.creationTimestamp, nowMs),
    containerNames(job.spec.template.spec?.containers),
    containerImages(job.spec.template.spec?.containers),
    selectorText(job.spec.selector),
  ],
);

export const cronJobPrinter = printer<CronJob>(
  [
    'Name',
    'Schedule',
    'Timezone',
    'Suspend',
    'Active:integer',
    'Last Schedule',
    'Age',
    '+Containers',
    '+Images',
    '+Selector',
  ],
  ({ metadata, spec, status }, nowMs) => {
    const jobSpec = spec.jobTemplate.spec;
    const suspend = spec.suspend ? 'True' : 'False';
    return [
      metadata.name,
      spec.schedule,
      spec.timeZone ?? none,
      spec.suspend === undefined ? unset : suspend,
      status?.active?.length ?? 0,
      status?.lastScheduleTime ? since(status.lastScheduleTime, nowMs) : none,
      since(metadata.creationTimestamp, nowMs),
      containerNames(jobSpec?.template.spec?.containers),
      containerImages(jobSpec?.template.spec?.containers),
      selectorText(jobSpec?.selector),
    ];
  },
);

export const controllerRevisionPrinter = printer<ControllerRevision>(
  ['Name', 'Controller', 'Revision:integer', 'Age'],
  ({ metadata, revision }, nowMs) => {
    const owner = metadata.ownerReferences?.find((one) => one.controller === true);
    const group = owner?.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : '';
    const controller = owner ? `${owner.kind.toLowerCase()}${group}/${owner.name}` : none;
    return [metadata.name, controller, revision, since(metadata.creationTimestamp, nowMs)];
  },
);
