/** The pods of a Job, and what they carry for it: the finalizer that keeps them until they are counted, their index. Pure. */
import { type Container, type Draft, type Job, jobs, type Pod, type PodSpec } from '../../api/index.ts';
import { podFromTemplate } from '../common/pod-control.ts';

/** Keeps a pod until its end is counted in the status of its Job. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
/** Annotation and label. */
export const completionIndexKey = 'batch.kubernetes.io/job-completion-index';
const indexVariable = 'JOB_COMPLETION_INDEX';
/** Names longer than this leave no room for what the server appends. */
const longestPrefix = 248;

export function isIndexed({ spec }: Job): boolean {
  return spec.completionMode === 'Indexed';
}

export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(trackingFinalizer) ?? false;
}

/** The completion index of a pod, if it has one that its Job counts. */
export function completionIndexOf(job: Job, { metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[completionIndexKey];
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  const index = Number(text);
  return index < (job.spec.completions ?? 0) ? index : undefined;
}

/** A pod of the Job; of an indexed Job, the one with this index. */
export function jobPodOf(job: Job, index: number | undefined): Draft<Pod> {
  const draft = podFromTemplate(job.spec.template, job, jobs);
  const { finalizers = [], annotations, labels } = draft.metadata;
  const tracked = {
    ...draft.metadata,
    finalizers: finalizers.includes(trackingFinalizer) ? finalizers : [...finalizers, trackingFinalizer],
  };
  if (index === undefined) return { ...draft, metadata: tracked };
  const { name } = job.metadata;
  const suffix = `-${index}-`;
  return {
    metadata: {
      ...tracked,
      generateName: `${name.slice(0, longestPrefix - suffix.length)}${suffix}`,
      annotations: { ...annotations, [completionIndexKey]: String(index) },
      labels: { ...labels, [completionIndexKey]: String(index) },
    },
    spec: { ...withIndexVariable(draft.spec), hostname: `${name}-${index}` },
  };
}

/** Every container is told its index, unless the template has a variable of that name. */
function withIndexVariable(spec: PodSpec): PodSpec {
  const fieldRef = { fieldPath: `metadata.labels['${completionIndexKey}']` };
  const variable = { name: indexVariable, valueFrom: { fieldRef } };
  const withVariable = (container: Container): Container =>
    container.env?.some(({ name }) => name === indexVariable)
      ? container
      : { ...container, env: [...(container.env ?? []), variable] };
  const { initContainers } = spec;
  return {
    ...spec,
    containers: spec.containers.map(withVariable),
    ...(initContainers ? { initContainers: initContainers.map(withVariable) } : {}),
  };
}
