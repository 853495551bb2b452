/**
 * What one volume needs next, from what is desired and what is there. Pure. Steps come in the order in which they are
 * to be tried; several are answered because one may have to wait for its back-off while another need not.
 *
 * Upstream: pkg/kubelet/volumemanager/reconciler/reconciler.go, cut to one volume.
 */
import { volumeModeOf } from '../../../volume-plugins/index.ts';
import { type ActualVolume, isExpansionDue, type PodMount } from '../cache/actual-state-of-world.ts';
import type { DesiredPodVolume, DesiredVolume } from '../cache/desired-state-of-world.ts';

export type VolumeStepAction =
  /** The volume leaves a pod that does not want it any more. */
  | { readonly kind: 'tearDown'; readonly podKey: string; readonly mount: PodMount }
  /** The name must be in node.status.volumesInUse before volumesAttached may be relied on. */
  | { readonly kind: 'awaitReportedInUse' }
  | { readonly kind: 'verifyAttached' }
  | { readonly kind: 'mountDevice' }
  /** Takes over a mount that an earlier run of the agent made. */
  | { readonly kind: 'adopt'; readonly podKey: string; readonly pod: DesiredPodVolume }
  | { readonly kind: 'setUp'; readonly podKey: string; readonly pod: DesiredPodVolume }
  | { readonly kind: 'expand'; readonly podKey: string; readonly pod: DesiredPodVolume }
  | { readonly kind: 'unmountDevice' }
  /** Nothing is mounted and nobody wants it: the volume may be detached. */
  | { readonly kind: 'forget' };

export interface ReconcileFacts {
  /** The pods of this node have been read in full at least once: only then may anything be unmounted. */
  readonly populated: boolean;
  /**
   * Whether volumes may be taken from the pod: none of its containers runs or may run, and it is not a pod whose
   * volumes could not be resolved yet.
   */
  readonly mayUnmount: (podUid: string) => boolean;
}

export function decideVolumeSteps(
  desired: DesiredVolume | undefined,
  actual: ActualVolume | undefined,
  facts: ReconcileFacts,
): readonly VolumeStepAction[] {
  return [
    ...tearDownSteps(desired, actual, facts),
    ...(desired ? mountSteps(desired, actual) : []),
    ...releaseSteps(desired, actual, facts),
  ];
}

function tearDownSteps(
  desired: DesiredVolume | undefined,
  actual: ActualVolume | undefined,
  facts: ReconcileFacts,
): VolumeStepAction[] {
  if (!facts.populated || !actual) return [];
  const steps: VolumeStepAction[] = [];
  for (const [podKey, mount] of actual.pods) {
    if (desired?.pods.has(podKey) || !facts.mayUnmount(mount.podUid)) continue;
    steps.push({ kind: 'tearDown', podKey, mount });
  }
  return steps;
}

function mountSteps(desired: DesiredVolume, actual: ActualVolume | undefined): VolumeStepAction[] {
  const adopted = adoptSteps(desired, actual);
  if (!actual?.attached) {
    if (desired.attachable && !desired.reportedInUse) return [...adopted, { kind: 'awaitReportedInUse' }];
    return [...adopted, { kind: 'verifyAttached' }];
  }
  const setUps = setUpSteps(desired, actual);
  if (needsDevice(desired, actual) && setUps.length > 0) return [...adopted, { kind: 'mountDevice' }];
  return [...adopted, ...setUps, ...expandSteps(desired, actual)];
}

/** Block volumes have the device step with or without a device mounter. */
function needsDevice(desired: DesiredVolume, actual: ActualVolume): boolean {
  return actual.device !== 'mounted' && (desired.deviceMountable || volumeModeOf(actual.spec) === 'Block');
}

function adoptSteps(desired: DesiredVolume, actual: ActualVolume | undefined): VolumeStepAction[] {
  const steps: VolumeStepAction[] = [];
  for (const [podKey, pod] of desired.pods) {
    if (actual?.pods.get(podKey)?.intact) steps.push({ kind: 'adopt', podKey, pod });
  }
  return steps;
}

function setUpSteps(desired: DesiredVolume, actual: ActualVolume): VolumeStepAction[] {
  const steps: VolumeStepAction[] = [];
  for (const [podKey, pod] of desired.pods) {
    const mount = actual.pods.get(podKey);
    const done = mount?.intact || (mount?.state === 'mounted' && !mount.remountRequired);
    if (!done) steps.push({ kind: 'setUp', podKey, pod });
  }
  return steps;
}

/** Once for all pods of the node, through the first one that has the volume mounted and may write. */
function expandSteps(desired: DesiredVolume, actual: ActualVolume): VolumeStepAction[] {
  const wanted = desired.expandToBytes;
  if (wanted === undefined || !desired.plugin.nodeExpander || !isExpansionDue(actual, wanted)) return [];
  for (const [podKey, pod] of desired.pods) {
    const mount = actual.pods.get(podKey);
    if (mount?.state === 'mounted' && !mount.attributes.readOnly) return [{ kind: 'expand', podKey, pod }];
  }
  return [];
}

function releaseSteps(
  desired: DesiredVolume | undefined,
  actual: ActualVolume | undefined,
  facts: ReconcileFacts,
): VolumeStepAction[] {
  if (!facts.populated || !actual || desired || actual.pods.size > 0) return [];
  // Before its attachability is known, nobody may conclude that it can be detached.
  if (actual.device !== 'notMounted') return [{ kind: 'unmountDevice' }];
  return actual.attachability === 'unknown' ? [] : [{ kind: 'forget' }];
}
