/** The phase that the states of a pod's containers add up to. Pure. Upstream: kubelet_pods.go getPhase. */
import type { Container, ContainerStatus, Pod } from '../../api/index.ts';
import { initContainersOf, isSidecar } from './pod-containers.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

export interface PhaseInput {
  readonly pod: Pod;
  readonly init: ReadonlyMap<string, ContainerStatus>;
  readonly main: ReadonlyMap<string, ContainerStatus>;
  /** No container will be started any more. */
  readonly finished: boolean;
}

function isDone(container: Container, status: ContainerStatus | undefined): boolean {
  if (isSidecar(container)) return status?.started === true || status?.state?.terminated !== undefined;
  return status?.state?.terminated?.exitCode === 0;
}

/** Whether every init container has done its work. */
export function isInitialized({ pod, init, main }: PhaseInput): boolean {
  const anyStarted = [...main.values()].some((status) => status.state?.running || status.lastState?.terminated);
  return anyStarted || initContainersOf(pod).every((container) => isDone(container, init.get(container.name)));
}

function hasFailedInit({ pod, init }: PhaseInput): boolean {
  if (pod.spec.restartPolicy !== 'Never') return false;
  return initContainersOf(pod).some((container) => {
    const exitCode = init.get(container.name)?.state?.terminated?.exitCode;
    return !isSidecar(container) && exitCode !== undefined && exitCode !== 0;
  });
}

export function podPhase(input: PhaseInput): PodPhase {
  const { pod, main, finished } = input;
  if (hasFailedInit(input)) return 'Failed';
  const statuses = pod.spec.containers.map(({ name }) => main.get(name));
  const running = statuses.filter((status) => status?.state?.running).length;
  const ended = statuses.filter((status) => status?.state?.terminated);
  const waiting = statuses.filter((status) => status?.state?.waiting && !status.lastState?.terminated).length;
  if (finished && running === 0) {
    const failed = ended.length < statuses.length || ended.some((status) => status?.state?.terminated?.exitCode !== 0);
    return failed ? 'Failed' : 'Succeeded';
  }
  if (!isInitialized(input) || waiting > 0) return 'Pending';
  if (running > 0 || ended.length < statuses.length) return 'Running';
  const policy = pod.spec.restartPolicy ?? 'Always';
  if (policy === 'Always') return 'Running';
  if (ended.every((status) => status?.state?.terminated?.exitCode === 0)) return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}
