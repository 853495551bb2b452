import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  builtInResources,
  type Draft,
  leases,
  nodes,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  statefulSets,
  storageClasses,
  volumeAttachments,
} from '../../src/api/index.ts';
import { DecisionLog } from '../../src/base/index.ts';
import { startControllers } from '../../src/cluster/controllers.ts';
import { MetricsRegistry } from '../../src/metrics/index.ts';
import { Scheduler } from '../../src/scheduler/index.ts';
import { startAttacher, startProvisioner } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { FakeDriver } from './support/fake-driver.ts';
import { FakeKubelet } from './support/fake-kubelet.ts';
import { classDraft } from './support/objects.ts';

describe('the six steps in virtual time', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock);
    const { client, informers, clock, random, logger } = plane;
    const driver = backend.driver;
    plane.use(
      startControllers({
        clock,
        random,
        logger,
        metrics: new MetricsRegistry(),
        decisions: new DecisionLog(clock),
        informers,
        client: (name) => plane.clientOf(name),
        rootCa: 'ca',
      }),
    );
    const scheduler = plane.use(
      new Scheduler({ client, informers, recorder: plane.recorder('default-scheduler'), clock, logger }),
    );
    plane.use(
      startProvisioner({ client, informers, recorder: plane.recorder('fake.csi_h_1'), driver, clock, random, logger }),
    );
    plane.use(startAttacher({ client, informers, driver, clock, logger }));
    await FakeKubelet.start(plane, 'n1', backend.name);
    await FakeKubelet.start(plane, 'n2', backend.name);
    await client.create(storageClasses, classDraft('later'));
    await plane.run();
    scheduler.start();
    await clock.settle();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const claimTemplate: Draft<PersistentVolumeClaim> = {
    metadata: { name: 'disk' },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'later', resources: { requests: { storage: '1Gi' } } },
  };

  async function createSet(replicas: number) {
    await plane.client.create(statefulSets, {
      metadata: { namespace: 'default', name: 'web' },
      spec: {
        serviceName: 'web',
        replicas,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            containers: [
              {
                name: 'web',
                image: 'busybox',
                command: ['sleep', '1'],
                volumeMounts: [{ name: 'disk', mountPath: '/data' }],
              },
            ],
          },
        },
        volumeClaimTemplates: [claimTemplate as PersistentVolumeClaim],
      },
    });
  }
  const pod = (name: string) => plane.get(pods, { namespace: 'default', name });
  const running = (name: string) => async () => (await pod(name))?.status?.phase === 'Running';
  const scale = (replicas: number) =>
    plane.client.patch(
      statefulSets,
      { namespace: 'default', name: 'web' },
      { type: 'merge', body: { spec: { replicas } } },
    );
  const attachments = async () => (await plane.client.list(volumeAttachments)).items;

  it('[C4][B8][H4][D8][O3][O17] brings a StatefulSet up and takes its volumes along', async () => {
    await createSet(2);
    await plane.clock.until(running('web-1'), 30_000, 'web-1 running');
    expect(backend.volumes.size).toBe(2);
    expect(backend.published.size).toBe(2);
    const { items } = await plane.client.list(persistentVolumeClaims, { namespace: 'default' });
    expect(items.map(({ metadata, status }) => `${metadata.name} ${status?.phase}`)).toEqual([
      'disk-web-0 Bound',
      'disk-web-1 Bound',
    ]);
    expect(await plane.eventsOf('web-0')).toEqual([
      expect.stringMatching(/^Normal Scheduled Successfully assigned default\/web-0 to n[12]$/),
      expect.stringMatching(/^Normal SuccessfulAttachVolume AttachVolume.Attach succeeded for volume "pvc-/),
    ]);
  });

  it('[D4][rel-D1][rel-D2] moves the volume with the pod, one node at a time', async () => {
    await createSet(1);
    await plane.clock.until(running('web-0'), 30_000, 'web-0 running');
    const first = await pod('web-0');
    const from = first?.spec.nodeName ?? '';
    await plane.client.patch(nodes, { name: from }, { type: 'merge', body: { spec: { unschedulable: true } } });
    await plane.client.delete(pods, { namespace: 'default', name: 'web-0' });
    const moved = async () => (await pod('web-0'))?.spec.nodeName !== from && (await running('web-0')());
    await plane.clock.until(moved, 60_000, 'web-0 moved');
    const order = backend
      .methods()
      .filter((method) => method.startsWith('ControllerP') || method.startsWith('ControllerU'));
    expect(order).toEqual(['ControllerPublishVolume', 'ControllerUnpublishVolume', 'ControllerPublishVolume']);
    expect(backend.published.size).toBe(1);
  });

  it('[C4][D8] detaches when scaled to nothing and keeps the claims', async () => {
    await createSet(2);
    await plane.clock.until(running('web-1'), 30_000, 'web-1 running');
    await scale(0);
    await plane.clock.until(async () => (await attachments()).length === 0, 60_000, 'no attachments');
    expect(backend.published.size).toBe(0);
    expect((await plane.client.list(persistentVolumeClaims)).items).toHaveLength(2);
    await scale(1);
    await plane.clock.until(running('web-0'), 60_000, 'web-0 running again');
    expect(backend.volumes.size).toBe(2);
  });

  it('[rel-L7] leaves an empty world when everything is deleted', async () => {
    await createSet(2);
    await plane.clock.until(running('web-1'), 30_000, 'web-1 running');
    await plane.client.delete(statefulSets, { namespace: 'default', name: 'web' }, { propagationPolicy: 'Background' });
    await plane.clock.until(async () => (await plane.client.list(pods)).items.length === 0, 60_000, 'no pods');
    await plane.client.deleteCollection(persistentVolumeClaims, { namespace: 'default' });
    await plane.clock.until(
      async () => (await plane.client.list(persistentVolumes)).items.length === 0,
      60_000,
      'no volumes',
    );
    expect((await plane.client.list(persistentVolumeClaims)).items).toEqual([]);
    expect(await attachments()).toEqual([]);
    expect(backend.volumes.size).toBe(0);
  });

  it('[rel-L12] writes nothing at rest', async () => {
    await createSet(2);
    await plane.clock.until(running('web-1'), 30_000, 'web-1 running');
    await plane.clock.advance(120_000);
    // Renewals of leases do not count.
    const versions = async () => {
      const types = builtInResources.filter((type) => type !== leases);
      const lists = await Promise.all(types.map((type) => plane.client.list(type)));
      return lists.flatMap(({ items }) => items.map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`));
    };
    const before = await versions();
    await plane.clock.advance(600_000);
    expect(await versions()).toEqual(before);
  });
});
