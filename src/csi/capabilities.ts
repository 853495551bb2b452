/** What a plugin says it can do, as sets, and what follows from it. Pure. */
import {
  VolumeCapability_AccessMode_Mode as AccessMode,
  ControllerServiceCapability_RPC_Type as ControllerCapability,
  type ControllerGetCapabilitiesResponse,
  type GetPluginCapabilitiesResponse,
  NodeServiceCapability_RPC_Type as NodeCapability,
  type NodeGetCapabilitiesResponse,
  PluginCapability_Service_Type as PluginService,
  PluginCapability_VolumeExpansion_Type as VolumeExpansion,
} from './proto/gen/csi_pb.ts';

export { AccessMode, ControllerCapability, NodeCapability, PluginService, VolumeExpansion };

export interface PluginCapabilities {
  readonly services: ReadonlySet<PluginService>;
  /** Whether a published volume can grow, only an unpublished one, or none (undefined). */
  readonly expansion: VolumeExpansion | undefined;
}

export function readPluginCapabilities(response: GetPluginCapabilitiesResponse): PluginCapabilities {
  const services = new Set<PluginService>();
  let expansion: VolumeExpansion | undefined;
  for (const { type } of response.capabilities) {
    if (type.case === 'service') services.add(type.value.type);
    if (type.case === 'volumeExpansion') expansion = type.value.type;
  }
  return { services, expansion };
}

export function readControllerCapabilities(
  response: ControllerGetCapabilitiesResponse,
): ReadonlySet<ControllerCapability> {
  return new Set(response.capabilities.flatMap(({ type }) => (type.case === 'rpc' ? [type.value.type] : [])));
}

export function readNodeCapabilities(response: NodeGetCapabilitiesResponse): ReadonlySet<NodeCapability> {
  return new Set(response.capabilities.flatMap(({ type }) => (type.case === 'rpc' ? [type.value.type] : [])));
}

/**
 * The access mode that a plugin is asked for. A plugin with SINGLE_NODE_MULTI_WRITER is told ReadWriteOnce and
 * ReadWriteOncePod apart. Undefined for a mode that Kubernetes does not know.
 */
export function toCsiAccessMode(accessMode: string, singleNodeMultiWriter: boolean): AccessMode | undefined {
  switch (accessMode) {
    case 'ReadWriteOnce':
      return singleNodeMultiWriter ? AccessMode.SINGLE_NODE_MULTI_WRITER : AccessMode.SINGLE_NODE_WRITER;
    case 'ReadWriteOncePod':
      return singleNodeMultiWriter ? AccessMode.SINGLE_NODE_SINGLE_WRITER : AccessMode.SINGLE_NODE_WRITER;
    case 'ReadOnlyMany':
      return AccessMode.MULTI_NODE_READER_ONLY;
    case 'ReadWriteMany':
      return AccessMode.MULTI_NODE_MULTI_WRITER;
    default:
      return undefined;
  }
}

const singleNodeModes: ReadonlySet<AccessMode> = new Set([
  AccessMode.SINGLE_NODE_WRITER,
  AccessMode.SINGLE_NODE_READER_ONLY,
  AccessMode.SINGLE_NODE_SINGLE_WRITER,
  AccessMode.SINGLE_NODE_MULTI_WRITER,
]);

/** Whether a volume in this mode may be used by one node at a time only. */
export function isSingleNode(mode: AccessMode): boolean {
  return singleNodeModes.has(mode);
}
