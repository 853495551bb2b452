import { expect, it } from 'vitest';
import { DecisionLog, seededRandom } from '../../../src/base/index.ts';
import { createInformerFactory } from '../../../src/client/index.ts';
import { snapshotControllerName, startSnapshotController } from '../../../src/controllers/index.ts';
import { MetricsRegistry } from '../../../src/metrics/index.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { mortalClient } from '../support/controllers.ts';
import { slowClient } from '../support/slow-client.ts';
import { ready, readyContent, snap, taken, usual } from './objects.ts';
import { World } from './world.ts';

const restored = { name: 'restored', restores: 'snap' };

it.each([1, 2, 3, 4])(
  '[rel-F-CT3] [S2] [S4] two snapshot controllers at once, both slow, end as one does (seed %i)',
  async (seed) => {
    await using plane = await ControlPlane.start();
    const world = new World(plane);
    await world.createAll({ ...usual, snapshots: [{ name: 'snap', of: 'data' }] });
    const stop = new AbortController();
    const client = () => {
      const { clock } = plane;
      const random = seededRandom(seed);
      const slowness = { clock, random, signal: stop.signal, callMs: 200, watchMs: 2_000 };
      return slowClient(plane.clientOf(snapshotControllerName), slowness);
    };
    for (const one of [client(), client()]) await world.start({}, one);
    const rest = () => plane.clock.advance(60_000);
    await rest();
    await world.answer(taken);
    await rest();
    expect(await world.pictures()).toEqual([
      'snap gold ready of own 1Gi at 2023-11-14T22:13:20Z [source bound]',
      'own to snap Delete gold [held]',
      'data Bound',
    ]);
    await world.createClaim(restored);
    await world.deleteSnapshot();
    await rest();
    expect((await world.content('own')).metadata.deletionTimestamp).toBeUndefined();
    await world.setPhase('restored', 'Bound');
    await rest();
    await world.deleteSnapshots();
    await rest();
    expect(await world.pictures()).toEqual(['data Bound', 'restored Bound']);
    stop.abort();
  },
);

it('[W6] the snapshot controller writes the status of snapshots, the spec of contents, and finalizers', async () => {
  await using plane = await ControlPlane.start();
  const world = new World(plane);
  const snapshots = [snap, { name: 'two', from: 'kept' }];
  await world.createAll({ ...usual, snapshots, contents: [{ name: 'kept', for: 'two', handle: 'h' }] });
  const kill = { afterWrites: Number.POSITIVE_INFINITY, lastWriteLands: true };
  const { client, writes } = mortalClient(plane.clientOf(snapshotControllerName), kill);
  await world.start({}, client);
  await world.answer(taken);
  await world.deleteSnapshot();
  await world.deleteSnapshots();
  expect([...new Set(writes)].sort()).toEqual([
    'create VolumeSnapshotContent',
    'delete VolumeSnapshotContent',
    'patch VolumeSnapshotContent',
    'update PersistentVolumeClaim',
    'update VolumeSnapshot',
    'update VolumeSnapshot/status',
    'update VolumeSnapshotContent',
  ]);
});

it('counts how snapshots end, also those that existed', async () => {
  await using plane = await ControlPlane.start();
  const world = new World(plane);
  const snapshots = [snap, { name: 'two', from: 'kept' }];
  await world.createAll({ ...usual, snapshots, contents: [{ name: 'kept', for: 'two', handle: 'h' }] });
  const { clock, random, logger, client } = plane;
  const metrics = new MetricsRegistry();
  const informers = createInformerFactory({ client, clock, logger, random });
  const recorder = plane.recorder(snapshotControllerName);
  await using stack = new AsyncDisposableStack();
  stack.use(informers);
  stack.use(startSnapshotController({ client, informers, recorder, clock, random, logger, metrics }));
  await clock.settle();
  await world.answer({ ...taken, readyToUse: false }, 'kept');
  await world.answer({ ...taken, readyToUse: false, restoreSize: 7 }, 'kept');
  await world.answer(taken, 'kept');
  await world.deleteSnapshot();
  await world.deleteSnapshot('two');
  await world.deleteSnapshots();
  const counts = (await metrics.print()).matchAll(/operation_total_seconds_count\{(.*)\} (\d+)/g);
  const shown = [...counts].map(([, labels = '', count]) => {
    const [, name, type, status] = [...labels.matchAll(/"(.*?)"/g)].map(([, value]) => value);
    return `${type} ${name} ${status} ${count}`;
  });
  expect(shown.sort()).toEqual([
    'dynamic CreateSnapshot cancel 1',
    'dynamic CreateSnapshotAndReady cancel 1',
    'dynamic DeleteSnapshot success 1',
    'pre-provisioned CreateSnapshot success 1',
    'pre-provisioned CreateSnapshotAndReady success 1',
    'pre-provisioned DeleteSnapshot success 1',
  ]);
});

it('keeps what it decided last on each snapshot, for whoever asks', async () => {
  await using plane = await ControlPlane.start();
  const world = new World(plane);
  const claims = [...usual.claims, restored];
  const snapshots = [ready, { name: 'two', of: 'none', className: 'gold' }];
  await world.createAll({ ...usual, claims, snapshots, contents: [readyContent] });
  const { clock, random, logger, client } = plane;
  const decisions = new DecisionLog(clock);
  const informers = createInformerFactory({ client, clock, logger, random });
  const recorder = plane.recorder(snapshotControllerName);
  await using stack = new AsyncDisposableStack();
  stack.use(informers);
  stack.use(startSnapshotController({ client, informers, recorder, clock, random, logger, decisions }));
  await clock.settle();
  const last = (name: string) => decisions.get(`volumesnapshot/default/${name}`)?.decision;
  expect(last('snap')).toEqual({ kind: 'take' });
  expect(last('two')).toMatchObject({ kind: 'wait', reason: 'SnapshotContentCreationFailed' });
  await world.deleteSnapshot();
  expect(last('snap')).toMatchObject({ kind: 'wait', reason: 'SnapshotDeletePending' });
  await world.setPhase('restored', 'Bound');
  expect(last('snap')).toEqual({ kind: 'release' });
  await world.deleteSnapshots();
  expect(last('snap')).toBeUndefined();
});
