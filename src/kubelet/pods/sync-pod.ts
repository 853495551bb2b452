/** One look at a pod that is to run: its directories and volumes, then the containers that are due. */
import type { Container } from '../../api/index.ts';
import { isAbort } from '../../base/index.ts';
import { done, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { VolumesNotReadyError } from '../volumemanager/volume-manager.ts';
import { containerSpecHash } from './container-config.ts';
import { formatDuration } from './crash-backoff.ts';
import { type BackoffWait, type ContainerKill, decideActions, type PodDecision } from './decide-actions.ts';
import { removeOldInstances } from './old-instances.ts';
import { formatPod } from './pod-containers.ts';
import { ensurePodDirectories } from './pod-directories.ts';
import type { PodState } from './pod-state.ts';
import { startContainer } from './start-container.ts';
import { stopContainer } from './stop-container.ts';
import type { WorkerHost } from './worker-host.ts';

/** A container whose configuration is wrong is tried again after this. Upstream: with the next sync of the pod. */
const retryStartMs = 10_000;

export async function syncPod(host: WorkerHost, state: PodState): Promise<ReconcileResult> {
  const expiresInMs = deadlineMs(host, state);
  if (expiresInMs !== undefined && expiresInMs <= 0) {
    const message = 'Pod was active on the node longer than the specified deadline';
    state.verdict = { reason: 'DeadlineExceeded', message };
    host.recorder.event(state.pod, 'Normal', 'DeadlineExceeded', message);
    return requeueAfter(0);
  }
  if (!(await mountVolumes(host, state))) return requeueAfter(0);
  const decision = decide(host, state);
  if (decision.kind === 'finished') {
    state.finished = true;
    host.manager.changed(state.uid);
    return requeueAfter(0);
  }
  noteBackoff(host, state, decision.waiting);
  await Promise.all(decision.kill.map((kill) => killUnfit(host, state, kill)));
  const failed = await startAll(host, state, decision);
  if (decision.start.length > 0) await removeOldInstances(host, state);
  await host.publish(state);
  const waits = [
    ...decision.waiting.map((wait) => wait.retryAtMs - host.clock.now()),
    ...(expiresInMs === undefined ? [] : [expiresInMs]),
    ...(failed ? [retryStartMs] : []),
  ];
  return waits.length > 0 ? requeueAfter(Math.max(0, Math.min(...waits))) : done;
}

/** How long the pod may still be active; undefined when there is no limit. */
function deadlineMs({ clock }: WorkerHost, { pod, status }: PodState): number | undefined {
  const { activeDeadlineSeconds } = pod.spec;
  const startTime = status?.startTime ?? pod.status?.startTime;
  if (activeDeadlineSeconds === undefined || startTime === undefined) return undefined;
  return Date.parse(startTime) + activeDeadlineSeconds * 1000 - clock.now();
}

/** Resolves with false when the volumes are not ready, which their events have told. */
async function mountVolumes(host: WorkerHost, state: PodState): Promise<boolean> {
  const { pod } = state;
  const { runtime, volumeManager, recorder } = host;
  const hasContainers = host.manager.recordsOf(state.uid).length > 0;
  if (!hasContainers) {
    await ensurePodDirectories(host, pod);
    await host.publish(state);
    runtime.warmUp();
  }
  try {
    await volumeManager.waitForAttachAndMount(pod, state.interruption);
    return true;
  } catch (thrown) {
    if (isAbort(thrown) || !(thrown instanceof VolumesNotReadyError)) throw thrown;
    if (!state.mustGo)
      recorder.event(pod, 'Warning', 'FailedMount', `Unable to attach or mount volumes: ${thrown.message}`);
    return false;
  }
}

function decide(host: WorkerHost, state: PodState): PodDecision {
  return decideActions({
    pod: state.pod,
    records: host.manager.recordsOf(state.uid),
    health: (id) => host.probes.health(id),
    backoff: state.backoff,
    specHash: containerSpecHash,
    nowMs: host.clock.now(),
  });
}

function noteBackoff({ recorder }: WorkerHost, state: PodState, waits: readonly BackoffWait[]): void {
  for (const { container, delayMs } of waits) {
    const pod = formatPod(state.pod);
    const message = `back-off ${formatDuration(delayMs)} restarting failed container=${container.name} pod=${pod}`;
    if (state.waiting.get(container.name)?.message === message) continue;
    state.waiting.set(container.name, { reason: 'CrashLoopBackOff', message });
    const shown = `Back-off restarting failed container ${container.name} in pod ${pod}`;
    recorder.event(state.pod, 'Warning', 'BackOff', shown);
  }
}

async function killUnfit(host: WorkerHost, state: PodState, kill: ContainerKill): Promise<void> {
  const { container, record, message, because } = kill;
  const probe = because === 'liveness' ? container.livenessProbe : container.startupProbe;
  const ownSeconds = because === 'changed' ? undefined : probe?.terminationGracePeriodSeconds;
  const graceSeconds = ownSeconds ?? state.pod.spec.terminationGracePeriodSeconds ?? 0;
  await stopContainer(host, state, { container, record, graceMs: graceSeconds * 1000, message });
}

/** Starts what is due, in order. Resolves with whether something could not be started. */
async function startAll(
  host: WorkerHost,
  state: PodState,
  decision: Extract<PodDecision, { kind: 'run' }>,
): Promise<boolean> {
  let failed = false;
  for (const start of decision.start) {
    if (state.isTerminating) return failed;
    failed = (await startContainer(host, state, start)) === 'failed' || failed;
    followProbes(host, state);
  }
  followProbes(host, state);
  return failed;
}

function followProbes(host: WorkerHost, state: PodState): void {
  const containers = new Map<string, Container>();
  for (const container of [...(state.pod.spec.initContainers ?? []), ...state.pod.spec.containers]) {
    containers.set(container.name, container);
  }
  const running = host.manager
    .recordsOf(state.uid)
    .filter((record) => record.state === 'running')
    .flatMap((record) => {
      const container = containers.get(record.identity.containerName);
      return container ? [{ container, record }] : [];
    });
  host.probes.follow(state.pod, running);
}
