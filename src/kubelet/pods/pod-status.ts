/** pod.status as it follows from what the node knows. Pure: everything comes in, the whole status comes out. */
import type { Container, ContainerStatus, Pod, PodCondition, PodStatus } from '../../api/index.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import type { HealthOf } from './container-health.ts';
import { containerStatus, timeOf, type WaitingReason } from './container-status.ts';
import { podConditions } from './pod-conditions.ts';
import { initContainersOf, instancesOf } from './pod-containers.ts';
import { isInitialized, type PodPhase, podPhase } from './pod-phase.ts';

/** Why the node ends a pod whatever its containers say. */
export interface Verdict {
  readonly reason: string;
  readonly message: string;
}

export interface PodStatusInput {
  readonly pod: Pod;
  readonly records: readonly ContainerRecord[];
  readonly health: HealthOf;
  readonly waiting: ReadonlyMap<string, WaitingReason>;
  readonly terminationMessages: ReadonlyMap<string, string>;
  /** No container will be started any more. */
  readonly finished: boolean;
  readonly verdict: Verdict | undefined;
  /** The status that was generated last, else the API server's. */
  readonly before: PodStatus | undefined;
  readonly nodeIp: string;
  readonly runtimeName: string;
  readonly nowMs: number;
}

function statusesOf(
  input: PodStatusInput,
  containers: readonly Container[],
  before: readonly ContainerStatus[] | undefined,
  initialReason: string,
): Map<string, ContainerStatus> {
  const { records, health, waiting, terminationMessages, runtimeName } = input;
  const entries = containers.map((container): [string, ContainerStatus] => {
    const instances = instancesOf(records, container.name);
    const status = containerStatus({
      container,
      instances,
      health: instances[0] ? health(instances[0].id) : undefined,
      waiting: waiting.get(container.name),
      initialReason,
      previous: before?.find(({ name }) => name === container.name),
      runtimeName,
      terminationMessage: (record) => terminationMessages.get(record.id),
    });
    return [container.name, status];
  });
  return new Map(entries);
}

export function podStatus(input: PodStatusInput): PodStatus {
  const { pod, before, nodeIp, verdict, nowMs } = input;
  const now = timeOf(nowMs);
  const initContainers = initContainersOf(pod);
  const initialReason = initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating';
  const init = statusesOf(input, initContainers, before?.initContainerStatuses, 'PodInitializing');
  const main = statusesOf(input, pod.spec.containers, before?.containerStatuses, initialReason);
  const phaseInput = { pod, init, main, finished: input.finished };
  const phase =
    finalPhaseOf(before) ?? finalPhaseOf(pod.status) ?? (verdict && input.finished ? 'Failed' : podPhase(phaseInput));
  const ended = finalPhaseOf(pod.status) ? pod.status : undefined;
  const { reason, message } = verdict ?? ended ?? {};
  const conditions = podConditions({
    pod,
    phase,
    initialized: isInitialized(phaseInput),
    init: [...init.values()],
    main: [...main.values()],
    before: before?.conditions ?? pod.status?.conditions ?? [],
    now,
  });
  const hasRun = [...init.values(), ...main.values()].some((status) => status.containerID !== undefined);
  return {
    conditions: [...conditions, ...foreignConditions(pod, conditions)],
    containerStatuses: [...main.values()],
    hostIP: nodeIp,
    hostIPs: [{ ip: nodeIp }],
    ...(initContainers.length > 0 ? { initContainerStatuses: [...init.values()] } : {}),
    ...(message ? { message } : {}),
    ...(reason ? { reason } : {}),
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    phase,
    ...(hasRun || pod.spec.hostNetwork ? { podIP: nodeIp, podIPs: [{ ip: nodeIp }] } : {}),
    ...(pod.status?.qosClass ? { qosClass: pod.status.qosClass } : {}),
    resources: pod.spec.resources ?? {},
    startTime: before?.startTime ?? pod.status?.startTime ?? now,
  };
}

/** A pod that has ended stays as it ended, whatever becomes of its containers. */
function finalPhaseOf(status: PodStatus | undefined): PodPhase | undefined {
  const phase = status?.phase;
  return phase === 'Succeeded' || phase === 'Failed' ? phase : undefined;
}

/** Conditions that others keep, readiness gates above all, as the API server has them. */
function foreignConditions(pod: Pod, own: readonly PodCondition[]): readonly PodCondition[] {
  return (pod.status?.conditions ?? []).filter(({ type }) => !own.some((condition) => condition.type === type));
}
