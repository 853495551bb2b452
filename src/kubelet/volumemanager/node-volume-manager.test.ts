import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Code } from '../../csi/index.ts';
import { claimVolume, testPod } from './testing/objects.ts';
import { TestNode, type TestNodeOptions, testDriverName, testNodeName } from './testing/test-node.ts';
import { attachableVolume, mountPod, plainVolume, removePod } from './testing/volumes.ts';

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

describe('a CSI volume', () => {
  it('[N4] [N5] is staged, then published, and shown to the pod at its path', async () => {
    const node = await startNode();
    plainVolume(node);
    await mountPod(node, pod);
    expect(node.driver.calls).toEqual(['NodeStageVolume', 'NodePublishVolume']);
    const mounted = node.manager.getMountedVolumesForPod(uid).get('data');
    const path = join(node.rootDir, 'pods', uid, 'volumes/kubernetes.io~csi/pv-a/mount');
    expect(mounted).toMatchObject({ path, innerVolumeName: 'pv-a', readOnly: false });
    expect(await node.mounter.isMountPoint(path)).toBe(true);
    const data: unknown = JSON.parse(await readFile(join(path, '../vol_data.json'), 'utf8'));
    expect(data).toMatchObject({ specVolID: 'pv-a', volumeHandle: 'handle-a', volumeLifecycleMode: 'Persistent' });
  });

  it('[I5] [rel-D3] is reported as in use before it is looked for among the attached volumes', async () => {
    const node = await startNode({ reportsAtOnce: false });
    const name = attachableVolume(node);
    node.setAttached([name]);
    node.pods.put(pod);
    await node.clock.advance(30_000);
    expect(node.driver.calls).toEqual([]);
    expect(node.api.calls.filter((call) => call.startsWith('get nodes'))).toEqual([]);
    node.report();
    await node.until(() => node.manager.getMountedVolumesForPod(uid).size === 1);
    expect(node.reported).toEqual([name]);
    expect(node.api.calls).toContain(`get nodes/${testNodeName}`);
  });

  it('[I5] waits until the node status shows it attached, and stages with its publish context', async () => {
    const node = await startNode();
    const name = attachableVolume(node);
    node.pods.put(pod);
    await node.clock.advance(60_000);
    expect(node.driver.calls).toEqual([]);
    node.setAttached([name]);
    await node.until(() => node.manager.getMountedVolumesForPod(uid).size === 1);
    expect(node.driver.staged[0]?.publishContext).toEqual({ devicePath: '/dev/xyz' });
  });

  it('[D2] is refused on a node whose volumes the controller does not attach, if it must be attached', async () => {
    const node = await startNode({ controllerAttachDetach: false });
    node.setAttached([attachableVolume(node)]);
    node.pods.put(pod);
    await node.clock.advance(60_000);
    expect(node.driver.calls).toEqual([]);
    expect(node.api.events).toContain(
      'Warning FailedAttachVolume AttachVolume.Attach failed for volume "pv-a" : attaching volumes from the kubelet is not supported',
    );
    const waiting = node.manager.waitForAttachAndMount(pod, new AbortController().signal);
    const failed = waiting.catch((thrown: Error) => thrown.message);
    await node.clock.advance(200_000);
    expect(await failed).toContain('attaching volumes from the kubelet is not supported');
  });

  it('[D2] is mounted on such a node if it need not be attached', async () => {
    const node = await startNode({ controllerAttachDetach: false });
    plainVolume(node);
    await mountPod(node, pod);
    expect(node.driver.calls).toEqual(['NodeStageVolume', 'NodePublishVolume']);
  });

  it('[N6] is unpublished and unstaged after the containers are gone, and leaves nothing behind', async () => {
    const node = await startNode();
    plainVolume(node);
    await mountPod(node, pod);
    await removePod(node, pod);
    await node.until(() => node.driver.calls.includes('NodeUnstageVolume'));
    await node.clock.advance(1_000);
    expect(node.driver.calls.slice(2)).toEqual(['NodeUnpublishVolume', 'NodeUnstageVolume']);
    expect(node.mounter.mounted).toEqual([]);
  });

  it('[rel-E2] stays mounted while a container of a deleted pod runs', async () => {
    const node = await startNode();
    plainVolume(node);
    await mountPod(node, pod);
    node.pods.terminate(uid);
    node.pods.forget(uid);
    await node.clock.advance(3_600_000);
    expect(node.driver.calls).toEqual(['NodeStageVolume', 'NodePublishVolume']);
    node.pods.stopContainers(uid);
    await node.until(() => node.driver.calls.includes('NodeUnstageVolume'));
  });

  it('[rel-E3] is staged once for two pods and unstaged after the last of them', async () => {
    const node = await startNode();
    plainVolume(node);
    const second = testPod('web-2', [claimVolume('data', 'claim-a')]);
    await mountPod(node, pod);
    await mountPod(node, second);
    await removePod(node, pod);
    await node.clock.advance(10_000);
    expect(node.driver.calls.filter((call) => call === 'NodeStageVolume')).toHaveLength(1);
    expect(node.driver.calls).not.toContain('NodeUnstageVolume');
    await removePod(node, second);
    await node.until(() => node.driver.calls.includes('NodeUnstageVolume'));
  });

  it('[N14] [rel-E4] is undone after an answer was lost, although the pod never had it', async () => {
    const node = await startNode();
    plainVolume(node);
    node.driver.loseAnswer('NodePublishVolume', 1_000);
    node.pods.put(pod);
    await node.until(() => node.driver.calls.includes('NodePublishVolume'));
    await node.clock.advance(10);
    expect(node.manager.getMountedVolumesForPod(uid).size).toBe(0);
    expect(node.manager.getPossiblyMountedVolumesForPod(uid).size).toBe(1);
    node.pods.terminate(uid);
    await node.until(() => node.driver.calls.includes('NodeUnstageVolume'));
    expect(node.driver.calls.at(-2)).toBe('NodeUnpublishVolume');
    expect(node.mounter.mounted).toEqual([]);
  });

  it('[N14] [rel-E4] is unstaged after the answer to a stage was lost, although the pod never had it', async () => {
    const node = await startNode();
    plainVolume(node);
    node.driver.loseAnswer('NodeStageVolume', 1_000);
    node.pods.put(pod);
    await node.until(() => node.driver.calls.includes('NodeStageVolume'));
    await node.clock.advance(10);
    node.pods.terminate(uid);
    await node.until(() => node.mounter.mounted.length === 0, 'the volume is unstaged');
    expect(node.driver.calls.at(-1)).toBe('NodeUnstageVolume');
  });

  it('[I11] is forgotten without a call after a publish that failed for good', async () => {
    const node = await startNode();
    plainVolume(node);
    node.driver.failBefore('NodePublishVolume', Code.INTERNAL, 1_000);
    node.pods.put(pod);
    await node.until(() => node.driver.calls.includes('NodePublishVolume'));
    node.pods.terminate(uid);
    await node.until(() => node.driver.calls.includes('NodeUnstageVolume'));
    expect(node.driver.calls).not.toContain('NodeUnpublishVolume');
    expect(node.api.events).toContain(
      'Warning FailedMount MountVolume.SetUp failed for volume "pv-a" : rpc error: code = Internal desc = told to fail',
    );
  });

  it('[I7] is tried again after 500 ms, twice as long each time', async () => {
    const node = await startNode();
    plainVolume(node);
    node.driver.failBefore('NodeStageVolume', Code.INTERNAL, 1_000);
    node.pods.put(pod);
    await node.until(() => node.driver.calls.length === 1);
    const times: number[] = [];
    for (let seen = 1; seen < 4; seen++) {
      const from = node.clock.monotonic();
      await node.until(() => node.driver.calls.length > seen);
      times.push(node.clock.monotonic() - from);
    }
    expect(times).toEqual([500, 1000, 2000]);
  });

  it('[N3] [rel-E21] waits for its driver to register, and is mounted at once when it does', async () => {
    const node = await startNode();
    plainVolume(node);
    node.unregisterDriver(testDriverName);
    node.pods.put(pod);
    await node.clock.advance(60_000);
    expect(node.api.events.join('\n')).toContain(
      `driver name ${testDriverName} not found in the list of registered CSI drivers`,
    );
    const registeredAt = node.clock.now();
    node.registerDriver(testDriverName, node.driver.connection);
    await node.until(() => node.manager.getMountedVolumesForPod(uid).size === 1);
    expect(node.clock.now() - registeredAt).toBeLessThan(100);
  });

  it('[rel-E12] of a driver that hangs does not hold up a pod with another volume', async () => {
    const node = await startNode();
    plainVolume(node);
    plainVolume(node, 'b');
    node.driver.before = (method) =>
      method === 'NodeStageVolume' && node.driver.staged.at(-1)?.volumeId === 'handle-a'
        ? new Promise(() => {})
        : undefined;
    node.pods.put(pod);
    await node.until(() => node.driver.calls.length === 1);
    await mountPod(node, testPod('other', [claimVolume('data', 'claim-b')]));
    expect(node.manager.getMountedVolumesForPod(uid).size).toBe(0);
  });
});

describe('a CSI block volume', () => {
  const user = testPod('user', [claimVolume('data', 'claim-a')], {
    containers: [{ name: 'c', image: 'i', volumeDevices: [{ name: 'data', devicePath: '/dev/data' }] }],
  });

  it('[W10] [N13] is told to be there, with where it is for the node and for the pod', async () => {
    const node = await startNode();
    plainVolume(node, 'a', { volumeMode: 'Block' });
    node.driver.failBefore('NodePublishVolume', Code.INTERNAL);
    await mountPod(node, user);
    const succeeded = 'Normal SuccessfulMountVolume MapVolume.MapPodDevice succeeded for volume "pv-a"';
    expect(node.api.events).toEqual([
      'Warning FailedMapVolume MapVolume.MapPodDevice failed for volume "pv-a" : rpc error: code = Internal desc = told to fail',
      `${succeeded} globalMapPath "${node.rootDir}/plugins/kubernetes.io/csi/volumeDevices/pv-a/dev"`,
      `${succeeded} volumeMapPath "${node.rootDir}/pods/${user.metadata.uid}/volumeDevices/kubernetes.io~csi"`,
    ]);
  });

  it('[N6] is held until its unstage has been answered, though no mount tells of it', async () => {
    const node = await startNode();
    plainVolume(node, 'a', { volumeMode: 'Block' });
    expect(node.manager.holdsVolumes()).toBe(false);
    await mountPod(node, user);
    expect(node.manager.holdsVolumes()).toBe(true);
    const held: boolean[] = [];
    node.driver.before = (method) => {
      if (method === 'NodeUnstageVolume') held.push(node.manager.holdsVolumes());
    };
    await removePod(node, user);
    await node.until(() => !node.manager.holdsVolumes());
    expect(node.driver.calls.slice(2)).toEqual(['NodeUnpublishVolume', 'NodeUnstageVolume']);
    expect(held).toEqual([true]);
  });
});
