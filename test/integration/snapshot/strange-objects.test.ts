/** Objects that this API server refuses, and one of a real cluster may still have from before it did. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject, VolumeSnapshot, VolumeSnapshotContent } from '../../../src/api/index.ts';
import type { Client } from '../../../src/client/index.ts';
import { snapshotControllerName } from '../../../src/controllers/index.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { snap, usual } from './objects.ts';
import { World } from './world.ts';

/** A client that sees the objects of a kind changed. */
function seeingClient<T extends KubernetesObject>(client: Client, kind: string, change: (object: T) => T): Client {
  const changed = <O extends KubernetesObject>(object: O): O =>
    object.kind === kind && 'spec' in object ? (change(object as unknown as T) as unknown as O) : object;
  return {
    ...client,
    get: async (...args) => changed(await client.get(...args)),
    watch: async (type, options) => {
      const stream = await client.watch(type, options);
      async function* all() {
        for await (const event of stream)
          yield event.type === 'ERROR' || event.type === 'BOOKMARK'
            ? event
            : { ...event, object: changed(event.object) };
      }
      return {
        [Symbol.asyncIterator]: all,
        [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
      } as typeof stream;
    },
  };
}

describe('the snapshot controller', () => {
  let world: World;
  beforeEach(async () => {
    world = new World(await ControlPlane.start());
  });
  afterEach(async () => {
    await world.plane[Symbol.asyncDispose]();
  });

  const client = (): Client => world.plane.clientOf(snapshotControllerName);

  it('[S3] tells of a snapshot with two sources, and does nothing', async () => {
    await world.createAll({ ...usual, snapshots: [snap] });
    const both = (snapshot: VolumeSnapshot): VolumeSnapshot => {
      const source = { ...snapshot.spec.source, volumeSnapshotContentName: 'kept' };
      return { ...snapshot, spec: { ...snapshot.spec, source } };
    };
    await world.start({}, seeingClient(client(), 'VolumeSnapshot', both));
    const why = 'Exactly one of PersistentVolumeClaimName and VolumeSnapshotContentName should be specified';
    expect(await world.events()).toEqual([`snap Warning SnapshotValidationError ${why}`]);
    expect(await world.pictures()).toEqual([`snap gold unready because: ${why}`, 'data Bound']);
  });

  const twoHandles = (content: VolumeSnapshotContent): VolumeSnapshotContent => {
    const source = { snapshotHandle: 'h', ...content.spec.source };
    return { ...content, spec: { ...content.spec, source } };
  };

  it('[S3] tells of a content with two sources, and binds nothing to it', async () => {
    await world.createAll({ ...usual, snapshots: [snap], contents: [{ name: 'own', to: 'snap', className: 'gold' }] });
    await world.start({}, seeingClient(client(), 'VolumeSnapshotContent', twoHandles));
    const { name } = (await world.content('own')).metadata;
    expect(await world.events()).toEqual([
      `${name} Warning ContentValidationError Exactly one of VolumeHandle and SnapshotHandle should be specified`,
      'snap Warning SnapshotHandleSet Snapshot handle should not be set in content default/snap for dynamic provisioning',
    ]);
    expect((await world.snapshot('snap')).status?.boundVolumeSnapshotContentName).toBeUndefined();
  });

  it('leaves the members of groups to whoever takes group snapshots', async () => {
    await world.createAll({ ...usual, snapshots: [snap] });
    await world.patchSnapshot({
      metadata: { finalizers: ['snapshot.storage.kubernetes.io/volumesnapshot-in-group-protection'] },
    });
    await world.start();
    const finalizer = 'snapshot.storage.kubernetes.io/volumesnapshot-in-group-protection';
    expect(await world.pictures()).toEqual([`snap gold [${finalizer}]`, 'data Bound']);
    await world.deleteSnapshot();
    expect(await world.pictures()).toEqual([`snap gold [${finalizer}] terminating`, 'data Bound']);
  });

  it('is refused nothing with the rights of upstream’s role', async () => {
    const groups = ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'];
    const user = 'system:serviceaccount:kube-system:snapshot-controller';
    await world.createAll({ ...usual, nodes: ['n1'], snapshots: [{ name: 'snap', of: 'data' }] });
    const settings = { distributedSnapshotting: true };
    await world.start(settings, world.plane.clientAs({ user, groups }, snapshotControllerName));
    await world.plane.clock.advance(1_000);
    await world.answer({ readyToUse: true, restoreSize: 1, snapshotHandle: 'h', creationTime: 1 });
    await world.createSnapshot({ name: 'two', from: 'kept' });
    await world.createContent({ name: 'kept', for: 'two', handle: 'h' });
    await world.plane.clock.advance(10_000);
    expect(await world.pictures()).toEqual([
      'snap gold ready of own 1 at 1970-01-01T00:00:00Z [source bound]',
      'two unready of kept [source bound]',
      'kept to two Delete [held]',
      'own to snap Delete gold [held]',
      'data Bound',
    ]);
    await world.deleteSnapshot();
    await world.deleteSnapshot('two');
    await world.deleteSnapshots();
    await world.plane.clock.advance(10_000);
    expect(await world.pictures()).toEqual(['data Bound']);
  });
});
