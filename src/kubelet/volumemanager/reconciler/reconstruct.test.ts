import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { csiDrivers, persistentVolumeClaims } from '../../../api/index.ts';
import { Code, CsiError } from '../../../csi/index.ts';
import { claimVolume, testPod } from '../testing/objects.ts';
import { TestNode, type TestNodeOptions, testDriverName } from '../testing/test-node.ts';
import { attachableVolume, mountPod, plainVolume, removePod } from '../testing/volumes.ts';

const nodes: TestNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node[Symbol.asyncDispose]();
});

async function startNode(options: TestNodeOptions = {}): Promise<TestNode> {
  const node = await TestNode.start(options);
  nodes.push(node);
  return node;
}

const pod = testPod('web', [claimVolume('data', 'claim-a')]);
const uid = pod.metadata.uid;
const podVolumeDir = join('pods', uid, 'volumes/kubernetes.io~csi/pv-a');

describe('after a restart of the agent', () => {
  it('[I12] [rel-E7] a running pod keeps its mounts without a call to the driver', async () => {
    const node = await startNode();
    plainVolume(node);
    await mountPod(node, pod);
    node.driver.calls.length = 0;
    await node.restartManager();
    await node.until(() => node.manager.getMountedVolumesForPod(uid).has('data'));
    await node.clock.advance(300_000);
    expect(node.driver.calls).toEqual([]);
    await removePod(node, pod);
    await node.until(() => node.mounter.mounted.length === 0);
    expect(node.driver.calls).toEqual(['NodeUnpublishVolume', 'NodeUnstageVolume']);
  });

  it('[rel-E15] volumes are in use before anything else is known of them', async () => {
    const node = await startNode();
    const name = attachableVolume(node);
    node.setAttached([name]);
    await mountPod(node, pod);
    await node.manager[Symbol.asyncDispose]();
    node.pods.ready = false;
    node.startManager();
    expect(node.manager.reconcilerStatesHasBeenSynced()).toBe(false);
    await node.until(() => node.manager.reconcilerStatesHasBeenSynced());
    expect(node.manager.getVolumesInUse()).toEqual([name]);
  });

  it('[rel-E19] the volume of a pod that was deleted meanwhile is unpublished and unstaged', async () => {
    const node = await startNode();
    plainVolume(node);
    await mountPod(node, pod);
    await node.manager[Symbol.asyncDispose]();
    node.pods.stopContainers(uid);
    node.pods.forget(uid);
    node.startManager();
    await node.until(() => node.driver.calls.includes('NodeUnstageVolume'));
    await node.clock.advance(1_000);
    expect(node.mounter.mounted).toEqual([]);
    expect(await readdir(join(node.rootDir, 'pods', uid, 'volumes/kubernetes.io~csi'))).toEqual([]);
  });

  it('[rel-E2] the volume of a pod that was deleted meanwhile stays while its containers run', async () => {
    const node = await startNode();
    plainVolume(node);
    await mountPod(node, pod);
    await node.manager[Symbol.asyncDispose]();
    node.pods.forget(uid);
    node.startManager();
    await node.clock.advance(3_600_000);
    expect(node.driver.calls).toEqual(['NodeStageVolume', 'NodePublishVolume']);
    node.pods.stopContainers(uid);
    await node.until(() => node.driver.calls.includes('NodeUnstageVolume'));
  });

  it('[rel-E15] the volume of a pod that went meanwhile is in use until it is unstaged', async () => {
    const node = await startNode();
    const name = attachableVolume(node);
    node.setAttached([name]);
    await mountPod(node, pod);
    await node.manager[Symbol.asyncDispose]();
    node.pods.stopContainers(uid);
    node.pods.forget(uid);
    node.pods.ready = false;
    node.startManager();
    await node.until(() => node.manager.reconcilerStatesHasBeenSynced());
    expect(node.manager.getVolumesInUse()).toEqual([name]);
    node.pods.sourcesAreReady();
    await node.until(() => node.manager.getVolumesInUse().length === 0);
    expect(node.mounter.mounted).toEqual([]);
  });

  it('[rel-E7] nothing is unmounted before all pods are known', async () => {
    const node = await startNode();
    plainVolume(node);
    await mountPod(node, pod);
    await node.manager[Symbol.asyncDispose]();
    node.pods.stopContainers(uid);
    node.pods.forget(uid);
    node.pods.ready = false;
    node.startManager();
    await node.clock.advance(3_600_000);
    expect(node.driver.calls).toEqual(['NodeStageVolume', 'NodePublishVolume']);
    node.pods.sourcesAreReady();
    await node.until(() => node.driver.calls.includes('NodeUnstageVolume'));
  });

  it('[rel-E7] a pod whose claim cannot be read keeps its mounts', async () => {
    const node = await startNode();
    plainVolume(node);
    await mountPod(node, pod);
    node.pods.stopContainers(uid);
    await node.manager[Symbol.asyncDispose]();
    const claim = node.api.find(persistentVolumeClaims, 'default/claim-a');
    node.api.delete(persistentVolumeClaims, 'default/claim-a');
    node.startManager();
    await node.clock.advance(600_000);
    expect(node.driver.calls).toEqual(['NodeStageVolume', 'NodePublishVolume']);
    if (claim) node.api.put(persistentVolumeClaims, claim);
    await node.until(() => node.manager.getMountedVolumesForPod(uid).has('data'));
    expect(node.driver.calls).toEqual(['NodeStageVolume', 'NodePublishVolume']);
  });

  it('[I13] a running pod keeps a claim that is being deleted', async () => {
    const node = await startNode();
    plainVolume(node);
    await mountPod(node, pod);
    const claim = node.api.find(persistentVolumeClaims, 'default/claim-a');
    if (claim) {
      const metadata = { ...claim.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
      node.api.put(persistentVolumeClaims, { ...claim, metadata });
    }
    await node.restartManager();
    await node.until(() => node.manager.getMountedVolumesForPod(uid).has('data'));
    expect(node.driver.calls).toEqual(['NodeStageVolume', 'NodePublishVolume']);
  });

  it('[rel-E20] and a reboot the volume is staged and published again', async () => {
    const node = await startNode();
    plainVolume(node);
    await mountPod(node, pod);
    await node.manager[Symbol.asyncDispose]();
    for (const { path } of [...node.mounter.mounted].reverse()) await node.mounter.unmount(path);
    node.pods.stopContainers(uid);
    node.bootId = 'boot-2';
    node.driver.calls.length = 0;
    node.startManager();
    await node.until(() => node.manager.getMountedVolumesForPod(uid).has('data'));
    expect(node.driver.calls).toEqual(['NodeStageVolume', 'NodePublishVolume']);
  });

  it('[rel-E20] and a reboot a mount that looks as before is not taken for the volume', async () => {
    const node = await startNode();
    plainVolume(node);
    await mountPod(node, pod);
    await node.manager[Symbol.asyncDispose]();
    node.pods.stopContainers(uid);
    node.bootId = 'boot-2';
    node.driver.calls.length = 0;
    node.startManager();
    await node.until(() => node.manager.getMountedVolumesForPod(uid).has('data'));
    expect(node.driver.calls).toEqual(['NodeStageVolume', 'NodePublishVolume']);
  });

  it('[rel-E1] a volume whose mount was replaced is published again', async () => {
    const node = await startNode();
    plainVolume(node);
    await mountPod(node, pod);
    await node.manager[Symbol.asyncDispose]();
    const target = join(node.rootDir, podVolumeDir, 'mount');
    await node.mounter.unmount(target);
    await node.mounter.mount({ source: 'other', target, fsType: 'ext4' });
    node.driver.calls.length = 0;
    node.startManager();
    await node.until(() => node.manager.getMountedVolumesForPod(uid).has('data'));
    expect(node.driver.calls).toEqual(['NodePublishVolume']);
  });

  it('[rel-E4] during a stage call the volume is unstaged although no pod directory tells of it', async () => {
    const node = await startNode();
    plainVolume(node);
    node.driver.after = (method) => (method === 'NodeStageVolume' ? new Promise(() => {}) : undefined);
    node.pods.put(pod);
    await node.until(() => node.mounter.mounted.length === 1);
    await node.manager[Symbol.asyncDispose]();
    node.pods.forget(uid);
    node.startManager();
    await node.until(() => node.driver.calls.includes('NodeUnstageVolume'));
    expect(node.mounter.mounted).toEqual([]);
  });

  it('[rel-E4] during a publish call the volume is unpublished although the pod has gone', async () => {
    const node = await startNode();
    plainVolume(node);
    node.driver.after = (method) => (method === 'NodePublishVolume' ? new Promise(() => {}) : undefined);
    node.pods.put(pod);
    await node.until(() => node.mounter.mounted.length === 2);
    await node.manager[Symbol.asyncDispose]();
    node.pods.forget(uid);
    node.startManager();
    await node.until(() => node.driver.calls.includes('NodeUnstageVolume'));
    expect(node.driver.calls.slice(2)).toEqual(['NodeUnpublishVolume', 'NodeUnstageVolume']);
    expect(node.mounter.mounted).toEqual([]);
  });

  it('[rel-E8] an unreadable vol_data.json does not stop the clean-up', async () => {
    const node = await startNode();
    plainVolume(node);
    await mountPod(node, pod);
    await node.manager[Symbol.asyncDispose]();
    await writeFile(join(node.rootDir, podVolumeDir, 'vol_data.json'), '{"driverName":');
    node.pods.stopContainers(uid);
    node.pods.forget(uid);
    node.startManager();
    await node.until(() => node.mounter.mounted.length === 0, 'everything is unmounted');
    await node.clock.advance(120_000);
    expect(node.manager.hasPossiblyMountedVolumes(uid)).toBe(false);
  });

  it('[rel-E5] files in the directory of an unknown volume are never deleted', async () => {
    const node = await startNode();
    await node.manager[Symbol.asyncDispose]();
    const stray = join(node.rootDir, 'pods/gone/volumes/kubernetes.io~csi/pv-x/mount');
    await mkdir(stray, { recursive: true });
    await writeFile(join(stray, 'precious'), 'data');
    node.startManager();
    await node.clock.advance(600_000);
    expect(await readdir(stray)).toEqual(['precious']);
    expect(node.manager.hasPossiblyMountedVolumes('gone')).toBe(true);
  });

  it('[rel-E21] a driver that is not back yet leaves its mounts as they are', async () => {
    const node = await startNode();
    plainVolume(node);
    await mountPod(node, pod);
    await node.manager[Symbol.asyncDispose]();
    node.unregisterDriver(testDriverName);
    node.pods.stopContainers(uid);
    node.pods.forget(uid);
    node.startManager();
    await node.clock.advance(600_000);
    expect(node.mounter.mounted).toHaveLength(2);
    node.registerDriver(testDriverName, node.driver.connection);
    await node.until(() => node.mounter.mounted.length === 0);
  });

  it('[rel-E15] a volume whose driver has no CSIDriver object is in use after a restart', async () => {
    const node = await startNode();
    const name = attachableVolume(node);
    node.setAttached([name]);
    await mountPod(node, pod);
    await node.restartManager();
    await node.until(() => node.manager.getMountedVolumesForPod(uid).has('data'));
    expect(node.manager.getVolumesInUse()).toEqual([name]);
    expect(node.api.find(csiDrivers, testDriverName)).toBeUndefined();
  });
});

describe('after an unpublish whose answer was lost', () => {
  it('[rel-E4] the same call is made again before the volume is unstaged', async () => {
    const node = await startNode();
    plainVolume(node);
    await mountPod(node, pod);
    let failed = false;
    node.driver.after = (method) => {
      if (method !== 'NodeUnpublishVolume' || failed) return;
      failed = true;
      throw new CsiError(Code.UNAVAILABLE, 'gone');
    };
    await removePod(node, pod);
    await node.until(() => node.driver.calls.includes('NodeUnstageVolume'));
    expect(node.driver.calls.slice(2)).toEqual(['NodeUnpublishVolume', 'NodeUnpublishVolume', 'NodeUnstageVolume']);
  });
});
