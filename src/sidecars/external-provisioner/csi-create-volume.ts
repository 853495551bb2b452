/** CreateVolume and DeleteVolume for a claim, and what their errors mean for the next step. */

import type { PersistentVolumeClaim, StorageClass } from '../../api/index.ts';
import { annSelectedNode, claimRequestBytes, MigrationError } from '../../component-helpers/index.ts';
import { Code, ControllerCapability, CsiError, PluginService } from '../../csi/index.ts';
import { secretData } from '../common/secrets.ts';
import { volumeCapabilities } from '../common/volume-capability.ts';
import type { ProvisionerContext } from './context.ts';
import { ParameterError, secretReference, splitParameters } from './parameters.ts';
import { topologyRequirement } from './topology.ts';
import { type CreatedVolume, volumeNameOf } from './volume-of.ts';

/**
 * What a failed CreateVolume leaves behind. `background`: the volume may exist or may yet come to exist, so the same
 * call must be made again until its end is known. `finished`: it does not exist.
 */
export type ProvisioningState = 'background' | 'finished';

const backgroundCodes: ReadonlySet<number> = new Set([
  Code.CANCELED,
  Code.DEADLINE_EXCEEDED,
  Code.UNAVAILABLE,
  Code.ABORTED,
]);

/** Upstream: checkError in external-provisioner. */
export function stateAfter(thrown: unknown): ProvisioningState {
  if (thrown instanceof ParameterError || thrown instanceof MigrationError) return 'finished';
  if (thrown instanceof CsiError) return backgroundCodes.has(thrown.code) ? 'background' : 'finished';
  return 'background';
}

/** The file system for the claim's volume; '' leaves it to the driver. */
export function fsTypeOf(context: ProvisionerContext, volumeClass: StorageClass): string {
  return splitParameters(volumeClass.parameters ?? {}).fsType ?? context.flags.defaultFsType;
}

/** Calls CreateVolume with the claim's one name, so that a repeated call finds what an earlier one made. */
export async function csiCreateVolume(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  volumeClass: StorageClass,
  signal: AbortSignal,
): Promise<CreatedVolume> {
  const { driver, flags } = context;
  const parameters = volumeClass.parameters ?? {};
  const { forDriver } = splitParameters(parameters);
  const name = volumeNameOf(claim, flags.volumeNamePrefix);
  const extra: Record<string, string> = flags.extraCreateMetadata
    ? {
        'csi.storage.k8s.io/pvc/name': claim.metadata.name,
        'csi.storage.k8s.io/pvc/namespace': claim.metadata.namespace,
        'csi.storage.k8s.io/pv/name': name,
      }
    : {};
  const requiredBytes = claimRequestBytes(claim);
  const accessibilityRequirements = accessibility(context, claim, volumeClass);
  const response = await driver.controller.createVolume(
    {
      name,
      capacityRange: { requiredBytes },
      volumeCapabilities: volumeCapabilities({
        accessModes: claim.spec.accessModes ?? [],
        isBlock: claim.spec.volumeMode === 'Block',
        fsType: fsTypeOf(context, volumeClass),
        mountFlags: volumeClass.mountOptions ?? [],
        singleNodeMultiWriter: driver.controllerCapabilities.has(ControllerCapability.SINGLE_NODE_MULTI_WRITER),
      }),
      parameters: { ...forDriver, ...extra },
      secrets: await secretData(context.client, secretReference('provisioner', parameters, name, claim), signal),
      ...(accessibilityRequirements ? { accessibilityRequirements } : {}),
    },
    { timeoutMs: flags.timeoutMs, signal },
  );
  const volume = response.volume;
  if (!volume?.volumeId) throw new CsiError(Code.INTERNAL, 'CreateVolume answered without a volume id');
  if (volume.capacityBytes > 0n && volume.capacityBytes < requiredBytes) {
    await csiDeleteVolume(context, volume.volumeId, secretReference('provisioner', parameters, name, claim), signal);
    throw new CsiError(
      Code.OUT_OF_RANGE,
      `created volume capacity ${volume.capacityBytes} less than requested capacity ${requiredBytes}`,
    );
  }
  return {
    volumeId: volume.volumeId,
    capacityBytes: volume.capacityBytes,
    volumeContext: volume.volumeContext,
    topologies: volume.accessibleTopology.map(({ segments }) => segments),
  };
}

function accessibility(context: ProvisionerContext, claim: PersistentVolumeClaim, volumeClass: StorageClass) {
  const { driver, flags, csiNodes, nodes } = context;
  if (!driver.plugin.services.has(PluginService.VOLUME_ACCESSIBILITY_CONSTRAINTS)) return undefined;
  const selectedNode = claim.metadata.annotations?.[annSelectedNode];
  if (selectedNode === undefined && !flags.immediateTopology) return undefined;
  const requirement = topologyRequirement({
    driver: driver.name,
    class: volumeClass,
    claimName: claim.metadata.name,
    csiNodes: csiNodes.list(),
    nodes: new Map(nodes.list().map((node) => [node.metadata.name, node])),
    selectedNode,
    strict: flags.strictTopology,
  });
  return requirement
    ? {
        requisite: requirement.requisite.map((segments) => ({ segments })),
        preferred: requirement.preferred.map((segments) => ({ segments })),
      }
    : undefined;
}

/** Deletes a volume at the driver; one that is gone already counts as deleted. */
export async function csiDeleteVolume(
  context: ProvisionerContext,
  volumeId: string,
  secret: { readonly name?: string; readonly namespace?: string } | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { client, driver, flags } = context;
  try {
    const secrets = await secretData(client, secret, signal);
    await driver.controller.deleteVolume({ volumeId, secrets }, { timeoutMs: flags.timeoutMs, signal });
  } catch (thrown) {
    if (thrown instanceof CsiError && thrown.code === Code.NOT_FOUND) return;
    throw thrown;
  }
}
