import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodes, volumeAttachments } from '../../src/api/index.ts';
import { seededRandom } from '../../src/base/index.ts';
import type { Client } from '../../src/client/index.ts';
import { csiAttachmentName } from '../../src/volume-plugins/index.ts';
import { AttachWorld, attachComponent, volumeName } from './support/attach-world.ts';
import { laggingClient } from './support/controllers.ts';
import { MountingAgent } from './support/mounting-agent.ts';
import { type SlownessOptions, slowClient } from './support/slow-client.ts';

const nodeNames = ['n1', 'n2'];

/** The longest way of a call and the longest lag of a watch event, in milliseconds. */
type Slowness = Pick<SlownessOptions, 'callMs' | 'watchMs'>;

describe('two attach/detach controllers that both take themselves for the leader', () => {
  let world: AttachWorld;
  let plane: AttachWorld['plane'];
  let stop: AbortController;

  beforeEach(async () => {
    world = await AttachWorld.start();
    ({ plane } = world);
    stop = new AbortController();
    await world.createVolume('v');
  });
  afterEach(async () => {
    stop.abort();
    await world[Symbol.asyncDispose]();
  });

  /** A client that comes to a halt right before it deletes an attachment, as a stopped process does. */
  function haltingClient(client: Client): { readonly client: Client; readonly halted: Promise<void>; go(): void } {
    const halted = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const halting: Client = {
      ...client,
      delete: async (type, ...rest) => {
        if (type.kind === volumeAttachments.kind) {
          halted.resolve();
          await goOn.promise;
        }
        return await client.delete(type, ...rest);
      },
    };
    return { client: halting, halted: halted.promise, go: () => goOn.resolve() };
  }

  it('[rel-A16] [rel-D2] [rel-F-CT3] a delete from before the other told the node of the volume again fails', async () => {
    const { client: lagging, hold, release } = laggingClient(plane.clientOf(attachComponent), 'Pod');
    const { client, halted, go } = haltingClient(lagging);
    await world.startAttacher();
    await world.start({}, client);
    await world.createPod('a', 'n1');
    expect(await world.attached('n1')).toEqual([volumeName('h-v')]);
    await world.deletePod('a');
    await halted;
    // It stands still past its look at the node. The pod comes back to the node, and another takes over.
    hold();
    expect(await world.attached('n1')).toEqual([]);
    await world.createPod('again', 'n1');
    await world.start();
    await world.reportInUse('n1', volumeName('h-v'));
    expect(await world.attached('n1'), 'the agent mounts').toEqual([volumeName('h-v')]);
    go();
    await plane.clock.advance(5 * 60_000);
    expect(world.published()).toEqual(['h-v@n1']);
    expect(world.backend.methods(), 'never unpublished').toEqual(['ControllerPublishVolume']);
    release();
    await plane.clock.settle();
    expect(await world.attached('n1')).toEqual([volumeName('h-v')]);
  });

  it('[rel-A16] writes to no attachment when it takes over from one that ended in order', async () => {
    const first = await world.startWithAttacher();
    await world.createPod('a', 'n1');
    const [before] = await world.attachments();
    await first[Symbol.asyncDispose]();
    await world.start();
    await plane.clock.advance(5 * 60_000);
    const [after] = await world.attachments();
    expect(after?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
  });

  /** The controllers, the agents and a user, each slow in its own way; the truth is looked at with every change of it. */
  async function moveVolumeAround(seed: number, leaders: readonly Slowness[]): Promise<string[]> {
    const random = seededRandom(seed);
    const wrongs: string[] = [];
    const { published } = world.backend;
    const slow = (callMs: number, watchMs: number) =>
      slowClient(plane.clientOf(attachComponent), { clock: plane.clock, random, signal: stop.signal, callMs, watchMs });
    const agents = nodeNames.map(
      (node) =>
        new MountingAgent(plane, {
          node,
          claimName: 'v',
          volumeName: volumeName('h-v'),
          attachmentName: csiAttachmentName({ driver: 'fake.csi', volumeHandle: 'h-v' }, node),
          client: slow(100, 0),
          onMount: () => {
            if (!published.has(`h-v@${node}`)) wrongs.push(`[rel-D4] mounted on ${node} without an attachment`);
          },
        }),
    );
    const mountedOn = () => nodeNames.filter((_name, index) => agents[index]?.isMounted);
    const add = published.add.bind(published);
    published.add = (key) => {
      if ([...published].some((other) => other !== key)) wrongs.push(`[rel-D1] published twice: ${key}`);
      return add(key);
    };
    const remove = published.delete.bind(published);
    published.delete = (key) => {
      if (mountedOn().some((node) => key === `h-v@${node}`)) wrongs.push(`[rel-D2] unpublished while mounted: ${key}`);
      return remove(key);
    };
    await world.startAttacher();
    for (const { callMs, watchMs } of leaders) await world.start({}, slow(callMs, watchMs));
    let last = '';
    for (let move = 0; move < 60; move++) {
      const node = nodeNames[Math.floor(random.next() * nodeNames.length)] ?? 'n1';
      await world.createPod(`p${move}`, node);
      await plane.clock.advance(Math.floor(random.next() * 6_000));
      if (last) await world.deletePod(last);
      last = `p${move}`;
      await plane.clock.advance(Math.floor(random.next() * 3_000));
    }
    const comesToHold = async (what: string, holds: () => boolean | Promise<boolean>) => {
      await plane.clock.until(holds, 10 * 60_000, what).catch((error) => wrongs.push(String(error)));
    };
    await comesToHold('[rel-L2] the last pod has its volume', () => mountedOn().length === 1);
    await world.deletePod(last);
    await comesToHold('[rel-L4] everything is detached', () => published.size === 0);
    await comesToHold('[rel-L4] every attachment is gone', async () => (await world.attachments()).length === 0);
    await comesToHold('[D7] no node lists the volume', async () => {
      const { items } = await plane.client.list(nodes);
      return items.every(({ status }) => !status?.volumesAttached?.length);
    });
    const publishes = world.backend.methods().filter((method) => method === 'ControllerPublishVolume').length;
    if (publishes < 4) wrongs.push(`the volume moved ${publishes} times only`);
    return wrongs;
  }

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    '[rel-A16] [rel-D1] [rel-D2] [rel-D4] [rel-L4] break nothing while a volume moves, whatever their delays: seed %i',
    async (seed) => {
      const leaders = [
        { callMs: 150, watchMs: 50 },
        { callMs: 1_500, watchMs: 3_000 },
      ];
      expect(await moveVolumeAround(seed, leaders)).toEqual([]);
    },
    60_000,
  );

  it.each([1, 2, 3, 4])(
    '[rel-F-CT5] [rel-D2] one alone whose caches lag, each kind by another amount, breaks nothing: seed %i',
    async (seed) => {
      expect(await moveVolumeAround(seed, [{ callMs: 200, watchMs: 4_000 }])).toEqual([]);
    },
    60_000,
  );
});
