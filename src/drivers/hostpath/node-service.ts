/**
 * The Node service of one node. A directory is bind-mounted at the staging path and again at each target; a block
 * volume's file gets a loop device when it is staged, which shows at each target.
 */
import {
  Code,
  CsiError,
  Node,
  NodeCapability,
  type ServedService,
  type ServiceHandlers,
  serve,
  VolumeUsageUnit,
} from '../../csi/index.ts';
import { checkMaximumSize } from './capacity.ts';
import { readSizeRange, requireField } from './checks.ts';
import { type HostpathConfig, topologyKey } from './config.ts';
import { growVolume } from './controller-volumes.ts';
import type { HostpathDriver } from './driver.ts';
import { nodePublishVolume, nodeUnpublishVolume } from './node-publish.ts';
import { nodeStageVolume, nodeUnstageVolume } from './node-stage.ts';
import type { VolumeRecord } from './records.ts';

type Handlers = ServiceHandlers<typeof Node>;

function capabilitiesOf(config: HostpathConfig): NodeCapability[] {
  return [
    NodeCapability.STAGE_UNSTAGE_VOLUME,
    NodeCapability.GET_VOLUME_STATS,
    NodeCapability.VOLUME_CONDITION,
    NodeCapability.SINGLE_NODE_MULTI_WRITER,
    ...(config.enableNodeExpansion ? [NodeCapability.EXPAND_VOLUME] : []),
  ];
}

/** The volume, which must be staged or published at the path on this node. NotFound otherwise. */
function getVolumeAt({ state }: HostpathDriver, nodeId: string, volumeId: string, path: string): VolumeRecord {
  const volume = state.getVolume(requireField(volumeId, 'Volume ID'));
  const at = requireField(path, 'Volume Path');
  if (![...volume.published, ...volume.staged].some((one) => one.nodeId === nodeId && one.path === at)) {
    throw new CsiError(Code.NOT_FOUND, `volume '${volume.id}' is not at ${JSON.stringify(at)} on node ${nodeId}`);
  }
  return volume;
}

async function usageOf({ host, files }: HostpathDriver, volume: VolumeRecord) {
  if (volume.accessType === 'block') return [{ unit: VolumeUsageUnit.BYTES, total: volume.sizeBytes }];
  const {
    bsize,
    blocks,
    bfree,
    bavail,
    files: inodes,
    ffree,
  } = await host.fs.statfs(files.pathOf(volume), { bigint: true });
  const used = (blocks - bfree) * bsize;
  return [
    { unit: VolumeUsageUnit.BYTES, total: blocks * bsize, available: bavail * bsize, used },
    { unit: VolumeUsageUnit.INODES, total: inodes, available: ffree, used: inodes - ffree },
  ];
}

const nodeGetVolumeStats =
  (driver: HostpathDriver, nodeId: string): NonNullable<Handlers['nodeGetVolumeStats']> =>
  async ({ volumeId, volumePath }) => {
    const volume = getVolumeAt(driver, nodeId, volumeId, volumePath);
    if (!(await driver.files.exists(volume))) {
      return {
        usage: [],
        volumeCondition: { abnormal: true, message: `${driver.files.pathOf(volume)} does not exist` },
      };
    }
    return { usage: await usageOf(driver, volume), volumeCondition: { abnormal: false, message: '' } };
  };

const nodeExpandVolume =
  (driver: HostpathDriver, nodeId: string): NonNullable<Handlers['nodeExpandVolume']> =>
  async ({ volumeId, volumePath, capacityRange }) => {
    const { state, locks, config, host, files } = driver;
    if (!config.enableNodeExpansion) throw new CsiError(Code.UNIMPLEMENTED, 'NodeExpandVolume is not supported');
    const { id } = getVolumeAt(driver, nodeId, volumeId, volumePath);
    const { requiredBytes } = readSizeRange(capacityRange);
    checkMaximumSize(requiredBytes, config.maxVolumeSizeNodeBytes);
    return await locks.runScoped(id, 'size', async () => {
      // The controller has grown it already, unless growing is the node's business alone.
      if (requiredBytes > state.getVolume(id).sizeBytes) await growVolume(driver, id, requiredBytes);
      const volume = state.getVolume(id);
      const devices = volume.accessType === 'block' ? await host.loops.find(files.pathOf(volume)) : [];
      for (const { device } of devices) await host.loops.updateCapacity(device);
      await state.durable();
      return { capacityBytes: volume.sizeBytes };
    });
  };

function infoOf({ config }: HostpathDriver, nodeId: string) {
  const limit = config.attachLimit > 0 ? config.attachLimit : config.maxVolumesPerNode;
  const accessibleTopology = { segments: { [topologyKey]: nodeId } };
  return { nodeId, maxVolumesPerNode: BigInt(limit), ...(config.enableTopology ? { accessibleTopology } : {}) };
}

export function nodeService(driver: HostpathDriver, nodeId: string): ServedService {
  const capabilities = capabilitiesOf(driver.config).map((type) => ({
    type: { case: 'rpc' as const, value: { type } },
  }));
  return serve(Node, {
    nodeStageVolume: nodeStageVolume(driver, nodeId),
    nodeUnstageVolume: nodeUnstageVolume(driver, nodeId),
    nodePublishVolume: nodePublishVolume(driver, nodeId),
    nodeUnpublishVolume: nodeUnpublishVolume(driver),
    nodeGetVolumeStats: nodeGetVolumeStats(driver, nodeId),
    nodeExpandVolume: nodeExpandVolume(driver, nodeId),
    nodeGetCapabilities: async () => ({ capabilities }),
    nodeGetInfo: async () => infoOf(driver, nodeId),
  });
}
