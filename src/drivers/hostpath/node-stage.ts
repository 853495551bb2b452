/** Staging: the volume made available on the node, once, whatever number of workloads uses it there. */
import { Code, CsiError, type Node, type ServiceHandlers } from '../../csi/index.ts';
import { accessTypeOf, invalid, requireCapability, requireField, requirePath } from './checks.ts';
import type { HostpathDriver } from './driver.ts';
import { ensureShown, unmountAll } from './node-mounts.ts';
import type { VolumeRecord } from './records.ts';

type Handlers = ServiceHandlers<typeof Node>;

/** Refuses what the steps before staging have not allowed. */
function checkStageable(driver: HostpathDriver, volume: VolumeRecord, nodeId: string): void {
  if (driver.config.enableAttach && !volume.attachments.some((attachment) => attachment.nodeId === nodeId)) {
    throw new CsiError(
      Code.FAILED_PRECONDITION,
      `ControllerPublishVolume must be called on volume '${volume.id}' before staging on node ${nodeId}`,
    );
  }
}

async function show(driver: HostpathDriver, volume: VolumeRecord, path: string): Promise<void> {
  if (volume.accessType === 'mount') await ensureShown(driver, volume, path, ['bind']);
  else await driver.host.loops.attach(driver.files.pathOf(volume));
}

function withoutStaged(nodeId: string, path: string) {
  return ({ staged }: VolumeRecord) => ({
    staged: staged.filter((one) => one.nodeId !== nodeId || one.path !== path),
  });
}

export const nodeStageVolume =
  (driver: HostpathDriver, nodeId: string): NonNullable<Handlers['nodeStageVolume']> =>
  async (request) => {
    const { state, locks } = driver;
    const id = requireField(request.volumeId, 'Volume ID');
    const path = requirePath(request.stagingTargetPath, 'Target path');
    const accessType = accessTypeOf(requireCapability(request.volumeCapability));
    await locks.runScoped(id, `stage ${nodeId}`, async () => {
      const volume = state.getVolume(id);
      if (accessType !== volume.accessType)
        throw invalid(`cannot stage a ${volume.accessType} volume as ${accessType}`);
      checkStageable(driver, volume, nodeId);
      const present = volume.staged.find((one) => one.nodeId === nodeId);
      if (present && present.path !== path) {
        throw new CsiError(Code.FAILED_PRECONDITION, `volume '${id}' is already staged at ${present.path}`);
      }
      if (!present) state.updateVolume(id, ({ staged }) => ({ staged: [...staged, { nodeId, path }] }));
      try {
        await Promise.all([show(driver, volume, path), state.durable()]);
      } catch (thrown) {
        if (!present) state.updateVolume(id, withoutStaged(nodeId, path));
        throw thrown;
      }
    });
    return {};
  };

export const nodeUnstageVolume =
  (driver: HostpathDriver, nodeId: string): NonNullable<Handlers['nodeUnstageVolume']> =>
  async (request) => {
    const { state, locks, host, files } = driver;
    const id = requireField(request.volumeId, 'Volume ID');
    const path = requirePath(request.stagingTargetPath, 'Target path');
    await locks.runScoped(id, `stage ${nodeId}`, async () => {
      const volume = state.getVolume(id);
      const published = volume.published.find((one) => one.nodeId === nodeId);
      if (published && (await host.mounter.isMountPoint(published.path))) {
        throw new CsiError(Code.FAILED_PRECONDITION, `volume '${id}' is still published at ${published.path}`);
      }
      if (volume.accessType === 'mount') await unmountAll(driver, path);
      else if (!volume.staged.some((one) => one.nodeId !== nodeId)) {
        for (const { device } of await host.loops.find(files.pathOf(volume))) await host.loops.detach(device);
      }
      state.updateVolume(id, withoutStaged(nodeId, path));
      await state.durable();
    });
    return {};
  };
