import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodes, persistentVolumeClaims, persistentVolumes, pods, storageClasses } from '../../src/api/index.ts';
import { Scheduler } from '../../src/scheduler/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { claimDraft, classDraft, nodeDraft, podDraft, volumeDraft } from './support/objects.ts';

describe('scheduler', () => {
  let plane: ControlPlane;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    const { client, informers, clock, logger } = plane;
    const recorder = plane.recorder('default-scheduler');
    const scheduler = plane.use(new Scheduler({ client, informers, recorder, clock, logger }));
    await plane.run();
    scheduler.start();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const pod = (name: string) => plane.get(pods, { namespace: 'default', name });
  const claim = (name: string) => plane.get(persistentVolumeClaims, { namespace: 'default', name });

  async function bindByHand(claimName: string, volumeName: string) {
    const annotations = { 'pv.kubernetes.io/bind-completed': 'yes' };
    const body = { metadata: { annotations }, spec: { volumeName } };
    await plane.client.patch(
      persistentVolumeClaims,
      { namespace: 'default', name: claimName },
      { type: 'merge', body },
    );
    await plane.clock.settle();
  }

  it('places a pod without volumes at once, and says so', async () => {
    await plane.client.create(nodes, nodeDraft('n1'));
    await plane.client.create(pods, podDraft('plain'));
    await plane.clock.settle();
    expect((await pod('plain'))?.spec.nodeName).toBe('n1');
    expect(await plane.eventsOf('plain')).toEqual(['Normal Scheduled Successfully assigned default/plain to n1']);
  });

  it('[H10] tells why a pod waits, and places it when a node appears', async () => {
    await plane.client.create(pods, podDraft('early'));
    await plane.clock.settle();
    const condition = (await pod('early'))?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    expect(condition).toMatchObject({ status: 'False', reason: 'Unschedulable' });
    expect(condition?.message).toBe('no nodes available to schedule pods');
    await plane.client.create(nodes, nodeDraft('n1'));
    await plane.clock.advance(2000);
    expect((await pod('early'))?.spec.nodeName).toBe('n1');
  });

  it('[H4][H5] selects a node for a delayed claim and binds the pod only after the claim', async () => {
    await plane.client.create(nodes, nodeDraft('n1'));
    await plane.client.create(storageClasses, classDraft('later'));
    await plane.client.create(persistentVolumeClaims, claimDraft('data', 'later'));
    await plane.client.create(pods, podDraft('user', 'data'));
    await plane.clock.settle();
    expect((await claim('data'))?.metadata.annotations?.['volume.kubernetes.io/selected-node']).toBe('n1');
    expect((await pod('user'))?.spec.nodeName).toBeUndefined();
    await plane.client.create(persistentVolumes, volumeDraft('made', 'later'));
    await bindByHand('data', 'made');
    expect((await pod('user'))?.spec.nodeName).toBe('n1');
  });

  it('[H5] places the pod anew when the provisioner gives the node back', async () => {
    await plane.client.create(nodes, nodeDraft('n1'));
    await plane.client.create(storageClasses, classDraft('later'));
    await plane.client.create(persistentVolumeClaims, claimDraft('data', 'later'));
    await plane.client.create(pods, podDraft('user', 'data'));
    await plane.clock.settle();
    const annotations = {
      'volume.kubernetes.io/selected-node': null,
      'volume.kubernetes.io/storage-provisioner': 'fake.csi',
    };
    const body = { metadata: { annotations } };
    await plane.client.patch(persistentVolumeClaims, { namespace: 'default', name: 'data' }, { type: 'merge', body });
    await plane.clock.settle();
    expect(await plane.eventsOf('user')).toContain(
      'Warning FailedScheduling running PreBind plugin "VolumeBinding": binding volumes: provisioning failed for PVC "data"',
    );
    await plane.clock.advance(5000);
    expect((await claim('data'))?.metadata.annotations?.['volume.kubernetes.io/selected-node']).toBe('n1');
  });

  it('[H2][H4][rel-H3] writes the claim into the static volume that fits the node', async () => {
    await plane.client.create(nodes, nodeDraft('n1'));
    await plane.client.create(nodes, nodeDraft('n2'));
    await plane.client.create(
      storageClasses,
      classDraft('local', 'WaitForFirstConsumer', 'kubernetes.io/no-provisioner'),
    );
    const volume = await plane.client.create(persistentVolumes, volumeDraft('on-n2', 'local', 'n2'));
    await plane.client.patch(
      persistentVolumes,
      volume.metadata,
      { type: 'merge', body: { status: { phase: 'Available' } } },
      { subresource: 'status' },
    );
    await plane.client.create(persistentVolumeClaims, claimDraft('data', 'local'));
    await plane.client.create(pods, podDraft('user', 'data'));
    await plane.clock.settle();
    expect((await plane.get(persistentVolumes, { name: 'on-n2' }))?.spec.claimRef).toMatchObject({ name: 'data' });
    await bindByHand('data', 'on-n2');
    expect((await pod('user'))?.spec.nodeName).toBe('n2');
  });

  it('[H1] says nothing during the first second of an Immediate claim, then why the pod waits', async () => {
    await plane.client.create(nodes, nodeDraft('n1'));
    await plane.client.create(storageClasses, classDraft('now', 'Immediate'));
    await plane.client.create(persistentVolumeClaims, claimDraft('data', 'now'));
    await plane.client.create(pods, podDraft('user', 'data'));
    await plane.clock.advance(500);
    expect(await plane.eventsOf('user')).toEqual([]);
    await plane.clock.advance(1000);
    expect(await plane.eventsOf('user')).toEqual([
      'Warning FailedScheduling 0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    ]);
  });

  it.each([
    ['is missing', undefined, 'persistentvolumeclaim "data" not found'],
    ['is being deleted', ['example.com/hold'], 'persistentvolumeclaim "data" is being deleted'],
  ])('[H1] says that a claim %s', async (_what, finalizers, message) => {
    await plane.client.create(nodes, nodeDraft('n1'));
    if (finalizers) {
      const draft = claimDraft('data', 'x');
      await plane.client.create(persistentVolumeClaims, { ...draft, metadata: { ...draft.metadata, finalizers } });
      await plane.client.delete(persistentVolumeClaims, { namespace: 'default', name: 'data' });
    }
    await plane.client.create(pods, podDraft('user', 'data'));
    expect((await plane.eventsOf('user'))[0]).toContain(message);
  });

  it('keeps off nodes that are cordoned or tainted', async () => {
    const cordoned = nodeDraft('cordoned');
    await plane.client.create(nodes, { ...cordoned, spec: { unschedulable: true } });
    await plane.client.create(nodes, {
      ...nodeDraft('tainted'),
      spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] },
    });
    await plane.client.create(pods, podDraft('picky'));
    expect((await plane.eventsOf('picky'))[0]).toContain(
      '0/2 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    );
  });
});
