/** What the snapshot controller does with old caches: it destroys and binds on what the API server says. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { volumeSnapshotContents } from '../../../src/api/index.ts';
import type { Client } from '../../../src/client/index.ts';
import { snapshotControllerName } from '../../../src/controllers/index.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { blindClient, laggingClient } from '../support/controllers.ts';
import { type GivenContent, ready, readyContent, usual } from './objects.ts';
import { World } from './world.ts';

describe('the snapshot controller with an old cache', () => {
  let world: World;
  beforeEach(async () => {
    world = new World(await ControlPlane.start());
  });
  afterEach(async () => {
    await world.plane[Symbol.asyncDispose]();
  });

  const client = (): Client => world.plane.clientOf(snapshotControllerName);
  const kept: GivenContent = { name: 'kept', for: 'snap', handle: 'h' };

  it('[S4] keeps a snapshot that is being restored for a claim which only the server knows', async () => {
    const claims = [...usual.claims, { name: 'restored', restores: 'snap' }];
    await world.createAll({ ...usual, claims, snapshots: [ready], contents: [readyContent] });
    await world.start({}, blindClient(client(), 'PersistentVolumeClaim'));
    await world.deleteSnapshot();
    await world.plane.clock.advance(60_000);
    const { annotations, deletionTimestamp } = (await world.content('own')).metadata;
    expect([annotations, deletionTimestamp]).toEqual([undefined, undefined]);
    await world.setPhase('restored', 'Bound');
    await world.plane.clock.advance(10_000);
    await world.deleteSnapshots();
    expect(await world.pictures()).toEqual(['data Bound', 'restored Bound']);
  });

  it('[S4] keeps a content whose policy has just been changed to Retain', async () => {
    await world.createAll({ ...usual, snapshots: [ready], contents: [readyContent] });
    const inner = client();
    const raced: Client = {
      ...inner,
      patch: async (type, key, patch, options) => {
        const patched = await inner.patch(type, key, patch, options);
        if (type.kind === 'VolumeSnapshotContent')
          await world.client.patch(type, key, { type: 'merge', body: { spec: { deletionPolicy: 'Retain' } } });
        return patched;
      },
    };
    await world.start({}, raced);
    await world.deleteSnapshot();
    await world.plane.clock.advance(10_000);
    expect(await world.pictures()).toEqual(['own of a gone one to gone snap Retain gold [held] let go', 'data Bound']);
  });

  it('[S4] [rel-L7] keeps a snapshot whose content the cache does not show', async () => {
    await world.createAll({ ...usual, snapshots: [ready], contents: [readyContent] });
    await world.start({}, blindClient(client(), 'VolumeSnapshotContent'));
    await world.deleteSnapshot();
    expect(await world.pictures()).toEqual([
      'snap gold ready of own 1Gi at 2023-11-14T22:13:20Z [bound] terminating',
      'own to snap Delete gold [held] let go terminating',
      'data Bound',
    ]);
  });

  it('[W3] does not call a content missing that the cache does not show', async () => {
    await world.createAll({ ...usual, snapshots: [ready], contents: [readyContent] });
    await world.start({}, blindClient(client(), 'VolumeSnapshotContent'));
    await world.plane.clock.advance(60_000);
    expect((await world.pictures())[0]).toBe('snap gold ready of own 1Gi at 2023-11-14T22:13:20Z [source bound]');
    expect(await world.events()).toEqual([]);
  });

  it('[S2] finds the content that the cache does not show, and takes no second snapshot', async () => {
    await world.createAll({
      ...usual,
      snapshots: [{ name: 'snap', of: 'data', className: 'gold', finalizers: ['source'] }],
      contents: [{ name: 'own', to: 'snap', className: 'gold', isHeld: true }],
    });
    await world.start({}, blindClient(client(), 'VolumeSnapshotContent'));
    expect(await world.pictures()).toEqual([
      'snap gold unready of own [source]',
      'own to snap Delete gold [held]',
      'data Bound [protected]',
    ]);
    expect(await world.events()).toEqual([]);
  });

  it('[S2] [rel-L6] lets no claim go while a snapshot is taken of it that only the server knows', async () => {
    const claims = [{ name: 'data', volume: 'pv', isProtected: true }];
    await world.createAll({ ...usual, claims, snapshots: [{ name: 'snap', of: 'data', className: 'gold' }] });
    await world.start({}, blindClient(client(), 'VolumeSnapshot'));
    await world.plane.clock.advance(60_000);
    expect((await world.pictures()).at(-1)).toBe('data Bound [protected]');
    await world.deleteSnapshot();
    await world.plane.clock.advance(10_000);
    expect(await world.pictures()).toEqual(['data Bound']);
  });

  it('[S5] binds no content to a snapshot that is gone, but to the one that has its name now', async () => {
    const lagging = laggingClient(client(), 'VolumeSnapshot');
    await world.createAll({ snapshots: [{ name: 'snap', from: 'kept' }] });
    await world.start({}, lagging.client);
    lagging.hold();
    await world.patchSnapshot({ metadata: { finalizers: null } });
    await world.deleteSnapshot();
    await world.createSnapshot({ name: 'snap', from: 'kept' });
    await world.createContent(kept);
    await world.plane.clock.advance(60_000);
    expect((await world.content('kept')).spec.volumeSnapshotRef.uid).toBeUndefined();
    lagging.release();
    await world.plane.clock.advance(10_000);
    const { uid } = (await world.snapshot('snap')).metadata;
    expect((await world.content('kept')).spec.volumeSnapshotRef.uid).toBe(uid);
  });

  it('[S2] [rel-C2] makes no content for a snapshot that is gone', async () => {
    const lagging = laggingClient(client(), 'VolumeSnapshot');
    await world.createAll({ ...usual, classes: [], snapshots: [{ name: 'snap', of: 'data', className: 'gold' }] });
    await world.start({}, lagging.client);
    lagging.hold();
    await world.deleteSnapshot();
    await world.createClass({ name: 'gold' });
    await world.plane.clock.advance(60_000);
    expect((await world.client.list(volumeSnapshotContents)).items).toEqual([]);
    lagging.release();
    await world.plane.clock.advance(1_000);
    expect(await world.pictures()).toEqual(['data Bound']);
  });

  it('[S2] protects the claim again when its protection was taken away in between', async () => {
    await world.createAll({ ...usual, snapshots: [{ name: 'snap', of: 'data', className: 'gold' }] });
    await world.start();
    await world.patchClaim('data', { metadata: { finalizers: null } });
    expect((await world.pictures()).at(-1)).toBe('data Bound [protected]');
  });
});
