/** What the provisioner does about a claim or a volume. Pure. */
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass, VolumeAttachment } from '../../api/index.ts';
import {
  annBetaStorageProvisioner,
  annDynamicallyProvisioned,
  annMigratedTo,
  annSelectedNode,
  annStorageProvisioner,
  externalProvisionerFinalizer,
  findInTreePlugin,
  findMigration,
} from '../../component-helpers/index.ts';
import { findDataSource } from './data-source.ts';

/** Set on a claim while a CreateVolume for it may have happened, so that neither is forgotten (an intent record). */
export const provisioningFinalizer = 'stowage.io/provisioning';

export type ClaimDecision =
  | { readonly kind: 'ignore' }
  | { readonly kind: 'provision'; readonly class: StorageClass }
  /** The claim is being deleted, or has its volume: whatever an earlier attempt left is undone or adopted. */
  | { readonly kind: 'settle' }
  /** The node that was selected is gone: the scheduler is to choose another. */
  | { readonly kind: 'nodeGone'; readonly nodeName: string }
  | { readonly kind: 'classMissing'; readonly className: string }
  /** The claim asks for what cannot be given; an empty volume in its place would be worse than none. */
  | { readonly kind: 'unsupported'; readonly reason: string }
  /** Somebody else fills the volume: a populator for the kind that the claim names as its source. */
  | { readonly kind: 'populated' };

export interface ClaimView {
  readonly claim: PersistentVolumeClaim;
  readonly driver: string;
  readonly className: string;
  readonly class: StorageClass | undefined;
  readonly volumeExists: boolean;
  /** This process asked for a volume, and does not know whether it was made. */
  readonly isBegun: boolean;
  /** What the driver can fill volumes from. */
  readonly canClone: boolean;
  readonly canRestore: boolean;
  nodeExists(name: string): boolean;
}

export function decideClaim(view: ClaimView): ClaimDecision {
  const { claim, driver, className, class: volumeClass, volumeExists } = view;
  const intent = isIntended(claim);
  const notes = claim.metadata.annotations ?? {};
  const provisioner = notes[annStorageProvisioner] ?? notes[annBetaStorageProvisioner];
  const plugin = findInTreePlugin(driver);
  const isMigrated = provisioner !== undefined && provisioner === plugin && notes[annMigratedTo] === driver;
  if (provisioner !== driver && !isMigrated) return { kind: view.isBegun ? 'settle' : 'ignore' };
  if (claim.metadata.deletionTimestamp || volumeExists) return { kind: intent ? 'settle' : 'ignore' };
  if (claim.spec.volumeName) return { kind: intent ? 'settle' : 'ignore' };
  if (!volumeClass) return { kind: 'classMissing', className };
  if (volumeClass.provisioner !== driver && volumeClass.provisioner !== plugin) return { kind: 'ignore' };
  const waits = volumeClass.volumeBindingMode === 'WaitForFirstConsumer';
  // Without the annotation the scheduler has not chosen, or a failed attempt gave the choice back.
  const nodeName = notes[annSelectedNode];
  if (waits && !nodeName) return { kind: intent ? 'settle' : 'ignore' };
  if (nodeName && !view.nodeExists(nodeName)) return { kind: 'nodeGone', nodeName };
  return (view.isBegun ? undefined : sourceDecision(view)) ?? { kind: 'provision', class: volumeClass };
}

/** What the claim's data source and selector make of it; undefined when it can be given a volume. */
function sourceDecision({ claim, canClone, canRestore }: ClaimView): ClaimDecision | undefined {
  const source = findDataSource(claim);
  if (source?.kind === 'refused') return { kind: 'unsupported', reason: source.reason };
  if (source?.kind === 'custom') return { kind: 'populated' };
  if (source?.kind === 'PersistentVolumeClaim' && !canClone) return { kind: 'unsupported', reason: clonesNothing };
  if (source?.kind === 'VolumeSnapshot' && !canRestore) return { kind: 'unsupported', reason: restoresNothing };
  if (claim.spec.selector) return { kind: 'unsupported', reason: 'claim Selector is not supported' };
  return undefined;
}

const clonesNothing =
  'CSI driver does not support clone operations: controller CLONE_VOLUME capability is not reported';
const restoresNothing =
  'CSI driver does not support snapshot restore: controller CREATE_DELETE_SNAPSHOT capability is not reported';

/** Whether a CreateVolume for the claim may have happened, whose end nobody knows. */
export function isIntended({ metadata }: PersistentVolumeClaim): boolean {
  return metadata.finalizers?.includes(provisioningFinalizer) === true;
}

/** Whether the claim waits for its volume, and what that is filled from must stay. */
export function isBeingProvisioned(claim: PersistentVolumeClaim): boolean {
  const phase = claim.status?.phase ?? 'Pending';
  return phase === 'Pending' || (phase !== 'Bound' && isIntended(claim));
}

/**
 * Whether a change of the claim can change what is to be done about it. Our own writes of the finalizer cannot: they
 * must not bring a failed claim back before its time.
 */
export function concernsProvisioning(previous: PersistentVolumeClaim, current: PersistentVolumeClaim): boolean {
  const inputs = ({ metadata, spec, status }: PersistentVolumeClaim) => [
    metadata.deletionTimestamp,
    metadata.annotations?.[annSelectedNode],
    metadata.annotations?.[annStorageProvisioner],
    metadata.annotations?.[annBetaStorageProvisioner],
    metadata.annotations?.[annMigratedTo],
    spec.volumeName,
    spec.storageClassName,
    status?.phase,
  ];
  const before = inputs(previous);
  return inputs(current).some((value, index) => value !== before[index]);
}

export type VolumeDecision =
  | { readonly kind: 'ignore' }
  | { readonly kind: 'addFinalizer' }
  | { readonly kind: 'removeFinalizer' }
  | { readonly kind: 'attached'; readonly nodeName: string }
  /** Not attached, but a node says that it is or may be mounted there. */
  | { readonly kind: 'inUse'; readonly nodeName: string }
  /** Another volume may be being filled from it. */
  | { readonly kind: 'beingCloned' }
  | { readonly kind: 'delete' };

/** Who may need a volume although it is released. */
export interface VolumeUsers {
  readonly attachments: readonly VolumeAttachment[];
  readonly nodes: readonly Node[];
  readonly isBeingCloned: boolean;
}

export function decideVolume(volume: PersistentVolume, driver: string, users: VolumeUsers): VolumeDecision {
  const { annotations: notes, finalizers: held = [], deletionTimestamp } = volume.metadata;
  const mine = notes?.[annDynamicallyProvisioned] === driver || notes?.[annMigratedTo] === driver;
  if (!mine || !(volume.spec.csi || findMigration(volume)?.driver === driver)) return { kind: 'ignore' };
  const hasFinalizer = held.includes(externalProvisionerFinalizer);
  const deletes = volume.spec.persistentVolumeReclaimPolicy === 'Delete';
  if (!deletes) return { kind: hasFinalizer ? 'removeFinalizer' : 'ignore' };
  if (volume.status?.phase !== 'Released') {
    return {
      kind: !hasFinalizer && !deletionTimestamp && volume.status?.phase === 'Bound' ? 'addFinalizer' : 'ignore',
    };
  }
  // Without the finalizer somebody else has deleted the volume, or took that on.
  if (deletionTimestamp && !hasFinalizer) return { kind: 'ignore' };
  const [attachment] = users.attachments;
  if (attachment) return { kind: 'attached', nodeName: attachment.spec.nodeName };
  const [node] = users.nodes;
  if (node) return { kind: 'inUse', nodeName: node.metadata.name };
  return users.isBeingCloned ? { kind: 'beingCloned' } : { kind: 'delete' };
}
