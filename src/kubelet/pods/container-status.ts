/** One container as pod.status shows it. Pure. */
import type { Container, ContainerState, ContainerStatus, VolumeMountStatus } from '../../api/index.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import type { ContainerHealth } from './container-health.ts';

export interface WaitingReason {
  readonly reason: string;
  readonly message?: string;
}

export interface ContainerStatusInput {
  readonly container: Container;
  /** Newest first. */
  readonly instances: readonly ContainerRecord[];
  readonly health: ContainerHealth | undefined;
  /** Why the container is not being started, if something is in the way. */
  readonly waiting: WaitingReason | undefined;
  /** Shown while nothing has happened yet. */
  readonly initialReason: string;
  /** What the API server held before: instances that the runtime has forgotten. */
  readonly previous: ContainerStatus | undefined;
  readonly runtimeName: string;
  /** The text that an ended container left, by its id. */
  readonly terminationMessage: (record: ContainerRecord) => string | undefined;
}

export function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function terminatedState(input: ContainerStatusInput, record: ContainerRecord): ContainerState {
  const message = record.message ?? input.terminationMessage(record);
  const finishedAtMs = record.finishedAtMs ?? record.createdAtMs;
  return {
    terminated: {
      containerID: containerIdOf(input.runtimeName, record),
      exitCode: record.exitCode ?? 0,
      finishedAt: timeOf(finishedAtMs),
      ...(message ? { message } : {}),
      reason: record.reason ?? 'Error',
      startedAt: timeOf(record.startedAtMs ?? finishedAtMs),
    },
  };
}

export function containerIdOf(runtimeName: string, record: ContainerRecord): string {
  return `${runtimeName}://${record.id}`;
}

function waitingState({ waiting, initialReason }: ContainerStatusInput): ContainerState {
  return { waiting: waiting ?? { reason: initialReason } };
}

function stateOf(input: ContainerStatusInput): ContainerState {
  const [newest] = input.instances;
  if (newest?.state === 'running') {
    return { running: { startedAt: timeOf(newest.startedAtMs ?? newest.createdAtMs) } };
  }
  if (newest?.state === 'exited' && !input.waiting) return terminatedState(input, newest);
  return waitingState(input);
}

/** The end of the instance before the one that the state tells of. */
function lastStateOf(input: ContainerStatusInput): ContainerState {
  const [newest, before] = input.instances;
  const ended = newest?.state === 'exited' && input.waiting ? newest : before;
  if (ended?.state === 'exited') return terminatedState(input, ended);
  return input.previous?.restartCount === restartCountOf(input) ? (input.previous.lastState ?? {}) : {};
}

function restartCountOf({ instances, previous }: ContainerStatusInput): number {
  return instances[0]?.identity.attempt ?? previous?.restartCount ?? 0;
}

function volumeMountsOf(container: Container): VolumeMountStatus[] {
  return (container.volumeMounts ?? []).map(({ mountPath, name, readOnly, recursiveReadOnly }) => ({
    mountPath,
    name,
    ...(readOnly ? { readOnly, recursiveReadOnly: recursiveReadOnly === 'Enabled' ? 'Enabled' : 'Disabled' } : {}),
  }));
}

export function containerStatus(input: ContainerStatusInput): ContainerStatus {
  const { container, instances, health, previous } = input;
  const [newest] = instances;
  const running = newest?.state === 'running';
  const requests = container.resources?.requests;
  const volumeMounts = volumeMountsOf(container);
  return {
    ...(requests ? { allocatedResources: requests } : {}),
    ...(newest
      ? { containerID: containerIdOf(input.runtimeName, newest) }
      : previous?.containerID
        ? { containerID: previous.containerID }
        : {}),
    image: container.image ?? '',
    imageID: newest?.imageId ?? previous?.imageID ?? '',
    lastState: lastStateOf(input),
    name: container.name,
    ready: running && (health?.ready ?? true),
    resources: container.resources ?? {},
    restartCount: restartCountOf(input),
    started: running && (health?.started ?? true),
    state: stateOf(input),
    ...(volumeMounts.length > 0 ? { volumeMounts } : {}),
  };
}
