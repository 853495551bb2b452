import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { csiDrivers, persistentVolumeClaims, persistentVolumes, volumeAttachments } from '../../api/index.ts';
import { attachment, boundPair, claimVolume, csiDriverObject, testPod } from './testing/objects.ts';
import { TestNode, testNodeName } from './testing/test-node.ts';
import { mountPod, removePod } from './testing/volumes.ts';

const nodes: TestNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node[Symbol.asyncDispose]();
});

const pdDriver = 'pd.csi.storage.gke.io';
const ebsDriver = 'ebs.csi.aws.com';

async function startNode(...drivers: readonly string[]): Promise<TestNode> {
  const node = await TestNode.start();
  nodes.push(node);
  for (const driver of drivers) node.registerDriver(driver, node.driver.connection);
  return node;
}

/** A claim bound to a disk that the built-in plugin made. */
function putDisk(node: TestNode): void {
  const { claim, volume } = boundPair('a', pdDriver);
  const { csi: _, ...spec } = volume.spec;
  node.api.put(persistentVolumeClaims, claim);
  node.api.put(persistentVolumes, {
    ...volume,
    spec: { ...spec, gcePersistentDisk: { pdName: 'disk', fsType: 'ext4' } },
  });
}

const handle = 'projects/UNSPECIFIED/zones/UNSPECIFIED/disks/disk';
const claimPod = testPod('web', [claimVolume('data', 'claim-a')]);
const inlinePod = testPod('web', [
  { name: 'data', awsElasticBlockStore: { volumeID: 'aws:///vol-1', readOnly: true } },
]);
const diskDriver = 'disk.csi.azure.com';
const diskPod = testPod('web', [{ name: 'data', azureDisk: { diskName: 'd', diskURI: '/subscriptions/1/disks/d' } }]);
const { uid } = claimPod.metadata;

describe('a volume whose type a CSI driver took over', () => {
  it('[Q1] is staged and published by the driver once it is attached under the name of its handle', async () => {
    const node = await startNode(pdDriver);
    putDisk(node);
    node.api.put(volumeAttachments, attachment(pdDriver, handle, testNodeName));
    node.pods.put(claimPod);
    await node.clock.advance(10_000);
    expect(node.reported).toEqual([`kubernetes.io/csi/${pdDriver}^${handle}`]);
    expect(node.driver.calls).toEqual([]);

    node.setAttached([`kubernetes.io/csi/${pdDriver}^${handle}`]);
    await node.until(() => node.manager.getMountedVolumesForPod(uid).size === 1);
    expect(node.driver.calls).toEqual(['NodeStageVolume', 'NodePublishVolume']);
    expect(node.driver.staged[0]).toMatchObject({
      volumeId: handle,
      volumeContext: { partition: '' },
      publishContext: { devicePath: '/dev/xyz' },
    });
    const path = join(node.rootDir, 'pods', uid, 'volumes/kubernetes.io~csi/pv-a/mount');
    expect(node.manager.getMountedVolumesForPod(uid).get('data')?.path).toBe(path);
  });

  it('[Q1] is staged and published for a pod that names it itself, and leaves nothing behind', async () => {
    const node = await startNode(ebsDriver);
    node.api.put(csiDrivers, csiDriverObject(ebsDriver, { attachRequired: false }));
    await mountPod(node, inlinePod);
    expect(node.driver.staged[0]).toMatchObject({ volumeId: 'vol-1', volumeContext: { partition: '0' } });
    const path = join(node.rootDir, 'pods', uid, `volumes/kubernetes.io~csi/${ebsDriver}-vol-1/mount`);
    expect(node.manager.getMountedVolumesForPod(uid).get('data')).toMatchObject({ path, readOnly: true });
    await removePod(node, inlinePod);
    await node.until(() => node.driver.calls.at(-1) === 'NodeUnstageVolume');
    expect(node.mounter.mounted).toEqual([]);
  });

  it('[Q1] [rel-E4] is known again after a restart of the agent, although its name looks like a path', async () => {
    const node = await startNode(diskDriver);
    node.api.put(csiDrivers, csiDriverObject(diskDriver, { attachRequired: false }));
    await mountPod(node, diskPod);
    const path = node.manager.getMountedVolumesForPod(uid).get('data')?.path;
    expect(path).toContain('volumes/kubernetes.io~csi/~subscriptions~1~disks~d/mount');
    await node.restartManager();
    await node.until(() => node.manager.getMountedVolumesForPod(uid).size === 1);
    expect(node.manager.getMountedVolumesForPod(uid).get('data')?.path).toBe(path);
    expect(node.driver.calls).not.toContain('NodeUnpublishVolume');
    await removePod(node, diskPod);
    await node.until(() => node.driver.calls.at(-1) === 'NodeUnstageVolume');
    expect(node.mounter.mounted).toEqual([]);
  });

  it('[Q2] [N3] waits for the driver, and names it', async () => {
    const node = await startNode();
    node.api.put(csiDrivers, csiDriverObject(ebsDriver, { attachRequired: false }));
    node.pods.put(inlinePod);
    await node.clock.advance(60_000);
    expect(node.api.events.join('\n')).toContain(
      `driver name ${ebsDriver} not found in the list of registered CSI drivers`,
    );
    expect(node.manager.getMountedVolumesForPod(uid).size).toBe(0);
  });

  it('[Q1] that cannot be translated is told to the user', async () => {
    const node = await startNode(ebsDriver);
    node.pods.put(testPod('web', [{ name: 'data', awsElasticBlockStore: { volumeID: 'aws:///disk' } }]));
    await node.clock.advance(1000);
    expect(node.api.events.join('\n')).toContain('failed to translate in-tree pv to CSI: failed to translate');
  });
});
