import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csiDrivers, nodes, persistentVolumes, pods, volumeAttachments } from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { AttachWorld, attachComponent, volumeName } from './support/attach-world.ts';
import { blindClient, laggingClient, mortalClient } from './support/controllers.ts';
import { Code } from './support/fake-driver.ts';
import { podDraft } from './support/objects.ts';

describe('the attach/detach controller', () => {
  let world: AttachWorld;
  let plane: AttachWorld['plane'];
  let backend: AttachWorld['backend'];

  beforeEach(async () => {
    world = await AttachWorld.start();
    ({ plane, backend } = world);
  });
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('[D4] [D6] [D8] attaches a volume for a pod, tells node and pod, and detaches it when the node lets go', async () => {
    await world.startWithAttacher();
    await world.createVolume('v');
    await world.createPod('p', 'n1');
    expect(world.published()).toEqual(['h-v@n1']);
    expect(await world.attachments()).toMatchObject([
      { spec: { attacher: 'fake.csi', nodeName: 'n1', source: { persistentVolumeName: 'v' } } },
    ]);
    expect((await world.attachments())[0]?.metadata.name).toMatch(/^csi-[0-9a-f]{64}$/);
    expect((await plane.client.get(nodes, { name: 'n1' })).status?.volumesAttached).toEqual([
      { name: volumeName('h-v'), devicePath: '' },
    ]);
    expect(await plane.eventsOf('p')).toEqual([
      'Normal SuccessfulAttachVolume AttachVolume.Attach succeeded for volume "v" ',
    ]);
    await world.reportInUse('n1', volumeName('h-v'));
    await world.deletePod('p');
    await plane.clock.advance(30 * 60_000);
    expect(world.published()).toEqual(['h-v@n1']);
    await world.reportInUse('n1');
    expect(world.published()).toEqual([]);
    expect(await world.attachments()).toEqual([]);
    expect(await world.attached('n1')).toEqual([]);
  });

  it('[D2] leaves nodes alone that did not opt in', async () => {
    await world.createNode('own', {});
    await world.startWithAttacher();
    await world.createVolume('v');
    await world.createPod('p', 'own');
    expect(await world.attachments()).toEqual([]);
  });

  it('[D3] attaches only for pods that run or are about to, and claims that are really theirs', async () => {
    await world.startWithAttacher();
    await world.createVolume('v');
    await world.createPod('ended', 'n1');
    await plane.client.patch(
      pods,
      { namespace: 'default', name: 'ended' },
      { type: 'merge', body: { status: { phase: 'Succeeded' } } },
      { subresource: 'status' },
    );
    await plane.clock.settle();
    expect(await world.attachments()).toEqual([]);
    const volume = await plane.client.get(persistentVolumes, { name: 'v' });
    const claimRef = { ...volume.spec.claimRef, uid: 'uid-of-another' };
    await plane.client.update(persistentVolumes, { ...volume, spec: { ...volume.spec, claimRef } });
    await world.createPod('impostor', 'n1');
    expect(await world.attachments()).toEqual([]);
  });

  it('[D3] attaches nothing for a driver that needs no attaching, and cleans up when a driver turns into one', async () => {
    await world.startWithAttacher();
    await plane.client.create(csiDrivers, { metadata: { name: 'fake.csi' }, spec: { attachRequired: false } });
    await world.createVolume('v');
    await world.createPod('p', 'n1');
    expect(await world.attachments()).toEqual([]);
    const recreate = async (attachRequired: boolean) => {
      await plane.client.delete(csiDrivers, { name: 'fake.csi' });
      await plane.client.create(csiDrivers, { metadata: { name: 'fake.csi' }, spec: { attachRequired } });
      await plane.clock.settle();
    };
    await recreate(true);
    expect(world.published()).toEqual(['h-v@n1']);
    await world.reportInUse('n1', volumeName('h-v'));
    await recreate(false);
    expect(world.published(), '[rel-D9] in use').toEqual(['h-v@n1']);
    await world.deletePod('p');
    await world.reportInUse('n1');
    expect(await world.attachments(), '[D10] dangling').toEqual([]);
    expect(world.published()).toEqual([]);
  });

  describe('a volume for one node at a time', () => {
    it('[D5] [rel-D1] waits until the other node let go, and names the pod that has it', async () => {
      await world.startWithAttacher();
      await world.createVolume('v');
      await world.createPod('a', 'n1');
      await world.reportInUse('n1', volumeName('h-v'));
      await world.createPod('b', 'n2');
      expect(world.published()).toEqual(['h-v@n1']);
      expect(await plane.eventsOf('b')).toEqual([
        'Warning FailedAttachVolume Multi-Attach error for volume "v" Volume is already used by pod(s) a',
      ]);
      await world.deletePod('a');
      await plane.clock.advance(20 * 60_000);
      expect(world.published()).toEqual(['h-v@n1']);
      await world.reportInUse('n1');
      expect(world.published()).toEqual(['h-v@n2']);
      expect(backend.methods()).toEqual([
        'ControllerPublishVolume',
        'ControllerUnpublishVolume',
        'ControllerPublishVolume',
      ]);
      expect(await plane.eventsOf('b')).toContain(
        'Normal SuccessfulAttachVolume AttachVolume.Attach succeeded for volume "v" ',
      );
    });

    it('[D5] says so when no pod is left on the other node', async () => {
      await world.startWithAttacher();
      await world.createVolume('v');
      await world.createPod('a', 'n1');
      await world.reportInUse('n1', volumeName('h-v'));
      await world.deletePod('a');
      await world.createPod('b', 'n2');
      expect(await plane.eventsOf('b')).toEqual([
        'Warning FailedAttachVolume Multi-Attach error for volume "v" Volume is already exclusively attached to one node and can\'t be attached to another',
      ]);
    });

    it('[rel-D1] stays away from a node that lists the volume as in use although its attachment is gone', async () => {
      await world.startWithAttacher();
      await world.createVolume('v');
      await world.reportInUse('n1', volumeName('h-v'));
      await world.createPod('b', 'n2');
      expect(world.published()).toEqual([]);
      await world.reportInUse('n1');
      expect(world.published()).toEqual(['h-v@n2']);
    });

    it('[D5] is no limit for volumes with a shared access mode', async () => {
      await world.startWithAttacher();
      await world.createVolume('v', ['ReadWriteMany']);
      await world.createPod('a', 'n1');
      await world.createPod('b', 'n2');
      expect(world.published()).toEqual(['h-v@n1', 'h-v@n2']);
    });

    it('[rel-D1] goes to one of two nodes whose pods ask for it at once', async () => {
      await world.startWithAttacher();
      await world.createVolume('v');
      await Promise.all([world.createPod('a', 'n1'), world.createPod('b', 'n2')]);
      expect(world.published().length).toBe(1);
      expect((await world.attachments()).length).toBe(1);
    });
  });

  describe('failures', () => {
    it('[D6] [D8] tells the pod what the driver said, and detaches what may have been attached', async () => {
      backend.fail('refusals', 'ControllerPublishVolume', ...Array(1000).fill(Code.INTERNAL));
      await world.startWithAttacher();
      await world.createVolume('v');
      await world.createPod('p', 'n1');
      expect(await plane.eventsOf('p')).toEqual([
        'Warning FailedAttachVolume AttachVolume.Attach failed for volume "v" : rpc error: code = Internal desc = ordered by the test',
      ]);
      await world.deletePod('p');
      expect(await world.attachments()).toEqual([]);
      expect(backend.methods()).toContain('ControllerUnpublishVolume');
    });

    it('[D8] tells the pod after two minutes that the attacher is silent, and attaches when it comes', async () => {
      await world.start();
      await world.createVolume('v');
      await world.createPod('p', 'n1');
      await plane.clock.advance(119_000);
      expect(await plane.eventsOf('p')).toEqual([]);
      await plane.clock.advance(2_000);
      expect(await plane.eventsOf('p')).toEqual([
        'Warning FailedAttachVolume AttachVolume.Attach failed for volume "v" : timed out waiting for external-attacher of fake.csi CSI driver to attach volume h-v',
      ]);
      await world.startAttacher();
      expect(world.published()).toEqual(['h-v@n1']);
      expect(await world.attached('n1')).toEqual([volumeName('h-v')]);
    });

    it('[D9] attaches again when an attachment was deleted under its pod', async () => {
      await world.startWithAttacher();
      await world.createVolume('v');
      await world.createPod('p', 'n1');
      const [first] = await world.attachments();
      await plane.client.delete(volumeAttachments, { name: first?.metadata.name ?? '' });
      await plane.clock.settle();
      const [second] = await world.attachments();
      expect(second?.metadata.uid).not.toBe(first?.metadata.uid);
      expect(second?.status?.attached).toBe(true);
      expect(await world.attached('n1')).toEqual([volumeName('h-v')]);
    });
  });

  describe('detaching', () => {
    async function attachThenOrphan(): Promise<void> {
      await world.createVolume('v');
      await world.createPod('p', 'n1');
      await world.reportInUse('n1', volumeName('h-v'));
      await world.deletePod('p');
      expect(world.published()).toEqual(['h-v@n1']);
    }
    it('[D4] [rel-D3] re-reads the node live after it stopped reporting the volume', async () => {
      const seeing = plane.clientOf(attachComponent);
      const { client: lagging, hold, release } = laggingClient(seeing, 'Node');
      // The agent takes the volume into use in the moment between the two phases, and the watch does not tell.
      const client: Client = {
        ...lagging,
        patch: async (type, key, patch, options) => {
          const patched = await seeing.patch(type, key, patch, options);
          const { status } = patch.body as { status?: { volumesAttached?: unknown } };
          if (type.kind === 'Node' && status?.volumesAttached === null) {
            hold();
            const body = { status: { volumesInUse: [volumeName('h-v')] } };
            await seeing.patch(nodes, { name: 'n1' }, { type: 'merge', body }, { subresource: 'status' });
          }
          return patched;
        },
      };
      await world.startAttacher();
      await world.start({}, client);
      await world.createVolume('v');
      await world.createPod('p', 'n1');
      await world.deletePod('p');
      expect(world.published()).toEqual(['h-v@n1']);
      expect(await world.attached('n1'), 'reported again').toEqual([volumeName('h-v')]);
      release();
      await plane.clock.settle();
      expect(world.published()).toEqual(['h-v@n1']);
    });

    it('[D4] gives way to a pod that comes back while the node is asked', async () => {
      const seeing = plane.clientOf(attachComponent);
      let comesBack = false;
      const client: Client = {
        ...seeing,
        get: async (type, key, options) => {
          const found = await seeing.get(type, key, options);
          if (type.kind === 'Lease' || type.kind !== 'Node' || !comesBack) return found;
          comesBack = false;
          const draft = podDraft('again', 'v');
          await seeing.create(pods, { ...draft, spec: { ...draft.spec, nodeName: 'n1' } });
          // The watch tells of the pod before the answer is worked on.
          for (let turns = 0; turns < 5; turns++) {
            await new Promise<void>((resolve) => plane.clock.afterTurn(resolve));
          }
          return found;
        },
      };
      await world.startAttacher();
      await world.start({}, client);
      await world.createVolume('v');
      await world.createPod('p', 'n1');
      comesBack = true;
      await world.deletePod('p');
      expect(backend.methods()).toEqual(['ControllerPublishVolume']);
      expect(await world.attached('n1')).toEqual([volumeName('h-v')]);
    });

    it('[rel-D2] never happens on a timer, whether the agent is alive or dead', async () => {
      await world.startWithAttacher();
      await attachThenOrphan();
      await plane.clock.advance(60 * 60_000);
      expect(world.published()).toEqual(['h-v@n1']);
      await world.setReady('n1', 'Unknown');
      await plane.clock.advance(24 * 60 * 60_000);
      expect(world.published()).toEqual(['h-v@n1']);
    });

    it('[D4] [rel-D2] happens after six minutes for those who chose so, once the agent is dead', async () => {
      await world.startWithAttacher({ forceDetachOnTimeout: true });
      await attachThenOrphan();
      await plane.clock.advance(60 * 60_000);
      expect(world.published(), 'the agent is alive').toEqual(['h-v@n1']);
      await world.setReady('n1', 'Unknown');
      await plane.clock.advance(2 * 60_000);
      expect(world.published()).toEqual([]);
    });

    it('[D4] [rel-L8] happens at once from a node that is out of service', async () => {
      await world.startWithAttacher();
      await attachThenOrphan();
      await world.setReady('n1', 'Unknown');
      await world.taintOutOfService('n1');
      await plane.clock.settle();
      expect(world.published()).toEqual([]);
    });

    it('[rel-D2] does not believe the taint while the agent renews its lease', async () => {
      await world.startWithAttacher();
      await world.renewLease('n1');
      await attachThenOrphan();
      await world.taintOutOfService('n1');
      await world.setReady('n1', 'Unknown');
      expect(world.published()).toEqual(['h-v@n1']);
      await plane.clock.advance(2 * 60_000);
      expect(world.published(), 'the lease ran out').toEqual([]);
    });

    it('[rel-L4] happens when the node was deleted and its agent is silent', async () => {
      await world.startWithAttacher();
      await world.renewLease('n1');
      await attachThenOrphan();
      await plane.client.delete(nodes, { name: 'n1' });
      await plane.clock.advance(30_000);
      expect(world.published(), 'the lease is fresh').toEqual(['h-v@n1']);
      await plane.clock.advance(60_000);
      expect(world.published()).toEqual([]);
      expect(await world.attachments()).toEqual([]);
    });
  });

  describe('after a restart', () => {
    it('[D1] [rel-D6] takes over what it finds, attached or in doubt, and detaches what nobody wants', async () => {
      const first = await world.startWithAttacher();
      await world.createVolume('kept');
      await world.createVolume('unwanted');
      await world.createPod('a', 'n1', 'kept');
      await world.createPod('b', 'n1', 'unwanted');
      await first[Symbol.asyncDispose]();
      await world.deletePod('b');
      await world.start();
      expect(world.published()).toEqual(['h-kept@n1']);
      expect(await world.attached('n1')).toEqual([volumeName('h-kept')]);
      expect((await plane.eventsOf('a')).length).toBe(1);
    });

    it('[rel-D9] leaves attachments alone whose volumes its cache has not seen yet', async () => {
      const first = await world.startWithAttacher();
      await world.createVolume('v');
      await world.createPod('p', 'n1');
      await first[Symbol.asyncDispose]();
      await world.start({}, blindClient(plane.clientOf(attachComponent), 'PersistentVolume'));
      await plane.clock.advance(60_000);
      expect(backend.methods()).toEqual(['ControllerPublishVolume']);
    });

    it('[D9] [rel-D10] cleans up an attachment whose volume is gone or was replaced by another', async () => {
      const first = await world.startWithAttacher();
      await world.createVolume('v');
      await world.createPod('p', 'n1');
      await first[Symbol.asyncDispose]();
      await world.deletePod('p');
      const body = { metadata: { finalizers: null } };
      await plane.client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body });
      await plane.client.delete(persistentVolumes, { name: 'v' });
      await plane.clock.settle();
      const { namespace, name } = { namespace: 'default', name: 'v' };
      await plane.client.patch(persistentVolumes, { name }, { type: 'merge', body }).catch(() => {});
      await plane.client.create(persistentVolumes, {
        metadata: { name },
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          csi: { driver: 'fake.csi', volumeHandle: 'another' },
          claimRef: { namespace, name },
        },
      });
      await world.start();
      const left = await world.attachments();
      expect(left.filter(({ metadata }) => !metadata.deletionTimestamp)).toEqual([]);
      expect(await world.attached('n1')).toEqual([]);
    });
  });

  describe('killed around any write of an attach and a detach', () => {
    const plans = [0, 1, 2, 3, 4, 5].flatMap((afterWrites) =>
      [false, true].map((lastWriteLands) => ({ afterWrites, lastWriteLands })),
    );
    it.each(plans)('[D6] [rel-D6] [rel-L10] ends as if nothing had happened: %o', async (kill) => {
      const mortal = mortalClient(plane.clientOf(attachComponent), kill);
      await world.startAttacher();
      const first = await world.start({}, mortal.client);
      await world.createVolume('v');
      await world.createPod('a', 'n1');
      await world.reportInUse('n1', volumeName('h-v'));
      await world.deletePod('a');
      await world.createPod('b', 'n2');
      await world.reportInUse('n1');
      expect(mortal.isDead).toBe(true);
      await first[Symbol.asyncDispose]();
      await world.start();
      expect(world.published()).toEqual(['h-v@n2']);
      expect((await world.attachments()).map(({ spec }) => spec.nodeName)).toEqual(['n2']);
      expect(await world.attached('n1')).toEqual([]);
      expect(await world.attached('n2')).toEqual([volumeName('h-v')]);
    });
  });

  it('[rel-A16] [rel-D1] keeps a volume on one node when two controllers are active at once', async () => {
    await world.startWithAttacher();
    await world.start();
    await world.createVolume('v');
    for (let round = 0; round < 5; round++) {
      const [from, to] = round % 2 === 0 ? ['n1', 'n2'] : ['n2', 'n1'];
      await world.createPod(`a${round}`, from);
      await world.reportInUse(from, volumeName('h-v'));
      await world.createPod(`b${round}`, to);
      await world.deletePod(`a${round}`);
      expect(world.published()).toEqual([`h-v@${from}`]);
      await world.reportInUse(from);
      expect(world.published()).toEqual([`h-v@${to}`]);
      expect(await world.attached(to)).toEqual([volumeName('h-v')]);
      await world.deletePod(`b${round}`);
      expect(world.published()).toEqual([]);
    }
  });

  it('[rel-L12] writes nothing at rest', async () => {
    await world.startWithAttacher();
    await world.createVolume('v');
    await world.createVolume('w');
    await world.createPod('a', 'n1', 'v');
    await world.createPod('b', 'n1', 'w');
    await world.reportInUse('n1', volumeName('h-v'), volumeName('h-w'));
    await plane.clock.advance(5_000);
    const { resourceVersion } = await plane.client.list(nodes);
    await plane.clock.advance(10 * 60_000);
    expect((await plane.client.list(nodes)).resourceVersion).toBe(resourceVersion);
  });

  it('[D7] reports many volumes of a node in few writes', async () => {
    const { client, writes } = mortalClient(plane.clientOf(attachComponent), {
      afterWrites: 1000,
      lastWriteLands: true,
    });
    await world.startAttacher();
    await world.start({}, client);
    const names = Array.from({ length: 30 }, (_, i) => `v${i}`);
    for (const name of names) await world.createVolume(name);
    const draft = podDraft('p');
    const volumes = names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
    await plane.client.create(pods, { ...draft, spec: { ...draft.spec, nodeName: 'n1', volumes } });
    await plane.clock.settle();
    expect((await world.attached('n1')).length).toBe(30);
    expect(world.published().length).toBe(30);
    expect(writes.filter((write) => write === 'patch Node').length).toBeLessThanOrEqual(5);
  });
});
