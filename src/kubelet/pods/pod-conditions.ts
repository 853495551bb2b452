/** The conditions that the node agent keeps in pod.status. Pure. Upstream: pkg/kubelet/status/generate.go. */
import type { ContainerStatus, Pod, PodCondition } from '../../api/index.ts';
import { podCondition } from '../../component-helpers/index.ts';
import type { PodPhase } from './pod-phase.ts';

export interface ConditionsInput {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly initialized: boolean;
  readonly init: readonly ContainerStatus[];
  readonly main: readonly ContainerStatus[];
  /** Conditions as they were last, to keep the times of those that do not change. */
  readonly before: readonly PodCondition[];
  readonly now: string;
}

interface Finding {
  readonly status: boolean;
  readonly reason?: string;
  readonly message?: string;
}

function isFinal(phase: PodPhase): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

function finalReason(phase: PodPhase): string {
  return phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed';
}

function namesOf(statuses: readonly ContainerStatus[]): string {
  return statuses.map(({ name }) => name).join(' ');
}

function initializedFinding({ initialized, phase, init }: ConditionsInput): Finding {
  if (initialized) return phase === 'Succeeded' ? { status: true, reason: 'PodCompleted' } : { status: true };
  if (phase === 'Failed') return { status: false, reason: 'PodFailed' };
  const incomplete = init.filter((status) => status.state?.terminated?.exitCode !== 0 && !status.started);
  return {
    status: false,
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${namesOf(incomplete)}]`,
  };
}

function containersReadyFinding({ phase, main }: ConditionsInput): Finding {
  if (isFinal(phase)) return { status: false, reason: finalReason(phase) };
  const unready = main.filter((status) => !status.ready);
  if (unready.length === 0) return { status: true };
  const message = `containers with unready status: [${namesOf(unready)}]`;
  return { status: false, reason: 'ContainersNotReady', message };
}

function readyFinding(input: ConditionsInput): Finding {
  const containers = containersReadyFinding(input);
  if (!containers.status) return containers;
  const gates = (input.pod.spec.readinessGates ?? []).map((gate) => gate.conditionType);
  const closed = gates.filter((type) => podCondition(input.pod, type)?.status !== 'True');
  if (closed.length === 0) return { status: true };
  const messages = closed.map((type) => {
    const found = podCondition(input.pod, type);
    return found
      ? `the status of pod readiness gate "${type}" is not "True", but ${found.status}`
      : `corresponding condition of pod readiness gate "${type}" does not exist.`;
  });
  return { status: false, reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}

export function podConditions(input: ConditionsInput): PodCondition[] {
  const { pod, main, init, before, now } = input;
  const observedGeneration = pod.metadata.generation;
  const started = [...init, ...main].some((status) => status.state?.running || status.state?.terminated);
  const condition = (type: string, finding: Finding): PodCondition => {
    const status = finding.status ? 'True' : 'False';
    const known = before.find((other) => other.type === type);
    return {
      lastTransitionTime: known?.status === status ? (known.lastTransitionTime ?? now) : now,
      ...(finding.message ? { message: finding.message } : {}),
      ...(observedGeneration === undefined ? {} : { observedGeneration }),
      ...(finding.reason ? { reason: finding.reason } : {}),
      status,
      type,
    };
  };
  return [
    condition('PodReadyToStartContainers', { status: started && !isFinal(input.phase) }),
    condition('Initialized', initializedFinding(input)),
    condition('Ready', readyFinding(input)),
    condition('ContainersReady', containersReadyFinding(input)),
    condition('PodScheduled', { status: true }),
  ];
}
