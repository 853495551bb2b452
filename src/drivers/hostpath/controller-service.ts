/** The Controller service: attachment, lists and capacity here; volumes and snapshots in the files beside. */
import {
  Code,
  Controller,
  ControllerCapability,
  CsiError,
  isSingleNode,
  type ServedService,
  type ServiceHandlers,
  serve,
} from '../../csi/index.ts';
import { availableBytes, largestBytes } from './capacity.ts';
import { accessTypeOf, invalid, page, requireCapability, requireField } from './checks.ts';
import type { HostpathConfig } from './config.ts';
import { snapshotHandlers } from './controller-snapshots.ts';
import { volumeHandlers, volumeMessage } from './controller-volumes.ts';
import type { HostpathDriver } from './driver.ts';
import { checkToken } from './ids.ts';
import type { Attachment, VolumeRecord } from './records.ts';

type Handlers = ServiceHandlers<typeof Controller>;

function capabilitiesOf(config: HostpathConfig): ControllerCapability[] {
  const { enableAttach, enableControllerExpansion, enableControllerModifyVolume, enableListSnapshots } = config;
  return [
    ControllerCapability.CREATE_DELETE_VOLUME,
    ControllerCapability.GET_VOLUME,
    ControllerCapability.GET_CAPACITY,
    ControllerCapability.CREATE_DELETE_SNAPSHOT,
    ControllerCapability.GET_SNAPSHOT,
    ControllerCapability.LIST_VOLUMES,
    ControllerCapability.CLONE_VOLUME,
    ControllerCapability.VOLUME_CONDITION,
    ControllerCapability.SINGLE_NODE_MULTI_WRITER,
    ...(enableListSnapshots ? [ControllerCapability.LIST_SNAPSHOTS] : []),
    ...(enableControllerExpansion ? [ControllerCapability.EXPAND_VOLUME] : []),
    ...(enableAttach
      ? [
          ControllerCapability.PUBLISH_UNPUBLISH_VOLUME,
          ControllerCapability.PUBLISH_READONLY,
          ControllerCapability.LIST_VOLUMES_PUBLISHED_NODES,
        ]
      : []),
    ...(enableControllerModifyVolume ? [ControllerCapability.MODIFY_VOLUME] : []),
  ];
}

function requireAttach(driver: HostpathDriver, call: string): void {
  if (!driver.config.enableAttach) throw new CsiError(Code.UNIMPLEMENTED, `${call} is not supported`);
}

function countAttached({ state }: HostpathDriver, nodeId: string): number {
  let count = 0;
  for (const { attachments } of state.volumes) if (attachments.some((one) => one.nodeId === nodeId)) count++;
  return count;
}

/** Refuses an attachment beside the others that the volume has. */
function checkAttachable(driver: HostpathDriver, volume: VolumeRecord, wanted: Attachment): void {
  const other = volume.attachments.find(({ nodeId }) => nodeId !== wanted.nodeId);
  const exclusive =
    isSingleNode(wanted.accessMode) || volume.attachments.some(({ accessMode }) => isSingleNode(accessMode));
  if (other && exclusive) {
    throw new CsiError(Code.FAILED_PRECONDITION, `Volume '${volume.id}' is attached to node ${other.nodeId}`);
  }
  const { attachLimit } = driver.config;
  if (attachLimit > 0 && countAttached(driver, wanted.nodeId) >= attachLimit) {
    throw new CsiError(Code.RESOURCE_EXHAUSTED, `Cannot attach any more volumes to this node ('${wanted.nodeId}')`);
  }
}

const controllerPublishVolume =
  (driver: HostpathDriver): NonNullable<Handlers['controllerPublishVolume']> =>
  async (request) => {
    const { state, locks, config } = driver;
    requireAttach(driver, 'ControllerPublishVolume');
    const id = requireField(request.volumeId, 'Volume ID');
    const nodeId = requireField(request.nodeId, 'Node ID');
    const capability = requireCapability(request.volumeCapability);
    const wanted: Attachment = { nodeId, readonly: request.readonly, accessMode: capability.accessMode?.mode ?? 0 };
    await locks.runScoped(id, `attach ${nodeId}`, async () => {
      const volume = state.getVolume(id);
      if (!config.nodeIds.includes(nodeId)) throw new CsiError(Code.NOT_FOUND, `Node ID ${nodeId} is not served here`);
      if (accessTypeOf(capability) !== volume.accessType) throw invalid('Volume has another access type');
      const present = volume.attachments.find((attachment) => attachment.nodeId === nodeId);
      if (present && present.readonly !== wanted.readonly) {
        throw new CsiError(Code.ALREADY_EXISTS, 'Volume published but has incompatible readonly flag');
      }
      if (!present) {
        checkAttachable(driver, volume, wanted);
        state.updateVolume(id, ({ attachments }) => ({ attachments: [...attachments, wanted] }));
      }
      await state.durable();
    });
    return { publishContext: {} };
  };

const controllerUnpublishVolume =
  (driver: HostpathDriver): NonNullable<Handlers['controllerUnpublishVolume']> =>
  async ({ volumeId, nodeId }) => {
    const { state, locks, config } = driver;
    requireAttach(driver, 'ControllerUnpublishVolume');
    const id = requireField(volumeId, 'Volume ID');
    const concerns = (use: { nodeId: string }) => nodeId === '' || use.nodeId === nodeId;
    await locks.runScoped(id, `attach ${nodeId}`, async () => {
      const volume = state.findVolume(id);
      // Neither a missing volume nor a node that is gone has anything attached.
      if (!volume?.attachments.some(concerns)) return;
      const inUse = [...volume.published, ...volume.staged].find(concerns);
      if (inUse && config.checkVolumeLifecycle) {
        throw new CsiError(Code.INTERNAL, `Volume '${id}' is still used on node ${inUse.nodeId} at ${inUse.path}`);
      }
      state.updateVolume(id, ({ attachments }) => ({ attachments: attachments.filter((one) => !concerns(one)) }));
      await state.durable();
    });
    return {};
  };

const validateVolumeCapabilities =
  ({ state }: HostpathDriver): NonNullable<Handlers['validateVolumeCapabilities']> =>
  async ({ volumeId, volumeCapabilities, volumeContext, parameters, mutableParameters }) => {
    const id = requireField(volumeId, 'Volume ID');
    if (volumeCapabilities.length === 0) throw invalid('Volume Capabilities missing in request');
    const volume = state.getVolume(id);
    const other = volumeCapabilities.map(requireCapability).find((one) => accessTypeOf(one) !== volume.accessType);
    if (other) return { message: `the volume is used as ${volume.accessType}, not as ${accessTypeOf(other)}` };
    return { confirmed: { volumeContext, volumeCapabilities, parameters, mutableParameters } };
  };

async function statusOf(driver: HostpathDriver, volume: VolumeRecord) {
  const present = await driver.files.exists(volume);
  return {
    publishedNodeIds: volume.attachments.map(({ nodeId }) => nodeId),
    volumeCondition: { abnormal: !present, message: present ? '' : `${driver.files.pathOf(volume)} does not exist` },
  };
}

const listVolumes =
  (driver: HostpathDriver): NonNullable<Handlers['listVolumes']> =>
  async ({ maxEntries, startingToken }) => {
    if (startingToken !== '') checkToken(startingToken);
    const volumes = [...driver.state.volumes].filter(({ ready }) => ready);
    const { entries, nextToken } = page(volumes, maxEntries, startingToken);
    const shown = entries.map(async (volume) => ({
      volume: volumeMessage(volume),
      status: await statusOf(driver, volume),
    }));
    return { entries: await Promise.all(shown), nextToken };
  };

const getCapacity =
  ({ state, config }: HostpathDriver): NonNullable<Handlers['getCapacity']> =>
  async ({ parameters }) => {
    const used = (kind: string) => state.usedBytes(kind);
    const kind = parameters.kind ?? '';
    return {
      availableCapacity: availableBytes(config, used, kind),
      maximumVolumeSize: largestBytes(config, used, kind),
      minimumVolumeSize: 0n,
    };
  };

const controllerGetVolume =
  (driver: HostpathDriver): NonNullable<Handlers['controllerGetVolume']> =>
  async ({ volumeId }) => {
    const volume = driver.state.getVolume(requireField(volumeId, 'Volume ID'));
    return { volume: volumeMessage(volume), status: await statusOf(driver, volume) };
  };

export function controllerService(driver: HostpathDriver): ServedService {
  const capabilities = capabilitiesOf(driver.config).map((type) => ({
    type: { case: 'rpc' as const, value: { type } },
  }));
  return serve(Controller, {
    ...volumeHandlers(driver),
    ...snapshotHandlers(driver),
    controllerPublishVolume: controllerPublishVolume(driver),
    controllerUnpublishVolume: controllerUnpublishVolume(driver),
    validateVolumeCapabilities: validateVolumeCapabilities(driver),
    listVolumes: listVolumes(driver),
    getCapacity: getCapacity(driver),
    controllerGetVolume: controllerGetVolume(driver),
    controllerGetCapabilities: async () => ({ capabilities }),
  });
}
