/**
 * The feature gates of the components of kubernetes-csi. One process is all of a driver's sidecars, so that each gate of
 * theirs is known to it. Upstream: pkg/features/features.go of each.
 */
import type { GateSpec, KnownGates } from './feature-gates.ts';

const releasesLease: [string, GateSpec] = [
  'ReleaseLeaderElectionOnExit',
  { stage: 'ALPHA', byDefault: false, locked: false, effect: 'always' },
];
const groupSnapshots: [string, GateSpec] = [
  'CSIVolumeGroupSnapshot',
  { stage: '', byDefault: true, locked: false, effect: 'none' },
];

export const sidecarGates: KnownGates = new Map<string, GateSpec>([
  ['Topology', { stage: '', byDefault: true, locked: false, effect: 'switch' }],
  ['HonorPVReclaimPolicy', { stage: '', byDefault: true, locked: true, effect: 'always' }],
  ['CrossNamespaceVolumeDataSource', { stage: 'ALPHA', byDefault: false, locked: false, effect: 'none' }],
  ['VolumeAttributesClass', { stage: '', byDefault: true, locked: false, effect: 'always' }],
  ['MutableCSINodeAllocatableCount', { stage: 'BETA', byDefault: true, locked: false, effect: 'always' }],
  ['AnnotateFsResize', { stage: 'ALPHA', byDefault: false, locked: false, effect: 'none' }],
  ['RecoverVolumeExpansionFailure', { stage: 'BETA', byDefault: true, locked: false, effect: 'always' }],
  releasesLease,
  groupSnapshots,
]);

export const snapshotControllerGates: KnownGates = new Map([releasesLease, groupSnapshots]);
