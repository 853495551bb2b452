import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodes, persistentVolumeClaims, persistentVolumes, pods, storageClasses } from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { createInformerFactory } from '../../src/client/index.ts';
import { Scheduler } from '../../src/scheduler/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { claimDraft, classDraft, nodeDraft, podDraft, volumeDraft } from './support/objects.ts';

const component = 'default-scheduler';

describe('what the scheduler assumes before it is written', () => {
  let plane: ControlPlane;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    await plane.client.create(nodes, nodeDraft('n1'));
    await plane.client.create(storageClasses, classDraft('local', undefined, 'kubernetes.io/no-provisioner'));
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function start(client: Client): Promise<void> {
    const { clock, random, logger } = plane;
    const informers = plane.use(createInformerFactory({ client, clock, logger, random }));
    const recorder = plane.recorder(component);
    const scheduler = plane.use(new Scheduler({ client, informers, recorder, clock, logger }));
    informers.start();
    await clock.settle();
    scheduler.start();
  }

  async function createVolume(name: string): Promise<void> {
    const { metadata } = await plane.client.create(persistentVolumes, volumeDraft(name, 'local', 'n1'));
    const body = { status: { phase: 'Available' } };
    await plane.client.patch(persistentVolumes, metadata, { type: 'merge', body }, { subresource: 'status' });
  }

  async function createUser(name: string): Promise<void> {
    await plane.client.create(persistentVolumeClaims, claimDraft(name, 'local'));
    await plane.client.create(pods, podDraft(name, name));
  }

  const ownerOf = async (name: string) => (await plane.get(persistentVolumes, { name }))?.spec.claimRef?.name;
  const warningsOf = async (name: string) =>
    (await plane.eventsOf(name)).filter((event) => event.startsWith('Warning'));

  it('[rel-H4] a volume is promised to one of two pods that are placed at the same moment', async () => {
    await start(plane.clientOf(component));
    for (const name of ['v1', 'v2']) await createVolume(name);
    await Promise.all(['a', 'b'].map(createUser));
    await plane.clock.settle();
    expect([await ownerOf('v1'), await ownerOf('v2')].sort()).toEqual(['a', 'b']);
    expect([...(await warningsOf('a')), ...(await warningsOf('b'))]).toEqual([]);
  });

  it('[rel-H3] a volume whose binding could not be written is free for another pod', async () => {
    const seeing = plane.clientOf(component);
    let refuses = true;
    const client: Client = {
      ...seeing,
      update: async (type, ...rest) => {
        if (refuses && type.kind === 'PersistentVolume') throw new TypeError('refused by the test');
        return await seeing.update(type, ...rest);
      },
    };
    await start(client);
    await createVolume('v');
    await createUser('a');
    expect(await warningsOf('a')).toEqual([
      'Warning FailedScheduling running PreBind plugin "VolumeBinding": refused by the test',
    ]);
    await plane.client.delete(pods, { namespace: 'default', name: 'a' }, { gracePeriodSeconds: 0 });
    await plane.client.delete(persistentVolumeClaims, { namespace: 'default', name: 'a' });
    refuses = false;
    await createUser('b');
    await plane.clock.settle();
    expect(await ownerOf('v')).toBe('b');
  });
});
