import { nodes } from '../../../api/index.ts';
import { finalError } from '../../../volume-plugins/index.ts';
import type { DesiredVolume } from '../cache/desired-state-of-world.ts';
import type { OperationContext } from './operation-context.ts';
import { operationError } from './operation-error.ts';

/**
 * Answers whether the volume is attached to this node. The node's status is read live, after the API server was told
 * that the volume is in use: an older copy could show a volume that is being detached right now.
 *
 * Upstream: GenerateVerifyControllerAttachedVolumeFunc.
 */
export async function verifyAttached(
  context: OperationContext,
  desired: DesiredVolume,
  signal: AbortSignal,
): Promise<boolean> {
  const { actual, client, nodeName } = context;
  const { name, plugin } = desired;
  const spec = desired.pods.values().next().value?.spec;
  if (!spec) return false;
  if (!desired.attachable) {
    actual.addVolume({ name, spec, plugin, attachability: 'notRequired', attached: true, devicePath: '' });
    return true;
  }
  // Upstream: csi_attacher.go Attach. No plugin here can attach without the controller.
  if (context.controllerAttachDetach === false) {
    const failed = { what: 'AttachVolume.Attach failed', volumeName: spec.name, eventReason: 'FailedAttachVolume' };
    throw operationError(failed, finalError('attaching volumes from the kubelet is not supported'));
  }
  // The cached copy tells when a read may be worth it; only the read counts.
  const cached = context.findNode();
  if (cached && !findAttached(cached.status?.volumesAttached, name)) return false;
  const node = await client.get(nodes, { name: nodeName }, { signal });
  const attached = findAttached(node.status?.volumesAttached, name);
  if (!attached) return false;
  actual.addVolume({ name, spec, plugin, attachability: 'required', attached: true, devicePath: attached.devicePath });
  return true;
}

function findAttached(
  volumes: readonly { readonly name: string; readonly devicePath: string }[] | undefined,
  name: string,
) {
  return volumes?.find((volume) => volume.name === name);
}
