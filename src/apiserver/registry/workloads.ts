/** The kinds whose controllers make pods. Their status begins with the counters that upstream always shows. */
import type { CronJob, DaemonSet, Deployment, Job, PodTemplateSpec, ReplicaSet, StatefulSet } from '../../api/index.ts';
import type { AnyObject, Strategy } from './strategy.ts';

export const statefulSetStrategy: Strategy<StatefulSet> = {
  generation: 'always',
  initialStatus: () => ({ availableReplicas: 0, replicas: 0 }),
};

export const deploymentStrategy: Strategy<Deployment> = { generation: 'always', initialStatus: () => ({}) };

export const replicaSetStrategy: Strategy<ReplicaSet> = {
  generation: 'always',
  initialStatus: () => ({ replicas: 0 }),
};

export const replicationControllerStrategy: Strategy = {
  generation: 'always',
  initialStatus: () => ({ replicas: 0 }),
};

export const daemonSetStrategy: Strategy<DaemonSet> = {
  generation: 'always',
  initialStatus: () => ({
    currentNumberScheduled: 0,
    desiredNumberScheduled: 0,
    numberMisscheduled: 0,
    numberReady: 0,
  }),
};

export const cronJobStrategy: Strategy<CronJob> = { generation: 'always', initialStatus: () => ({}) };

export const podDisruptionBudgetStrategy: Strategy<AnyObject> = {
  generation: 'always',
  requiresResourceVersion: true,
  initialStatus: () => ({ currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }),
};

/** Upstream: registry/batch/job/strategy.go generateSelector. */
export const jobStrategy: Strategy<Job> = {
  generation: 'always',
  initialStatus: () => ({}),
  prepareForCreate(job) {
    const { spec } = job;
    if (!spec || spec.manualSelector) return job;
    const { name, uid } = job.metadata;
    const labels = {
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': name,
      'controller-uid': uid,
      'job-name': name,
    };
    const template: PodTemplateSpec = {
      ...spec.template,
      metadata: { ...spec.template.metadata, labels: { ...spec.template.metadata?.labels, ...labels } } as never,
    };
    const selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
    return { ...job, spec: { ...spec, template, selector } };
  },
};
