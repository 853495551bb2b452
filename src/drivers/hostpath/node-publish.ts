/** Publishing: the staged volume shown to one workload. */
import {
  AccessMode,
  Code,
  CsiError,
  type Node,
  type NodePublishVolumeRequest,
  type ServiceHandlers,
  type VolumeCapability,
} from '../../csi/index.ts';
import { accessTypeOf, invalid, requireCapability, requireField, requirePath } from './checks.ts';
import type { HostpathDriver } from './driver.ts';
import { checkLifecycle, ensureInlineVolume, isInlineRequest, removeInlineVolume } from './ephemeral.ts';
import { isInlineId } from './ids.ts';
import { ensureShown, removeTarget } from './node-mounts.ts';
import { bindOptions } from './publish-options.ts';
import type { PublishedAt, VolumeRecord } from './records.ts';

type Handlers = ServiceHandlers<typeof Node>;

interface Publication extends PublishedAt {
  readonly stagingPath: string;
  readonly capability: VolumeCapability;
  readonly inline: boolean;
}

function readPublication(request: NodePublishVolumeRequest, nodeId: string): Publication {
  const capability = requireCapability(request.volumeCapability);
  return {
    nodeId,
    path: requirePath(request.targetPath, 'Target path'),
    readonly: request.readonly,
    stagingPath: request.stagingTargetPath,
    capability,
    inline: isInlineRequest(request),
  };
}

/** Refuses what the steps before, or other workloads with the volume, do not allow. */
function checkPublishable(volume: VolumeRecord, wanted: Publication): void {
  const accessType = accessTypeOf(wanted.capability);
  if (accessType !== volume.accessType) throw invalid(`cannot publish a ${volume.accessType} volume as ${accessType}`);
  checkLifecycle(volume, wanted.inline);
  const { nodeId, stagingPath, path } = wanted;
  if (!wanted.inline && !volume.staged.some((one) => one.nodeId === nodeId && one.path === stagingPath)) {
    throw new CsiError(
      Code.FAILED_PRECONDITION,
      `volume '${volume.id}' is not staged at ${JSON.stringify(stagingPath)}`,
    );
  }
  const elsewhere = volume.published.some((one) => one.path !== path);
  if (wanted.capability.accessMode?.mode === AccessMode.SINGLE_NODE_SINGLE_WRITER && elsewhere) {
    throw new CsiError(
      Code.FAILED_PRECONDITION,
      'volume uses SINGLE_NODE_SINGLE_WRITER access mode and is already mounted at a different target path',
    );
  }
  const present = volume.published.find((one) => one.path === path);
  if (present && present.readonly !== wanted.readonly) {
    throw new CsiError(Code.ALREADY_EXISTS, `volume '${volume.id}' is published at ${path} with another readonly flag`);
  }
}

function withoutPublished(path: string) {
  return ({ published }: VolumeRecord) => ({ published: published.filter((one) => one.path !== path) });
}

async function publish(driver: HostpathDriver, id: string, wanted: Publication): Promise<void> {
  const { state } = driver;
  const volume = state.getVolume(id);
  checkPublishable(volume, wanted);
  const { nodeId, path, readonly, capability } = wanted;
  const attached = volume.attachments.find((one) => one.nodeId === nodeId);
  const flags = capability.accessType.case === 'mount' ? capability.accessType.value.mountFlags : [];
  const options = bindOptions(flags, readonly || attached?.readonly === true);
  const present = volume.published.some((one) => one.path === path);
  // Before the first wait, so that no unstaging slips in between.
  if (!present) state.updateVolume(id, ({ published }) => ({ published: [...published, { nodeId, path, readonly }] }));
  try {
    await Promise.all([ensureShown(driver, volume, path, options), state.durable()]);
  } catch (thrown) {
    if (!present) {
      await removeTarget(driver, path).catch(() => {
        // The failure that is reported is the first one; what is left at the target is the next call's.
      });
      state.updateVolume(id, withoutPublished(path));
    }
    throw thrown;
  }
}

export const nodePublishVolume =
  (driver: HostpathDriver, nodeId: string): NonNullable<Handlers['nodePublishVolume']> =>
  async (request) => {
    const { locks } = driver;
    const id = requireField(request.volumeId, 'Volume ID');
    const wanted = readPublication(request, nodeId);
    if (!wanted.inline) {
      await locks.runScoped(id, `publish ${wanted.path}`, () => publish(driver, id, wanted));
      return {};
    }
    await locks.runAlone(id, async () => {
      await ensureInlineVolume(driver, id, request.volumeContext.kind ?? '');
      try {
        await publish(driver, id, wanted);
      } catch (thrown) {
        await removeInlineVolume(driver, id);
        throw thrown;
      }
    });
    return {};
  };

export const nodeUnpublishVolume =
  (driver: HostpathDriver): NonNullable<Handlers['nodeUnpublishVolume']> =>
  async (request) => {
    const { state, locks } = driver;
    const id = requireField(request.volumeId, 'Volume ID');
    const path = requirePath(request.targetPath, 'Target path');
    const inline = isInlineId(id);
    const unpublish = async () => {
      // An inline volume that is gone was unpublished by a call whose answer was lost.
      if (!inline) state.getVolume(id);
      if (state.findVolume(id) === undefined && (await driver.host.mounter.isMountPoint(path))) state.getVolume(id);
      await removeTarget(driver, path);
      state.updateVolume(id, withoutPublished(path));
      await removeInlineVolume(driver, id);
      await state.durable();
    };
    await (inline ? locks.runAlone(id, unpublish) : locks.runScoped(id, `publish ${path}`, unpublish));
    return {};
  };
