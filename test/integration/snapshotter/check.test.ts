/** Contents of snapshots that exist already: they are looked up, if the driver can do so. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ControllerCapability } from '../../../src/csi/index.ts';
import { Code } from '../support/fake-driver.ts';
import { type ContentOptions, SnapshotWorld } from '../support/snapshot-world.ts';

let world: SnapshotWorld;
beforeEach(async () => {
  world = await SnapshotWorld.start();
  world.snapshots.taken.set('by-hand', { id: 'sid', sourceVolumeId: 'vol' });
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const createdNs = 1_700_000_000_123_456_000;
const existing: ContentOptions = { snapshotHandle: 'sid', className: '' };
const shown = { snapshotHandle: 'sid', creationTime: createdNs, restoreSize: 2 ** 30, readyToUse: true };
const listSecret = (name: string, namespace: string) => ({
  'csi.storage.k8s.io/snapshotter-list-secret-name': name,
  'csi.storage.k8s.io/snapshotter-list-secret-namespace': namespace,
});

describe('a content of a snapshot that exists', () => {
  it('[S5] shows what the driver says of it, and is not looked up again', async () => {
    await world.create(existing);
    await world.run();
    expect(world.snapshots.lookups).toEqual([{ snapshotId: 'sid', secrets: {} }]);
    expect(await world.status()).toEqual(shown);
    await world.plane.clock.advance(3_600_000);
    expect(world.snapshots.lookups).toHaveLength(1);
    expect(world.count('CreateSnapshot')).toBe(0);
    expect(await world.events()).toEqual([]);
  });

  it('[S5] is shown before it is bound', async () => {
    await world.create({ ...existing, refUid: '' });
    await world.run();
    expect(await world.status()).toEqual(shown);
  });

  it('[S5] [W3] is looked up until it is ready', async () => {
    world.snapshots.isReady = false;
    await world.create(existing);
    await world.run();
    await world.plane.clock.advance(3_000);
    expect(world.snapshots.lookups).toHaveLength(3);
    expect(await world.status()).toEqual({ ...shown, readyToUse: false });
    world.snapshots.isReady = true;
    await world.plane.clock.advance(4_000);
    expect(await world.status()).toEqual(shown);
  });

  it('[S5] is taken to exist when the driver cannot look it up', async () => {
    const { driver } = world.backend;
    const controllerCapabilities = new Set([ControllerCapability.CREATE_DELETE_SNAPSHOT]);
    await world.create(existing);
    await world.run({}, { driver: { ...driver, controllerCapabilities } });
    const creationTime = world.plane.clock.now() * 1_000_000;
    expect(await world.status()).toEqual({ snapshotHandle: 'sid', creationTime, readyToUse: true });
    expect(world.backend.calls).toEqual([]);
  });

  it('[S5] tells of its group', async () => {
    world.snapshots.groupSnapshotId = 'g';
    await world.create(existing);
    await world.run();
    expect(await world.status()).toEqual({ ...shown, volumeGroupSnapshotHandle: 'g' });
  });

  it('[S5] is found among others when the driver does not obey the filter', async () => {
    world.snapshots.obeysFilter = false;
    world.snapshots.taken.clear();
    world.snapshots.taken.set('first', { id: 'other', sourceVolumeId: 'vol' });
    world.snapshots.taken.set('second', { id: 'sid', sourceVolumeId: 'vol' });
    await world.create(existing);
    await world.run();
    expect(await world.status()).toEqual(shown);
  });

  it.each([
    ['plainly', listSecret('secret', 'default'), {}],
    ['by the name of the content', listSecret('${volumesnapshotcontent.name}', 'default'), { name: 'secret' }],
  ])('[S6] [W7] [S5] is looked up with the secret that the class names %s', async (_title, parameters, more) => {
    await world.createSecret('secret', { foo: 'bar' });
    await world.createClass('listed', parameters);
    await world.create({ ...existing, className: 'listed', ...more });
    await world.run();
    expect(world.snapshots.lookups).toEqual([{ snapshotId: 'sid', secrets: { foo: 'bar' } }]);
  });

  const both = 'either name and namespace for SnapshotterList secrets specified, Both must be specified';
  const empty = 'SnapshotterList secrets specified in parameters but value of either namespace or name is empty';
  const reference = 'failed to get secret reference for snapshot content c: ';
  const template = `${reference}failed to get name and namespace template from params: `;
  const failures: readonly [string, Record<string, string> | undefined, string][] = [
    [
      'has a class that does not exist',
      undefined,
      'failed to get snapshot class odd for snapshot content c: volumesnapshotclass.snapshot.storage.k8s.io "odd" not found',
    ],
    [
      'names a secret without a namespace',
      { 'csi.storage.k8s.io/snapshotter-list-secret-name': 'secret' },
      template + both,
    ],
    ['names an empty secret', listSecret('', 'default'), template + empty],
    [
      'asks for what a name may not hold',
      listSecret('${volumesnapshot.name}', 'default'),
      `${reference}error resolving value "\${volumesnapshot.name}": invalid tokens: ["volumesnapshot.name"]`,
    ],
    ['names no namespace', listSecret('secret', 'No'), `${reference}"No" is not a valid namespace name`],
    [
      'resolves to no name',
      listSecret('-${volumesnapshotcontent.name}', 'default'),
      `${reference}"-\${volumesnapshotcontent.name}" resolved to "-c" which is not a valid secret name`,
    ],
    [
      'names a secret that does not exist',
      listSecret('gone', 'default'),
      'failed to get credentials for snapshot content c: error getting secret gone in namespace default: secrets "gone" not found',
    ],
  ];

  it.each(failures)('[S6] [S3] whose class %s tells so', async (_title, parameters, reason) => {
    if (parameters) await world.createClass('odd', parameters);
    await world.create({ ...existing, className: 'odd' });
    await world.run();
    const message = `Failed to check and update snapshot content: ${reason}`;
    expect(await world.status()).toEqual({ readyToUse: false, error: message });
    expect(await world.events()).toEqual([`Warning SnapshotContentCheckandUpdateFailed ${message}`]);
    expect(world.snapshots.lookups).toEqual([]);
  });

  it('[S5] [S3] tells that the driver does not know it, and finds it when it does', async () => {
    world.snapshots.taken.clear();
    await world.create(existing);
    await world.run();
    const reason = JSON.stringify('can not find snapshot for snapshotID sid');
    const message = `Failed to check and update snapshot content: failed to list snapshot for content c: ${reason}`;
    expect(await world.status()).toEqual({ readyToUse: false, error: message });
    expect(await world.events()).toEqual([`Warning SnapshotContentCheckandUpdateFailed ${message}`]);
    world.snapshots.taken.set('by-hand', { id: 'sid', sourceVolumeId: 'vol' });
    await world.plane.clock.advance(1_000);
    expect(await world.status()).toEqual(shown);
  });

  it('[S5] [W5] tells what the driver answered to ListSnapshots, and tries again', async () => {
    world.backend.fail('refusals', 'ListSnapshots', Code.UNAVAILABLE);
    await world.create(existing);
    await world.run();
    const reason = JSON.stringify('rpc error: code = Unavailable desc = ordered by the test');
    expect(await world.events()).toEqual([
      `Warning SnapshotContentCheckandUpdateFailed Failed to check and update snapshot content: failed to list snapshot for content c: ${reason}`,
    ]);
    await world.plane.clock.advance(1_000);
    expect(await world.status()).toEqual(shown);
    expect(await world.isBeingCreated()).toBe(false);
  });
});
