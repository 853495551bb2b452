/**
 * The hostpath driver as a process, its Identity and Controller services called over its socket as an orchestrator calls
 * them: the cases of csi-sanity, and what the specification says about idempotency and errors.
 */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AccessMode,
  Code,
  ControllerCapability,
  type ControllerClient,
  PluginService,
  readControllerCapabilities,
  readPluginCapabilities,
} from '../../src/csi/index.ts';
import {
  accessMode,
  blockCapability,
  type CreateRequest,
  createVolume as createVolumeOf,
  failing,
  mebibyte,
  mountCapability,
  noVolume,
  strangeIds,
  uniqueName,
} from './csi-fixtures.ts';
import { DriverProcess } from './driver-process.ts';

let driver: DriverProcess;
let controller: ControllerClient;

beforeAll(async () => {
  driver = await DriverProcess.start([
    '--enable-attach',
    '--enable-topology=false',
    '--enable-controller-modify-volume',
  ]);
  controller = driver.controller();
});

afterAll(async () => {
  await driver[Symbol.asyncDispose]();
});

function createVolume(overrides: CreateRequest = {}): Promise<string> {
  return createVolumeOf(controller, overrides);
}

describe('Identity', () => {
  test('[N1] names itself as upstream does', async () => {
    const info = await driver.identity().getPluginInfo({});
    expect(info.name).toBe('hostpath.csi.k8s.io');
    expect(info.vendorVersion).not.toBe('');
  });

  test('[N1] is ready', async () => {
    expect((await driver.identity().probe({})).ready).toBe(true);
  });

  test('[N1] has a controller service, and says so on every socket', async () => {
    const { services } = readPluginCapabilities(await driver.identity().getPluginCapabilities({}));
    expect(services).toEqual(new Set([PluginService.CONTROLLER_SERVICE]));
  });
});

describe('CreateVolume', () => {
  test.each([
    ['no name', { name: '' }],
    ['no capabilities', { volumeCapabilities: [] }],
    ['a capability without access type', { volumeCapabilities: [{ accessMode }] }],
    ['both access types', { volumeCapabilities: [mountCapability, blockCapability] }],
    ['a negative size', { capacityRange: { requiredBytes: -1n } }],
    ['more required than the limit', { capacityRange: { requiredBytes: 2n, limitBytes: 1n } }],
    ['a name above 128 bytes', { name: 'n'.repeat(129) }],
    ['an unknown kind', { parameters: { kind: 'fast' } }],
  ])('[P10] refuses %s', async (_case, overrides) => {
    await expect(createVolume(overrides)).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
  });

  test('[P10] gives what was asked for, with and without a size', async () => {
    const { volume } = await controller.createVolume({
      name: uniqueName(),
      volumeCapabilities: [mountCapability],
      capacityRange: { requiredBytes: 10n * mebibyte, limitBytes: 20n * mebibyte },
      parameters: { color: 'red' },
    });
    expect(volume).toMatchObject({
      capacityBytes: 10n * mebibyte,
      volumeContext: { color: 'red' },
      accessibleTopology: [],
    });
    expect((await stat(driver.path('state', volume?.volumeId ?? ''))).mode & 0o777).toBe(0o777);
    await createVolume({ capacityRange: {} });
  });

  test('[P10] takes a name of 128 bytes', async () => {
    await createVolume({ name: 'n'.repeat(128) });
  });

  test('[N2] gives the same volume for the same name', async () => {
    const name = uniqueName();
    expect(await createVolume({ name })).toBe(await createVolume({ name }));
  });

  test('[P9] refuses the same name with another size', async () => {
    const name = uniqueName();
    await createVolume({ name });
    await expect(createVolume({ name, capacityRange: { requiredBytes: 20n * mebibyte } })).rejects.toMatchObject({
      code: Code.ALREADY_EXISTS,
      desc: `Volume with the same name: ${name} but with different size already exist`,
    });
    await expect(createVolume({ name, capacityRange: { limitBytes: 1n } })).rejects.toEqual(
      failing(Code.ALREADY_EXISTS),
    );
    await expect(createVolume({ name, volumeCapabilities: [blockCapability] })).rejects.toEqual(
      failing(Code.ALREADY_EXISTS),
    );
  });

  test('[P9] refuses a size above the largest volume', async () => {
    await expect(createVolume({ capacityRange: { requiredBytes: (1n << 40n) + 1n } })).rejects.toEqual(
      failing(Code.OUT_OF_RANGE),
    );
  });

  test('[P10] refuses sources that do not exist', async () => {
    const snapshot = { type: { case: 'snapshot' as const, value: { snapshotId: noVolume } } };
    const volume = { type: { case: 'volume' as const, value: { volumeId: noVolume } } };
    await expect(createVolume({ volumeContentSource: snapshot })).rejects.toEqual(failing(Code.NOT_FOUND));
    await expect(createVolume({ volumeContentSource: volume })).rejects.toEqual(failing(Code.NOT_FOUND));
  });

  test('[rel-F-DR5] has one effect when called twice at once', async () => {
    const name = uniqueName();
    const both = await Promise.allSettled([createVolume({ name }), createVolume({ name })]);
    const ids = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    for (const one of both) if (one.status === 'rejected') expect(one.reason).toEqual(failing(Code.ABORTED));
    expect(new Set([...ids, await createVolume({ name })]).size).toBe(1);
  });
});

describe('DeleteVolume', () => {
  test('[P10] refuses a missing id', async () => {
    await expect(controller.deleteVolume({})).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
  });

  test.each(strangeIds)(
    '[P10] [rel-S-FS10] succeeds for the id %j, which is no volume, and touches nothing',
    async (volumeId) => {
      const before = await readdir(driver.stateDirectory);
      await controller.deleteVolume({ volumeId });
      expect(await readdir(driver.stateDirectory)).toEqual(before);
    },
  );

  test('[P10] deletes the volume and what is in it, and again', async () => {
    const volumeId = await createVolume();
    await mkdir(driver.path('state', volumeId, 'a', 'b'), { recursive: true });
    await writeFile(driver.path('state', volumeId, 'a', 'b', 'file'), 'x');
    await controller.deleteVolume({ volumeId });
    await controller.deleteVolume({ volumeId });
    expect(await readdir(driver.stateDirectory)).not.toContain(volumeId);
  });
});

describe('ValidateVolumeCapabilities', () => {
  test('[P10] refuses a missing id or no capabilities, and a volume that does not exist', async () => {
    const validate = controller.validateVolumeCapabilities;
    await expect(validate({})).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
    await expect(validate({ volumeId: noVolume })).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
    const volumeCapabilities = [mountCapability];
    await expect(validate({ volumeId: noVolume, volumeCapabilities })).rejects.toEqual(failing(Code.NOT_FOUND));
  });

  test('[P10] confirms what the volume can do and no more', async () => {
    const volumeId = await createVolume();
    const validate = controller.validateVolumeCapabilities;
    const confirmed = await validate({ volumeId, volumeCapabilities: [mountCapability] });
    expect(confirmed.confirmed?.volumeCapabilities).toHaveLength(1);
    const refused = await validate({ volumeId, volumeCapabilities: [blockCapability] });
    expect(refused.confirmed).toBeUndefined();
    expect(refused.message).not.toBe('');
  });
});

describe('ControllerPublishVolume', () => {
  const publish = (request: Parameters<ControllerClient['controllerPublishVolume']>[0]) =>
    controller.controllerPublishVolume(request);

  test('[P10] refuses missing fields', async () => {
    await expect(publish({})).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
    await expect(publish({ volumeId: 'v' })).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
    await expect(publish({ volumeId: 'v', nodeId: 'n0' })).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
    await expect(controller.controllerUnpublishVolume({})).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
  });

  test('[P10] does not find a missing volume, nor a node it does not serve', async () => {
    const missing = { volumeId: noVolume, nodeId: 'n0', volumeCapability: mountCapability };
    await expect(publish(missing)).rejects.toEqual(failing(Code.NOT_FOUND));
    const volumeId = await createVolume();
    await expect(publish({ ...missing, volumeId, nodeId: 'some-fake-node-id' })).rejects.toEqual(
      failing(Code.NOT_FOUND),
    );
  });

  test('[N2] attaches again, but not with another readonly flag', async () => {
    const volumeId = await createVolume();
    const request = { volumeId, nodeId: 'n0', volumeCapability: mountCapability };
    await publish(request);
    await publish(request);
    await expect(publish({ ...request, readonly: true })).rejects.toEqual(failing(Code.ALREADY_EXISTS));
    await controller.controllerUnpublishVolume({ volumeId, nodeId: 'n0' });
    await controller.controllerUnpublishVolume({ volumeId, nodeId: 'n0' });
    await publish({ ...request, readonly: true });
  });

  test('[rel-D1] attaches a single-node volume to one node at a time, naming the other', async () => {
    const volumeId = await createVolume();
    const request = { volumeId, volumeCapability: mountCapability };
    await publish({ ...request, nodeId: 'n0' });
    await expect(publish({ ...request, nodeId: 'n1' })).rejects.toMatchObject({
      code: Code.FAILED_PRECONDITION,
      desc: expect.stringContaining('n0'),
    });
    await controller.controllerUnpublishVolume({ volumeId, nodeId: '' });
    await publish({ ...request, nodeId: 'n1' });
  });

  test('[N2] attaches a multi-node volume to both, and lists the nodes', async () => {
    const mode = { mode: AccessMode.MULTI_NODE_MULTI_WRITER };
    const volumeCapability = { ...mountCapability, accessMode: mode };
    const volumeId = await createVolume({ volumeCapabilities: [volumeCapability] });
    await publish({ volumeId, volumeCapability, nodeId: 'n0' });
    await publish({ volumeId, volumeCapability, nodeId: 'n1' });
    expect((await controller.controllerGetVolume({ volumeId })).status?.publishedNodeIds).toEqual(['n0', 'n1']);
    const { entries } = await controller.listVolumes({});
    const entry = entries.find(({ volume }) => volume?.volumeId === volumeId);
    expect(entry?.status?.publishedNodeIds).toEqual(['n0', 'n1']);
  });
});

describe('lists and capacity', () => {
  test('[P10] pages through the volumes without loss or repetition', async () => {
    for (let i = 0; i < 3; i++) await createVolume();
    const all = (await controller.listVolumes({})).entries.map(({ volume }) => volume?.volumeId);
    const paged: (string | undefined)[] = [];
    let startingToken = '';
    do {
      const { entries, nextToken } = await controller.listVolumes({ maxEntries: 2, startingToken });
      expect(entries.length).toBeLessThanOrEqual(2);
      paged.push(...entries.map(({ volume }) => volume?.volumeId));
      startingToken = nextToken;
    } while (startingToken !== '');
    expect(paged).toEqual(all);
  });

  test('[P10] refuses a token that is none, and a negative page', async () => {
    await expect(controller.listVolumes({ startingToken: 'invalid-token' })).rejects.toEqual(failing(Code.ABORTED));
    await expect(controller.listVolumes({ maxEntries: -1 })).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
    await expect(controller.listSnapshots({ startingToken: 'invalid-token' })).rejects.toEqual(failing(Code.ABORTED));
  });

  test('[P10] reports a capacity', async () => {
    const capacity = await controller.getCapacity({});
    expect(capacity).toMatchObject({
      availableCapacity: 1n << 40n,
      maximumVolumeSize: 1n << 40n,
      minimumVolumeSize: 0n,
    });
  });

  test('[P10] [Y1] lists its capabilities', async () => {
    const capabilities = readControllerCapabilities(await controller.controllerGetCapabilities({}));
    expect(capabilities).toContain(ControllerCapability.CREATE_DELETE_VOLUME);
    expect(capabilities).toContain(ControllerCapability.PUBLISH_UNPUBLISH_VOLUME);
    expect(capabilities).toContain(ControllerCapability.LIST_VOLUMES_PUBLISHED_NODES);
    expect(capabilities).not.toContain(ControllerCapability.UNKNOWN);
  });
});

describe('snapshots', () => {
  const createSnapshot = async (sourceVolumeId: string, name = uniqueName()): Promise<string> =>
    (await controller.createSnapshot({ sourceVolumeId, name })).snapshot?.snapshotId ?? '';

  test('[P10] refuse missing fields and sources', async () => {
    await expect(controller.createSnapshot({ sourceVolumeId: noVolume })).rejects.toEqual(
      failing(Code.INVALID_ARGUMENT),
    );
    await expect(controller.createSnapshot({ name: 'x' })).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
    await expect(createSnapshot(noVolume)).rejects.toEqual(failing(Code.NOT_FOUND));
    await expect(controller.deleteSnapshot({})).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
    await expect(controller.getSnapshot({ snapshotId: noVolume })).rejects.toEqual(failing(Code.NOT_FOUND));
  });

  test.each(strangeIds)('[P10] [rel-S-FS10] deletes nothing for the id %j', async (snapshotId) => {
    const before = await readdir(driver.stateDirectory);
    await controller.deleteSnapshot({ snapshotId });
    expect(await readdir(driver.stateDirectory)).toEqual(before);
  });

  test('[P9] are one per name, and of one source', async () => {
    const [one, other] = [await createVolume(), await createVolume()];
    const name = uniqueName();
    const snapshotId = await createSnapshot(one, name);
    expect(await createSnapshot(one, name)).toBe(snapshotId);
    await expect(createSnapshot(other, name)).rejects.toEqual(failing(Code.ALREADY_EXISTS));
    await controller.deleteSnapshot({ snapshotId });
  });

  test('[P10] are listed by id and by source, in pages', async () => {
    const sourceVolumeId = await createVolume();
    const ids = [await createSnapshot(sourceVolumeId), await createSnapshot(sourceVolumeId)].sort();
    const listed = async (request: Parameters<ControllerClient['listSnapshots']>[0]) =>
      (await controller.listSnapshots(request)).entries.map(({ snapshot }) => snapshot?.snapshotId);
    expect(await listed({ sourceVolumeId })).toEqual(ids);
    expect(await listed({ snapshotId: ids[1] ?? '' })).toEqual([ids[1]]);
    expect(await listed({ snapshotId: 'none-at-all' })).toEqual([]);
    expect(await listed({ sourceVolumeId: 'none-at-all' })).toEqual([]);
    const { entries, nextToken } = await controller.listSnapshots({ sourceVolumeId, maxEntries: 1 });
    expect(entries).toHaveLength(1);
    expect(await listed({ sourceVolumeId, startingToken: nextToken })).toEqual([ids[1]]);
  });

  test('[P9] hold the content of their time, and a volume restored from them has it', async () => {
    const source = await createVolume();
    await writeFile(driver.path('state', source, 'file'), 'before');
    const snapshotId = await createSnapshot(source);
    await writeFile(driver.path('state', source, 'file'), 'after');
    const volumeContentSource = { type: { case: 'snapshot' as const, value: { snapshotId } } };
    const restored = await createVolume({ volumeContentSource });
    expect(await readFile(driver.path('state', restored, 'file'), 'utf8')).toBe('before');
    await expect(createVolume({ volumeContentSource, capacityRange: { requiredBytes: mebibyte } })).rejects.toEqual(
      failing(Code.INVALID_ARGUMENT),
    );
  });

  test('[P9] are not needed to clone a volume', async () => {
    const volumeId = await createVolume();
    await writeFile(driver.path('state', volumeId, 'file'), 'same');
    const volumeContentSource = { type: { case: 'volume' as const, value: { volumeId } } };
    const clone = await createVolume({ volumeContentSource });
    expect(await readFile(driver.path('state', clone, 'file'), 'utf8')).toBe('same');
    await controller.deleteVolume({ volumeId });
    expect(await readFile(driver.path('state', clone, 'file'), 'utf8')).toBe('same');
  });
});

describe('ControllerExpandVolume and ControllerModifyVolume', () => {
  const expand = (request: Parameters<ControllerClient['controllerExpandVolume']>[0]) =>
    controller.controllerExpandVolume(request);

  test('[P10] refuse missing fields and volumes', async () => {
    const capacityRange = { requiredBytes: mebibyte };
    await expect(expand({ capacityRange })).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
    await expect(expand({ volumeId: noVolume })).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
    await expect(expand({ volumeId: noVolume, capacityRange })).rejects.toEqual(failing(Code.NOT_FOUND));
    await expect(controller.controllerModifyVolume({})).rejects.toEqual(failing(Code.INVALID_ARGUMENT));
    const missing = { volumeId: noVolume, mutableParameters: { a: 'b' } };
    await expect(controller.controllerModifyVolume(missing)).rejects.toEqual(failing(Code.NOT_FOUND));
  });

  test('[P10] grow a volume, never shrink it, and stop at the largest size', async () => {
    const volumeId = await createVolume();
    const grown = await expand({ volumeId, capacityRange: { requiredBytes: 20n * mebibyte } });
    expect(grown).toMatchObject({ capacityBytes: 20n * mebibyte, nodeExpansionRequired: true });
    const kept = await expand({ volumeId, capacityRange: { requiredBytes: mebibyte } });
    expect(kept.capacityBytes).toBe(20n * mebibyte);
    const tooLarge = { volumeId, capacityRange: { requiredBytes: 1n << 41n } };
    await expect(expand(tooLarge)).rejects.toEqual(failing(Code.OUT_OF_RANGE));
    await controller.controllerModifyVolume({ volumeId, mutableParameters: { iops: '7' } });
  });
});
