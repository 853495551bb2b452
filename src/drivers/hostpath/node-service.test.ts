import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Code } from '../../csi/index.ts';
import { mountCapability, startTestDriver, type TestDriver } from './testing.ts';

const volumeCapability = mountCapability;

async function createVolume({ controller }: TestDriver): Promise<string> {
  const { volume } = await controller.createVolume({ name: 'a', volumeCapabilities: [volumeCapability] });
  return volume?.volumeId ?? '';
}

function paths({ directory }: TestDriver) {
  return { stagingTargetPath: join(directory, 'globalmount'), targetPath: join(directory, 'pod', 'mount') };
}

test('[rel-E1] mounts the volume itself at the staging path and at the target', async () => {
  await using test = await startTestDriver();
  const volumeId = await createVolume(test);
  const { stagingTargetPath, targetPath } = paths(test);
  await test.node('n0').nodeStageVolume({ volumeId, stagingTargetPath, volumeCapability });
  await test.node('n0').nodePublishVolume({ volumeId, stagingTargetPath, targetPath, volumeCapability });
  const source = join(test.directory, 'state', volumeId);
  expect(test.mounter.mounted.map(({ path, root }) => ({ path, root }))).toEqual([
    { path: stagingTargetPath, root: source },
    { path: targetPath, root: source },
  ]);
});

test('[rel-F-DR9] refuses a target where something else is mounted', async () => {
  await using test = await startTestDriver();
  const volumeId = await createVolume(test);
  const { stagingTargetPath, targetPath } = paths(test);
  await test.node('n0').nodeStageVolume({ volumeId, stagingTargetPath, volumeCapability });
  await test.mounter.mount({ source: '/somewhere', target: targetPath, options: ['bind'] });
  const publish = test.node('n0').nodePublishVolume({ volumeId, stagingTargetPath, targetPath, volumeCapability });
  await expect(publish).rejects.toMatchObject({ code: Code.INTERNAL });
});

test('[rel-F-DR9] mounts again what is read-write instead of read-only', async () => {
  await using test = await startTestDriver();
  const volumeId = await createVolume(test);
  const { stagingTargetPath, targetPath } = paths(test);
  const request = { volumeId, stagingTargetPath, targetPath, volumeCapability, readonly: true };
  await test.node('n0').nodeStageVolume({ volumeId, stagingTargetPath, volumeCapability });
  await test.node('n0').nodePublishVolume(request);
  await test.mounter.unmount(targetPath);
  await test.mounter.mount({ source: join(test.directory, 'state', volumeId), target: targetPath, options: ['bind'] });
  await test.node('n0').nodePublishVolume(request);
  expect(test.mounter.mounted.find(({ path }) => path === targetPath)?.options).toContain('ro');
});

test('takes a failed mount back, and the next call does it', async () => {
  await using test = await startTestDriver();
  const volumeId = await createVolume(test);
  const { stagingTargetPath, targetPath } = paths(test);
  const request = { volumeId, stagingTargetPath, targetPath, volumeCapability };
  test.mounter.intercept(() => {
    throw new Error('mount failed');
  });
  await expect(test.node('n0').nodeStageVolume(request)).rejects.toMatchObject({ code: Code.INTERNAL });
  expect(test.driver.state.getVolume(volumeId).staged).toEqual([]);
  test.mounter.intercept(undefined);
  await test.node('n0').nodeStageVolume(request);
  test.mounter.intercept(() => {
    throw new Error('mount failed');
  });
  await expect(test.node('n0').nodePublishVolume(request)).rejects.toMatchObject({ code: Code.INTERNAL });
  expect(test.driver.state.getVolume(volumeId).published).toEqual([]);
  test.mounter.intercept(undefined);
  await test.node('n0').nodePublishVolume(request);
});

test('[N2] refuses a second call for the same target while the first one runs, and lets other targets through', async () => {
  await using test = await startTestDriver();
  const volumeId = await createVolume(test);
  const { stagingTargetPath, targetPath } = paths(test);
  const request = { volumeId, stagingTargetPath, targetPath, volumeCapability };
  const node = test.node('n0');
  await node.nodeStageVolume(request);
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  test.mounter.intercept(async ({ target }) => {
    if (target !== targetPath) return;
    enter();
    await gate;
  });
  const first = node.nodePublishVolume(request);
  await entered;
  await expect(node.nodePublishVolume(request)).rejects.toMatchObject({ code: Code.ABORTED });
  await node.nodePublishVolume({ ...request, targetPath: `${targetPath}-2` });
  await expect(test.controller.deleteVolume({ volumeId })).rejects.toMatchObject({ code: Code.ABORTED });
  open();
  await first;
});

test('[rel-E2] knows after a restart what it had staged and published', async () => {
  await using test = await startTestDriver();
  const volumeId = await createVolume(test);
  const { stagingTargetPath, targetPath } = paths(test);
  const request = { volumeId, stagingTargetPath, targetPath, volumeCapability };
  await test.node('n0').nodeStageVolume(request);
  await test.node('n0').nodePublishVolume(request);
  await test.restart();
  await expect(test.controller.deleteVolume({ volumeId })).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION });
  await test.node('n0').nodePublishVolume({ ...request, targetPath: `${targetPath}-2` });
  for (const path of [targetPath, `${targetPath}-2`]) {
    await test.node('n0').nodeUnpublishVolume({ volumeId, targetPath: path });
  }
  await test.node('n0').nodeUnstageVolume({ volumeId, stagingTargetPath });
  expect(test.mounter.mounted).toEqual([]);
  await test.controller.deleteVolume({ volumeId });
});

test('[rel-S-FS16] deletes nothing of a volume that something is mounted in', async () => {
  await using test = await startTestDriver();
  const volumeId = await createVolume(test);
  const inside = join(test.directory, 'state', volumeId, 'inside');
  await test.mounter.mount({ source: '/somewhere', target: inside, options: ['bind'] });
  await expect(test.controller.deleteVolume({ volumeId })).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION });
  await test.mounter.unmount(inside);
  await test.controller.deleteVolume({ volumeId });
});

test('[P9] shows a volume on several nodes of one machine, each with its own staging', async () => {
  await using test = await startTestDriver();
  const volumeId = await createVolume(test);
  for (const nodeId of ['n0', 'n1']) {
    const stagingTargetPath = join(test.directory, nodeId);
    await test.node(nodeId).nodeStageVolume({ volumeId, stagingTargetPath, volumeCapability });
  }
  const elsewhere = test.node('n0').nodePublishVolume({
    volumeId,
    stagingTargetPath: join(test.directory, 'n1'),
    targetPath: join(test.directory, 't'),
    volumeCapability,
  });
  await expect(elsewhere).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION });
});
