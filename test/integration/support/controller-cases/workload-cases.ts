/** Work for what makes pods, and what places them. */
import {
  cronJobs,
  daemonSets,
  deployments,
  jobs,
  pods,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '../../../../src/api/index.ts';
import * as controllers from '../../../../src/controllers/index.ts';
import { Scheduler } from '../../../../src/scheduler/index.ts';
import { nodeDraft, podDraft } from '../objects.ts';
import { at, type ControllerCases, ensureNode, hasPodOf, template, workload } from './controller-case.ts';

const neverRestarted = (name: string) => {
  const pod = template(name);
  return { ...pod, spec: { ...pod.spec, restartPolicy: 'Never' } } as never;
};

function startScheduler(options: controllers.ControllerOptions): AsyncDisposable {
  const scheduler = new Scheduler(options);
  options.informers.start();
  void options.informers.waitForSync().then(
    () => scheduler.start(),
    () => {},
  );
  return scheduler;
}

export const workloadCases: ControllerCases = {
  'the StatefulSet controller': {
    start: controllers.startStatefulSetController,
    setUp: ({ client }, name) =>
      client.create(statefulSets, { metadata: at(name), spec: { ...workload(name), serviceName: name } }),
    isDone: hasPodOf,
  },
  'the Deployment controller': {
    start: controllers.startDeploymentController,
    setUp: ({ client }, name) => client.create(deployments, { metadata: at(name), spec: workload(name) }),
    isDone: async (plane, name) =>
      (await plane.client.list(replicaSets)).items.some(({ metadata }) => metadata.name.startsWith(`${name}-`)),
  },
  'the ReplicaSet controller': {
    start: controllers.startReplicaSetController,
    setUp: ({ client }, name) => client.create(replicaSets, { metadata: at(name), spec: workload(name) }),
    isDone: hasPodOf,
  },
  'the ReplicationController controller': {
    start: controllers.startReplicationController,
    setUp: ({ client }, name) =>
      client.create(replicationControllers, {
        metadata: at(name),
        spec: { selector: { app: name }, template: template(name) as never },
      }),
    isDone: hasPodOf,
  },
  'the DaemonSet controller': {
    start: controllers.startDaemonSetController,
    async setUp(plane, name) {
      await ensureNode(plane);
      await plane.client.create(daemonSets, { metadata: at(name), spec: workload(name) });
    },
    isDone: hasPodOf,
  },
  'the Job controller': {
    start: controllers.startJobController,
    setUp: ({ client }, name) => client.create(jobs, { metadata: at(name), spec: { template: neverRestarted(name) } }),
    isDone: hasPodOf,
  },
  'the CronJob controller': {
    start: controllers.startCronJobController,
    setUp: ({ client }, name) => {
      const jobTemplate = { spec: { template: neverRestarted(name) } };
      return client.create(cronJobs, { metadata: at(name), spec: { schedule: '* * * * *', jobTemplate } });
    },
    isDone: async (plane, name) =>
      (await plane.client.list(jobs)).items.some(({ metadata }) => metadata.name.startsWith(`${name}-`)),
  },
  'the scheduler': {
    start: startScheduler,
    async setUp(plane, name) {
      const draft = nodeDraft('n1');
      const allocatable = { cpu: '4', memory: '8Gi', pods: '5000' };
      await ensureNode(plane, { ...draft, status: { ...draft.status, allocatable } });
      await plane.client.create(pods, podDraft(name));
    },
    isDone: async (plane, name) => (await plane.get(pods, at(name)))?.spec.nodeName !== undefined,
  },
};
