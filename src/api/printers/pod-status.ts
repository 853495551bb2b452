/** What `kubectl get pods` says of a pod. Upstream: printers/internalversion/printers.go printPod. */
import type { ContainerStatus, Pod } from '../gen/core.v1.gen.ts';
import { since } from './cells.ts';

export interface PodSummary {
  readonly ready: string;
  readonly status: string;
  readonly restarts: string;
}

interface Tally {
  reason: string;
  ready: number;
  restarts: number;
  lastRestart: string | undefined;
}

function later(left: string | undefined, right: string | undefined): string | undefined {
  if (!left || !right) return left ?? right;
  return left < right ? right : left;
}

function countRestarts(tally: Tally, status: ContainerStatus): void {
  tally.restarts += status.restartCount;
  tally.lastRestart = later(tally.lastRestart, status.lastState?.terminated?.finishedAt);
}

function endReason(ended: { readonly signal?: number; readonly exitCode: number }): string {
  return ended.signal ? `Signal:${ended.signal}` : `ExitCode:${ended.exitCode}`;
}

function initReason(status: ContainerStatus, index: number, total: number): string {
  const { terminated, waiting } = status.state ?? {};
  if (terminated) return `Init:${terminated.reason || endReason(terminated)}`;
  if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`;
  return `Init:${index}/${total}`;
}

/** Goes through the init containers up to the first that has not done its part; tells whether there is one. */
function summariseInit(pod: Pod, tally: Tally, sidecars: Tally): boolean {
  const restartable = new Set(
    (pod.spec.initContainers ?? []).filter((one) => one.restartPolicy === 'Always').map((one) => one.name),
  );
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    countRestarts(tally, status);
    const isSidecar = restartable.has(status.name);
    if (isSidecar) countRestarts(sidecars, status);
    if (status.state?.terminated?.exitCode === 0) continue;
    if (isSidecar && status.started) {
      if (status.ready) tally.ready++;
      continue;
    }
    tally.reason = initReason(status, index, pod.spec.initContainers?.length ?? 0);
    return true;
  }
  return false;
}

function hasCondition(pod: Pod, type: string): boolean {
  return pod.status?.conditions?.some((one) => one.type === type && one.status === 'True') ?? false;
}

function summariseContainers(pod: Pod, tally: Tally): void {
  let running = false;
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    countRestarts(tally, status);
    const { waiting, terminated } = status.state ?? {};
    if (waiting?.reason) tally.reason = waiting.reason;
    else if (terminated) tally.reason = terminated.reason || endReason(terminated);
    else if (status.ready && status.state?.running) {
      running = true;
      tally.ready++;
    }
  }
  if (tally.reason === 'Completed' && running) tally.reason = hasCondition(pod, 'Ready') ? 'Running' : 'NotReady';
}

function finalReason(pod: Pod, reason: string): string {
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  if (pod.status?.reason === 'NodeLost') return 'Unknown';
  const ended = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
  return ended ? reason : 'Terminating';
}

export function podSummary(pod: Pod, nowMs: number): PodSummary {
  const gated = pod.status?.conditions?.some((one) => one.type === 'PodScheduled' && one.reason === 'SchedulingGated');
  const reason = gated ? 'SchedulingGated' : pod.status?.reason || pod.status?.phase || '';
  const tally: Tally = { reason, ready: 0, restarts: 0, lastRestart: undefined };
  const sidecars: Tally = { ...tally };
  const initializing = summariseInit(pod, tally, sidecars);
  if (!initializing || hasCondition(pod, 'Initialized')) {
    tally.restarts = sidecars.restarts;
    tally.lastRestart = sidecars.lastRestart;
    summariseContainers(pod, tally);
  }
  const sidecarCount = (pod.spec.initContainers ?? []).filter((one) => one.restartPolicy === 'Always').length;
  const total = pod.spec.containers.length + sidecarCount;
  const ago = tally.restarts > 0 && tally.lastRestart ? ` (${since(tally.lastRestart, nowMs)} ago)` : '';
  return {
    ready: `${tally.ready}/${total}`,
    status: finalReason(pod, tally.reason),
    restarts: `${tally.restarts}${ago}`,
  };
}
