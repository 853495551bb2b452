/** One probe of one running instance of a container: asks again and again, and reports when its verdict changes. */
import type { Container, Pod, Probe } from '../../api/index.ts';
import { isAbort, messageOf, withDeadline } from '../../base/index.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import { execToEnd } from './exec-to-end.ts';
import type { ActionResult, ProbeNetwork } from './network-action.ts';
import type { PodContext } from './pod-context.ts';

export type ProbeKind = 'startup' | 'liveness' | 'readiness';

export interface ProbeTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly record: ContainerRecord;
  readonly kind: ProbeKind;
  readonly probe: Probe;
}

export type ProbeHost = Pick<PodContext, 'runtime' | 'clock' | 'logger' | 'recorder' | 'nodeIp'> & {
  readonly network: ProbeNetwork;
};

const defaultPeriodSeconds = 10;
const defaultTimeoutSeconds = 1;
const defaultFailureThreshold = 3;
const kindNames = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' } as const;

/** Runs until the signal aborts. `waitForStart` resolves when the container counts as started. */
export async function runProbe(
  host: ProbeHost,
  target: ProbeTarget,
  waitForStart: Promise<void>,
  report: (ok: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = host;
  const { probe, kind } = target;
  const periodMs = (probe.periodSeconds || defaultPeriodSeconds) * 1000;
  let streak = 0;
  let last: boolean | undefined;
  let reported: boolean | undefined;
  try {
    if (kind !== 'startup') await waitForStart;
    await clock.sleep((probe.initialDelaySeconds ?? 0) * 1000, signal);
    for (;;) {
      const { ok, message } = await tryProbe(host, target, signal);
      if (signal.aborted) return;
      if (!ok) announceFailure(host, target, message);
      streak = ok === last ? streak + 1 : 1;
      last = ok;
      const threshold = ok ? probe.successThreshold || 1 : probe.failureThreshold || defaultFailureThreshold;
      if (streak >= threshold && ok !== reported) {
        reported = ok;
        report(ok);
        if (kind === 'startup') return;
      }
      await clock.sleep(periodMs, signal);
    }
  } catch (thrown) {
    if (!isAbort(thrown)) throw thrown;
  }
}

function announceFailure({ recorder }: ProbeHost, { pod, kind }: ProbeTarget, message: string): void {
  recorder.event(pod, 'Warning', 'Unhealthy', `${kindNames[kind]} probe failed: ${message}`);
}

async function tryProbe(host: ProbeHost, target: ProbeTarget, signal: AbortSignal): Promise<ActionResult> {
  const { probe, record, container } = target;
  const { clock, network, nodeIp } = host;
  const timeoutMs = (probe.timeoutSeconds || defaultTimeoutSeconds) * 1000;
  try {
    if (probe.exec) {
      const end = await execToEnd(host, record.id, probe.exec.command ?? [], { timeoutMs, signal });
      return { ok: end.exitCode === 0, message: end.output };
    }
    return await withDeadline({ clock, timeoutMs, what: 'probe', signal }, (inner) => {
      const where = { container, podIp: nodeIp, signal: inner };
      if (probe.httpGet) return clock.boundary(network.httpGet(probe.httpGet, where));
      if (probe.tcpSocket) return clock.boundary(network.tcpSocket(probe.tcpSocket, where));
      return Promise.resolve({ ok: true, message: 'this kind of probe is not supported and counts as passed' });
    });
  } catch (thrown) {
    return { ok: false, message: messageOf(thrown) };
  }
}
