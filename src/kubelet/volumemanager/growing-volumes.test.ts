import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ApiStatusError,
  annNodeExpansionNotRequired,
  type PersistentVolumeClaimStatus,
  type PersistentVolumeSpec,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
} from '../../api/index.ts';
import { Code, CsiError, NodeCapability } from '../../csi/index.ts';
import { claimVolume, testPod } from './testing/objects.ts';
import { TestNode } from './testing/test-node.ts';
import { mountPod, plainVolume, removePod } from './testing/volumes.ts';

const claimKey = 'default/claim-a';
const twoGi = 2n ** 31n;
const pending = { allocatedResourceStatuses: { storage: 'NodeResizePending' } };

const nodes: TestNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node[Symbol.asyncDispose]();
});

async function startNode(spec: Partial<PersistentVolumeSpec> = {}): Promise<TestNode> {
  const node = await TestNode.start({
    capabilities: [NodeCapability.STAGE_UNSTAGE_VOLUME, NodeCapability.EXPAND_VOLUME],
  });
  nodes.push(node);
  plainVolume(node, 'a', spec);
  return node;
}

const writer = testPod('writer', [claimVolume('data', 'claim-a')]);
const reader = testPod('reader', [{ name: 'data', persistentVolumeClaim: { claimName: 'claim-a', readOnly: true } }]);
const deviceUser = testPod('device-user', [claimVolume('data', 'claim-a')], {
  containers: [{ name: 'c', image: 'i', volumeDevices: [{ name: 'data', devicePath: '/dev/data' }] }],
});

function claimOf(node: TestNode) {
  const claim = node.api.find(persistentVolumeClaims, claimKey);
  if (!claim) throw new Error('the claim has gone');
  return claim;
}

function setClaim(node: TestNode, status: Partial<PersistentVolumeClaimStatus>): void {
  const claim = claimOf(node);
  node.api.put(persistentVolumeClaims, { ...claim, status: { ...claim.status, ...status } });
}

/** The controller has grown the volume, and now it is the node's turn. */
function grow(node: TestNode, status: Partial<PersistentVolumeClaimStatus> = pending): void {
  const volume = node.api.find(persistentVolumes, 'pv-a');
  if (volume) node.api.put(persistentVolumes, { ...volume, spec: { ...volume.spec, capacity: { storage: '2Gi' } } });
  setClaim(node, status);
}

function makeShared(node: TestNode, annotations: Record<string, string> = {}): void {
  const claim = claimOf(node);
  const spec = { ...claim.spec, accessModes: ['ReadWriteMany'] };
  node.api.put(persistentVolumeClaims, { ...claim, spec, metadata: { ...claim.metadata, annotations } });
}

function refuse(node: TestNode, code: number): void {
  node.driver.before = (method) => {
    if (method.startsWith('NodeExpand')) throw new CsiError(code, 'told to fail');
  };
}

const isMounted = (node: TestNode, pod: Pod) => node.manager.getMountedVolumesForPod(pod.metadata.uid).size === 1;
const sizeOf = (node: TestNode) => claimOf(node).status?.capacity?.storage;
const eventsOf = (node: TestNode) => node.api.events.join('\n');

describe('a driver that cannot grow a volume in use', () => {
  it('[E5] [W10] is not asked again before the volume is mounted anew, and the claim tells why', async () => {
    const node = await startNode();
    await mountPod(node, writer);
    refuse(node, Code.FAILED_PRECONDITION);
    grow(node);
    await node.clock.advance(3_600_000);
    expect(node.driver.expanded).toHaveLength(1);
    expect(isMounted(node, writer)).toBe(true);
    expect(claimOf(node).status).toMatchObject({
      capacity: { storage: '1Gi' },
      allocatedResourceStatuses: { storage: 'NodeResizeInProgress' },
      conditions: [
        {
          type: 'NodeResizeError',
          message: 'failed to expand pvc with rpc error: code = FailedPrecondition desc = told to fail',
        },
      ],
    });
    node.driver.before = () => {};
    await removePod(node, writer);
    await node.clock.advance(10_000);
    const next = testPod('next', [claimVolume('data', 'claim-a')]);
    await mountPod(node, next);
    expect(node.driver.expanded).toHaveLength(2);
    expect(claimOf(node).status).toEqual({ phase: 'Bound', capacity: { storage: '2Gi' }, conditions: [] });
  });

  it('[E5] is asked again when another pod of the node gets the volume', async () => {
    const node = await startNode();
    await mountPod(node, writer);
    refuse(node, Code.FAILED_PRECONDITION);
    grow(node);
    await node.until(() => node.driver.expanded.length === 1);
    await mountPod(node, testPod('second', [claimVolume('data', 'claim-a')]));
    expect(node.driver.expanded).toHaveLength(2);
    await node.clock.advance(3_600_000);
    expect(node.driver.expanded).toHaveLength(2);
  });

  it('[E5] does not keep a pod from the volume as it is', async () => {
    const node = await startNode();
    refuse(node, Code.FAILED_PRECONDITION);
    grow(node);
    await mountPod(node, writer);
    expect(node.driver.expanded).toHaveLength(1);
    expect(sizeOf(node)).toBe('1Gi');
  });
});

describe('a driver that fails to grow a volume', () => {
  it.each([
    ['INTERNAL', Code.INTERNAL],
    ['UNAVAILABLE', Code.UNAVAILABLE],
  ])('[E5] keeps a new pod waiting until it succeeds (%s)', async (_, code) => {
    const node = await startNode();
    refuse(node, code);
    grow(node);
    node.pods.put(writer);
    await node.until(() => node.driver.expanded.length === 4);
    expect(isMounted(node, writer)).toBe(false);
    expect(eventsOf(node)).toContain('MountVolume.Setup failed while expanding volume for volume "pv-a"');
    node.driver.before = () => {};
    await node.until(() => isMounted(node, writer));
    expect(sizeOf(node)).toBe('2Gi');
  });

  it.each([
    ['InvalidArgument', Code.INVALID_ARGUMENT],
    ['OutOfRange', Code.OUT_OF_RANGE],
    ['NotFound', Code.NOT_FOUND],
  ])(
    '[E5] [rel-F4] is not asked for the same size again after %s, and pods get the volume as it is',
    async (_, code) => {
      const node = await startNode();
      refuse(node, code);
      grow(node);
      await mountPod(node, writer);
      await node.clock.advance(3_600_000);
      expect(node.driver.expanded).toHaveLength(1);
      expect(claimOf(node).status?.allocatedResourceStatuses).toEqual({ storage: 'NodeResizeInfeasible' });
    },
  );

  it('[rel-F1] by answering with less than was asked leaves the claim at its size', async () => {
    const node = await startNode();
    await mountPod(node, writer);
    node.driver.expandedToBytes = twoGi - 1n;
    grow(node);
    await node.clock.advance(3_600_000);
    expect(node.driver.expanded).toHaveLength(1);
    expect(sizeOf(node)).toBe('1Gi');
    expect(claimOf(node).status?.conditions).toMatchObject([{ type: 'NodeResizeError' }]);
    expect(eventsOf(node)).toContain(
      'Warning VolumeResizeFailed NodeExpandVolume.NodeExpandVolume failed for volume "pv-a" : ' +
        'the volume has 2147483647 bytes after its expansion, not 2147483648',
    );
    expect(isMounted(node, writer)).toBe(true);
  });

  it('[rel-F1] is not asked for a size below the one that the claim shows', async () => {
    const node = await startNode();
    await mountPod(node, writer);
    grow(node, { capacity: { storage: '4Gi' }, ...pending });
    await node.clock.advance(600_000);
    expect(node.driver.expanded).toEqual([]);
    expect(sizeOf(node)).toBe('4Gi');
  });
});

describe('a volume that a pod has read-only', () => {
  it('[E5] [W10] stays as it is and says so, until a pod gets it that may write', async () => {
    const node = await startNode();
    grow(node);
    await mountPod(node, reader);
    const message = 'MountVolume.NodeExpandVolume failed for volume "pv-a" requested read-only file system';
    const told = `Warning FileSystemResizeFailed ${message}`;
    expect(node.api.events.filter((event) => event === told)).toHaveLength(2);
    await node.clock.advance(600_000);
    expect(node.driver.expanded).toEqual([]);
    expect(sizeOf(node)).toBe('1Gi');
    await mountPod(node, writer);
    expect(node.driver.expanded).toHaveLength(1);
    expect(sizeOf(node)).toBe('2Gi');
  });

  it('[E5] is left alone while it is mounted', async () => {
    const node = await startNode();
    await mountPod(node, reader);
    grow(node);
    await node.clock.advance(600_000);
    expect(node.driver.expanded).toEqual([]);
    expect(eventsOf(node)).toBe('');
  });
});

describe('a block volume that grows', () => {
  const base = (node: TestNode) => join(node.rootDir, 'plugins/kubernetes.io/csi/volumeDevices');
  const expected = (node: TestNode) => ({
    volumePath: join(base(node), 'publish/pv-a', deviceUser.metadata.uid),
    stagingTargetPath: join(base(node), 'staging/pv-a'),
    capacityRange: { requiredBytes: twoGi },
    volumeCapability: { accessType: { case: 'block' } },
  });

  it('[E5] [N16] is expanded at the path of its device while a pod uses it', async () => {
    const node = await startNode({ volumeMode: 'Block' });
    await mountPod(node, deviceUser);
    grow(node);
    await node.until(() => sizeOf(node) === '2Gi');
    expect(node.driver.expanded).toMatchObject([expected(node)]);
  });

  it('[E5] [N16] is expanded before a new pod gets it', async () => {
    const node = await startNode({ volumeMode: 'Block' });
    grow(node);
    refuse(node, Code.INTERNAL);
    node.pods.put(deviceUser);
    await node.until(() => node.driver.expanded.length === 2);
    expect(isMounted(node, deviceUser)).toBe(false);
    expect(eventsOf(node)).toContain(
      'Warning FailedMapVolume MapVolume.MarkVolumeAsMounted failed while expanding volume for volume "pv-a"',
    );
    node.driver.before = () => {};
    await node.until(() => isMounted(node, deviceUser));
    expect(node.driver.expanded.at(-1)).toMatchObject(expected(node));
    expect(sizeOf(node)).toBe('2Gi');
  });
});

describe('a volume on several nodes', () => {
  const done = { capacity: { storage: '2Gi' } };

  it('[E5] [rel-F2] is expanded here too after another node was first, and its claim is left as it is', async () => {
    const node = await startNode();
    makeShared(node);
    await mountPod(node, writer);
    grow(node, done);
    await node.until(() => node.driver.expanded.length === 1);
    await node.clock.advance(600_000);
    expect(node.driver.expanded).toHaveLength(1);
    expect(node.api.calls.filter((call) => call.startsWith('update'))).toEqual([]);
    expect(eventsOf(node)).toContain('Normal FileSystemResizeSuccessful');
  });

  it('[E5] [rel-L10] is expanded here too when another node was first while the agent was away', async () => {
    const node = await startNode();
    makeShared(node);
    await mountPod(node, writer);
    await node.manager[Symbol.asyncDispose]();
    grow(node, done);
    node.startManager();
    await node.until(() => node.driver.expanded.length === 1);
    await node.clock.advance(600_000);
    expect(node.driver.expanded).toHaveLength(1);
    expect(eventsOf(node)).not.toContain('FileSystemResizeSuccessful');
  });

  it.each([
    ['shows the size', done],
    ['asks for more', { ...done, allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' } }],
    ['says something else', { conditions: [{ type: 'Other', status: 'True' }] }],
  ])('[E5] [rel-F2] is expanded once when its claim %s by the time this node is done', async (_, status) => {
    const node = await startNode();
    makeShared(node);
    await mountPod(node, writer);
    let writes = 0;
    // The first write says that the node is at work, the second one would show the size.
    node.api.onUpdate(`persistentvolumeclaims/${claimKey}`, () => {
      if (++writes !== 2) return;
      setClaim(node, { allocatedResourceStatuses: undefined, ...status } as never);
      throw ApiStatusError.of('Conflict', 'the object has been modified');
    });
    grow(node);
    await node.until(() => eventsOf(node).includes('Normal FileSystemResizeSuccessful'));
    await node.clock.advance(600_000);
    expect(node.driver.expanded).toHaveLength(1);
    expect(sizeOf(node)).toBe('2Gi');
    expect(claimOf(node).status).toMatchObject(status);
  });

  it('[E5] [rel-F2] is tried again here as long as it fails, although the claim shows the size', async () => {
    const node = await startNode();
    makeShared(node);
    await mountPod(node, writer);
    refuse(node, Code.INTERNAL);
    grow(node, done);
    await node.until(() => node.driver.expanded.length === 3);
    node.driver.before = () => {};
    await node.until(() => eventsOf(node).includes('Normal FileSystemResizeSuccessful'));
    expect(sizeOf(node)).toBe('2Gi');
  });

  it.each([
    ['nodes have nothing to do', (node: TestNode) => makeShared(node, { [annNodeExpansionNotRequired]: 'true' }), done],
    ['it is not shared', () => {}, done],
    ['the controller is at work', makeShared, { allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' } }],
  ])('[E5] is not expanded here when %s', async (_, prepare, status) => {
    const node = await startNode();
    prepare(node);
    await mountPod(node, writer);
    grow(node, status);
    await node.clock.advance(600_000);
    expect(node.driver.expanded).toEqual([]);
  });

  it('[E5] is not expanded when its claim showed the size before the pod came', async () => {
    const node = await startNode();
    makeShared(node);
    grow(node, done);
    await mountPod(node, writer);
    await node.clock.advance(600_000);
    expect(node.driver.expanded).toEqual([]);
  });
});
