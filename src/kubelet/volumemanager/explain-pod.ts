import type { ActualStateOfWorld } from './cache/actual-state-of-world.ts';
import type { DesiredPodVolume, DesiredStateOfWorld, DesiredVolume } from './cache/desired-state-of-world.ts';
import { decideVolumeSteps, type ReconcileFacts, type VolumeStepAction } from './reconciler/decide-volume-steps.ts';
import type { VolumeReconciler } from './reconciler/volume-reconciler.ts';
import type { PodUid, VolumeProgress, VolumeStep } from './volume-manager.ts';

const steps: Readonly<Record<VolumeStepAction['kind'], VolumeStep>> = {
  awaitReportedInUse: 'waitForReportedInUse',
  verifyAttached: 'waitForAttach',
  mountDevice: 'mountDevice',
  adopt: 'setUp',
  setUp: 'setUp',
  expand: 'expand',
  tearDown: 'tearDown',
  unmountDevice: 'unmountDevice',
  forget: 'unmountDevice',
};

export interface ExplainOptions {
  readonly desired: DesiredStateOfWorld;
  readonly actual: ActualStateOfWorld;
  readonly reconciler: VolumeReconciler;
  readonly facts: ReconcileFacts;
  readonly nowMs: number;
}

/** Where each volume of the pod stands: its next step, and the last failure of it. */
export function explainPod(options: ExplainOptions, podUid: PodUid): readonly VolumeProgress[] {
  const { desired, actual, nowMs } = options;
  const progress: VolumeProgress[] = [];
  for (const [outerVolumeName, message] of desired.podErrors(podUid)) {
    const lastError = { message, atMs: nowMs, retryAtMs: nowMs };
    progress.push({ outerVolumeName, step: 'waitForClaim', sinceMs: nowMs, lastError });
  }
  for (const volume of desired.volumesOfPod(podUid)) {
    for (const [podKey, pod] of volume.pods) {
      if (pod.pod.metadata.uid === podUid) progress.push(...explainVolume(options, volume, podKey, pod));
    }
  }
  for (const { volume, mount } of actual.mountsOfPod(podUid)) {
    if (desired.get(volume.name)) continue;
    const outerVolumeName = [...mount.outerVolumeNames][0] ?? mount.spec.name;
    progress.push({ outerVolumeName, uniqueVolumeName: volume.name, step: 'tearDown', sinceMs: nowMs });
  }
  return progress;
}

function explainVolume(
  { actual, reconciler, facts, nowMs }: ExplainOptions,
  volume: DesiredVolume,
  podKey: string,
  pod: DesiredPodVolume,
): readonly VolumeProgress[] {
  const next = decideVolumeSteps(volume, actual.get(volume.name), facts).find(
    (step) => !('podKey' in step) || step.podKey === podKey,
  );
  const step: VolumeStep = next && next.kind !== 'expand' ? steps[next.kind] : 'mounted';
  const failure = step === 'mounted' ? undefined : reconciler.failuresOf(volume.name).at(-1);
  return [...pod.outerVolumeNames].map((outerVolumeName) => ({
    outerVolumeName,
    uniqueVolumeName: volume.name,
    step,
    sinceMs: failure?.atMs ?? pod.requestedAtMs ?? nowMs,
    ...(failure ? { lastError: failure } : {}),
  }));
}
