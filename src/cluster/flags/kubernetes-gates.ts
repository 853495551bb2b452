/**
 * The feature gates of Kubernetes 1.36. Those of storage one by one; of the rest it matters only that they are known.
 * Upstream: pkg/features/kube_features.go and what it draws in.
 */
import type { GateSpec, GateStage, KnownGates } from './feature-gates.ts';

const alpha = (effect: GateSpec['effect']): GateSpec => ({ stage: 'ALPHA', byDefault: false, locked: false, effect });
const betaOff: GateSpec = { stage: 'BETA', byDefault: false, locked: false, effect: 'none' };
const lockedOn: GateSpec = { stage: '', byDefault: true, locked: true, effect: 'always' };
/** There is no SELinux here, and no volume is an image. */
const lockedOnElsewhere: GateSpec = { ...lockedOn, effect: 'none' };

const storageGates: Readonly<Record<string, GateSpec>> = {
  PersistentVolumeClaimUnusedSinceTime: alpha('switch'),
  StorageCapacityScoring: alpha('switch'),
  // Drivers ask for it in their CSIDriver, where it has no other meaning.
  VolumeLimitScaling: alpha('always'),
  CSIVolumeHealth: alpha('none'),
  CrossNamespaceVolumeDataSource: alpha('none'),
  ImageVolumeWithDigest: alpha('none'),
  MutablePVNodeAffinity: alpha('none'),
  LocalStorageCapacityIsolationFSQuotaMonitoring: betaOff,
  SELinuxMount: betaOff,
  AnyVolumeDataSource: lockedOn,
  CSIServiceAccountTokenSecrets: lockedOn,
  HonorPVReclaimPolicy: lockedOn,
  ImageVolume: lockedOnElsewhere,
  MutableCSINodeAllocatableCount: lockedOn,
  RecoverVolumeExpansionFailure: lockedOn,
  RecursiveReadOnlyMounts: lockedOn,
  VolumeAttributesClass: lockedOn,
  SELinuxChangePolicy: lockedOnElsewhere,
  SELinuxMountReadWriteOncePod: lockedOnElsewhere,
  GitRepoVolumeDriver: { stage: 'DEPRECATED', byDefault: false, locked: true, effect: 'none' },
};

const alphaNames = `
  APIServingWithRoutine AllowUnsafeMalformedObjectDeletion CBORServingAndStorage CPUManagerPolicyAlphaOptions
  CRIListStreaming ClientsAllowCBOR ClientsPreferCBOR CloudControllerManagerWatchBasedRoutesReconciliation
  CloudControllerManagerWebhook ContainerStopSignals ControllerManagerReleaseLeaderElectionLockOnExit
  DRAListTypeAttributes DRANodeAllocatableResources DRAResourcePoolStatus DRAWorkloadResourceClaims EventedPLEG
  GangScheduling GenericWorkload HPAScaleToZero InPlacePodVerticalScalingExclusiveCPUs
  InPlacePodVerticalScalingExclusiveMemory KubeletInUserNamespace LoggingAlphaOptions
  ManifestBasedAdmissionControlConfig MemoryQoS NativeHistograms PodAndContainerStatsFromCRI PodLevelResourceManagers
  PodLogsQuerySplitStreams PodsAPI QOSReserved ReduceDefaultCrashLoopBackOffDecay RuntimeClassInImageCriApi
  ShardedListAndWatch StorageVersionAPI TaintTolerationComparisonOperators TopologyAwareWorkloadScheduling
  TopologyManagerPolicyAlphaOptions UserNamespacesHostNetworkSupport WindowsCPUAndMemoryAffinity
  WorkloadAwarePreemption WorkloadWithJob`;

const betaNames = `
  APIResponseCompression APIServerIdentity AllowParsingUserUIDFromCertAuth AtomicFIFO
  AuthorizePodWebsocketUpgradeCreatePermission CPUManagerPolicyBetaOptions CRDObservedGenerationTracking
  ClearingNominatedNodeNameAfterBinding ClientsAllowCARotation ClientsAllowTLSCacheGC ClusterTrustBundle
  ClusterTrustBundleProjection ComponentFlagz ComponentStatusz ConcurrentWatchObjectDecode ConstrainedImpersonation
  ContainerCheckpoint ContainerRestartRules ContextualLogging CoordinatedLeaderElection DRAConsumableCapacity
  DRADeviceBindingConditions DRADeviceTaintRules DRADeviceTaints DRAExtendedResource DRAPartitionableDevices
  DRAResourceClaimDeviceStatus DRAResourceClaimGranularStatusAuthorization DRASchedulerFilterTimeout
  DeclarativeValidationBeta DeploymentReplicaSetTerminatingReplicas DetectCacheInconsistency EnvFiles
  ExtendWebSocketsToKubelet GracefulNodeShutdown GracefulNodeShutdownBasedOnPodPriority HPAConfigurableTolerance
  HostnameOverride InOrderInformersBatchProcess InPlacePodLevelResourcesVerticalScaling
  InPlacePodVerticalScalingInitContainers KubeletCrashLoopBackOffMax KubeletEnsureSecretPulledImages
  KubeletSeparateDiskGC KubeletServiceAccountTokenForCredentialProviders ListFromCacheSnapshot LoggingBetaOptions
  MatchLabelKeysInPodTopologySpread MatchLabelKeysInPodTopologySpreadSelectorMerge MaxUnavailableStatefulSet
  MutablePodResourcesForSuspendedJobs MutableSchedulingDirectivesForSuspendedJobs NodeDeclaredFeatures
  NominatedNodeNameForExpectation OpenAPIEnums OpportunisticBatching PLEGOnDemandRelist PodCertificateRequest
  PodDeletionCost PodLevelResources PodReadyToStartContainersCondition PodTopologyLabelsAdmission
  PortForwardWebsockets PreventStaticPodAPIReferences RelaxedServiceNameValidation ReloadKubeletClientCAFile
  ReloadKubeletServerCertificateFile RemoteRequestHeaderUID ResourceHealthStatus ResourceHealthStatusMessage
  RestartAllContainersOnContainerExits RotateKubeletServerCertificate SchedulerAsyncAPICalls SchedulerAsyncPreemption
  SchedulerPopFromBackoffQ ServiceAccountNodeAudienceRestriction SizeBasedListCostEstimate
  StaleControllerConsistencyDaemonSet StaleControllerConsistencyJob StaleControllerConsistencyReplicaSet
  StaleControllerConsistencyStatefulSet StatefulSetSemanticRevisionComparison StorageVersionHash
  StorageVersionMigrator StrictIPCIDRValidation StructuredAuthenticationConfigurationEgressSelector
  StructuredAuthenticationConfigurationJWKSMetrics TokenRequestServiceAccountUIDValidation
  TopologyManagerPolicyBetaOptions TranslateStreamCloseWebsocketRequests UnauthenticatedHTTP2DOSMitigation
  UnknownVersionInteroperabilityProxy UnlockWhileProcessingFIFO WatchCacheInitializationPostStartHook WatchList
  WatchListClient WindowsGracefulNodeShutdown`;

const lockedNames = `
  APIServerTracing AnonymousAuthConfigurableEndpoints AuthorizeNodeWithSelectors AuthorizeWithSelectors
  BtreeWatchCache CPUManagerPolicyOptions CRDValidationRatcheting ConsistentListFromCache
  CustomResourceFieldSelectors DisableAllocatorDualWrite DynamicResourceAllocation ExecProbeTimeout ImageMaximumGCAge
  InPlacePodVerticalScaling JobBackoffLimitPerIndex JobManagedBy JobPodReplacementPolicy JobSuccessPolicy
  KubeletCgroupDriverFromCRI KubeletFineGrainedAuthz KubeletTracing LogarithmicScaleDown MatchLabelKeysInPodAffinity
  MultiCIDRServiceAllocator NFTablesProxyMode NodeInclusionPolicyInPodTopologySpread NodeSwap
  OrderedNamespaceDeletion PodLifecycleSleepAction PodLifecycleSleepActionAllowZero PodObservedGenerationTracking
  PodSchedulingReadiness PreferSameTrafficDistribution RelaxedDNSSearchValidation
  RelaxedEnvironmentVariableValidation ResilientWatchCacheInitialization RetryGenerateName SchedulerQueueingHints
  SeparateTaintEvictionController ServiceAccountTokenJTI ServiceAccountTokenNodeBinding
  ServiceAccountTokenNodeBindingValidation ServiceAccountTokenPodNodeInfo SidecarContainers
  StreamingCollectionEncodingToJSON StreamingCollectionEncodingToProtobuf StructuredAuthenticationConfiguration
  SupplementalGroupsPolicy SystemdWatchdog TopologyManagerPolicyOptions WinDSR WinOverlay`;

/** GA too, but not known to be locked: whatever is said of them is taken. */
const openNames = `
  CustomCPUCFSQuotaPeriod DRAAdminAccess DRAPrioritizedList DeclarativeValidation DeclarativeValidationTakeover
  DisableCPUQuotaWithExclusiveCPUs ExternalServiceAccountTokenSigner InOrderInformers InformerResourceVersion
  KubeletPSI KubeletPodResourcesDynamicResources KubeletPodResourcesGet MutatingAdmissionPolicy NodeLogQuery
  ProcMountType UserNamespacesSupport`;

const deprecatedNames = `
  AggregatedDiscoveryRemoveBetaType AllowDNSOnlyNodeCSR AllowInsecureKubeletCertificateSigningRequests
  AllowOverwriteTerminationGracePeriodSeconds ChangeContainerStatusOnKubeletRestart DisableNodeKubeProxyVersion
  InPlacePodVerticalScalingAllocatedStatus KMSv1 KubeletPodResourcesListUseActivePods
  KubeletRegistrationGetOnExistsOnly SeparateCacheWatchRPC StorageNamespaceIndex WindowsHostNetwork`;

/** Nothing here asks whether they are on; only what is locked has a value that matters. */
function unrelated(names: string, stage: GateStage, locked = false): [string, GateSpec][] {
  const spec: GateSpec = { stage, byDefault: stage !== 'ALPHA', locked, effect: 'none' };
  return names
    .trim()
    .split(/\s+/)
    .map((name) => [name, spec]);
}

export const kubernetesGates: KnownGates = new Map([
  ...Object.entries(storageGates),
  ...unrelated(alphaNames, 'ALPHA'),
  ...unrelated(betaNames, 'BETA'),
  ...unrelated(lockedNames, '', true),
  ...unrelated(openNames, ''),
  ...unrelated(deprecatedNames, 'DEPRECATED'),
]);
