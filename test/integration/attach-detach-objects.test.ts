import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  coreEvents,
  csiDrivers,
  csiNodes,
  type Draft,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type VolumeAttachment,
  volumeAttachments,
} from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { MetricsRegistry } from '../../src/metrics/index.ts';
import { csiAttachmentName } from '../../src/volume-plugins/index.ts';
import { AttachWorld, attachComponent, volumeName } from './support/attach-world.ts';
import { Code } from './support/fake-driver.ts';
import { podDraft } from './support/objects.ts';

const succeeded = 'Normal SuccessfulAttachVolume AttachVolume.Attach succeeded for volume "v" ';
const failed = (volume: string, why: string) =>
  `Warning FailedAttachVolume AttachVolume.Attach failed for volume "${volume}" : ${why}`;
const nameFor = (volumeHandle: string, node: string) => csiAttachmentName({ driver: 'fake.csi', volumeHandle }, node);

describe('an attachment', () => {
  let world: AttachWorld;
  let plane: AttachWorld['plane'];
  let client: Client;

  beforeEach(async () => {
    world = await AttachWorld.start();
    ({ plane } = world);
    ({ client } = plane);
    await world.createVolume('v');
  });
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
  });

  /** What an attacher writes. */
  async function writeStatus(node: string, status: Partial<VolumeAttachment['status']>): Promise<void> {
    const key = { name: nameFor('h-v', node) };
    await client.patch(volumeAttachments, key, { type: 'merge', body: { status } }, { subresource: 'status' });
    await plane.clock.settle();
  }
  async function setFinalizers(node: string, finalizers: string[] | null): Promise<void> {
    const body = { metadata: { finalizers } };
    await client.patch(volumeAttachments, { name: nameFor('h-v', node) }, { type: 'merge', body });
    await plane.clock.settle();
  }
  async function setAttachRequired(attachRequired: boolean): Promise<void> {
    await client.delete(csiDrivers, { name: 'fake.csi' }).catch(() => {});
    await client.create(csiDrivers, { metadata: { name: 'fake.csi' }, spec: { attachRequired } });
    await plane.clock.settle();
  }
  async function create(draft: Draft<VolumeAttachment>): Promise<void> {
    await client.create(volumeAttachments, draft);
    await plane.clock.settle();
  }
  const live = async () => (await world.attachments()).filter(({ metadata }) => !metadata.deletionTimestamp);

  it('[D9] that is attached no longer is taken off the node, and told of again when it is attached', async () => {
    await world.start();
    await world.createPod('p', 'n1');
    expect(await world.attached('n1')).toEqual([]);
    await writeStatus('n1', { attached: true });
    expect(await world.attached('n1')).toEqual([volumeName('h-v')]);
    await writeStatus('n1', { attached: false });
    expect(await world.attached('n1')).toEqual([]);
    await writeStatus('n1', { attached: true });
    expect(await world.attached('n1')).toEqual([volumeName('h-v')]);
    expect((await world.attachments()).length).toBe(1);
  });

  it('[D9] that is attached no longer is attached again by its attacher', async () => {
    await world.startWithAttacher();
    await world.createPod('p', 'n1');
    world.backend.published.clear();
    await writeStatus('n1', { attached: false });
    expect(world.published()).toEqual(['h-v@n1']);
    expect(await world.attached('n1')).toEqual([volumeName('h-v')]);
  });

  it('[D8] that is deleted while a pod waits for it: the pod is told, and gets another', async () => {
    await world.start();
    await world.createPod('p', 'n1');
    await setFinalizers('n1', ['external-attacher/fake-csi']);
    await client.delete(volumeAttachments, { name: nameFor('h-v', 'n1') });
    await plane.clock.settle();
    expect(await plane.eventsOf('p')).toEqual([failed('v', 'volume attachment is being deleted')]);
    await setFinalizers('n1', null);
    expect((await live()).length).toBe(1);
    await writeStatus('n1', { attached: true });
    expect((await plane.eventsOf('p')).at(-1)).toBe(succeeded);
  });

  it('[D4] [D8] whose detach fails: pods that wait are told, the node is not told that it is attached', async () => {
    await world.start();
    await world.createPod('a', 'n1');
    await setFinalizers('n1', ['external-attacher/fake-csi']);
    await writeStatus('n1', { attached: true });
    await world.createPod('b', 'n2');
    await world.deletePod('a');
    await writeStatus('n1', { attached: true, detachError: { message: 'the disk is busy' } });
    expect(await world.attached('n1')).toEqual([]);
    expect(await plane.eventsOf('b')).toEqual([
      'Warning FailedAttachVolume Multi-Attach error for volume "v" Volume is already used by pod(s) a',
      'Warning FailedAttachVolume Multi-Attach error for volume "v" Volume is already exclusively attached to one node and can\'t be attached to another',
      'Warning FailedDetachVolume DetachVolume.Detach failed for volume "v" : the disk is busy',
    ]);
    await world.createPod('back', 'n1');
    expect(await world.attached('n1')).toEqual([]);
    await setFinalizers('n1', null);
    expect((await live()).map(({ spec }) => spec.nodeName)).toHaveLength(1);
  });

  it('[D4] [rel-D3] stays while the node cannot be told that it goes, and goes when it can', async () => {
    const given = plane.clientOf(attachComponent);
    let refuses = false;
    const refusing: Client = {
      ...given,
      patch: (type, ...rest) => {
        if (refuses && type.kind === 'Node') throw new Error('refused by the test');
        return given.patch(type, ...rest);
      },
    };
    await world.startAttacher();
    await world.start({}, refusing);
    await world.createPod('p', 'n1');
    refuses = true;
    await world.deletePod('p');
    await plane.clock.advance(30_000);
    expect(world.published()).toEqual(['h-v@n1']);
    expect((await live()).length).toBe(1);
    refuses = false;
    await plane.clock.advance(60_000);
    expect(world.published()).toEqual([]);
    expect(await world.attachments()).toEqual([]);
  });

  it('[D4] [rel-D2] stays while the node cannot be read', async () => {
    const given = plane.clientOf(attachComponent);
    let refuses = true;
    const refusing: Client = {
      ...given,
      get: (type, ...rest) => {
        if (refuses && type.kind === 'Node') throw new Error('refused by the test');
        return given.get(type, ...rest);
      },
    };
    await world.startAttacher();
    await world.start({}, refusing);
    await world.createPod('p', 'n1');
    await world.deletePod('p');
    await plane.clock.advance(30_000);
    expect(world.published()).toEqual(['h-v@n1']);
    refuses = false;
    await plane.clock.advance(60_000);
    expect(world.published()).toEqual([]);
  });

  it('[D6] that failed is tried by its attacher until it succeeds, and the pod is told both', async () => {
    world.backend.fail('refusals', 'ControllerPublishVolume', Code.INTERNAL, Code.INTERNAL);
    await world.startWithAttacher();
    await world.createPod('p', 'n1');
    await plane.clock.advance(10_000);
    expect(await plane.eventsOf('p')).toEqual([
      failed('v', 'rpc error: code = Internal desc = ordered by the test'),
      succeeded,
    ]);
    expect(await world.attached('n1')).toEqual([volumeName('h-v')]);
  });

  it('[D6] events of attaching carry the name of the controller', async () => {
    await world.startWithAttacher();
    await world.createPod('p', 'n1');
    await plane.clock.settle();
    const { items } = await client.list(coreEvents);
    expect(items.filter(({ reason }) => reason === 'SuccessfulAttachVolume').map(({ source }) => source)).toEqual([
      { component: 'attachdetach-controller' },
    ]);
  });

  it('[D5] [rel-D1] in doubt on another node holds the volume until it is gone', async () => {
    await world.start();
    await world.createPod('a', 'n1');
    await setFinalizers('n1', ['external-attacher/fake-csi']);
    await writeStatus('n1', { attached: false, attachError: { message: 'timed out' } });
    await world.createPod('b', 'n2');
    await world.deletePod('a');
    await plane.clock.advance(10 * 60_000);
    expect((await world.attachments()).map(({ spec }) => spec.nodeName)).toEqual(['n1']);
    expect((await plane.eventsOf('b'))[0]).toContain('Multi-Attach error');
    await setFinalizers('n1', null);
    expect((await world.attachments()).map(({ spec }) => spec.nodeName)).toEqual(['n2']);
  });

  it('[D5] is refused once per pod, with other namespaces counted and not named', async () => {
    await world.start();
    await world.createPod('a', 'n1');
    await client.create(pods, { ...podDraft('c', 'v'), spec: { ...podDraft('c', 'v').spec, nodeName: 'n2' } });
    await client.create(pods, { ...podDraft('b', 'v'), spec: { ...podDraft('b', 'v').spec, nodeName: 'n2' } });
    await plane.clock.advance(20 * 60_000);
    const text = 'Warning FailedAttachVolume Multi-Attach error for volume "v" Volume is already used by pod(s) a';
    expect(await plane.eventsOf('b')).toEqual([text]);
    expect(await plane.eventsOf('c')).toEqual([text]);
  });

  it('[D10] [rel-D9] goes when its driver needs no attaching any more, with the attach in flight', async () => {
    await world.start();
    await world.createPod('p', 'n1');
    expect((await live()).length).toBe(1);
    await setAttachRequired(false);
    expect(await world.attachments()).toEqual([]);
    await setAttachRequired(true);
    expect((await live()).length).toBe(1);
    await setAttachRequired(false);
    expect(await world.attachments()).toEqual([]);
  });

  it('[D10] [rel-D9] in flight with its attacher is detached before it goes, however the driver flips', async () => {
    world.backend.fail('lostReplies', 'ControllerPublishVolume', Code.DEADLINE_EXCEEDED);
    await world.startWithAttacher();
    await world.createPod('p', 'n1');
    expect(world.published(), 'published, with the reply lost').toEqual(['h-v@n1']);
    await setAttachRequired(false);
    expect(await world.attachments()).toEqual([]);
    expect(world.published()).toEqual([]);
    await setAttachRequired(true);
    expect(world.published()).toEqual(['h-v@n1']);
    expect(await world.attached('n1')).toEqual([volumeName('h-v')]);
  });

  it('[D10] left behind by a driver whose attacher is gone is deleted, and goes with its finalizer', async () => {
    const attacher = await world.startAttacher();
    await world.start();
    await world.createPod('p', 'n1');
    await attacher[Symbol.asyncDispose]();
    await setAttachRequired(false);
    expect((await world.attachments()).every(({ metadata }) => metadata.deletionTimestamp)).toBe(true);
    expect(await world.attached('n1')).toEqual([]);
    await world.startAttacher();
    expect(await world.attachments()).toEqual([]);
    expect(world.published()).toEqual([]);
  });

  it('[rel-D10] [rel-L13] of a volume marked for deletion fails, the pod is told, and nothing is pinned', async () => {
    await world.startWithAttacher();
    const body = { metadata: { finalizers: ['kubernetes.io/pv-protection'] } };
    await client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body });
    await client.delete(persistentVolumes, { name: 'v' });
    await world.createPod('p', 'n1');
    expect(await plane.eventsOf('p')).toEqual([failed('v', 'PersistentVolume "v" is marked for deletion')]);
    await world.deletePod('p');
    await client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body: { metadata: { finalizers: null } } });
    await plane.clock.advance(5 * 60_000);
    expect(await world.attachments()).toEqual([]);
    expect(await plane.get(persistentVolumes, { name: 'v' })).toBeUndefined();
    expect(world.published()).toEqual([]);
  });

  it('[rel-D10] made for a volume that was replaced meanwhile never publishes the new one', async () => {
    await world.start();
    await world.createPod('p', 'n1');
    const { spec } = await client.get(persistentVolumes, { name: 'v' });
    await client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body: { metadata: { finalizers: null } } });
    await client.delete(persistentVolumes, { name: 'v' });
    const csi = { driver: 'fake.csi', volumeHandle: 'replaced' };
    await client.create(persistentVolumes, { metadata: { name: 'v' }, spec: { ...spec, csi } });
    await world.startAttacher();
    await plane.clock.advance(10_000);
    expect(await world.attachments()).toMatchObject([{ metadata: { name: nameFor('replaced', 'n1') } }]);
    expect(world.published()).toEqual(['replaced@n1']);
    const publishes = world.backend.calls.filter(({ method }) => method === 'ControllerPublishVolume');
    expect(publishes.length, 'never under the old attachment').toBe(1);
  });

  it('[D1] [rel-D6] of an inline volume that nobody wants is detached', async () => {
    const csi = { driver: 'fake.csi', volumeHandle: 'inline' };
    await create({
      metadata: { name: nameFor('inline', 'n1') },
      spec: {
        attacher: 'fake.csi',
        nodeName: 'n1',
        source: { inlineVolumeSpec: { accessModes: ['ReadWriteOnce'], csi } },
      },
    });
    await world.reportInUse('n1', volumeName('inline'));
    await world.startWithAttacher();
    expect((await live()).length, 'in use').toBe(1);
    await world.reportInUse('n1');
    expect(await world.attachments()).toEqual([]);
  });

  describe('of a type that a driver took over', () => {
    const driver = 'ebs.csi.aws.com';
    const handle = 'vol-0123456789';
    const ebs = { volumeID: handle, fsType: 'ext4' };
    const uniqueName = `kubernetes.io/csi/${driver}^${handle}`;
    async function attachAll(): Promise<void> {
      for (const { metadata } of await world.attachments()) {
        const body = { status: { attached: true } };
        await client.patch(volumeAttachments, metadata, { type: 'merge', body }, { subresource: 'status' });
      }
      await plane.clock.settle();
    }
    async function createInlinePod(name: string, nodeName: string): Promise<void> {
      const { metadata, spec } = podDraft(name);
      const volumes = [{ name: 'disk', awsElasticBlockStore: ebs }];
      await client.create(pods, { metadata, spec: { ...spec, nodeName, volumes } });
      await plane.clock.settle();
    }

    it('[D8] carries the translated spec for a volume in the pod itself, and goes with the pod', async () => {
      await world.start();
      await createInlinePod('p', 'n1');
      const csi = { driver, volumeHandle: handle };
      expect(await world.attachments()).toMatchObject([
        {
          metadata: { name: csiAttachmentName(csi, 'n1') },
          spec: { attacher: driver, nodeName: 'n1', source: { inlineVolumeSpec: { csi } } },
        },
      ]);
      expect((await world.attachments())[0]?.spec.source.persistentVolumeName).toBeUndefined();
      await attachAll();
      expect(await world.attached('n1')).toEqual([uniqueName]);
      expect((await plane.eventsOf('p')).join()).toContain('AttachVolume.Attach succeeded for volume');
      await world.reportInUse('n1', uniqueName);
      await world.deletePod('p');
      expect((await live()).length).toBe(1);
      await world.reportInUse('n1');
      expect(await world.attachments()).toEqual([]);
    });

    it('[D5] is for one node at a time, in the pod itself too', async () => {
      await world.start();
      await createInlinePod('a', 'n1');
      await createInlinePod('b', 'n2');
      expect((await world.attachments()).map(({ spec }) => spec.nodeName)).toEqual(['n1']);
      expect((await plane.eventsOf('b'))[0]).toMatch(
        /^Warning FailedAttachVolume Multi-Attach error for volume ".*" Volume is already used by pod\(s\) a$/,
      );
    });

    it('[D7] names the PersistentVolume, and the node lists it under its driver', async () => {
      const { spec } = await client.get(persistentVolumes, { name: 'v' });
      const { csi: _csi, ...rest } = spec;
      await client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body: { metadata: { finalizers: null } } });
      await client.delete(persistentVolumes, { name: 'v' });
      await client.create(persistentVolumes, { metadata: { name: 'v' }, spec: { ...rest, awsElasticBlockStore: ebs } });
      await world.start();
      await world.createPod('p', 'n1');
      await attachAll();
      expect(await world.attachments()).toMatchObject([{ spec: { source: { persistentVolumeName: 'v' } } }]);
      expect(await world.attached('n1')).toEqual([uniqueName]);
      await world.deletePod('p');
      expect(await world.attachments()).toEqual([]);
    });
  });

  it('[D8] [rel-D7] names one node, and the driver is told the id that this node has with it', async () => {
    const spec = { drivers: [{ name: 'fake.csi', nodeID: 'i-0123' }] };
    await client.delete(csiNodes, { name: 'n2' });
    await client.create(csiNodes, { metadata: { name: 'n2' }, spec });
    await world.startWithAttacher();
    await world.createPod('p', 'n2');
    expect(world.published()).toEqual(['h-v@i-0123']);
    expect(await world.attached('n1')).toEqual([]);
    expect(await world.attached('n2')).toEqual([volumeName('h-v')]);
  });

  it('[rel-D8] one call of the driver at a time per volume, whatever is asked for', async () => {
    await world.createVolume('shared', ['ReadWriteMany']);
    let running = 0;
    let most = 0;
    const { controllerPublishVolume } = world.backend.driver.controller;
    const driver = world.driverWith(async (request, options) => {
      most = Math.max(most, ++running);
      await plane.clock.sleep(1_000);
      running--;
      return await controllerPublishVolume(request, options);
    });
    await world.startAttacher(driver);
    await world.start();
    for (const node of ['n1', 'n2']) await world.createPod(`p-${node}`, node, 'shared');
    await plane.clock.advance(5_000);
    expect(world.published()).toEqual(['h-shared@n1', 'h-shared@n2']);
    expect(most).toBe(1);
  });

  it("[D3] is made for an ephemeral claim that is the pod's, and for no other of its name", async () => {
    const draft = podDraft('e');
    const volumeClaimTemplate = {
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    };
    const volumes = [{ name: 'data', ephemeral: { volumeClaimTemplate } }];
    await world.createVolume('e-data');
    await world.startWithAttacher();
    const pod = await client.create(pods, { ...draft, spec: { ...draft.spec, nodeName: 'n1', volumes } });
    await plane.clock.settle();
    expect(world.published()).toEqual([]);
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'e', uid: pod.metadata.uid, controller: true };
    const body = { metadata: { ownerReferences: [owner] } };
    await client.patch(persistentVolumeClaims, { namespace: 'default', name: 'e-data' }, { type: 'merge', body });
    await plane.clock.settle();
    expect(world.published()).toEqual(['h-e-data@n1']);
  });

  it('[W6] leaves attachments of others alone, and writes nothing of theirs', async () => {
    await create({
      metadata: { name: 'made-by-hand' },
      spec: { attacher: 'fake.csi', nodeName: 'n1', source: { persistentVolumeName: 'v' } },
    });
    await world.startWithAttacher();
    await world.createPod('p', 'n1');
    await world.deletePod('p');
    await plane.clock.advance(5 * 60_000);
    expect((await live()).map(({ metadata }) => metadata.name)).toEqual(['made-by-hand']);
  });

  it('[W6] the controller writes the spec of attachments and volumesAttached, the attacher the status', async () => {
    const writes: string[] = [];
    const given = plane.clientOf(attachComponent);
    const recording: Client = {
      ...given,
      create: (type, object, options) => {
        writes.push(`create ${type.kind} ${Object.keys(object).sort().join()}`);
        return given.create(type, object, options);
      },
      patch: (type, key, patch, options) => {
        const { status } = patch.body as { status?: object };
        writes.push(`patch ${type.kind}/${options?.subresource} ${Object.keys(status ?? {}).join()}`);
        return given.patch(type, key, patch, options);
      },
      delete: (type, ...rest) => {
        writes.push(`delete ${type.kind}`);
        return given.delete(type, ...rest);
      },
    };
    await world.startAttacher();
    await world.start({}, recording);
    await world.createPod('p', 'n1');
    await world.deletePod('p');
    expect(writes).toEqual([
      'create VolumeAttachment metadata,spec',
      'patch Node/status volumesAttached',
      'patch Node/status volumesAttached',
      'delete VolumeAttachment',
    ]);
  });

  describe('that is bad', () => {
    it('[rel-L15] blocks nothing: whatever stands in attachments, volumes and nodes', async () => {
      const source = { persistentVolumeName: 'v' };
      const csi = { driver: 'another.csi', volumeHandle: 'x' };
      const inlineVolumeSpec = { accessModes: ['ReadWriteOnce'], csi };
      await create({ metadata: { name: 'x' }, spec: { attacher: 'nobody.csi', nodeName: 'nowhere', source } });
      await create({
        metadata: { name: nameFor('h-q', 'n1') },
        spec: { attacher: 'other.csi', nodeName: 'n1', source },
      });
      await create({
        metadata: { name: nameFor('h-q', 'n2') },
        spec: { attacher: 'fake.csi', nodeName: 'n2', source: { persistentVolumeName: 'missing' } },
      });
      await create({
        metadata: { name: 'inline' },
        spec: { attacher: 'fake.csi', nodeName: 'n1', source: { inlineVolumeSpec } },
      });
      const status = {
        volumesInUse: ['', 'kubernetes.io/csi/', 'kubernetes.io/csi/x', 'kubernetes.io/csi/a^', '__proto__'],
        volumesAttached: [{ name: 'kubernetes.io/csi/^^', devicePath: '' }],
      };
      await client.patch(nodes, { name: 'n2' }, { type: 'merge', body: { status } }, { subresource: 'status' });
      await world.startWithAttacher();
      await world.createPod('orphan', 'no-such-node');
      await world.createPod('p', 'n1');
      expect(world.published()).toContain('h-v@n1');
      expect(await world.attached('n1')).toEqual([volumeName('h-v')]);
    });

    it('[rel-L15] holds up no other node: one whose status cannot be written, one attachment that is refused', async () => {
      const given = plane.clientOf(attachComponent);
      const refusing: Client = {
        ...given,
        create: (type, object, options) => {
          const { spec } = object as { spec?: Partial<VolumeAttachment['spec']> };
          if (spec?.source?.persistentVolumeName === 'refused') throw new Error('refused by the test');
          return given.create(type, object, options);
        },
        patch: (type, key, ...rest) => {
          if (type.kind === 'Node' && key.name === 'n1') throw new Error('refused by the test');
          return given.patch(type, key, ...rest);
        },
      };
      await world.createVolume('refused');
      await world.createVolume('shared', ['ReadWriteMany']);
      await world.startAttacher();
      await world.start({}, refusing);
      await world.createPod('a', 'n1', 'shared');
      await world.createPod('b', 'n2', 'shared');
      await world.createPod('r', 'n2', 'refused');
      await plane.clock.advance(10_000);
      expect(await world.attached('n2')).toEqual([volumeName('h-shared')]);
      expect(await plane.eventsOf('r')).toEqual([failed('refused', 'refused by the test')]);
    });

    it('[rel-L14] a healthy volume is attached at once beside 300 that fail', async () => {
      const { controllerPublishVolume } = world.backend.driver.controller;
      const driver = world.driverWith(async (request, options) => {
        if (request.volumeId?.startsWith('h-bad')) throw new Error('no such volume');
        return await controllerPublishVolume(request, options);
      });
      for (let index = 0; index < 300; index++) await world.createVolume(`bad-${index}`);
      const draft = podDraft('p');
      const volumes = Array.from({ length: 300 }, (_, index) => ({
        name: `bad-${index}`,
        persistentVolumeClaim: { claimName: `bad-${index}` },
      }));
      await world.startAttacher(driver);
      await world.start();
      await client.create(pods, { ...draft, spec: { ...draft.spec, nodeName: 'n1', volumes } });
      await plane.clock.advance(5_000);
      await world.createPod('healthy', 'n1');
      expect(await world.attached('n1')).toEqual([volumeName('h-v')]);
    });
  });

  it('[D11] counts volumes in use, wanted and held, and detaches that were forced', async () => {
    const metrics = new MetricsRegistry();
    await world.startWithAttacher({ metrics });
    await world.createVolume('w');
    await world.createPod('a', 'n1');
    await world.createPod('b', 'n1', 'w');
    await world.reportInUse('n1', volumeName('h-v'), volumeName('h-w'));
    const lines = async () =>
      (await metrics.print())
        .split('\n')
        .filter((line) => /^(attach|storage)/.test(line))
        .sort();
    const plugin = 'kubernetes.io/csi:fake.csi';
    expect(await lines()).toEqual([
      `attachdetach_controller_total_volumes{plugin_name="${plugin}",state="actual_state_of_world"} 2`,
      `attachdetach_controller_total_volumes{plugin_name="${plugin}",state="desired_state_of_world"} 2`,
      `storage_count_attachable_volumes_in_use{node="n1",volume_plugin="${plugin}"} 2`,
    ]);
    await world.deletePod('a');
    await world.setReady('n1', 'Unknown');
    await world.taintOutOfService('n1');
    expect(await lines()).toEqual([
      'attach_detach_controller_attachdetach_controller_forced_detaches{reason="out-of-service"} 1',
      `attachdetach_controller_forced_detaches{reason="out-of-service"} 1`,
      `attachdetach_controller_total_volumes{plugin_name="${plugin}",state="actual_state_of_world"} 1`,
      `attachdetach_controller_total_volumes{plugin_name="${plugin}",state="desired_state_of_world"} 1`,
      `storage_count_attachable_volumes_in_use{node="n1",volume_plugin="${plugin}"} 1`,
    ]);
  });
});
