/**
 * The node's status says that a volume is attached; its VolumeAttachment, which decides, may say otherwise: two
 * controllers at work, or one that was slow.
 */
import { afterEach, describe, expect, it } from 'vitest';
import {
  type PersistentVolumeSpec,
  persistentVolumes,
  secrets,
  type VolumeAttachment,
  volumeAttachments,
} from '../../api/index.ts';
import { volumeAttachmentName } from '../../component-helpers/index.ts';
import { Code } from '../../csi/index.ts';
import { attachment, claimVolume, emptyMeta, testPod } from './testing/objects.ts';
import { TestNode, testDriverName, testNodeName } from './testing/test-node.ts';
import { attachableVolume, mountPod, removePod } from './testing/volumes.ts';

const nodes: TestNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node[Symbol.asyncDispose]();
});

async function startNode(): Promise<TestNode> {
  const node = await TestNode.start();
  nodes.push(node);
  return node;
}

const pod = testPod('web', [claimVolume('data', 'claim-a')]);
const blockPod = testPod('web', [claimVolume('data', 'claim-a')], {
  containers: [{ name: 'c', image: 'i', volumeDevices: [{ name: 'data', devicePath: '/dev/data' }] }],
});
const uid = pod.metadata.uid;
const attachmentName = volumeAttachmentName({ driver: testDriverName, volumeHandle: 'handle-a', node: testNodeName });
const current = attachment(testDriverName, 'handle-a', testNodeName);
const put = (node: TestNode, object: VolumeAttachment) => node.api.put(volumeAttachments, object);
/** The same volume attached once more: another object, another answer of the driver. */
const replaced: VolumeAttachment = {
  ...current,
  metadata: { ...current.metadata, uid: 'second' },
  status: { attached: true, attachmentMetadata: { devicePath: '/dev/second' } },
};

function changeVolume(node: TestNode, spec: Partial<PersistentVolumeSpec>): void {
  const volume = node.api.find(persistentVolumes, 'pv-a');
  if (volume) node.api.put(persistentVolumes, { ...volume, spec: { ...volume.spec, ...spec } });
}

/** How the attachment may be found although the node's status lists the volume. */
const unusable: readonly [string, (node: TestNode) => void, string][] = [
  ['is gone', (node) => node.api.delete(volumeAttachments, attachmentName), 'failed to get volume attachment csi-'],
  [
    'is being deleted',
    (node) => put(node, { ...current, metadata: { ...current.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    'volume attachment is being deleted',
  ],
  ['is not attached', (node) => put(node, { ...current, status: { attached: false } }), 'is not attached'],
  ['has no status yet', (node) => put(node, { ...current, status: undefined } as never), 'is not attached'],
  [
    'failed',
    (node) => put(node, { ...current, status: { attached: false, attachError: { message: 'disk is on fire' } } }),
    'is not attached: disk is on fire',
  ],
  [
    'is of another node',
    (node) => put(node, { ...current, spec: { ...current.spec, nodeName: 'n2' } }),
    `is of driver ${testDriverName} and node n2`,
  ],
  [
    'is of another driver',
    (node) => put(node, { ...current, spec: { ...current.spec, attacher: 'other.csi' } }),
    'is of driver other.csi and node n1',
  ],
];

describe('a volume that the node status shows attached', () => {
  it.each(unusable)('[rel-D4] is not staged while its attachment %s', async (_, change, message) => {
    const node = await startNode();
    node.setAttached([attachableVolume(node)]);
    change(node);
    node.pods.put(pod);
    await node.clock.advance(60_000);
    expect(node.driver.calls).toEqual([]);
    expect(node.mounter.mounted).toEqual([]);
    expect(node.api.events.join('\n')).toContain(message);
    put(node, replaced);
    await node.until(() => node.manager.getMountedVolumesForPod(uid).size === 1);
    expect(node.driver.staged.map(({ publishContext }) => publishContext)).toEqual([{ devicePath: '/dev/second' }]);
  });

  it.each(unusable)('[rel-D4] is not staged for a block volume while its attachment %s', async (_, change) => {
    const node = await startNode();
    node.setAttached([attachableVolume(node)]);
    changeVolume(node, { volumeMode: 'Block' });
    change(node);
    node.pods.put(blockPod);
    await node.clock.advance(60_000);
    expect(node.driver.calls).toEqual([]);
  });

  it('[rel-D4] is not staged when its attachment goes while the secret of the call is read', async () => {
    const node = await startNode();
    node.setAttached([attachableVolume(node)]);
    const csi = {
      driver: testDriverName,
      volumeHandle: 'handle-a',
      nodeStageSecretRef: { namespace: 'ns', name: 's' },
    };
    changeVolume(node, { csi });
    node.api.put(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: emptyMeta('s', 'ns'), data: {} });
    node.api.onGet('secrets/ns/s', () => node.api.delete(volumeAttachments, attachmentName));
    node.pods.put(pod);
    await node.clock.advance(60_000);
    expect(node.api.calls).toContain('get secrets/ns/s');
    expect(node.driver.calls).toEqual([]);
  });

  it('[rel-D4] is staged again with the context of the new attachment after a stage that failed', async () => {
    const node = await startNode();
    node.setAttached([attachableVolume(node)]);
    node.driver.failBefore('NodeStageVolume', Code.INTERNAL);
    node.pods.put(pod);
    await node.until(() => node.driver.calls.length === 1);
    put(node, replaced);
    await node.until(() => node.manager.getMountedVolumesForPod(uid).size === 1);
    expect(node.driver.staged.map(({ publishContext }) => publishContext.devicePath)).toEqual([
      '/dev/xyz',
      '/dev/second',
    ]);
    expect(node.driver.published[0]?.publishContext).toEqual({ devicePath: '/dev/second' });
  });

  it('[rel-D4] is staged for a next pod with the context of the attachment of then', async () => {
    const node = await startNode();
    const name = attachableVolume(node);
    node.setAttached([name]);
    await mountPod(node, pod);
    await removePod(node, pod);
    await node.until(() => node.driver.calls.includes('NodeUnstageVolume'));
    node.setAttached([]);
    put(node, replaced);
    const next = testPod('next', [claimVolume('data', 'claim-a')]);
    node.pods.put(next);
    await node.clock.advance(10_000);
    expect(node.driver.staged).toHaveLength(1);
    node.setAttached([name]);
    await node.until(() => node.manager.getMountedVolumesForPod(next.metadata.uid).size === 1);
    expect(node.driver.staged[1]?.publishContext).toEqual({ devicePath: '/dev/second' });
  });
});
