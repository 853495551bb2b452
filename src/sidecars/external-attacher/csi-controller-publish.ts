/** ControllerPublishVolume and ControllerUnpublishVolume for an attachment. */

import type { PersistentVolumeSpec } from '../../api/index.ts';
import { Code, ControllerCapability, CsiError } from '../../csi/index.ts';
import { secretData } from '../common/secrets.ts';
import { volumeCapabilityOf } from '../common/volume-capability.ts';
import { type AttacherContext, AttachmentError } from './context.ts';

interface Target {
  readonly spec: PersistentVolumeSpec;
  readonly nodeId: string;
}

function csiSource(spec: PersistentVolumeSpec) {
  if (!spec.csi) throw new AttachmentError('persistent volume is not a CSI volume');
  return spec.csi;
}

/** Attaches and returns the publish context. A driver without PUBLISH_UNPUBLISH_VOLUME has nothing to do. */
export async function csiControllerPublish(
  context: AttacherContext,
  { spec, nodeId }: Target,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const { client, driver, flags } = context;
  const source = csiSource(spec);
  if (!driver.controllerCapabilities.has(ControllerCapability.PUBLISH_UNPUBLISH_VOLUME)) return {};
  const response = await driver.controller.controllerPublishVolume(
    {
      volumeId: source.volumeHandle,
      nodeId,
      volumeCapability: volumeCapabilityOf(spec, {
        defaultFsType: flags.defaultFsType,
        singleNodeMultiWriter: driver.controllerCapabilities.has(ControllerCapability.SINGLE_NODE_MULTI_WRITER),
      }),
      readonly: driver.controllerCapabilities.has(ControllerCapability.PUBLISH_READONLY) && source.readOnly === true,
      volumeContext: source.volumeAttributes ?? {},
      secrets: await secretData(client, source.controllerPublishSecretRef, signal),
    },
    { timeoutMs: flags.timeoutMs, signal },
  );
  return response.publishContext;
}

/** Detaches; a volume or node the driver no longer knows counts as detached. */
export async function csiControllerUnpublish(
  context: AttacherContext,
  { spec, nodeId }: Target,
  signal: AbortSignal,
): Promise<void> {
  const { client, driver, flags } = context;
  const source = csiSource(spec);
  if (!driver.controllerCapabilities.has(ControllerCapability.PUBLISH_UNPUBLISH_VOLUME)) return;
  const secrets = await secretData(client, source.controllerPublishSecretRef, signal);
  try {
    await driver.controller.controllerUnpublishVolume(
      { volumeId: source.volumeHandle, nodeId, secrets },
      { timeoutMs: flags.timeoutMs, signal },
    );
  } catch (thrown) {
    if (thrown instanceof CsiError && thrown.code === Code.NOT_FOUND) return;
    throw thrown;
  }
}
