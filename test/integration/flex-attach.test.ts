import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodes, pods, volumeAttachments } from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { died, failure, hung, notSupported, success } from '../../src/volume-plugins/testing/fake-flex-driver.ts';
import { AttachWorld, attachComponent } from './support/attach-world.ts';
import { laggingClient, mortalClient } from './support/controllers.ts';
import { FlexBackend, flexDriverName, flexVolume } from './support/flex-backend.ts';
import { podDraft } from './support/objects.ts';

const source = { flexVolume: { driver: flexDriverName, options: { disk: 'd-1' } } };
const longest = 10 * 60_000;

describe('the attach/detach controller with FlexVolume drivers beside it', () => {
  let world: AttachWorld;
  let plane: AttachWorld['plane'];
  let backend: FlexBackend;

  beforeEach(async () => {
    world = await AttachWorld.start();
    ({ plane } = world);
    backend = await FlexBackend.create(plane.clock);
    await world.createVolume('v', ['ReadWriteOnce'], 'default', source);
  });
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
  });

  const start = (client = plane.clientOf(attachComponent)) => world.start({ flexPlugin: backend.plugin }, client);
  const attached = () => [...backend.attached].sort();
  const told = async (node: string) => (await plane.client.get(nodes, { name: node })).status?.volumesAttached ?? [];
  const notesOn = async (node: string) => {
    const { annotations = {} } = (await plane.client.get(nodes, { name: node })).metadata;
    return Object.entries(annotations).flatMap(([key, value]) =>
      key.startsWith('flexvolume.stowage.io/') ? [JSON.parse(value).volume] : [],
    );
  };
  const onN1 = { name: flexVolume('v'), devicePath: '/dev/v-on-n1' };

  async function createInlinePod(name: string, nodeName: string, driver = flexDriverName): Promise<void> {
    const draft = podDraft(name);
    const volumes = [{ name: 'inline', flexVolume: { driver } }];
    await plane.client.create(pods, { ...draft, spec: { ...draft.spec, nodeName, volumes } });
    await plane.clock.settle();
  }

  it('[M5] [M9] [D4] [D6] attaches a volume, tells node and pod, and detaches it when the node lets go', async () => {
    await start();
    await world.createPod('p', 'n1');
    expect(attached()).toEqual(['v@n1']);
    expect(await told('n1')).toEqual([onN1]);
    expect(await notesOn('n1')).toEqual([flexVolume('v')]);
    expect(await plane.eventsOf('p')).toEqual([
      'Normal SuccessfulAttachVolume AttachVolume.Attach succeeded for volume "v" ',
    ]);
    expect((await plane.client.list(volumeAttachments)).items).toEqual([]);
    await world.reportInUse('n1', flexVolume('v'));
    await world.deletePod('p');
    await plane.clock.advance(30 * 60_000);
    expect(attached()).toEqual(['v@n1']);
    await world.reportInUse('n1');
    expect(attached()).toEqual([]);
    expect(await told('n1')).toEqual([]);
    expect(await notesOn('n1')).toEqual([]);
    expect(backend.calls().filter((call) => !call.startsWith('isattached'))).toEqual(['attach n1', 'detach v n1']);
    expect(backend.exec.commands().slice(0, 3)).toEqual(['init', 'getvolumename', 'attach']);
    const call = backend.exec.calls.find((each) => each.startsWith('attach')) ?? '';
    expect(JSON.parse(call.slice('attach '.length, call.lastIndexOf(' ')))).toEqual({
      disk: 'd-1',
      'kubernetes.io/fsType': '',
      'kubernetes.io/pvOrVolumeName': 'v',
      'kubernetes.io/readwrite': 'rw',
    });
  });

  it('[M9] attaches the volume in a pod itself, to every node that has such a pod', async () => {
    await start();
    await createInlinePod('a', 'n1');
    await createInlinePod('b', 'n2');
    expect(attached()).toEqual(['inline@n1', 'inline@n2']);
    await world.deletePod('a');
    expect(attached()).toEqual(['inline@n2']);
  });

  it('[M4] [M9] attaches nothing for drivers that do not attach, and for those it does not have', async () => {
    backend = await FlexBackend.create(plane.clock, { ...success, capabilities: { attach: false } });
    await start();
    await world.createPod('p', 'n1');
    await createInlinePod('other', 'n1', 'k8s/unknown');
    await plane.clock.advance(longest);
    expect(backend.calls()).toEqual([]);
    expect(await told('n1')).toEqual([]);
  });

  it('[M5] takes a volume for attached whose driver has no command for it', async () => {
    for (const command of ['attach', 'detach', 'isattached']) backend.exec.answers.set(command, notSupported);
    await start();
    await world.createPod('p', 'n1');
    expect(await told('n1')).toEqual([{ name: flexVolume('v'), devicePath: '' }]);
    await world.deletePod('p');
    expect(await told('n1')).toEqual([]);
    expect(await notesOn('n1')).toEqual([]);
    await world.createPod('again', 'n1');
    await plane.clock.advance(longest);
    await world.deletePod('again');
    expect(backend.calls(), 'each once').toEqual(['attach n1', 'detach v n1', 'isattached n1']);
  });

  it('[D2] needs no more rights than upstream gives to it', async () => {
    const groups = ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'];
    const account = { user: 'system:serviceaccount:kube-system:attachdetach-controller', groups };
    // Leases are read with the rights of the controller manager.
    const options = { flexPlugin: backend.plugin, reader: plane.client };
    await world.start(options, plane.clientAs(account, attachComponent));
    await world.createPod('p', 'n1');
    expect(await told('n1')).toEqual([onN1]);
    await world.deletePod('p');
    expect([attached(), await notesOn('n1')]).toEqual([[], []]);
  });

  it('[D2] [M9] leaves nodes alone that did not opt in', async () => {
    await world.createNode('own', {});
    await start();
    await world.createPod('p', 'own');
    expect(backend.calls()).toEqual([]);
  });

  it('[M2] [M9] attaches when the driver is installed, and keeps what it attached when the driver is removed', async () => {
    backend.uninstall();
    await start();
    await world.createPod('p', 'n1');
    await plane.clock.advance(60_000);
    expect(attached()).toEqual([]);
    await backend.install();
    await plane.clock.settle();
    expect(await told('n1')).toEqual([onN1]);
    backend.uninstall();
    await plane.clock.advance(longest);
    expect(await told('n1')).toEqual([onN1]);
    await world.deletePod('p');
    await plane.clock.advance(60_000);
    expect(attached(), 'nobody can detach it').toEqual(['v@n1']);
    expect(await notesOn('n1')).toEqual([flexVolume('v')]);
    await backend.install();
    await plane.clock.advance(longest);
    expect(attached()).toEqual([]);
  });

  it.each([
    ['says no', failure('no quota'), 'attach command failed, status: Failure, reason: no quota'],
    ['hangs', hung(), 'timeout: attach did not end within 120 s and was killed'],
    ['dies', died({ exitCode: 139 }), 'unexpected end of JSON input (exit status 139)'],
    ['talks nonsense', 'what?', "invalid character 'w' looking for beginning of value"],
  ])('[M3] [D6] [rel-X41] says why it cannot attach when the driver %s, and tries again', async (_how, answer, why) => {
    const attach = backend.exec.answers.get('attach') ?? '';
    backend.exec.answers.set('attach', answer);
    await start();
    await world.createPod('p', 'n1');
    await plane.clock.advance(3_000);
    expect(await plane.eventsOf('p')).toEqual([
      `Warning FailedAttachVolume AttachVolume.Attach failed for volume "v" : ${why}`,
    ]);
    expect(backend.calls()).toHaveLength(3);
    expect(await told('n1')).toEqual([]);
    backend.exec.answers.set('attach', attach);
    await plane.clock.advance(longest);
    expect(await told('n1')).toEqual([onN1]);
  });

  it('[D5] [rel-D1] has a volume on one node at a time, and says who has it', async () => {
    await start();
    await world.createPod('first', 'n1');
    await world.reportInUse('n1', flexVolume('v'));
    await world.createPod('second', 'n2');
    await plane.clock.advance(longest);
    expect(attached()).toEqual(['v@n1']);
    expect(await plane.eventsOf('second')).toEqual([
      'Warning FailedAttachVolume Multi-Attach error for volume "v" Volume is already used by pod(s) first',
    ]);
    await world.deletePod('first');
    await world.reportInUse('n1');
    await plane.clock.settle();
    expect(attached()).toEqual(['v@n2']);
    expect(backend.mostNodes).toBe(1);
  });

  it('[D5] [M9] has a volume on many nodes that many may read', async () => {
    await world.createVolume('shared', ['ReadOnlyMany'], 'default', source);
    await start();
    for (const node of ['n1', 'n2']) await world.createPod(`on-${node}`, node, 'shared');
    expect(attached()).toEqual(['shared@n1', 'shared@n2']);
  });

  const uncertainAttaches = [
    ['is killed at its deadline', hung()],
    ['says that it failed', failure('but it is there')],
    ['answers nothing', ''],
  ] as const;
  it.each(uncertainAttaches)(
    '[D4] [rel-D1] [rel-D8] detaches what may be attached before another node has it, when the driver %s',
    async (_how, answer) => {
      const { exec } = backend;
      exec.answers.set('attach', ([, , node = '']) => {
        const attachedTo = backend.attach('v', node);
        return node === 'n1' ? answer : attachedTo;
      });
      await start();
      await world.createPod('p', 'n1');
      expect(await told('n1')).toEqual([]);
      await world.deletePod('p');
      await world.createPod('moved', 'n2');
      await plane.clock.advance(longest);
      expect(backend.calls().filter((call) => call.startsWith('detach'))).toEqual(['detach v n1']);
      expect(await told('n2')).toEqual([{ name: flexVolume('v'), devicePath: '/dev/v-on-n2' }]);
      expect(backend.mostNodes).toBe(1);
      expect(await notesOn('n1')).toEqual([]);
    },
  );

  it('[D6] [rel-D8] tells pods why it cannot detach, and attaches anew before a node is told again', async () => {
    const detach = backend.exec.answers.get('detach') ?? '';
    backend.exec.answers.set('detach', failure('stuck'));
    await start();
    await world.createPod('p', 'n1');
    await world.deletePod('p');
    await world.createPod('back', 'n1');
    await plane.clock.advance(1_000);
    expect(backend.calls()).toEqual(['attach n1', 'detach v n1', 'attach n1']);
    expect(await told('n1')).toEqual([onN1]);
    await world.deletePod('back');
    await world.createPod('elsewhere', 'n2');
    await plane.clock.advance(longest);
    const events = (await plane.eventsOf('elsewhere')).join('\n');
    expect(events).toContain('Warning FailedAttachVolume Multi-Attach error for volume "v"');
    expect(events).toContain('detach command failed, status: Failure, reason: stuck');
    expect(attached()).toEqual(['v@n1']);
    backend.exec.answers.set('detach', detach);
    await plane.clock.advance(longest);
    expect(attached()).toEqual(['v@n2']);
  });

  it('[D10] [M5] asks now and then whether a volume is attached, and attaches it again when it is not', async () => {
    await start();
    await world.createPod('p', 'n1');
    await plane.clock.advance(60_000);
    expect(backend.calls()).toEqual(['attach n1', 'isattached n1']);
    backend.attached.clear();
    await plane.clock.advance(60_000);
    expect(backend.calls()).toEqual(['attach n1', 'isattached n1', 'isattached n1', 'attach n1']);
    expect(await told('n1')).toEqual([onN1]);
    backend.exec.answers.set('isattached', failure('who knows'));
    await plane.clock.advance(longest);
    expect(await told('n1')).toEqual([onN1]);
  });

  it('[D7] [rel-A16] takes over what its predecessor attached, with the path of the device', async () => {
    const first = await start();
    await world.createPod('p', 'n1');
    await first[Symbol.asyncDispose]();
    const { resourceVersion } = (await plane.client.get(nodes, { name: 'n1' })).metadata;
    await start();
    await plane.clock.advance(30_000);
    expect(backend.calls()).toEqual(['attach n1']);
    expect((await plane.client.get(nodes, { name: 'n1' })).metadata.resourceVersion).toBe(resourceVersion);
    await world.deletePod('p');
    expect(attached()).toEqual([]);
  });

  it('[D7] takes over what another program attached, which left no note', async () => {
    backend.attach('v', 'n1');
    const body = { status: { volumesAttached: [onN1, { name: 'some/other/volume', devicePath: 'x' }] } };
    await plane.client.patch(nodes, { name: 'n1' }, { type: 'merge', body }, { subresource: 'status' });
    await start();
    expect(backend.calls()).toEqual(['detach v n1']);
    expect(await told('n1'), 'not ours to judge').toEqual([{ name: 'some/other/volume', devicePath: 'x' }]);
  });

  it('[rel-A16] [rel-D2] does not detach on what it saw before another controller gave the volume back to the node', async () => {
    const { client: lagging, hold, release } = laggingClient(plane.clientOf(attachComponent), 'Pod');
    const halted = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    let halts = 0;
    const patch: Client['patch'] = async (type, key, body, ...rest) => {
      if (JSON.stringify(body).includes('detachedBy') && halts++ === 0) {
        halted.resolve();
        await goOn.promise;
      }
      return await lagging.patch(type, key, body, ...rest);
    };
    await start({ ...lagging, patch });
    await world.createPod('a', 'n1');
    await world.deletePod('a');
    await halted.promise;
    hold();
    await world.createPod('again', 'n1');
    await start();
    await world.reportInUse('n1', flexVolume('v'));
    expect(await told('n1'), 'the agent mounts').toEqual([onN1]);
    goOn.resolve();
    await plane.clock.advance(5 * 60_000);
    expect(backend.calls().filter((call) => call.startsWith('detach'))).toEqual([]);
    release();
    await plane.clock.settle();
    expect(await told('n1')).toEqual([onN1]);
  });

  it('[rel-D2] [rel-F-ND3] detaches from a node that was deleted when its agent has been silent', async () => {
    await start();
    await world.createPod('p', 'n1');
    await world.reportInUse('n1', flexVolume('v'));
    await world.deleteNode('n1');
    await world.deletePod('p');
    await plane.clock.advance(10_000);
    expect(attached()).toEqual(['v@n1']);
    await plane.clock.advance(longest);
    expect(attached()).toEqual([]);
  });

  it('[rel-X41] [rel-R9] does not let a driver that hangs hold up other volumes', async () => {
    const { exec } = backend;
    exec.answers.set('attach', async ([, options = '', node = '']) => {
      if (options.includes('"v"')) await backend.hang();
      return backend.attach(JSON.parse(options)['kubernetes.io/pvOrVolumeName'], node);
    });
    await world.createVolume('csi');
    await world.startAttacher();
    await start();
    await world.createPod('slow', 'n1');
    await createInlinePod('quick', 'n1');
    await world.createPod('csi', 'n1', 'csi');
    expect(attached()).toEqual(['inline@n1']);
    expect(world.published()).toEqual(['h-csi@n1']);
    await plane.clock.advance(120_000);
    expect(attached()).toEqual(['inline@n1', 'v@n1']);
  });

  it('[rel-L12] writes nothing at rest', async () => {
    await start();
    await world.createPod('p', 'n1');
    const { resourceVersion } = await plane.client.list(nodes);
    await plane.clock.advance(30 * 60_000);
    expect((await plane.client.list(nodes)).resourceVersion).toBe(resourceVersion);
  });

  const kills = [0, 1, 2, 3, 4].flatMap((at) => [[at, false] as const, [at, true] as const]);
  it.each(kills)(
    '[rel-D8] [rel-L10] forgets nothing when it is killed at write %i, landed: %s',
    async (afterWrites, lastWriteLands) => {
      const mortal = mortalClient(plane.clientOf(attachComponent), { afterWrites, lastWriteLands });
      const first = await start(mortal.client);
      await world.createPod('p', 'n1');
      await world.deletePod('p');
      await plane.clock.advance(1_000);
      await first[Symbol.asyncDispose]();
      await start();
      await world.createPod('moved', 'n2');
      await plane.clock.advance(longest);
      expect(attached()).toEqual(['v@n2']);
      expect(backend.mostNodes).toBe(1);
      expect(await told('n1')).toEqual([]);
      expect(await notesOn('n1')).toEqual([]);
      expect(await notesOn('n2')).toEqual([flexVolume('v')]);
    },
  );

  it.each(['attach', 'detach'])(
    '[rel-D8] [rel-F-CT2] forgets nothing when it is killed while %s runs',
    async (command) => {
      const answer = backend.exec.answers.get(command);
      backend.exec.answers.set(command, async (args) => {
        const result = typeof answer === 'function' ? await answer(args) : '';
        await backend.hang();
        return result;
      });
      const first = await start();
      await world.createPod('p', 'n1');
      if (command === 'detach') {
        await world.deletePod('p');
        await plane.clock.settle();
      }
      await first[Symbol.asyncDispose]();
      if (command === 'attach') await world.deletePod('p');
      if (answer) backend.exec.answers.set(command, answer);
      await world.createPod('moved', 'n2');
      await start();
      await plane.clock.advance(longest);
      expect(attached()).toEqual(['v@n2']);
      expect(backend.mostNodes).toBe(1);
      expect(await notesOn('n1')).toEqual([]);
      expect(backend.calls().filter((call) => call === 'detach v n1').length).toBeGreaterThan(0);
    },
  );
});
