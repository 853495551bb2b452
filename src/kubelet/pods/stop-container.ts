/** Stops one container: announces it, runs its preStop hook and lets the runtime end it, all within the grace period. */
import type { Container } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import { runHook } from './lifecycle-hook.ts';
import type { ProbeNetwork } from './network-action.ts';
import type { PodContext } from './pod-context.ts';
import type { PodState } from './pod-state.ts';

export type StopHost = PodContext & { readonly network: ProbeNetwork };

export interface StopRequest {
  readonly container: Container | undefined;
  readonly record: ContainerRecord;
  readonly graceMs: number;
  readonly message: string;
}

/** Upstream: a preStop hook that used up the grace period leaves the container this long. */
const leastGraceMs = 2_000;

/** Resolves when the container has ended. */
export async function stopContainer(host: StopHost, state: PodState, request: StopRequest): Promise<void> {
  const { recorder, runtime, clock } = host;
  const { container, record, graceMs } = request;
  if (record.state === 'exited') return;
  if (!state.announcedStops.has(record.id)) {
    state.announcedStops.add(record.id);
    recorder.event(state.pod, 'Normal', 'Killing', request.message);
  }
  const beganMs = clock.monotonic();
  if (container && graceMs > 0) await runStopHook(host, state, { ...request, container });
  const leftMs = graceMs === 0 ? 0 : Math.max(graceMs - (clock.monotonic() - beganMs), leastGraceMs);
  const stopSignal = container?.lifecycle?.stopSignal as NodeJS.Signals | undefined;
  await runtime.stop(record.id, Math.min(leftMs, Math.max(graceMs, 0)), stopSignal ? { stopSignal } : {});
}

async function runStopHook(
  host: StopHost,
  state: PodState,
  request: StopRequest & { readonly container: Container },
): Promise<void> {
  const { container, record, graceMs: timeoutMs } = request;
  const handler = container.lifecycle?.preStop;
  if (!handler || state.stopHooksRun.has(record.id)) return;
  state.stopHooksRun.add(record.id);
  const signal = state.interruption;
  try {
    await runHook(host, { pod: state.pod, container, record, handler, timeoutMs, signal });
  } catch (thrown) {
    // An interruption is a shorter grace period: the rest is done faster.
    if (signal.aborted) return;
    host.recorder.event(state.pod, 'Warning', 'FailedPreStopHook', `PreStopHook failed: ${messageOf(thrown)}`);
  }
}
