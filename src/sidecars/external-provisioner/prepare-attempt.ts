/** What CreateVolume is asked for on behalf of a claim. */
import { type PersistentVolumeClaim, type StorageClass, volumeAttributesClasses } from '../../api/index.ts';
import { annSelectedNode, claimRequestBytes, getClaimClass } from '../../component-helpers/index.ts';
import { ControllerCapability, PluginService } from '../../csi/index.ts';
import { volumeCapabilities } from '../common/volume-capability.ts';
import type { Attempt, CreateRequest } from './attempts.ts';
import { type ContentSource, prepareSource } from './content-source.ts';
import { ProvisionError, type ProvisionerContext } from './context.ts';
import { classForDriver } from './migration.ts';
import { type ClassParameters, secretReference, splitParameters } from './parameters.ts';
import { topologyRequirement, topologyToFindAgain } from './topology.ts';
import { volumeNameOf } from './volume-of.ts';

/** Whether a volume is wanted, or one that may have been made before, so that it can be deleted. */
export type Purpose = 'make' | 'findAgain';

/**
 * The attempt that is under way for the claim, or else a new one. Everything in it is derived from objects and put in
 * one order, so that another process, with the objects unchanged, asks for the same.
 * @throws ParameterError, TopologyError, MigrationError, ProvisionError or ApiStatusError; nothing was asked for then.
 */
export async function prepareAttempt(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  volumeClass: StorageClass,
  signal: AbortSignal,
  purpose: Purpose = 'make',
): Promise<Attempt> {
  const begun = context.attempts.get(claim.metadata.uid);
  if (begun) return begun;
  const driverClass = classForDriver(volumeClass);
  const parameters = driverClass.parameters ?? {};
  const name = volumeNameOf(claim, context.flags);
  const split = splitParameters(parameters);
  const mutableParameters = await mutableParametersOf(context, claim, signal);
  const source = await prepareSource(context, claim, signal);
  const asked = { claim, class: driverClass, name, split, mutableParameters, source: source?.content, purpose };
  const attempt: Attempt = {
    class: volumeClass,
    driverClass,
    fsType: split.fsType ?? context.flags.defaultFsType,
    requiredBytes: claimRequestBytes(claim),
    request: requestOf(context, asked),
    secret: secretReference('provisioner', parameters, name, claim),
  };
  await source?.protect();
  return attempt;
}

/** The parameters of the claim's VolumeAttributesClass. Upstream: external-provisioner prepareProvision. */
async function mutableParametersOf(
  { client, driver }: ProvisionerContext,
  { spec }: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const name = spec.volumeAttributesClassName;
  if (!name) return {};
  if (!driver.controllerCapabilities.has(ControllerCapability.MODIFY_VOLUME)) {
    throw new ProvisionError(
      'CSI driver does not support VolumeAttributesClass: controller MODIFY_VOLUME capability is not reported',
    );
  }
  const { driverName, parameters = {} } = await client.get(volumeAttributesClasses, { name }, { signal });
  if (driverName === driver.name) return parameters;
  throw new ProvisionError(
    `VAC ${name} referenced in PVC is for driver ${driverName} which does not match driver name ${driver.name}`,
  );
}

interface RequestInput {
  readonly claim: PersistentVolumeClaim;
  readonly class: StorageClass;
  readonly name: string;
  readonly split: ClassParameters;
  readonly mutableParameters: Readonly<Record<string, string>>;
  readonly source: ContentSource | undefined;
  readonly purpose: Purpose;
}

function requestOf(
  context: ProvisionerContext,
  { claim, class: volumeClass, name, ...rest }: RequestInput,
): CreateRequest {
  const extra: Record<string, string> = context.flags.extraCreateMetadata
    ? {
        'csi.storage.k8s.io/pvc/name': claim.metadata.name,
        'csi.storage.k8s.io/pvc/namespace': claim.metadata.namespace,
        'csi.storage.k8s.io/pv/name': name,
      }
    : {};
  const accessibilityRequirements = accessibility(context, claim, volumeClass, rest.purpose);
  return {
    name,
    capacityRange: { requiredBytes: claimRequestBytes(claim) },
    volumeCapabilities: capabilitiesOf(context, claim, volumeClass, rest.split),
    parameters: { ...rest.split.forDriver, ...extra },
    mutableParameters: { ...rest.mutableParameters },
    ...(rest.source ? { volumeContentSource: rest.source } : {}),
    ...(accessibilityRequirements ? { accessibilityRequirements } : {}),
  };
}

function capabilitiesOf(
  { driver, flags }: ProvisionerContext,
  { spec }: PersistentVolumeClaim,
  { mountOptions = [] }: StorageClass,
  { fsType = flags.defaultFsType }: ClassParameters,
) {
  return volumeCapabilities({
    accessModes: spec.accessModes ?? [],
    isBlock: spec.volumeMode === 'Block',
    fsType,
    mountFlags: mountOptions,
    singleNodeMultiWriter: driver.controllerCapabilities.has(ControllerCapability.SINGLE_NODE_MULTI_WRITER),
  });
}

/**
 * What GetCapacity is to be asked to learn whether there is room for the claim: any yes will do.
 * @throws ParameterError, TopologyError, MigrationError
 */
export function capacityRequests(context: ProvisionerContext, claim: PersistentVolumeClaim) {
  const volumeClass = context.classes.get(getClaimClass(claim));
  if (!volumeClass) return [];
  const driverClass = classForDriver(volumeClass);
  const split = splitParameters(driverClass.parameters ?? {});
  const request = {
    parameters: { ...split.forDriver },
    volumeCapabilities: capabilitiesOf(context, claim, driverClass, split),
  };
  const requisite = accessibility(context, claim, driverClass, 'make')?.requisite;
  return requisite ? requisite.map((accessibleTopology) => ({ ...request, accessibleTopology })) : [request];
}

function accessibility(
  context: ProvisionerContext,
  claim: PersistentVolumeClaim,
  volumeClass: StorageClass,
  purpose: Purpose,
) {
  const { driver, flags, csiNodes, nodes } = context;
  if (!driver.plugin.services.has(PluginService.VOLUME_ACCESSIBILITY_CONSTRAINTS)) return undefined;
  const decide = purpose === 'make' ? topologyRequirement : topologyToFindAgain;
  const requirement = decide({
    driver: driver.name,
    class: volumeClass,
    claimName: claim.metadata.name,
    csiNodes: csiNodes.list(),
    nodes: new Map(nodes.list().map((node) => [node.metadata.name, node])),
    selectedNode: claim.metadata.annotations?.[annSelectedNode],
    strict: flags.strictTopology,
    immediate: flags.immediateTopology,
  });
  return requirement
    ? {
        requisite: requirement.requisite.map((segments) => ({ segments })),
        preferred: requirement.preferred.map((segments) => ({ segments })),
      }
    : undefined;
}
