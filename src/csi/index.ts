export {
  AccessMode,
  ControllerCapability,
  isSingleNode,
  NodeCapability,
  type PluginCapabilities,
  PluginService,
  readControllerCapabilities,
  readNodeCapabilities,
  readPluginCapabilities,
  toCsiAccessMode,
  VolumeExpansion,
} from './capabilities.ts';
export {
  type ControllerClient,
  type CsiClient,
  createCsiClient,
  type GroupControllerClient,
  type IdentityClient,
  type NodeClient,
  type RegistrationClient,
} from './client.ts';
export { Code, codeName, isKnownCode } from './codes.ts';
export type { CallObserver, CallOptions, CallReport, CsiConnection } from './connection.ts';
export { type DirectConnectionOptions, directConnection } from './direct-connection.ts';
export { CsiError, isFinalError } from './errors.ts';
export { connectCsi, type GrpcConnectionOptions } from './grpc-connection.ts';
export {
  type CapacityRange,
  Controller,
  type ControllerExpandVolumeRequest,
  type ControllerExpandVolumeResponse,
  type ControllerGetVolumeResponse,
  type ControllerPublishVolumeRequest,
  type ControllerPublishVolumeResponse,
  type CreateSnapshotRequest,
  type CreateVolumeRequest,
  type CreateVolumeResponse,
  Identity,
  type ListSnapshotsRequest,
  type ListSnapshotsResponse,
  type ListVolumesRequest,
  type ListVolumesResponse,
  Node,
  type NodeExpandVolumeRequest,
  type NodeGetInfoResponse,
  type NodeGetVolumeStatsRequest,
  type NodeGetVolumeStatsResponse,
  type NodePublishVolumeRequest,
  type NodeStageVolumeRequest,
  type Snapshot,
  type Topology,
  type TopologyRequirement,
  type Volume,
  type VolumeCapability,
  type VolumeCondition,
  type VolumeContentSource,
  VolumeUsage_Unit as VolumeUsageUnit,
} from './proto/gen/csi_pb.ts';
export { type PluginInfo, Registration, type RegistrationStatus } from './proto/gen/pluginregistration_pb.ts';
export { type DriverOptions, serveDriver } from './sdk.ts';
export { stripSecrets } from './secrets.ts';
export { type CsiServer, type ServerOptions, startServer } from './server.ts';
export {
  type CallContext,
  type InterceptedCall,
  type Interceptor,
  type ServedService,
  type ServiceHandlers,
  serve,
} from './service.ts';
export { checkSocketPath, parseEndpoint } from './socket-path.ts';
