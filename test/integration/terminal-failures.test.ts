/** What cannot come to pass is told where its user looks: an event, and a status or condition, within one retry. */
import { describe, expect, it } from 'vitest';
import {
  cronJobs,
  daemonSets,
  deployments,
  jobs,
  type KubernetesObject,
  limitRanges,
  namespaces,
  nodes,
  type ObjectKey,
  persistentVolumeClaims,
  persistentVolumes,
  podDisruptionBudgets,
  pods,
  type ResourceType,
  replicaSets,
  resourceQuotas,
  statefulSets,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
} from '../../src/api/index.ts';
import { startControlLoops } from './support/control-loops.ts';
import { ControlPlane } from './support/control-plane.ts';
import { at, createPodOn, template, workload } from './support/controller-cases/controller-case.ts';
import { createBound, csiVolumeDraft } from './support/controller-cases/volume-cases.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { FakeKubelet } from './support/fake-kubelet.ts';
import { claimDraft, classDraft, podDraft, volumeDraft } from './support/objects.ts';

interface World {
  readonly plane: ControlPlane;
  readonly backend: FakeDriver;
}

interface Failure {
  cause(world: World): Promise<unknown>;
  /** Starts of `name type reason message`. */
  readonly events?: readonly string[];
  /** The object that its user made, and what it shows, as it stands in JSON. */
  readonly object?: readonly [ResourceType<KubernetesObject>, ObjectKey];
  readonly shows?: readonly string[];
}

const retryMs = 30_000;
const many = <T>(value: T) => Array.from({ length: 1000 }, () => value);
const x = at('x');
const noPods = { metadata: at('none'), spec: { hard: { pods: '0' } } };
const refusedPods = 'is forbidden: exceeded quota: none';
const patchClaim = ({ plane }: World, spec: object) =>
  plane.client.patch(persistentVolumeClaims, x, { type: 'merge', body: { spec } });
const released = (name: string, source: object) => {
  const { hostPath: _, ...spec } = volumeDraft(name, 'now').spec;
  const claimRef = { kind: 'PersistentVolumeClaim', namespace: 'default', name: 'gone', uid: 'gone' };
  return { metadata: { name }, spec: { ...spec, claimRef, ...source } };
};

const volumes: Readonly<Record<string, Failure>> = {
  'a claim whose class is missing': {
    cause: ({ plane }) => plane.client.create(persistentVolumeClaims, claimDraft('x', 'missing')),
    events: ['x Warning ProvisioningFailed storageclass.storage.k8s.io "missing" not found'],
    object: [persistentVolumeClaims, x],
    shows: ['"phase":"Pending"'],
  },
  'a claim that names a volume of another size': {
    async cause({ plane }) {
      await plane.client.create(persistentVolumes, volumeDraft('small', ''));
      const { metadata, spec } = claimDraft('x', '', '5Gi');
      await plane.client.create(persistentVolumeClaims, { metadata, spec: { ...spec, volumeName: 'small' } });
    },
    events: ['x Warning VolumeMismatch '],
    object: [persistentVolumeClaims, x],
    shows: ['"phase":"Pending"'],
  },
  'a claim whose volume was deleted': {
    async cause({ plane }) {
      await plane.client.create(persistentVolumes, volumeDraft('gone', 'manual'));
      await plane.client.create(persistentVolumeClaims, claimDraft('x', 'manual'));
      await plane.clock.advance(1000);
      await plane.client.patch(
        persistentVolumes,
        { name: 'gone' },
        { type: 'merge', body: { metadata: { finalizers: null } } },
      );
      await plane.client.delete(persistentVolumes, { name: 'gone' });
      const bare = { type: 'merge', body: { metadata: { finalizers: null } } } as const;
      await plane.client.patch(persistentVolumes, { name: 'gone' }, bare).catch(() => {});
    },
    events: ['x Warning ClaimLost '],
    object: [persistentVolumeClaims, x],
    shows: ['"phase":"Lost"'],
  },
  'a volume that the driver refuses to make': {
    async cause({ plane, backend }) {
      backend.fail('refusals', 'CreateVolume', ...many(Code.INVALID_ARGUMENT));
      await plane.client.create(persistentVolumeClaims, claimDraft('x', 'now'));
    },
    events: [
      'x Warning ProvisioningFailed Volume provisioning failed with infeasible error. Retries will be delayed. rpc error: code = InvalidArgument',
    ],
    object: [persistentVolumeClaims, x],
    shows: ['"phase":"Pending"'],
  },
  'a volume that the driver refuses to delete': {
    async cause({ plane, backend }) {
      backend.fail('refusals', 'DeleteVolume', ...many(Code.INTERNAL));
      await plane.client.create(persistentVolumeClaims, claimDraft('x', 'now'));
      await plane.clock.advance(1000);
      await plane.client.delete(persistentVolumeClaims, x);
    },
    events: ['pvc- Warning VolumeFailedDelete rpc error: code = Internal'],
  },
  'a volume that no plugin can delete': {
    cause: ({ plane }) =>
      plane.client.create(
        persistentVolumes,
        released('x', { nfs: { server: 's', path: '/' }, persistentVolumeReclaimPolicy: 'Delete' }),
      ),
    events: ['x Warning VolumeFailedDelete '],
    object: [persistentVolumes, { name: 'x' }],
    shows: ['"phase":"Failed"', '"reason":"VolumeFailedDelete"', '"message":'],
  },
  'a volume that no plugin can recycle': {
    cause: ({ plane }) =>
      plane.client.create(
        persistentVolumes,
        released('x', {
          local: { path: '/x' },
          nodeAffinity: volumeDraft('x', '', 'n1').spec.nodeAffinity,
          persistentVolumeReclaimPolicy: 'Recycle',
        }),
      ),
    events: ['x Warning VolumeFailedRecycle '],
    object: [persistentVolumes, { name: 'x' }],
    shows: ['"phase":"Failed"', '"message":'],
  },
  'a volume that the driver refuses to attach': {
    async cause({ plane, backend }) {
      backend.fail('refusals', 'ControllerPublishVolume', ...many(Code.INTERNAL));
      await createBound(plane, csiVolumeDraft('x'));
      await createPodOn(plane, 'x', 'n1', 'x');
    },
    events: ['x Warning FailedAttachVolume AttachVolume.Attach failed for volume "x" : rpc error: code = Internal'],
  },
  'a volume that the driver refuses to detach': {
    async cause({ plane, backend }) {
      backend.fail('refusals', 'ControllerUnpublishVolume', ...many(Code.INTERNAL));
      await createBound(plane, csiVolumeDraft('x'));
      await plane.client.create(volumeAttachments, {
        metadata: { name: 'x' },
        spec: { attacher: 'fake.csi', nodeName: 'n1', source: { persistentVolumeName: 'x' } },
      });
      await plane.clock.advance(1000);
      await plane.client.delete(volumeAttachments, { name: 'x' });
    },
    object: [volumeAttachments, { name: 'x' }],
    shows: ['"detachError":{', 'code = Internal'],
  },
  'a size that the driver refuses': {
    async cause(world) {
      world.backend.fail('refusals', 'ControllerExpandVolume', ...many(Code.OUT_OF_RANGE));
      await createBound(world.plane, csiVolumeDraft('x'));
      await patchClaim(world, { resources: { requests: { storage: '2Gi' } } });
    },
    events: [
      'x Warning VolumeResizeFailed resize volume "x" by resizer "fake.csi" failed: rpc error: code = OutOfRange',
    ],
    object: [persistentVolumeClaims, x],
    shows: ['"ControllerResizeInfeasible"', '"type":"ControllerResizeError"'],
  },
  'attributes that the driver refuses': {
    async cause(world) {
      world.backend.fail('refusals', 'ControllerModifyVolume', ...many(Code.INVALID_ARGUMENT));
      await createBound(world.plane, csiVolumeDraft('x'));
      await patchClaim(world, { volumeAttributesClassName: 'gold' });
    },
    events: ['x Warning VolumeModifyFailed rpc error: code = InvalidArgument'],
    object: [persistentVolumeClaims, x],
    shows: ['"status":"Infeasible"', '"type":"ModifyVolumeError"'],
  },
  'attributes of a class that is missing': {
    async cause(world) {
      await createBound(world.plane, csiVolumeDraft('x'));
      await patchClaim(world, { volumeAttributesClassName: 'missing' });
    },
    events: ['x Warning VolumeModifyFailed VAC missing does not exist.'],
    object: [persistentVolumeClaims, x],
    shows: ['"status":"Pending"', '"targetVolumeAttributesClassName":"missing"'],
  },
  'an ephemeral claim whose name is taken': {
    async cause({ plane }) {
      await plane.client.create(persistentVolumeClaims, claimDraft('x-scratch', 'now'));
      await createEphemeral(plane);
    },
    events: [
      'x Warning FailedBinding ephemeral volume scratch: PVC default/x-scratch was not created for pod default/x',
    ],
  },
  'an ephemeral claim that a quota forbids': {
    async cause({ plane }) {
      const metadata = at('none');
      await plane.client.create(resourceQuotas, { metadata, spec: { hard: { persistentvolumeclaims: '0' } } });
      await plane.clock.advance(1000);
      await createEphemeral(plane);
    },
    events: [
      'x Warning FailedBinding ephemeral volume scratch: create PVC x-scratch: persistentvolumeclaims "x-scratch" is forbidden',
    ],
  },
};

const createEphemeral = ({ client }: ControlPlane) => {
  const draft = podDraft('x');
  const volumeClaimTemplate = { spec: claimDraft('x', 'now').spec } as never;
  return client.create(pods, {
    ...draft,
    spec: { ...draft.spec, volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate } }] } as never,
  });
};

const forbidPods = async ({ plane }: World) => {
  await plane.client.create(resourceQuotas, noPods);
  await plane.clock.advance(1000);
};
const once = () => {
  const pod = template('x');
  return { ...pod, spec: { ...pod.spec, restartPolicy: 'Never' } } as never;
};

const others: Readonly<Record<string, Failure>> = {
  'a pod that fits nowhere': {
    cause({ plane }) {
      const { metadata, spec } = podDraft('x');
      return plane.client.create(pods, { metadata, spec: { ...spec, nodeSelector: { no: 'where' } } as never });
    },
    events: [
      "x Warning FailedScheduling 0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
    ],
    object: [pods, x],
    shows: ['"type":"PodScheduled"', '"reason":"Unschedulable"', '0/2 nodes are available'],
  },
  'a pod whose claim is missing': {
    cause: ({ plane }) => plane.client.create(pods, podDraft('x', 'missing')),
    events: ['x Warning FailedScheduling 0/2 nodes are available: persistentvolumeclaim "missing" not found.'],
    object: [pods, x],
    shows: ['"reason":"Unschedulable"'],
  },
  'the pods of a ReplicaSet, which a quota forbids': {
    async cause(world) {
      await forbidPods(world);
      await world.plane.client.create(replicaSets, { metadata: x, spec: workload('x') });
    },
    events: ['x Warning FailedCreate Error creating: pods "x-'],
    object: [replicaSets, x],
    shows: ['"type":"ReplicaFailure"', refusedPods],
  },
  'the pods of a Deployment': {
    async cause(world) {
      await forbidPods(world);
      await world.plane.client.create(deployments, { metadata: x, spec: workload('x') });
    },
    events: ['x- Warning FailedCreate Error creating: pods "x-'],
    object: [deployments, x],
    shows: ['"type":"ReplicaFailure"', refusedPods],
  },
  'the pods of a StatefulSet': {
    async cause(world) {
      await forbidPods(world);
      await world.plane.client.create(statefulSets, { metadata: x, spec: { ...workload('x'), serviceName: 'x' } });
    },
    events: ['x Warning FailedCreate create Pod x-0 in StatefulSet x failed error: pods "x-0" is forbidden'],
  },
  'the pods of a DaemonSet': {
    async cause(world) {
      await forbidPods(world);
      await world.plane.client.create(daemonSets, { metadata: x, spec: workload('x') });
    },
    events: ['x Warning FailedCreate Error creating: pods "x-'],
  },
  'the pods of a Job': {
    async cause(world) {
      await forbidPods(world);
      await world.plane.client.create(jobs, { metadata: x, spec: { template: once() } });
    },
    events: ['x Warning FailedCreate Error creating: pods "x-'],
  },
  'a Job that takes too long': {
    cause: ({ plane }) =>
      plane.client.create(jobs, { metadata: x, spec: { activeDeadlineSeconds: 5, template: once() } }),
    events: ['x Warning DeadlineExceeded Job was active longer than specified deadline'],
    object: [jobs, x],
    shows: ['"type":"Failed"', '"reason":"DeadlineExceeded"'],
  },
  'a CronJob in a time zone that there is not': {
    async cause({ plane }) {
      const spec = { schedule: '* * * * *', jobTemplate: { spec: { template: once() } } };
      const made = await plane.client.create(cronJobs, { metadata: at('y'), spec: { ...spec, suspend: true } });
      // As a server that knows more zones may have taken it.
      const metadata = { ...made.metadata, name: 'x', uid: 'uid-x' };
      await plane.store(cronJobs, { ...made, metadata, spec: { ...spec, timeZone: 'Odd/Zone' } } as never);
    },
    events: ['x Warning UnknownTimeZone invalid timeZone: "Odd/Zone"'],
  },
  'a budget for pods of which nobody knows how many there are to be': {
    async cause({ plane }) {
      await plane.client.create(pods, { ...podDraft('x'), metadata: { ...x, labels: { app: 'x' } } });
      const selector = { matchLabels: { app: 'x' } };
      await plane.client.create(podDisruptionBudgets, { metadata: x, spec: { maxUnavailable: 1, selector } });
    },
    events: ['x Warning '],
    object: [podDisruptionBudgets, x],
    shows: ['"type":"DisruptionAllowed"', '"status":"False"'],
  },
  'a namespace that something holds': {
    async cause({ plane }) {
      const name = 'x';
      await plane.client.create(namespaces, { metadata: { name }, spec: {} });
      const metadata = { namespace: name, name: 'held', finalizers: ['example.com/held'] };
      await plane.client.create(limitRanges, { metadata, spec: { limits: [] } });
      await plane.client.delete(namespaces, { name });
    },
    object: [namespaces, { name: 'x' }],
    shows: ['"type":"NamespaceFinalizersRemaining"', 'example.com/held in 1 resource instances'],
  },
  'a node that is silent': {
    async cause({ plane }) {
      const key = { name: 'n1' };
      const body = { status: { conditions: [{ type: 'Ready', status: 'False' }] } };
      await plane.client.patch(nodes, key, { type: 'merge', body }, { subresource: 'status' });
    },
    object: [nodes, { name: 'n1' }],
    shows: ['"key":"node.kubernetes.io/not-ready"'],
  },
};

describe('[rel-L13] is told within one retry:', () => {
  it.each(Object.entries({ ...volumes, ...others }))(
    '%s',
    async (_title, { cause, events = [], object, shows = [] }) => {
      await using plane = await ControlPlane.start();
      const backend = new FakeDriver(plane.clock);
      for (const name of ['n1', 'n2']) await FakeKubelet.start(plane, name, backend.name);
      await plane.client.create(storageClasses, { ...classDraft('now', 'Immediate'), allowVolumeExpansion: true });
      const gold = { metadata: { name: 'gold' }, driverName: backend.name, parameters: { tier: 'gold' } };
      await plane.client.create(volumeAttributesClasses, gold);
      await plane.run();
      await startControlLoops(plane, { backend });
      await cause({ plane, backend });
      await plane.clock.advance(retryMs);
      const told = await plane.allEvents();
      for (const start of events)
        expect(
          told.filter((event) => matches(event, start)),
          told.join('\n'),
        ).not.toEqual([]);
      if (!object) return;
      const shown = JSON.stringify(await plane.get(...object));
      for (const part of shows) expect(shown).toContain(part);
    },
  );
});

/** `pvc-` and `x-` stand for names that start so. */
function matches(event: string, start: string): boolean {
  const [name = '', ...rest] = start.split(' ');
  const [eventName = '', ...eventRest] = event.split(' ');
  const isNamed = name.endsWith('-') ? eventName.startsWith(name) : eventName === name;
  return isNamed && eventRest.join(' ').startsWith(rest.join(' '));
}
