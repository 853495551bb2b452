/** One object whose every write fails holds up nobody else, is not tried without pause, and is made good in the end. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ApiStatusError,
  configMaps,
  csiNodes,
  daemonSets,
  deployments,
  jobs,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  replicaSets,
  resourceQuotas,
  serviceAccounts,
  statefulSets,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
} from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import * as controllers from '../../src/controllers/index.ts';
import { startAttacher, startProvisioner, startResizer } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft, nodeDraft, podDraft, volumeDraft } from './support/objects.ts';

interface Case {
  readonly start: (options: controllers.ControllerOptions) => AsyncDisposable;
  /** Puts work for the controller under a name. */
  setUp(plane: ControlPlane, name: string): Promise<unknown>;
  isDone(plane: ControlPlane, name: string): Promise<boolean>;
}

const at = (name: string) => ({ namespace: 'default', name });
const bare = { type: 'merge', body: { metadata: { finalizers: null } } } as const;
const isProtected = (object: { metadata: { finalizers?: readonly string[] } } | undefined) =>
  (object?.metadata.finalizers?.length ?? 0) > 0;
const template = (name: string) => ({
  metadata: { labels: { app: name } },
  spec: { containers: [{ name: 'main', image: 'busybox' }] },
});
const workload = (name: string) => ({ selector: { matchLabels: { app: name } }, template: template(name) as never });
const hasPodOf = async (plane: ControlPlane, name: string) =>
  (await plane.client.list(pods)).items.some(({ metadata }) => metadata.name.startsWith(`${name}-`));
const bound = async (plane: ControlPlane, name: string, nodeName: string) => {
  const draft = podDraft(name);
  await plane.client.create(pods, { ...draft, spec: { ...draft.spec, nodeName } as never });
};

const csiVolumeDraft = (name: string) => {
  const { metadata, spec } = volumeDraft(name, 'now');
  const { hostPath: _, ...rest } = spec;
  return { metadata, spec: { ...rest, csi: { driver: 'fake.csi', volumeHandle: name } } };
};

const cases: Readonly<Record<string, Case>> = {
  'the claim protection controller': {
    start: controllers.startClaimProtectionController,
    async setUp({ client }, name) {
      await client.create(persistentVolumeClaims, claimDraft(name, ''));
      await client.patch(persistentVolumeClaims, at(name), bare);
    },
    isDone: async (plane, name) => isProtected(await plane.get(persistentVolumeClaims, at(name))),
  },
  'the volume protection controller': {
    start: controllers.startVolumeProtectionController,
    async setUp({ client }, name) {
      await client.create(persistentVolumes, volumeDraft(name, ''));
      await client.patch(persistentVolumes, { name }, bare);
    },
    isDone: async (plane, name) => isProtected(await plane.get(persistentVolumes, { name })),
  },
  'the attributes class protection controller': {
    start: controllers.startAttributesClassProtectionController,
    async setUp({ client }, name) {
      await client.create(volumeAttributesClasses, { metadata: { name }, driverName: 'd', parameters: { a: '1' } });
      await client.patch(volumeAttributesClasses, { name }, bare);
    },
    isDone: async (plane, name) => isProtected(await plane.get(volumeAttributesClasses, { name })),
  },
  'the ephemeral volume controller': {
    start: controllers.startEphemeralVolumeController,
    setUp({ client }, name) {
      const draft = podDraft(name);
      const volumeClaimTemplate = { spec: claimDraft('x', '').spec } as never;
      const volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate } }];
      return client.create(pods, { ...draft, spec: { ...draft.spec, volumes } as never });
    },
    isDone: async (plane, name) => (await plane.get(persistentVolumeClaims, at(`${name}-scratch`))) !== undefined,
  },
  'the persistent volume controller': {
    start: controllers.startPersistentVolumeController,
    async setUp({ client }, name) {
      await client.create(persistentVolumes, volumeDraft(name, name));
      await client.create(persistentVolumeClaims, claimDraft(name, name));
    },
    isDone: async (plane, name) =>
      (await plane.get(persistentVolumeClaims, at(name)))?.status?.phase === 'Bound' &&
      (await plane.get(persistentVolumes, { name }))?.status?.phase === 'Bound',
  },
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
  'the DaemonSet controller': {
    start: controllers.startDaemonSetController,
    async setUp(plane, name) {
      if (!(await plane.get(nodes, { name: 'n1' }))) await plane.client.create(nodes, nodeDraft('n1'));
      await plane.client.create(daemonSets, { metadata: at(name), spec: workload(name) });
    },
    isDone: hasPodOf,
  },
  'the Job controller': {
    start: controllers.startJobController,
    setUp: ({ client }, name) => {
      const pod = template(name);
      const spec = { template: { ...pod, spec: { ...pod.spec, restartPolicy: 'Never' } } as never };
      return client.create(jobs, { metadata: at(name), spec });
    },
    isDone: hasPodOf,
  },
  'the resource quota controller': {
    start: controllers.startResourceQuotaController,
    setUp: ({ client }, name) => client.create(resourceQuotas, { metadata: at(name), spec: { hard: { pods: '1' } } }),
    isDone: async (plane, name) => (await plane.get(resourceQuotas, at(name)))?.status?.used?.pods === '0',
  },
  'the namespace controller': {
    start: controllers.startNamespaceController,
    async setUp({ client }, name) {
      await client.create(namespaces, { metadata: { name }, spec: {} });
      await client.create(configMaps, { metadata: { namespace: name, name: 'm' } });
      await client.delete(namespaces, { name });
    },
    isDone: async (plane, name) => (await plane.get(namespaces, { name })) === undefined,
  },
  'the service account controller': {
    start: controllers.startServiceAccountController,
    setUp: ({ client }, name) => client.create(namespaces, { metadata: { name }, spec: {} }),
    isDone: async (plane, name) =>
      (await plane.get(serviceAccounts, { namespace: name, name: 'default' })) !== undefined,
  },
  'the publisher of the root certificate': {
    start: (options) => controllers.startRootCaPublisher({ ...options, rootCa: 'PEM' }),
    setUp: ({ client }, name) => client.create(namespaces, { metadata: { name }, spec: {} }),
    isDone: async (plane, name) =>
      (await plane.get(configMaps, { namespace: name, name: 'kube-root-ca.crt' })) !== undefined,
  },
  'the node lifecycle controller': {
    start: controllers.startNodeLifecycleController,
    setUp: ({ client }, name) => client.create(nodes, nodeDraft(name)),
    isDone: async (plane, name) =>
      (await plane.get(nodes, { name }))?.spec.taints?.some(({ key }) => key === 'node.kubernetes.io/unreachable') ??
      false,
  },
  'the taint eviction controller': {
    start: controllers.startTaintEvictionController,
    async setUp(plane, name) {
      const taints = [{ key: 'gone', effect: 'NoExecute' }];
      if (!(await plane.get(nodes, { name: 'n1' }))) {
        await plane.client.create(nodes, { ...nodeDraft('n1'), spec: { taints } });
      }
      await bound(plane, name, 'n1');
    },
    isDone: async (plane, name) => (await plane.get(pods, at(name)))?.metadata.deletionTimestamp !== undefined,
  },
  'the pod garbage collector': {
    start: controllers.startPodGarbageCollector,
    setUp: (plane, name) => bound(plane, name, 'nowhere'),
    isDone: async (plane, name) => (await plane.get(pods, at(name))) === undefined,
  },
  'the external provisioner': {
    start: (options) => startProvisioner({ ...options, driver: new FakeDriver(options.clock).driver }),
    async setUp({ client }, name) {
      await client.create(storageClasses, classDraft('now', 'Immediate')).catch(() => {});
      const { metadata, spec } = claimDraft(name, 'now');
      const annotations = { 'volume.kubernetes.io/storage-provisioner': 'fake.csi' };
      await client.create(persistentVolumeClaims, { metadata: { ...metadata, annotations }, spec });
    },
    isDone: async (plane, name) =>
      (await plane.client.list(persistentVolumes)).items.some(({ spec }) => spec.claimRef?.name === name),
  },
  'the external attacher': {
    start: (options) => startAttacher({ ...options, driver: new FakeDriver(options.clock).driver }),
    async setUp({ client }, name) {
      const drivers = [{ name: 'fake.csi', nodeID: 'n' }];
      await client.create(csiNodes, { metadata: { name: 'n1' }, spec: { drivers } }).catch(() => {});
      await client.create(persistentVolumes, csiVolumeDraft(name));
      const spec = { attacher: 'fake.csi', nodeName: 'n1', source: { persistentVolumeName: name } };
      await client.create(volumeAttachments, { metadata: { name }, spec });
    },
    isDone: async (plane, name) => (await plane.get(volumeAttachments, { name }))?.status?.attached === true,
  },
  'the external resizer': {
    start: (options) => startResizer({ ...options, driver: new FakeDriver(options.clock).driver }),
    async setUp({ client }, name) {
      const draft = claimDraft(name, 'now', '2Gi');
      const made = await client.create(persistentVolumeClaims, { ...draft, spec: { ...draft.spec, volumeName: name } });
      const { namespace, uid } = made.metadata;
      const claimRef = { kind: 'PersistentVolumeClaim', namespace, name, uid };
      const volume = csiVolumeDraft(name);
      await client.create(persistentVolumes, { ...volume, spec: { ...volume.spec, claimRef } });
      const status = { phase: 'Bound', capacity: { storage: '1Gi' } };
      await client.updateStatus(persistentVolumeClaims, { ...made, status });
    },
    isDone: async (plane, name) =>
      (await plane.get(persistentVolumeClaims, at(name)))?.status?.allocatedResourceStatuses?.storage ===
      'NodeResizePending',
  },
};

/** A client that cannot write what has `bad` in its name or is in such a namespace. */
function failingClient(client: Client) {
  const failures = { isOver: false, count: 0 };
  const check = (...parts: readonly (string | undefined)[]) => {
    if (failures.isOver || !parts.some((part) => part?.includes('bad'))) return;
    failures.count++;
    throw ApiStatusError.of('InternalError', 'broken');
  };
  const checkObject = ({ metadata }: { metadata: { name?: string; namespace?: string; generateName?: string } }) =>
    check(metadata.name, metadata.generateName, metadata.namespace);
  const failing: Client = {
    ...client,
    async create(type, object, ...rest) {
      checkObject(object);
      return await client.create(type, object, ...rest);
    },
    async update(type, object, ...rest) {
      checkObject(object);
      return await client.update(type, object, ...rest);
    },
    async updateStatus(type, object, ...rest) {
      checkObject(object);
      return await client.updateStatus(type, object, ...rest);
    },
    async patch(type, key, ...rest) {
      check(key.name, key.namespace);
      return await client.patch(type, key, ...rest);
    },
    async delete(type, key, ...rest) {
      check(key.name, key.namespace);
      await client.delete(type, key, ...rest);
    },
    async deleteCollection(type, list, ...rest) {
      check(list.namespace);
      await client.deleteCollection(type, list, ...rest);
    },
  };
  return { client: failing, failures };
}

/** With a pause that doubles up to minutes, ten minutes hold this many tries of a few writes each. */
const mostFailures = 200;

describe('[rel-L15] a bad object', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await ControlPlane.start();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  it.each(Object.entries(cases))('does not hold up %s', async (name, { start, setUp, isDone }) => {
    const { client, failures } = failingClient(plane.clientOf(name));
    await startOn(plane, 'c', start, client);
    for (const object of ['bad', 'good', 'also-bad', 'also-good']) await setUp(plane, object);
    await plane.clock.advance(10 * 60_000);
    expect([await isDone(plane, 'good'), await isDone(plane, 'also-good')]).toEqual([true, true]);
    expect([await isDone(plane, 'bad'), await isDone(plane, 'also-bad')]).toEqual([false, false]);
    expect(failures.count).toBeGreaterThan(2);
    expect(failures.count).toBeLessThan(mostFailures);
    failures.isOver = true;
    await plane.clock.advance(20 * 60_000);
    expect([await isDone(plane, 'bad'), await isDone(plane, 'also-bad')]).toEqual([true, true]);
  });
});
