import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  controllerRevisions,
  type Draft,
  isConflict,
  isNotFound,
  keyOf,
  type Pod,
  persistentVolumeClaims,
  pods,
  resourceQuotas,
  type StatefulSet,
  statefulSets,
} from '../../src/api/index.ts';
import { done, runReconciler } from '../../src/client/index.ts';
import {
  startClaimProtectionController,
  startGarbageCollector,
  startStatefulSetController,
} from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { mortalClient, startOn } from './support/controllers.ts';

const component = 'statefulset-controller';

function setDraft(spec: Partial<StatefulSet['spec']> = {}): Draft<StatefulSet> {
  const template = {
    metadata: { name: 'disk' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'std' },
  };
  return {
    metadata: { namespace: 'default', name: 'web' },
    spec: {
      replicas: 2,
      serviceName: 'web',
      selector: { matchLabels: { app: 'web' } },
      template: templateOf('busybox:1'),
      // Templates carry no identity; the type asks for more than the server does.
      volumeClaimTemplates: [template as never],
      ...spec,
    },
  };
}

function templateOf(image: string): StatefulSet['spec']['template'] {
  const container = { name: 'main', image, volumeMounts: [{ name: 'disk', mountPath: '/data' }] };
  return { metadata: { labels: { app: 'web' } as never }, spec: { containers: [container] } } as never;
}

describe('the StatefulSet controller', () => {
  let plane: ControlPlane;
  /** Pods that the agent does not bring up. */
  let stuck: Set<string>;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    stuck = new Set();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = () => startOn(plane, component, startStatefulSetController);

  /** What scheduler and agent do together: pods come up on n1, and go when they are deleted. */
  async function startAgent(): Promise<void> {
    await startOn(plane, 'agent', ({ client, informers, clock, logger }) => {
      const informer = informers.informer(pods);
      const reconcile = async (key: string) => {
        const pod = informer.get(key);
        if (!pod || stuck.has(pod.metadata.name)) return done;
        const { namespace, name, uid } = pod.metadata;
        try {
          if (pod.metadata.deletionTimestamp) {
            await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
          } else if (pod.status?.phase === 'Pending') {
            const lastTransitionTime = new Date(clock.now()).toISOString();
            const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime }];
            await client.updateStatus(pods, { ...pod, status: { ...pod.status, phase: 'Running', conditions } });
          }
        } catch (error) {
          if (!isConflict(error) && !isNotFound(error)) throw error;
        }
        return done;
      };
      const queue = runReconciler({ name: 'agent', clock, logger, reconcile });
      informer.addHandler({
        onAdd: (pod) => queue.add(keyOf(pod)),
        onUpdate: (_previous, pod) => queue.add(keyOf(pod)),
      });
      return queue;
    });
  }

  const create = async (spec: Partial<StatefulSet['spec']> = {}) => {
    await plane.client.create(statefulSets, setDraft(spec));
    await plane.clock.settle();
  };
  const patchSet = async (spec: object) => {
    await plane.client.patch(statefulSets, { namespace: 'default', name: 'web' }, { type: 'merge', body: { spec } });
    await plane.clock.settle();
  };
  const set = () => plane.client.get(statefulSets, { namespace: 'default', name: 'web' });
  const podNames = async () => (await plane.client.list(pods)).items.map(({ metadata }) => metadata.name).sort();
  const pod = (name: string) => plane.client.get(pods, { namespace: 'default', name });
  const images = async () =>
    Object.fromEntries(
      (await plane.client.list(pods)).items.map((it: Pod) => [it.metadata.name, it.spec.containers[0]?.image]),
    );
  const claimNames = async () =>
    (await plane.client.list(persistentVolumeClaims)).items.map(({ metadata }) => metadata.name).sort();
  async function unstick(name: string): Promise<void> {
    stuck.delete(name);
    const body = { metadata: { annotations: { woken: String(plane.clock.now()) } } };
    await plane.client.patch(pods, { namespace: 'default', name }, { type: 'merge', body });
    await plane.clock.settle();
  }

  it('[C4] makes pods in order, each with its claims, its identity and its revision', async () => {
    await startAgent();
    await start();
    await create();
    expect(await podNames()).toEqual(['web-0', 'web-1']);
    const { metadata, spec } = await pod('web-0');
    const [revision] = (await plane.client.list(controllerRevisions)).items;
    expect(metadata.generateName).toBe('web-');
    expect(metadata.labels).toEqual({
      app: 'web',
      'apps.kubernetes.io/pod-index': '0',
      'controller-revision-hash': revision?.metadata.name,
      'statefulset.kubernetes.io/pod-name': 'web-0',
    });
    expect(metadata.ownerReferences).toEqual([
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        name: 'web',
        uid: (await set()).metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    expect(spec).toMatchObject({ hostname: 'web-0', subdomain: 'web' });
    expect(spec.volumes?.[0]).toEqual({ name: 'disk', persistentVolumeClaim: { claimName: 'disk-web-0' } });
    const claim = await plane.client.get(persistentVolumeClaims, { namespace: 'default', name: 'disk-web-0' });
    expect(claim.metadata.labels).toEqual({ app: 'web' });
    expect(claim.metadata.ownerReferences).toBeUndefined();
    expect(revision?.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]+$/);
    expect((await set()).status).toEqual({
      availableReplicas: 2,
      collisionCount: 0,
      currentReplicas: 2,
      currentRevision: revision?.metadata.name,
      observedGeneration: 1,
      readyReplicas: 2,
      replicas: 2,
      updateRevision: revision?.metadata.name,
      updatedReplicas: 2,
    });
    expect((await plane.eventsOf('web')).sort()).toEqual([
      'Normal SuccessfulCreate create Claim disk-web-0 Pod web-0 in StatefulSet web success',
      'Normal SuccessfulCreate create Claim disk-web-1 Pod web-1 in StatefulSet web success',
      'Normal SuccessfulCreate create Pod web-0 in StatefulSet web successful',
      'Normal SuccessfulCreate create Pod web-1 in StatefulSet web successful',
    ]);
  });

  it('[C4] waits for a pod to be ready before it makes the next, unless the set is parallel', async () => {
    stuck.add('web-0');
    await startAgent();
    await start();
    await create({ replicas: 3 });
    expect(await podNames()).toEqual(['web-0']);
    await unstick('web-0');
    expect(await podNames()).toEqual(['web-0', 'web-1', 'web-2']);
  });

  it('[C4] makes all pods of a parallel set at once', async () => {
    for (const name of ['web-0', 'web-1', 'web-2']) stuck.add(name);
    await startAgent();
    await start();
    await create({ replicas: 3, podManagementPolicy: 'Parallel' });
    expect(await podNames()).toEqual(['web-0', 'web-1', 'web-2']);
  });

  it('[C4] [rel-I2] makes a deleted pod anew with the claim it had', async () => {
    await startAgent();
    await start();
    await create();
    const [before, claim] = [await pod('web-0'), await plane.client.list(persistentVolumeClaims)];
    await plane.client.delete(pods, { namespace: 'default', name: 'web-0' });
    await plane.clock.settle();
    const after = await pod('web-0');
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(after.spec.volumes?.[0]).toEqual({ name: 'disk', persistentVolumeClaim: { claimName: 'disk-web-0' } });
    expect((await plane.client.list(persistentVolumeClaims)).items.length).toBe(claim.items.length);
  });

  it('[C4] scales down from the highest ordinal, one pod after the other, and keeps the claims', async () => {
    await startAgent();
    await start();
    await create({ replicas: 3 });
    const gone: string[] = [];
    plane.informers.informer(pods).addHandler({ onDelete: ({ metadata }) => gone.push(metadata.name) });
    await plane.run();
    await patchSet({ replicas: 0 });
    expect(gone).toEqual(['web-2', 'web-1', 'web-0']);
    expect(await podNames()).toEqual([]);
    expect(await claimNames()).toEqual(['disk-web-0', 'disk-web-1', 'disk-web-2']);
    expect((await set()).status).toMatchObject({ replicas: 0, availableReplicas: 0, observedGeneration: 2 });
    expect(await plane.eventsOf('web')).toContain(
      'Normal SuccessfulDelete delete Pod web-2 in StatefulSet web successful',
    );
    await patchSet({ replicas: 1 });
    expect(await podNames()).toEqual(['web-0']);
  });

  it('[C4] makes room for a pod that failed', async () => {
    await startAgent();
    await start();
    await create({ replicas: 1 });
    const before = await pod('web-0');
    await plane.client.updateStatus(pods, { ...before, status: { ...before.status, phase: 'Failed' } });
    await plane.clock.settle();
    expect((await pod('web-0')).metadata.uid).not.toBe(before.metadata.uid);
    expect(await plane.eventsOf('web')).toContain(
      'Warning RecreatingFailedPod StatefulSet default/web is recreating failed Pod web-0',
    );
  });

  describe('an update', () => {
    it('[C4] rolls from the highest ordinal down, one pod at a time, waiting for each', async () => {
      await startAgent();
      await start();
      await create({ replicas: 3 });
      const first = (await set()).status?.currentRevision;
      stuck.add('web-1');
      await patchSet({ template: templateOf('busybox:2') });
      // web-2 is new, web-1 is being replaced and does not come up, web-0 waits.
      expect((await images())['web-0']).toBe('busybox:1');
      expect((await images())['web-2']).toBe('busybox:2');
      const status = (await set()).status;
      expect(status?.currentRevision).toBe(first);
      expect(status?.updateRevision).not.toBe(first);
      await unstick('web-1');
      expect(await images()).toEqual({ 'web-0': 'busybox:2', 'web-1': 'busybox:2', 'web-2': 'busybox:2' });
      expect((await set()).status).toMatchObject({ currentRevision: status?.updateRevision, updatedReplicas: 3 });
    });

    it('[C4] leaves pods below the partition as they are, also when they come back', async () => {
      await startAgent();
      await start();
      await create({ replicas: 3 });
      const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 2 } };
      await patchSet({ template: templateOf('busybox:2'), updateStrategy });
      expect(await images()).toEqual({ 'web-0': 'busybox:1', 'web-1': 'busybox:1', 'web-2': 'busybox:2' });
      await plane.client.delete(pods, { namespace: 'default', name: 'web-1' });
      await plane.clock.settle();
      expect((await images())['web-1']).toBe('busybox:1');
    });

    it('[C4] waits for users to delete pods under OnDelete', async () => {
      await startAgent();
      await start();
      await create({ updateStrategy: { type: 'OnDelete' } });
      await patchSet({ template: templateOf('busybox:2') });
      expect(await images()).toEqual({ 'web-0': 'busybox:1', 'web-1': 'busybox:1' });
      await plane.client.delete(pods, { namespace: 'default', name: 'web-0' });
      await plane.clock.settle();
      expect(await images()).toEqual({ 'web-0': 'busybox:2', 'web-1': 'busybox:1' });
    });

    it('[C4] goes back to an earlier revision without recording it anew, and forgets what nobody needs', async () => {
      await startAgent();
      await start();
      await create({ replicas: 1, revisionHistoryLimit: 1 });
      for (const image of ['busybox:2', 'busybox:1', 'busybox:3', 'busybox:4']) {
        await patchSet({ template: templateOf(image) });
        await plane.clock.settle();
      }
      const { items } = await plane.client.list(controllerRevisions);
      expect(items.map(({ revision }) => revision).sort()).toEqual([4, 5]);
    });
  });

  describe('claims and their retention', () => {
    const ownersOf = async (name: string) =>
      (await plane.client.get(persistentVolumeClaims, { namespace: 'default', name })).metadata.ownerReferences?.map(
        ({ kind }) => kind,
      ) ?? [];

    it('[C4] [rel-I3] belong to nobody, to the set, or to the pod that is scaled away, as the policy says', async () => {
      await startAgent();
      await start();
      await create({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' } });
      expect(await ownersOf('disk-web-0')).toEqual(['StatefulSet']);
      stuck.add('web-1');
      await patchSet({
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' },
        replicas: 1,
      });
      expect(await ownersOf('disk-web-0')).toEqual([]);
      expect(await ownersOf('disk-web-1')).toEqual(['Pod']);
    });

    it('[C4] carry the labels of their template and those that the set selects by', async () => {
      await startAgent();
      await start();
      const [template] = setDraft().spec.volumeClaimTemplates ?? [];
      const metadata = { name: 'disk', labels: { tier: 'data', app: 'other' }, annotations: { note: 'x' } };
      await create({ replicas: 1, volumeClaimTemplates: [{ ...template, metadata } as never] });
      const claim = await plane.client.get(persistentVolumeClaims, { namespace: 'default', name: 'disk-web-0' });
      expect(claim.metadata.labels).toEqual({ tier: 'data', app: 'web' });
      expect(claim.metadata.annotations).toEqual({ note: 'x' });
    });

    it.each([
      ['Retain', 'Retain', 'OrderedReady'],
      ['Retain', 'Delete', 'OrderedReady'],
      ['Delete', 'Retain', 'Parallel'],
      ['Delete', 'Delete', 'Parallel'],
    ])('[C4] [rel-I3] go when the set is deleted: %s, when it is scaled: %s, %s', async (...options) => {
      const [whenDeleted, whenScaled, podManagementPolicy] = options;
      await startAgent();
      await start();
      await startOn(plane, 'garbage-collector-controller', startGarbageCollector);
      await startOn(plane, 'pvc-protection-controller', startClaimProtectionController);
      await create({
        replicas: 3,
        podManagementPolicy,
        persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled },
      });
      await patchSet({ replicas: 1 });
      await plane.clock.advance(60_000);
      const all = ['disk-web-0', 'disk-web-1', 'disk-web-2'];
      const kept = whenScaled === 'Delete' ? ['disk-web-0'] : all;
      expect(await claimNames()).toEqual(kept);
      await patchSet({ replicas: 2 });
      await plane.clock.advance(60_000);
      expect(await podNames()).toEqual(['web-0', 'web-1']);
      const again = whenScaled === 'Delete' ? ['disk-web-0', 'disk-web-1'] : all;
      expect(await claimNames()).toEqual(again);
      await plane.client.delete(statefulSets, { namespace: 'default', name: 'web' });
      await plane.clock.advance(60_000);
      expect(await podNames()).toEqual([]);
      // Of a set that keeps its claims when it is scaled, those beyond the replicas are its own too.
      expect(await claimNames()).toEqual(whenDeleted === 'Delete' ? [] : again);
    });

    it('[C4] [rel-I3] that go with an earlier pod are not used by the next', async () => {
      await startAgent();
      await start();
      await create({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' } });
      await patchSet({ replicas: 1 });
      expect(await ownersOf('disk-web-1')).toEqual(['Pod']);
      await patchSet({ replicas: 2 });
      await plane.clock.advance(60_000);
      expect(await podNames()).toEqual(['web-0']);
      const first = await plane.client.get(persistentVolumeClaims, { namespace: 'default', name: 'disk-web-1' });
      await startOn(plane, 'garbage-collector-controller', startGarbageCollector);
      await startOn(plane, 'pvc-protection-controller', startClaimProtectionController);
      await plane.clock.advance(60_000);
      expect(await podNames()).toEqual(['web-0', 'web-1']);
      const next = await plane.client.get(persistentVolumeClaims, { namespace: 'default', name: 'disk-web-1' });
      expect(next.metadata.uid).not.toBe(first.metadata.uid);
      expect(next.metadata.ownerReferences).toBeUndefined();
    });

    it('[C4] that are refused hold the pod back, and both say why', async () => {
      await start();
      const hard = { persistentvolumeclaims: '0' };
      const quota = await plane.client.create(resourceQuotas, {
        metadata: { namespace: 'default', name: 'none' },
        spec: { hard },
      });
      await plane.client.updateStatus(resourceQuotas, { ...quota, status: { hard, used: hard } });
      await create();
      const refused =
        'persistentvolumeclaims "disk-web-0" is forbidden: exceeded quota: none, requested: persistentvolumeclaims=1, used: persistentvolumeclaims=0, limited: persistentvolumeclaims=0';
      expect(await podNames()).toEqual([]);
      expect((await plane.eventsOf('web')).slice(0, 2)).toEqual([
        `Warning FailedCreate create Claim disk-web-0 for Pod web-0 in StatefulSet web failed error: ${refused}`,
        `Warning FailedCreate create Pod web-0 in StatefulSet web failed error: failed to create PVC disk-web-0: ${refused}`,
      ]);
      await plane.client.delete(resourceQuotas, quota.metadata as never);
      await plane.clock.advance(60_000);
      expect(await podNames()).toEqual(['web-0']);
    });

    it('[C4] hold a pod back while they are being deleted', async () => {
      await start();
      const finalizers = ['kubernetes.io/pvc-protection'];
      const { spec } = (setDraft().spec.volumeClaimTemplates ?? [])[0] ?? { spec: {} };
      await plane.client.create(persistentVolumeClaims, {
        metadata: { namespace: 'default', name: 'disk-web-0', finalizers },
        spec,
      });
      await plane.client.delete(persistentVolumeClaims, { namespace: 'default', name: 'disk-web-0' });
      await create();
      expect(await podNames()).toEqual([]);
      expect(await plane.eventsOf('web')).toEqual([
        'Warning FailedCreate create Pod web-0 in StatefulSet web failed error: pvc disk-web-0 is being deleted',
      ]);
      const body = { metadata: { finalizers: null } };
      await plane.client.patch(
        persistentVolumeClaims,
        { namespace: 'default', name: 'disk-web-0' },
        { type: 'merge', body },
      );
      await plane.clock.settle();
      expect(await podNames()).toEqual(['web-0']);
    });
  });

  it.each(['OrderedReady', 'Parallel'])(
    '[C4] [rel-I2] makes no second pod beside one on a lost node: %s',
    async (policy) => {
      await startAgent();
      await start();
      await create({ podManagementPolicy: policy });
      const lost = await pod('web-1');
      stuck.add('web-1');
      const binding = { target: { apiVersion: 'v1', kind: 'Node', name: 'n1' } };
      await plane.client.createSubresource(pods, { namespace: 'default', name: 'web-1' }, 'binding', binding);
      // The agent of the node is gone: nobody ends the pod, however long its time is over.
      await plane.client.delete(pods, { namespace: 'default', name: 'web-1' });
      await plane.clock.advance(24 * 60 * 60_000);
      expect((await pod('web-1')).metadata.uid).toBe(lost.metadata.uid);
      expect(await podNames()).toEqual(['web-0', 'web-1']);
      stuck.clear();
      await plane.client.delete(pods, { namespace: 'default', name: 'web-1' }, { gracePeriodSeconds: 0 });
      await plane.clock.settle();
      const next = await pod('web-1');
      expect(next.metadata.uid).not.toBe(lost.metadata.uid);
      expect(next.spec.volumes?.[0]).toEqual({ name: 'disk', persistentVolumeClaim: { claimName: 'disk-web-1' } });
    },
  );

  it('[C4] gives a pod back the labels that it is found by', async () => {
    await startAgent();
    await start();
    await create();
    const labels = { 'statefulset.kubernetes.io/pod-name': null, 'apps.kubernetes.io/pod-index': '7' };
    const key = { namespace: 'default', name: 'web-1' };
    await plane.client.patch(pods, key, { type: 'merge', body: { metadata: { labels } } });
    await plane.clock.settle();
    expect((await pod('web-1')).metadata.labels).toMatchObject({
      'statefulset.kubernetes.io/pod-name': 'web-1',
      'apps.kubernetes.io/pod-index': '1',
    });
    expect(await plane.eventsOf('web')).toContain(
      'Normal SuccessfulUpdate update Pod web-1 in StatefulSet web successful',
    );
  });

  it('[C4] counts a pod as available after minReadySeconds, and tells so without an event', async () => {
    await startAgent();
    await start();
    await create({ minReadySeconds: 30 });
    expect((await set()).status).toMatchObject({ replicas: 1, readyReplicas: 1, availableReplicas: 0 });
    await plane.clock.advance(31_000);
    expect(await podNames()).toEqual(['web-0', 'web-1']);
    await plane.clock.advance(31_000);
    expect((await set()).status).toMatchObject({ replicas: 2, readyReplicas: 2, availableReplicas: 2 });
  });

  it('[C4] moves to other ordinals when their start moves, and keeps what both have', async () => {
    await startAgent();
    await start();
    await create();
    const kept = await pod('web-1');
    await patchSet({ ordinals: { start: 1 } });
    expect(await podNames()).toEqual(['web-1', 'web-2']);
    expect((await pod('web-1')).metadata.uid).toBe(kept.metadata.uid);
    expect(await claimNames()).toEqual(['disk-web-0', 'disk-web-1', 'disk-web-2']);
  });

  it('[rel-L12] writes nothing at rest', async () => {
    await startAgent();
    const mortal = mortalClient(plane.clientOf(component), { afterWrites: 99, lastWriteLands: false });
    await startOn(plane, component, startStatefulSetController, mortal.client);
    await create();
    const before = mortal.writes.length;
    await plane.clock.advance(60 * 60_000);
    expect(mortal.writes.length).toBe(before);
  });

  it('[C4] adopts pods and revisions that lost their owner', async () => {
    await startAgent();
    await start();
    await create({ replicas: 1 });
    const before = await pod('web-0');
    await plane.client.delete(statefulSets, { namespace: 'default', name: 'web' }, { propagationPolicy: 'Background' });
    // What the garbage collector does for `--cascade=orphan`.
    const orphaned = { type: 'merge' as const, body: { metadata: { ownerReferences: null } } };
    await plane.client.patch(pods, { namespace: 'default', name: 'web-0' }, orphaned);
    for (const { metadata } of (await plane.client.list(controllerRevisions)).items) {
      await plane.client.patch(controllerRevisions, { namespace: 'default', name: metadata.name }, orphaned);
    }
    await create({ replicas: 1 });
    const after = await pod('web-0');
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.metadata.ownerReferences?.[0]?.uid).toBe((await set()).metadata.uid);
  });

  describe('killed around any write', () => {
    const plans = Array.from({ length: 8 }, (_, afterWrites) => afterWrites).flatMap((afterWrites) =>
      [false, true].map((lastWriteLands) => ({ afterWrites, lastWriteLands })),
    );
    it.each(plans)('[C4] [rel-L10] ends as if nothing had happened: %o', async (kill) => {
      await startAgent();
      const mortal = mortalClient(plane.clientOf(component), kill);
      const first = await startOn(plane, component, startStatefulSetController, mortal.client);
      await create();
      expect(mortal.isDead).toBe(true);
      await first[Symbol.asyncDispose]();
      await start();
      expect(await podNames()).toEqual(['web-0', 'web-1']);
      expect(await claimNames()).toEqual(['disk-web-0', 'disk-web-1']);
      expect((await plane.client.list(controllerRevisions)).items.length).toBe(1);
      expect((await set()).status).toMatchObject({ replicas: 2, readyReplicas: 2, updatedReplicas: 2 });
    });
  });
});
