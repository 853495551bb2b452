import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodes } from '../../src/api/index.ts';
import { startGarbageCollector, startPodGarbageCollector } from '../../src/controllers/index.ts';
import { AttachWorld, attachComponent, volumeName } from './support/attach-world.ts';
import { laggingClient, mortalClient, startOn } from './support/controllers.ts';

const seconds = 1_000;
const minutes = 60_000;

describe('a volume on a node that may be gone', () => {
  let world: AttachWorld;
  let plane: AttachWorld['plane'];

  beforeEach(async () => {
    world = await AttachWorld.start();
    ({ plane } = world);
    await world.createVolume('v');
  });
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
  });

  /** Mounted on n1 by a pod; a pod on n2 waits for it. */
  async function mountAndMove(): Promise<void> {
    await world.createPod('a', 'n1');
    await world.reportInUse('n1', volumeName('h-v'));
    await world.createPod('b', 'n2');
    expect(world.published()).toEqual(['h-v@n1']);
  }

  describe('whose Node object was deleted', () => {
    it('[rel-D2] stays while the agent renews its lease, and leaves when the agent falls silent', async () => {
      await world.startWithAttacher();
      await mountAndMove();
      await world.deletePod('a');
      await world.deleteNode('n1');
      for (let tens = 0; tens < 60; tens++) {
        await world.renewLease('n1');
        await plane.clock.advance(10 * seconds);
        expect(world.published()).toEqual(['h-v@n1']);
      }
      await plane.clock.advance(minutes);
      expect(world.published()).toEqual(['h-v@n2']);
    });

    it('[rel-D2] is not taken for dead because its lease went with it', async () => {
      await world.startWithAttacher();
      await world.renewLease('n1');
      await mountAndMove();
      await world.deletePod('a');
      await world.deleteNode('n1');
      await world.deleteLease('n1');
      await plane.clock.advance(45 * seconds);
      expect(world.published()).toEqual(['h-v@n1']);
      // The agent is alive: it makes its Node anew, with what it uses.
      await world.createNodeObject('n1');
      await world.reportInUse('n1', volumeName('h-v'));
      await world.setReady('n1', 'True');
      await plane.clock.advance(10 * minutes);
      expect(world.published()).toEqual(['h-v@n1']);
      await world.reportInUse('n1');
      expect(world.published()).toEqual(['h-v@n2']);
    });

    it('[rel-D2] is not detached on the empty list of a Node made anew before its agent is Ready', async () => {
      await world.startWithAttacher();
      await mountAndMove();
      await world.deletePod('a');
      await plane.clock.advance(2 * seconds);
      await world.deleteNode('n1');
      await world.createNodeObject('n1');
      await plane.clock.advance(10 * minutes);
      expect(world.published()).toEqual(['h-v@n1']);
      await world.reportInUse('n1', volumeName('h-v'));
      await world.setReady('n1', 'True');
      await plane.clock.advance(10 * minutes);
      expect(world.published()).toEqual(['h-v@n1']);
      await world.reportInUse('n1');
      expect(world.published()).toEqual(['h-v@n2']);
    });

    it('[rel-D2] keeps the volume while a pod that wants it exists, however long', async () => {
      await world.startWithAttacher();
      await mountAndMove();
      await world.deleteNode('n1');
      await plane.clock.advance(60 * minutes);
      expect(world.published()).toEqual(['h-v@n1']);
      await world.deletePod('a');
      await plane.clock.advance(45 * seconds);
      expect(world.published(), 'the pod may still be ending').toEqual(['h-v@n1']);
      await plane.clock.advance(20 * seconds);
      expect(world.published()).toEqual(['h-v@n2']);
    });

    it('[rel-L4] [rel-L8] [rel-D2] frees the volume of a dead machine without more than kubectl delete node', async () => {
      await world.startWithAttacher();
      await startOn(plane, 'pod-garbage-collector', startPodGarbageCollector);
      await startOn(plane, 'garbage-collector', startGarbageCollector);
      await world.renewLease('n1');
      await mountAndMove();
      await world.setReady('n1', 'Unknown');
      await plane.clock.advance(20 * minutes);
      expect(world.published()).toEqual(['h-v@n1']);
      await world.deleteNode('n1');
      await plane.clock.until(() => world.published().includes('h-v@n2'), 4 * minutes, 'the volume moved');
      expect(world.published()).toEqual(['h-v@n2']);
      expect((await world.attachments()).map(({ spec }) => spec.nodeName)).toEqual(['n2']);
    });

    it('[rel-D2] starts to wait anew after a restart', async () => {
      const first = await world.startWithAttacher();
      await mountAndMove();
      await world.deletePod('a');
      await world.deleteNode('n1');
      await plane.clock.advance(45 * seconds);
      await first[Symbol.asyncDispose]();
      await world.start();
      await plane.clock.advance(45 * seconds);
      expect(world.published()).toEqual(['h-v@n1']);
      await plane.clock.advance(20 * seconds);
      expect(world.published()).toEqual(['h-v@n2']);
    });

    it('[rel-D2] [rel-F-CT5] is asked for live: a cache that still knows it does not speed things up', async () => {
      const { client, hold, release } = laggingClient(plane.clientOf(attachComponent), 'Node');
      await world.startAttacher();
      await world.start({}, client);
      await mountAndMove();
      await world.deletePod('a');
      hold();
      await world.deleteNode('n1');
      await plane.clock.advance(10 * minutes);
      expect(world.published()).toEqual(['h-v@n1']);
      release();
      await plane.clock.advance(2 * minutes);
      expect(world.published()).toEqual(['h-v@n2']);
    });
  });

  describe('that is silent', () => {
    it('[D4] [rel-L8] goes to another node within 30 s after the taint, and the pod is told', async () => {
      await world.startWithAttacher();
      await world.renewLease('n1');
      await mountAndMove();
      await world.setReady('n1', 'Unknown');
      await world.deletePod('a');
      await plane.clock.advance(2 * minutes);
      expect(world.published()).toEqual(['h-v@n1']);
      await world.taintOutOfService('n1');
      await plane.clock.advance(30 * seconds);
      expect(world.published()).toEqual(['h-v@n2']);
      expect(await plane.eventsOf('b')).toContain(
        'Normal SuccessfulAttachVolume AttachVolume.Attach succeeded for volume "v" ',
      );
    });

    it('[rel-L9] returns: what it uses stays, what it let go of leaves, nobody has to help', async () => {
      await world.startWithAttacher();
      await mountAndMove();
      await world.createVolume('w');
      await world.createPod('keeps', 'n1', 'w');
      await world.reportInUse('n1', volumeName('h-v'), volumeName('h-w'));
      await world.setReady('n1', 'Unknown');
      await world.deletePod('a');
      await plane.clock.advance(60 * minutes);
      expect(world.published()).toEqual(['h-v@n1', 'h-w@n1']);
      await world.setReady('n1', 'True');
      await world.reportInUse('n1', volumeName('h-w'));
      expect(world.published()).toEqual(['h-v@n2', 'h-w@n1']);
      expect(await world.attached('n1')).toEqual([volumeName('h-w')]);
    });

    it('[D4] [rel-D2] is not left after six minutes while its lease is renewed, although that was chosen', async () => {
      await world.startWithAttacher({ forceDetachOnTimeout: true });
      await mountAndMove();
      await world.deletePod('a');
      await world.setReady('n1', 'Unknown');
      for (let tens = 0; tens < 60; tens++) {
        await world.renewLease('n1');
        await plane.clock.advance(10 * seconds);
      }
      expect(world.published()).toEqual(['h-v@n1']);
      await plane.clock.advance(2 * minutes);
      expect(world.published()).toEqual(['h-v@n2']);
    });

    it('[D4] [rel-D2] is not left while it counts as Ready, although its lease ran out', async () => {
      await world.startWithAttacher({ forceDetachOnTimeout: true });
      await world.renewLease('n1');
      await mountAndMove();
      await world.deletePod('a');
      await plane.clock.advance(30 * minutes);
      expect(world.published()).toEqual(['h-v@n1']);
    });

    it('[D4] the six minutes start anew when a pod wants the volume in between', async () => {
      await world.startWithAttacher({ forceDetachOnTimeout: true });
      await mountAndMove();
      await world.setReady('n1', 'Unknown');
      await world.deletePod('a');
      await plane.clock.advance(5 * minutes);
      await world.createPod('again', 'n1');
      await plane.clock.advance(10 * minutes);
      expect(world.published()).toEqual(['h-v@n1']);
      await world.deletePod('again');
      await plane.clock.advance(5 * minutes);
      expect(world.published()).toEqual(['h-v@n1']);
      await plane.clock.advance(2 * minutes);
      expect(world.published()).toEqual(['h-v@n2']);
    });
  });

  describe('moved by a controller that is killed around one of its writes', () => {
    const kills = Array.from({ length: 8 }, (_, afterWrites) => afterWrites).flatMap((afterWrites) =>
      [false, true].map((lastWriteLands) => ({ afterWrites, lastWriteLands })),
    );
    const giveUp = {
      'given up by its taint': async () => {
        await world.setReady('n1', 'Unknown');
        await world.taintOutOfService('n1');
      },
      'whose Node is deleted': async () => {
        await world.deleteNode('n1');
      },
    };
    const plans = Object.entries(giveUp).flatMap(([how, act]) => kills.map((kill) => ({ how, act, kill })));

    it.each(plans)(
      '[rel-F-CT1] [rel-D6] [rel-L8] [rel-L10] from a node $how: ends as if nothing had happened, $kill',
      async ({ act, kill }) => {
        const mortal = mortalClient(plane.clientOf(attachComponent), kill);
        await world.startAttacher();
        const first = await world.start({}, mortal.client);
        await world.createPod('a', 'n1');
        await world.reportInUse('n1', volumeName('h-v'));
        await world.createPod('b', 'n2');
        await world.deletePod('a');
        await act();
        await plane.clock.advance(2 * minutes);
        await first[Symbol.asyncDispose]();
        await world.start();
        await plane.clock.advance(2 * minutes);
        expect(world.published()).toEqual(['h-v@n2']);
        expect((await world.attachments()).map(({ spec }) => spec.nodeName)).toEqual(['n2']);
        expect(await world.attached('n2')).toEqual([volumeName('h-v')]);
        const unpublishes = world.backend.methods().filter((method) => method === 'ControllerUnpublishVolume');
        expect(unpublishes.length, 'from the node that was given up').toBeLessThanOrEqual(1);
      },
    );
  });

  it('[D2] keeps its hands off a node that attaches by itself, and takes over when the node asks for it', async () => {
    await world.startWithAttacher();
    await world.createNode('own', {});
    const list = [{ name: volumeName('h-v'), devicePath: '/dev/x' }];
    const status = { volumesAttached: list, volumesInUse: [volumeName('h-v')] };
    await plane.client.patch(nodes, { name: 'own' }, { type: 'merge', body: { status } }, { subresource: 'status' });
    await world.createPod('p', 'own');
    await plane.clock.advance(5 * minutes);
    expect(await world.attachments()).toEqual([]);
    expect((await plane.client.get(nodes, { name: 'own' })).status?.volumesAttached).toEqual(list);
    const annotations = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };
    await plane.client.patch(nodes, { name: 'own' }, { type: 'merge', body: { metadata: { annotations } } });
    await plane.clock.settle();
    expect(world.published()).toEqual(['h-v@own']);
  });

  it('[D3] keeps the volumes of pods that ended on a node that says so, until the pod is gone', async () => {
    await world.startWithAttacher();
    await world.createNode('keeper', {
      'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      'volumes.kubernetes.io/keep-terminated-pod-volumes': 'true',
    });
    await world.createPod('p', 'keeper');
    await world.endPod('p');
    await plane.clock.advance(5 * minutes);
    expect(world.published()).toEqual(['h-v@keeper']);
    await world.deletePod('p');
    expect(world.published()).toEqual([]);
  });

  it('[D1] corrects what a node says is attached without an attachment behind it', async () => {
    const status = {
      volumesAttached: [
        { name: volumeName('gone'), devicePath: '' },
        { name: 'kubernetes.io/other/x', devicePath: '' },
      ],
    };
    await plane.client.patch(nodes, { name: 'n1' }, { type: 'merge', body: { status } }, { subresource: 'status' });
    await world.startWithAttacher();
    expect(await world.attached('n1'), 'names of other plugins are left alone').toEqual(['kubernetes.io/other/x']);
  });
});
