/**
 * The way of a pod off the node: containers first, then volumes, then directories, then the object. Each step is done
 * again after a restart of the agent and finds what is left to do.
 */
import { isConflict, isNotFound, type Pod, pods } from '../../api/index.ts';
import { isAbort } from '../../base/index.ts';
import { done, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { isPodPhaseTerminal } from '../../component-helpers/index.ts';
import { VolumesNotReadyError } from '../volumemanager/volume-manager.ts';
import { allContainersOf, hasEnded, initContainersOf, isSidecar } from './pod-containers.ts';
import { removePodDirectory } from './pod-directories.ts';
import { podLogsDir } from './pod-paths.ts';
import type { PodState } from './pod-state.ts';
import { stopContainer } from './stop-container.ts';
import type { WorkerHost } from './worker-host.ts';

/** A pod whose object is gone was deleted by force: its containers get this and no more. Upstream's least grace. */
const leastGraceSeconds = 1;

export async function terminatePod(host: WorkerHost, state: PodState): Promise<ReconcileResult> {
  if (state.stage === 'running') state.stage = 'terminating';
  // From now on the ends of the containers are what there is to tell.
  state.waiting.clear();
  host.probes.stopPod(state.uid);
  if (state.stage === 'terminating') {
    host.manager.changed(state.uid);
    await stopAll(host, state);
    state.stage = 'terminated';
    host.manager.changed(state.uid);
    // A phase that is final already was told with all there was to tell.
    if (!isPodPhaseTerminal(state.pod)) await host.publish(state);
  }
  if (state.stage === 'terminated' && !(await leaveVolumes(host, state))) return requeueAfter(0);
  await host.statusWriter.flush(state.uid);
  if (!state.mustGo) return done;
  await cleanPod(host, state);
  state.stage = 'cleaned';
  if (state.inApi) await deleteObject(host, state.pod);
  else host.manager.drop(state.uid);
  return done;
}

export function graceSecondsOf(pod: Pod, inApi: boolean): number {
  if (!inApi) return leastGraceSeconds;
  const { deletionGracePeriodSeconds } = pod.metadata;
  return deletionGracePeriodSeconds ?? Math.max(pod.spec.terminationGracePeriodSeconds ?? 0, leastGraceSeconds);
}

async function stopAll(host: WorkerHost, state: PodState): Promise<void> {
  const { pod } = state;
  const sidecars = new Set(
    initContainersOf(pod)
      .filter(isSidecar)
      .map(({ name }) => name),
  );
  const graceMs = graceSecondsOf(pod, state.inApi) * 1000;
  const beganMs = host.clock.monotonic();
  // Sidecars serve the others to their end.
  for (const isSidecarTurn of [false, true]) {
    const leftMs = Math.max(graceMs - (host.clock.monotonic() - beganMs), 0);
    const turn = host.manager
      .recordsOf(state.uid)
      .filter((record) => !hasEnded(record) && sidecars.has(record.identity.containerName) === isSidecarTurn);
    await untilInterrupted(
      state,
      Promise.all(
        turn.map((record) => {
          const name = record.identity.containerName;
          const container = allContainersOf(pod).find((candidate) => candidate.name === name);
          return stopContainer(host, state, {
            container,
            record,
            graceMs: leftMs,
            message: `Stopping container ${name}`,
          });
        }),
      ),
    );
  }
}

/** The grace period became shorter: what waits for the longer one is left to itself. */
async function untilInterrupted(state: PodState, work: Promise<unknown>): Promise<void> {
  const signal = state.interruption;
  work.catch(() => {});
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const stop = () => reject(new DOMException('the pod has changed', 'AbortError'));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Resolves with true when no volume of the pod is mounted any more. */
async function leaveVolumes({ volumeManager }: WorkerHost, state: PodState): Promise<boolean> {
  try {
    await volumeManager.waitForUnmount(state.pod, state.interruption);
    return !volumeManager.hasPossiblyMountedVolumes(state.uid);
  } catch (thrown) {
    if (isAbort(thrown) || !(thrown instanceof VolumesNotReadyError)) throw thrown;
    return false;
  }
}

async function cleanPod(host: WorkerHost, state: PodState): Promise<void> {
  const { manager, runtime, fs, rootDir } = host;
  for (const record of manager.recordsOf(state.uid)) {
    await runtime.remove(record.id);
    manager.forgetRecord(record.id);
  }
  await removePodDirectory(host, state.uid);
  await fs.rm(podLogsDir(rootDir, state.pod), { recursive: true, force: true });
}

async function deleteObject({ client, statusWriter }: WorkerHost, pod: Pod): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  try {
    await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
  } catch (thrown) {
    // Somebody else was faster, or the name belongs to another pod already.
    if (!isNotFound(thrown) && !isConflict(thrown)) throw thrown;
  }
  statusWriter.forget(uid);
}
