/**
 * Whether the volumes of a pod are bound as PreBind asked for it, still to come, or never to come. Pure. Upstream:
 * binder.go checkBindings.
 */
import { keyOf, type Node, type PersistentVolume, type PersistentVolumeClaim, type Pod } from '../../../api/index.ts';
import { annSelectedNode, isClaimFullyBound, volumeMatchesNode } from '../../../component-helpers/index.ts';
import type { Binding } from './find-volumes.ts';

/** What PreBind has written, as the API server answered. */
export interface WrittenBindings {
  readonly pod: Pod;
  readonly nodeName: string;
  readonly bindings: readonly Binding[];
  /** With the annotation selected-node. */
  readonly provisions: readonly PersistentVolumeClaim[];
}

/** What the informers show now. */
export interface BindingView {
  node(name: string): Node | undefined;
  pod(key: string): Pod | undefined;
  claim(key: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  /** Whether a write of this scheduler to the object is on its way, be it for another pod with the same claim. */
  isAssumed(object: PersistentVolume | PersistentVolumeClaim): boolean;
  /** See VolumeSource.onNode. */
  onNode(volume: PersistentVolume, nodeName: string): PersistentVolume;
}

export type BindingProgress =
  | { readonly kind: 'bound' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly reason: string };

const bound: BindingProgress = { kind: 'bound' };
const waiting: BindingProgress = { kind: 'waiting' };

function failed(reason: string): BindingProgress {
  return { kind: 'failed', reason };
}

export function checkBindings(written: WrittenBindings, view: BindingView): BindingProgress {
  const { pod, nodeName } = written;
  const node = view.node(nodeName);
  if (!node) return failed(`failed to get node "${nodeName}": node "${nodeName}" not found`);
  const currentPod = view.pod(keyOf(pod));
  if (currentPod?.metadata.uid !== pod.metadata.uid) {
    return failed(`pod does not exist any more: pod "${pod.metadata.name}" not found`);
  }
  let isWaiting = false;
  for (const binding of written.bindings) {
    const progress = checkBinding(binding, node, view);
    if (progress.kind === 'failed') return progress;
    isWaiting ||= progress.kind === 'waiting';
  }
  for (const claim of written.provisions) {
    const progress = checkProvision(claim, node, view);
    if (progress.kind === 'failed') return progress;
    isWaiting ||= progress.kind === 'waiting';
  }
  return isWaiting ? waiting : bound;
}

function checkBinding({ claim, volume }: Binding, node: Node, view: BindingView): BindingProgress {
  const { name } = volume.metadata;
  const current = view.volume(name);
  if (!current)
    return failed(`failed to check binding: could not find v1.PersistentVolume "${name}": object not found`);
  const currentClaim = view.claim(keyOf(claim));
  if (!isSame(currentClaim, claim)) return failed(`failed to check binding: ${claimMissing(claim)}`);
  if (isOlder(current, volume)) return waiting;
  const conflict = affinityConflict(current, node, view);
  if (conflict) return conflict;
  if (!current.spec.claimRef?.uid) {
    return view.isAssumed(current) ? waiting : failed(`ClaimRef got reset for pv "${name}"`);
  }
  return progressOf(currentClaim);
}

function checkProvision(claim: PersistentVolumeClaim, node: Node, view: BindingView): BindingProgress {
  const current = view.claim(keyOf(claim));
  if (!isSame(current, claim)) return failed(`failed to check provisioning pvc: ${claimMissing(claim)}`);
  const isSelected = current.metadata.annotations?.[annSelectedNode] === node.metadata.name;
  if (isOlder(current, claim) || (!isSelected && view.isAssumed(current))) return waiting;
  const { name, annotations } = current.metadata;
  if (annotations === undefined) return failed(`selectedNode annotation reset for PVC "${name}"`);
  // Whoever provisions takes the annotation away to have the pod placed anew.
  if (!isSelected) return failed(`provisioning failed for PVC "${name}"`);
  if (current.spec.volumeName) {
    const volume = view.volume(current.spec.volumeName);
    // The claim's change may come before that of the volume.
    if (!volume) return waiting;
    const conflict = affinityConflict(volume, node, view);
    if (conflict) return conflict;
  }
  return progressOf(current);
}

/** Whether the claim is still the one that was placed, not another of its name. */
function isSame(
  current: PersistentVolumeClaim | undefined,
  claim: PersistentVolumeClaim,
): current is PersistentVolumeClaim {
  return current?.metadata.uid === claim.metadata.uid;
}

function claimMissing(claim: PersistentVolumeClaim): string {
  return `could not find v1.PersistentVolumeClaim "${keyOf(claim)}": object not found`;
}

/** Whether the informer has not caught up with what was written. */
function isOlder(seen: PersistentVolume | PersistentVolumeClaim, written: typeof seen): boolean {
  return Number(seen.metadata.resourceVersion) < Number(written.metadata.resourceVersion);
}

function affinityConflict(volume: PersistentVolume, node: Node, view: BindingView): BindingProgress | undefined {
  if (volumeMatchesNode(view.onNode(volume, node.metadata.name), node)) return undefined;
  const what = `pv "${volume.metadata.name}" node affinity doesn't match node "${node.metadata.name}"`;
  return failed(`${what}: no matching NodeSelectorTerms`);
}

function progressOf(claim: PersistentVolumeClaim): BindingProgress {
  if (isClaimFullyBound(claim)) return bound;
  // Nobody will bind a claim that is going away; upstream waits for its deadline.
  if (claim.metadata.deletionTimestamp)
    return failed(`persistentvolumeclaim "${claim.metadata.name}" is being deleted`);
  return waiting;
}
