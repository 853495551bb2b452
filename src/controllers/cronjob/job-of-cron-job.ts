/** The Job of one scheduled time. Its name is a function of the time: it can be made only once. Pure. */
import { type CronJob, cronJobs, type Draft, type Job, type ObjectReference } from '../../api/index.ts';
import { controllerReference } from '../common/owners.ts';
import { localTimestamp } from './wall-clock.ts';

const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

export function jobNameOf(cronJob: CronJob, scheduledMs: number): string {
  return `${cronJob.metadata.name}-${Math.floor(scheduledMs / 60_000)}`;
}

/** The scheduled time in the name of a Job that this controller made. */
export function scheduledTimeOf(cronJob: CronJob, { metadata }: Job): number | undefined {
  const prefix = `${cronJob.metadata.name}-`;
  const minutes = metadata.name.startsWith(prefix) ? metadata.name.slice(prefix.length) : '';
  return /^\d+$/.test(minutes) ? Number(minutes) * 60_000 : undefined;
}

export function jobOf(cronJob: CronJob, scheduledMs: number, timeZone: string): Draft<Job> {
  const { metadata, spec } = cronJob.spec.jobTemplate;
  const annotations = { ...metadata?.annotations, [scheduledAnnotation]: localTimestamp(scheduledMs, timeZone) };
  return {
    metadata: {
      name: jobNameOf(cronJob, scheduledMs),
      namespace: cronJob.metadata.namespace,
      ...(metadata?.labels ? { labels: metadata.labels } : {}),
      annotations,
      ownerReferences: [controllerReference(cronJob, cronJobs)],
    },
    spec: spec ?? { template: {} },
  };
}

export function referenceTo({ apiVersion, kind, metadata }: Job): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata;
  return { kind, namespace, name, uid, apiVersion, resourceVersion };
}
