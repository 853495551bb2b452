import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type Fs, realFs } from '../../base/index.ts';
import { Code, ControllerCapability, readControllerCapabilities } from '../../csi/index.ts';
import { topologyKey } from './config.ts';
import { mountCapability, startTestDriver } from './testing.ts';

const volumeCapabilities = [mountCapability];
const capability = { volumeCapability: mountCapability };

function code(of: number) {
  return expect.objectContaining({ name: 'CsiError', code: of });
}

test('[P9] takes volumes from their kind of storage until it is used up', async () => {
  await using test = await startTestDriver({ config: { capacity: new Map([['fast', 100n]]) } });
  const { controller } = test;
  const create = (name: string, requiredBytes: bigint) =>
    controller.createVolume({
      name,
      volumeCapabilities,
      capacityRange: { requiredBytes },
      parameters: { kind: 'fast' },
    });
  const first = await create('a', 60n);
  await expect(create('b', 60n)).rejects.toEqual(code(Code.RESOURCE_EXHAUSTED));
  const left = { availableCapacity: 40n, maximumVolumeSize: 40n };
  expect(await controller.getCapacity({ parameters: { kind: 'fast' } })).toMatchObject(left);
  const volumeId = first.volume?.volumeId ?? '';
  const expand = (requiredBytes: bigint) =>
    controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes } });
  await expect(expand(101n)).rejects.toEqual(code(Code.RESOURCE_EXHAUSTED));
  await expand(100n);
  await controller.deleteVolume({ volumeId });
  expect((await controller.getCapacity({ parameters: { kind: 'fast' } })).availableCapacity).toBe(100n);
});

test('[P9] binds a volume to the node that topology prefers', async () => {
  await using test = await startTestDriver({ config: { enableTopology: true } });
  const segment = (node: string) => ({ segments: { [topologyKey]: node } });
  const create = (name: string, requisite: string[], preferred: string[]) =>
    test.controller.createVolume({
      name,
      volumeCapabilities,
      accessibilityRequirements: { requisite: requisite.map(segment), preferred: preferred.map(segment) },
    });
  const { volume } = await create('a', ['n0', 'n1'], ['n1', 'n0']);
  expect(volume?.accessibleTopology).toEqual([expect.objectContaining({ segments: { [topologyKey]: 'n1' } })]);
  await expect(create('b', ['elsewhere'], [])).rejects.toEqual(code(Code.RESOURCE_EXHAUSTED));
  expect((await test.node('n1').nodeGetInfo({})).accessibleTopology?.segments).toEqual({ [topologyKey]: 'n1' });
});

test('[P9] [rel-H2] attaches no more volumes to a node than its limit', async () => {
  await using test = await startTestDriver({ config: { enableAttach: true, attachLimit: 1 } });
  const { controller } = test;
  const create = async (name: string) =>
    (await controller.createVolume({ name, volumeCapabilities })).volume?.volumeId ?? '';
  const [a, b] = [await create('a'), await create('b')];
  await controller.controllerPublishVolume({ volumeId: a, nodeId: 'n0', ...capability });
  await expect(controller.controllerPublishVolume({ volumeId: b, nodeId: 'n0', ...capability })).rejects.toMatchObject({
    code: Code.RESOURCE_EXHAUSTED,
    desc: "Cannot attach any more volumes to this node ('n0')",
  });
  await controller.controllerPublishVolume({ volumeId: b, nodeId: 'n1', ...capability });
  await controller.controllerUnpublishVolume({ volumeId: a, nodeId: 'n0' });
  await controller.controllerUnpublishVolume({ volumeId: b, nodeId: 'n1' });
  await controller.controllerPublishVolume({ volumeId: b, nodeId: 'n0', ...capability });
  expect((await test.node('n0').nodeGetInfo({})).maxVolumesPerNode).toBe(1n);
});

test('[P8] serves no attachment, expansion or modification that is switched off', async () => {
  const config = { enableControllerExpansion: false, enableListSnapshots: false };
  await using test = await startTestDriver({ config });
  const { controller } = test;
  const refused = [
    controller.controllerPublishVolume({ volumeId: 'v', nodeId: 'n0', ...capability }),
    controller.controllerUnpublishVolume({ volumeId: 'v' }),
    controller.controllerExpandVolume({ volumeId: 'v', capacityRange: { requiredBytes: 1n } }),
    controller.controllerModifyVolume({ volumeId: 'v' }),
    controller.listSnapshots({}),
  ];
  for (const call of await Promise.allSettled(refused)) {
    expect(call).toMatchObject({ status: 'rejected', reason: { code: Code.UNIMPLEMENTED } });
  }
  const capabilities = readControllerCapabilities(await controller.controllerGetCapabilities({}));
  for (const absent of [
    ControllerCapability.PUBLISH_UNPUBLISH_VOLUME,
    ControllerCapability.EXPAND_VOLUME,
    ControllerCapability.MODIFY_VOLUME,
    ControllerCapability.LIST_SNAPSHOTS,
  ]) {
    expect(capabilities).not.toContain(absent);
  }
});

test('[P8] refuses to delete an attached volume when the lifecycle is checked', async () => {
  await using test = await startTestDriver({ config: { enableAttach: true, checkVolumeLifecycle: true } });
  const { controller } = test;
  const volumeId = (await controller.createVolume({ name: 'a', volumeCapabilities })).volume?.volumeId ?? '';
  await controller.controllerPublishVolume({ volumeId, nodeId: 'n0', ...capability });
  await expect(controller.deleteVolume({ volumeId })).rejects.toEqual(code(Code.FAILED_PRECONDITION));
  await controller.controllerUnpublishVolume({ volumeId, nodeId: 'n0' });
  await controller.deleteVolume({ volumeId });
});

/** Fails the n-th change of the file system, and every later one, as a crash would. */
function crashingFs(survived: number): Fs {
  let left = survived;
  const guarded =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      left-- > 0 ? work(...args) : Promise.reject(new Error('crashed'));
  // Only the calls that change something; the types of the overloads do not survive wrapping.
  return {
    ...realFs,
    mkdir: guarded(realFs.mkdir) as Fs['mkdir'],
    chmod: guarded(realFs.chmod),
    rename: guarded(realFs.rename),
    rmdir: guarded(realFs.rmdir) as Fs['rmdir'],
  };
}

test('[rel-C2] [rel-F-DR1] leaks no storage, wherever CreateVolume and DeleteVolume are interrupted', async () => {
  for (let survived = 1; survived < 9; survived++) {
    const fs = { ...realFs };
    await using test = await startTestDriver({ fs });
    const request = { name: 'a', volumeCapabilities };
    Object.assign(fs, crashingFs(survived));
    const id = await test.controller.createVolume(request).then(
      ({ volume }) => volume?.volumeId,
      () => undefined,
    );
    if (id) await test.controller.deleteVolume({ volumeId: id }).catch(() => {});
    Object.assign(fs, realFs);
    await test.restart();
    const { volume } = await test.controller.createVolume(request);
    const volumeId = volume?.volumeId ?? '';
    expect((await readdir(`${test.directory}/state`)).sort()).toEqual([volumeId, 'state.json'].sort());
    await test.controller.deleteVolume({ volumeId });
    expect(await readdir(`${test.directory}/state`)).toEqual(['state.json']);
  }
});
