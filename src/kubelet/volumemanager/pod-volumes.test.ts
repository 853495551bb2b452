import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ApiStatusError,
  type ConfigMap,
  configMaps,
  csiDrivers,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  type Volume,
} from '../../api/index.ts';
import { Code, CsiError, NodeCapability } from '../../csi/index.ts';
import { boundPair, claimVolume, csiDriverObject, emptyMeta, testPod } from './testing/objects.ts';
import { TestNode, type TestNodeOptions, testDriverName } from './testing/test-node.ts';
import { mountPod, plainVolume, removePod } from './testing/volumes.ts';

const nodes: TestNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node[Symbol.asyncDispose]();
});

async function startNode(options: TestNodeOptions = {}): Promise<TestNode> {
  const node = await TestNode.start(options);
  nodes.push(node);
  return node;
}

const never = new AbortController().signal;
const pod = testPod('web', [claimVolume('data', 'claim-a')]);
const uid = pod.metadata.uid;

function configMap(data: Readonly<Record<string, string>>, version = '1'): ConfigMap {
  const metadata = { ...emptyMeta('c', 'default'), resourceVersion: version };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

function withClaim(node: TestNode, change: (claim: ReturnType<typeof boundPair>['claim']) => object): void {
  const { claim, volume } = boundPair('a', testDriverName);
  node.api.put(persistentVolumeClaims, { ...claim, ...change(claim) });
  node.api.put(persistentVolumes, volume);
}

const eventsOf = (node: TestNode) => node.api.events.join('\n');

describe('volumes of a pod', () => {
  it('[I2] that no container uses are not set up, and hold nothing up', async () => {
    const node = await startNode();
    const unused: Volume = { name: 'unused', configMap: { name: 'missing' } };
    const lazy = testPod('lazy', [{ name: 'scratch', emptyDir: {} }]);
    await mountPod(node, { ...lazy, spec: { ...lazy.spec, volumes: [...(lazy.spec.volumes ?? []), unused] } });
    expect([...node.manager.getMountedVolumesForPod(lazy.metadata.uid).keys()]).toEqual(['scratch']);
  });

  it('[I3] wait for a claim that is not bound, and are mounted when it is', async () => {
    const node = await startNode();
    node.api.put(csiDrivers, csiDriverObject(testDriverName, { attachRequired: false }));
    withClaim(node, () => ({ status: { phase: 'Pending' } }));
    node.pods.put(pod);
    await node.clock.advance(20_000);
    expect(eventsOf(node)).toContain(
      'Warning FailedMount Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], ' +
        'failed to process volumes=[data]: error processing PVC default/claim-a: PVC is not bound',
    );
    expect(node.api.events).toHaveLength(1);
    withClaim(node, () => ({}));
    await node.clock.advance(10);
    expect(node.manager.getMountedVolumesForPod(uid).size).toBe(1);
  });

  it.each([
    [
      'is being deleted',
      (claim: object) => ({ metadata: { ...(claim as Pod).metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      'PVC is being deleted',
    ],
    [
      'has another uid',
      () => ({ metadata: { ...emptyMeta('claim-a', 'default'), uid: 'other' } }),
      'does not point to claim.UID other',
    ],
    ['was made anew', () => ({ spec: { volumeName: 'pv-missing' } }), 'failed to fetch PV pv-missing from API server'],
  ])('[I3] are refused when the claim %s', async (_, change, message) => {
    const node = await startNode();
    node.api.put(csiDrivers, csiDriverObject(testDriverName, { attachRequired: false }));
    withClaim(node, change);
    node.pods.put(pod);
    await node.until(() => node.api.events.length > 0);
    expect(eventsOf(node)).toContain(message);
    expect(node.driver.calls).toEqual([]);
  });

  it('[I3] are refused when a block volume is mounted or a file system is used as a device', async () => {
    const node = await startNode();
    plainVolume(node, 'a', { volumeMode: 'Block' });
    node.pods.put(pod);
    await node.until(() => node.api.events.length > 0);
    expect(eventsOf(node)).toContain('volume data has volumeMode Block, but is specified in volumeMounts');
  });

  it('[rel-I1] of an ephemeral claim that another pod owns are refused', async () => {
    const node = await startNode();
    const { claim, volume } = boundPair('a', testDriverName);
    node.api.put(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, name: 'web-scratch' } });
    node.api.put(persistentVolumes, volume);
    const template = { spec: { accessModes: ['ReadWriteOnce'] } };
    node.pods.put(testPod('web', [{ name: 'scratch', ephemeral: { volumeClaimTemplate: template } }]));
    await node.until(() => node.api.events.length > 0);
    expect(eventsOf(node)).toContain('was not created for pod default/web (pod is not owner)');
  });

  it('[K17] of a plugin that is gone match no plugin', async () => {
    const node = await startNode();
    node.pods.put(testPod('old', [{ name: 'disk', flocker: { datasetName: 'x' } }]));
    await node.until(() => node.api.events.length > 0);
    expect(eventsOf(node)).toContain('no volume plugin matched');
  });

  it('[K15] from a git repository are refused', async () => {
    const node = await startNode();
    node.pods.put(testPod('git', [{ name: 'repo', gitRepo: { repository: '/etc' } }]));
    await node.until(() => node.api.events.length > 0);
    expect(eventsOf(node)).toContain('git-repo volume plugin has been disabled');
  });

  it('[I8] that are not ready in 2 min 3 s fail with their names and the last real error', async () => {
    const node = await startNode();
    plainVolume(node);
    node.driver.failBefore('NodeStageVolume', Code.INTERNAL, 1_000);
    node.pods.put(pod);
    const waiting = node.manager.waitForAttachAndMount(pod, never);
    const failed = waiting.then(
      () => '',
      (thrown: Error) => thrown.message,
    );
    await node.clock.advance(123_000);
    expect(await failed).toBe(
      'unmounted volumes=[data], unattached volumes=[], failed to process volumes=[]: ' +
        'MountVolume.MountDevice failed for volume "pv-a" : rpc error: code = Internal desc = told to fail',
    );
  });

  it('[I14] [rel-E9] of ReadWriteOncePod are not given to a second pod', async () => {
    const node = await startNode();
    plainVolume(node, 'a', { accessModes: ['ReadWriteOncePod'] });
    await mountPod(node, pod);
    node.pods.put(testPod('second', [claimVolume('data', 'claim-a')]));
    await node.until(() => node.api.events.length > 0);
    expect(eventsOf(node)).toContain(
      'MountVolume.SetUp failed for volume "pv-a" : volume uses the ReadWriteOncePod access mode and is already in use by another pod',
    );
  });

  it('[I17] bring the group of their PersistentVolume along', async () => {
    const node = await startNode();
    plainVolume(node);
    const volume = node.api.find(persistentVolumes, 'pv-a');
    const annotations = { 'pv.beta.kubernetes.io/gid': '1234' };
    if (volume) node.api.put(persistentVolumes, { ...volume, metadata: { ...volume.metadata, annotations } });
    await mountPod(node, pod);
    expect(node.manager.getExtraSupplementalGroupsForPod(pod)).toEqual([1234]);
  });

  it('[I6] are refused on a node that the PersistentVolume does not allow', async () => {
    const node = await startNode();
    const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['other'] }];
    plainVolume(node, 'a', { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } });
    node.pods.put(pod);
    await node.until(() => node.api.events.length > 0);
    expect(eventsOf(node)).toContain(
      'MountVolume.NodeAffinity check failed for volume "pv-a" : no matching NodeSelectorTerms',
    );
  });

  it('may name one claim twice', async () => {
    const node = await startNode();
    plainVolume(node);
    const twice = testPod('twice', [claimVolume('one', 'claim-a'), claimVolume('two', 'claim-a')]);
    await mountPod(node, twice);
    const mounted = node.manager.getMountedVolumesForPod(twice.metadata.uid);
    expect(mounted.get('one')?.path).toBe(mounted.get('two')?.path);
    await removePod(node, twice);
    await node.until(() => node.mounter.mounted.length === 0);
  });

  it('[N20] of two PersistentVolumes with one handle are staged once and published twice', async () => {
    const node = await startNode();
    plainVolume(node, 'a');
    plainVolume(node, 'b', { csi: { driver: testDriverName, volumeHandle: 'handle-a', fsType: 'ext4' } });
    const both = testPod('both', [claimVolume('one', 'claim-a'), claimVolume('two', 'claim-b')]);
    await mountPod(node, both);
    expect(node.driver.calls).toEqual(['NodeStageVolume', 'NodePublishVolume', 'NodePublishVolume']);
    await removePod(node, both);
    await node.until(() => node.mounter.mounted.length === 0);
    expect(node.driver.calls.slice(3)).toEqual(['NodeUnpublishVolume', 'NodeUnpublishVolume', 'NodeUnstageVolume']);
  });

  it('[I4] are kept from a pod that went while its claim was read', async () => {
    const node = await startNode();
    plainVolume(node);
    node.pods.put(pod);
    node.pods.terminate(uid);
    await node.manager.waitForUnmount(pod, never);
    await node.clock.advance(60_000);
    expect(node.driver.calls).toEqual([]);
  });
});

describe('the files of a configMap volume', () => {
  const shown = testPod('shown', [{ name: 'conf', configMap: { name: 'c' } }]);
  const pathOf = (node: TestNode) => node.manager.getMountedVolumesForPod(shown.metadata.uid).get('conf')?.path ?? '';

  it('[I10] follow a change of the object at once, and stay as they are without one', async () => {
    const node = await startNode();
    node.api.put(configMaps, configMap({ key: 'old' }));
    await mountPod(node, shown);
    const path = pathOf(node);
    const before = await readlink(join(path, '..data'));
    await node.clock.advance(180_000);
    expect(await readlink(join(path, '..data'))).toBe(before);
    const changedAt = node.clock.now();
    node.api.put(configMaps, configMap({ key: 'new' }, '2'));
    await node.clock.settle();
    await node.clock.advance(10);
    expect(await readFile(join(path, 'key'), 'utf8')).toBe('new');
    expect(node.clock.now() - changedAt).toBeLessThan(100);
  });

  it('[K3] appear as soon as the missing object is made', async () => {
    const node = await startNode();
    node.pods.put(shown);
    await node.clock.advance(120_000);
    expect(eventsOf(node)).toContain('MountVolume.SetUp failed for volume "conf" : configmap "c" not found');
    node.api.put(configMaps, configMap({ key: 'value' }));
    await node.clock.advance(10);
    expect(node.manager.getMountedVolumesForPod(shown.metadata.uid).size).toBe(1);
  });

  it('[I10] stay when the object cannot be read for a while', async () => {
    const node = await startNode();
    node.api.put(configMaps, configMap({ key: 'value' }));
    await mountPod(node, shown);
    node.api.fail(ApiStatusError.of('ServiceUnavailable', 'down'));
    await node.clock.advance(300_000);
    expect(await readFile(join(pathOf(node), 'key'), 'utf8')).toBe('value');
    expect(node.manager.getMountedVolumesForPod(shown.metadata.uid).size).toBe(1);
  });
});

describe('a downwardAPI volume', () => {
  it('[K5] shows new labels of its pod', async () => {
    const node = await startNode();
    const items = [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }];
    const labelled = testPod('labelled', [{ name: 'info', downwardAPI: { items } }]);
    await mountPod(node, labelled);
    const path = node.manager.getMountedVolumesForPod(labelled.metadata.uid).get('info')?.path ?? '';
    node.pods.put({ ...labelled, metadata: { ...labelled.metadata, labels: { app: 'web' } } });
    await node.clock.advance(10);
    expect(await readFile(join(path, 'labels'), 'utf8')).toBe('app="web"');
  });
});

describe('a CSI volume that is republished', () => {
  it('[I10] [N8] is published again about every minute, and stays when that fails', async () => {
    const node = await startNode();
    plainVolume(node);
    node.api.put(csiDrivers, csiDriverObject(testDriverName, { attachRequired: false, requiresRepublish: true }));
    await mountPod(node, pod);
    await node.clock.advance(180_500);
    expect(node.driver.published).toHaveLength(4);
    node.driver.failBefore('NodePublishVolume', Code.INTERNAL, 3);
    await node.clock.advance(62_000);
    expect(node.manager.getMountedVolumesForPod(uid).size).toBe(1);
    expect(node.driver.calls).not.toContain('NodeUnpublishVolume');
  });
});

describe('a volume that grows', () => {
  const capabilities = [NodeCapability.STAGE_UNSTAGE_VOLUME, NodeCapability.EXPAND_VOLUME];
  const grow = (node: TestNode) => {
    const volume = node.api.find(persistentVolumes, 'pv-a');
    const claim = node.api.find(persistentVolumeClaims, 'default/claim-a');
    if (!volume || !claim) return;
    node.api.put(persistentVolumes, { ...volume, spec: { ...volume.spec, capacity: { storage: '2Gi' } } });
    const conditions = [{ type: 'FileSystemResizePending', status: 'True' }];
    const allocatedResourceStatuses = { storage: 'NodeResizePending' };
    node.api.put(persistentVolumeClaims, {
      ...claim,
      status: { ...claim.status, conditions, allocatedResourceStatuses },
    });
  };
  const statusOf = (node: TestNode) => node.api.find(persistentVolumeClaims, 'default/claim-a')?.status;

  it('[E5] [N16] [rel-F2] is expanded while it is mounted, and then its claim shows the size', async () => {
    const node = await startNode({ capabilities });
    plainVolume(node);
    await mountPod(node, pod);
    await node.clock.advance(10_000);
    grow(node);
    await node.clock.advance(100);
    expect(node.driver.calls).toContain(`NodeExpandVolume ${2n ** 31n}`);
    expect(statusOf(node)).toEqual({ phase: 'Bound', capacity: { storage: '2Gi' }, conditions: [] });
    expect(eventsOf(node)).toContain(
      'Normal FileSystemResizeSuccessful MountVolume.NodeExpandVolume succeeded for volume "pv-a" n1',
    );
    await node.clock.advance(300_000);
    expect(node.driver.calls.filter((call) => call.startsWith('NodeExpand'))).toHaveLength(1);
  });

  it('[E5] [E2] waits for its turn while the controller is at work, however early the volume shows the size', async () => {
    const node = await startNode({ capabilities });
    plainVolume(node);
    await mountPod(node, pod);
    grow(node);
    const grown = node.api.find(persistentVolumeClaims, 'default/claim-a');
    const show = (progress: string) =>
      grown &&
      node.api.put(persistentVolumeClaims, {
        ...grown,
        status: { ...grown.status, allocatedResourceStatuses: { storage: progress } },
      });
    show('ControllerResizeInProgress');
    await node.clock.advance(10_000);
    expect(node.driver.calls.some((call) => call.startsWith('NodeExpand'))).toBe(false);
    show('NodeResizePending');
    await node.clock.advance(100);
    expect(node.driver.calls).toContain(`NodeExpandVolume ${2n ** 31n}`);
  });

  it('[E3] [E5] is tried again when the controller hands the size back after it was infeasible', async () => {
    const node = await startNode({ capabilities });
    plainVolume(node);
    await mountPod(node, pod);
    node.driver.before = (method) => {
      if (method.startsWith('NodeExpand')) throw new CsiError(Code.OUT_OF_RANGE, 'too big');
    };
    grow(node);
    await node.until(() => statusOf(node)?.allocatedResourceStatuses?.storage === 'NodeResizeInfeasible');
    await node.clock.advance(1000);
    node.driver.before = () => {};
    const refused = node.api.find(persistentVolumeClaims, 'default/claim-a');
    if (!refused) throw new Error('the claim has gone');
    const allocatedResourceStatuses = { storage: 'NodeResizePending' };
    node.api.put(persistentVolumeClaims, { ...refused, status: { ...refused.status, allocatedResourceStatuses } });
    await node.until(() => statusOf(node)?.capacity?.storage === '2Gi');
  });

  it('[E5] is noticed by an agent that may not watch claims', async () => {
    const node = await startNode({ capabilities, watchesClaims: false });
    plainVolume(node);
    await mountPod(node, pod);
    await node.clock.advance(10_000);
    grow(node);
    await node.until(() => node.driver.calls.includes(`NodeExpandVolume ${2n ** 31n}`));
  });

  it('[E5] is expanded before a new pod gets it', async () => {
    const node = await startNode({ capabilities });
    plainVolume(node);
    grow(node);
    await mountPod(node, pod);
    expect(node.driver.calls).toEqual(['NodeStageVolume', 'NodePublishVolume', `NodeExpandVolume ${2n ** 31n}`]);
    expect(statusOf(node)?.capacity).toEqual({ storage: '2Gi' });
  });

  it('[E5] [rel-F4] is not tried again after the driver found the size infeasible', async () => {
    const node = await startNode({ capabilities });
    plainVolume(node);
    await mountPod(node, pod);
    node.driver.before = (method) => {
      if (method.startsWith('NodeExpand')) throw new CsiError(Code.OUT_OF_RANGE, 'too big');
    };
    grow(node);
    await node.until(() => node.driver.calls.some((call) => call.startsWith('NodeExpand')));
    await node.clock.advance(600_000);
    expect(node.driver.calls.filter((call) => call.startsWith('NodeExpand'))).toHaveLength(1);
    expect(statusOf(node)?.allocatedResourceStatuses).toEqual({ storage: 'NodeResizeInfeasible' });
    expect(statusOf(node)?.conditions?.at(-1)).toMatchObject({ type: 'NodeResizeError', status: 'True' });
    expect(node.manager.getMountedVolumesForPod(uid).size).toBe(1);
  });
});
