/**
 * A driver's controller that hears of one call per volume or snapshot at a time, whichever of the roles in this process
 * makes it; a volume of which a snapshot is taken counts.
 * CSI lets drivers answer ABORTED to anything else, and some of them do worse.
 */
import { KeyLock } from '../../base/index.ts';
import type { CallOptions, ControllerClient } from '../../csi/index.ts';

/** A call waits for as long as those before it may take; its own time limit starts after that. */
export function oneCallPerVolume(controller: ControllerClient): ControllerClient {
  const lock = new KeyLock<string>();
  const byVolume =
    <Request extends { readonly volumeId?: string }, Answer>(
      call: (request: Request, options?: Partial<CallOptions>) => Promise<Answer>,
    ) =>
    (request: Request, options?: Partial<CallOptions>) =>
      lock.run(`id ${request.volumeId}`, () => call(request, options));
  return {
    ...controller,
    createVolume: (request, options) =>
      lock.run(`name ${request.name}`, () => controller.createVolume(request, options)),
    deleteVolume: byVolume(controller.deleteVolume),
    controllerPublishVolume: byVolume(controller.controllerPublishVolume),
    controllerUnpublishVolume: byVolume(controller.controllerUnpublishVolume),
    controllerExpandVolume: byVolume(controller.controllerExpandVolume),
    controllerModifyVolume: byVolume(controller.controllerModifyVolume),
    createSnapshot: (request, options) =>
      lock.run(`id ${request.sourceVolumeId}`, () => controller.createSnapshot(request, options)),
    deleteSnapshot: (request, options) =>
      lock.run(`snapshot ${request.snapshotId}`, () => controller.deleteSnapshot(request, options)),
  };
}
