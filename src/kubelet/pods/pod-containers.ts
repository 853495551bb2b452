/** Containers of a pod as its spec lists them, and the runtime's records of them. Pure. */
import type { Container, Pod } from '../../api/index.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';

/** An init container that keeps running beside the others. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

export function initContainersOf(pod: Pod): readonly Container[] {
  return pod.spec.initContainers ?? [];
}

export function allContainersOf(pod: Pod): readonly Container[] {
  return [...initContainersOf(pod), ...pod.spec.containers];
}

/** The instances of one container, newest first. */
export function instancesOf(records: readonly ContainerRecord[], containerName: string): ContainerRecord[] {
  return records
    .filter((record) => record.identity.containerName === containerName)
    .sort((left, right) => right.identity.attempt - left.identity.attempt || right.createdAtMs - left.createdAtMs);
}

export function findNewest(records: readonly ContainerRecord[], containerName: string): ContainerRecord | undefined {
  return instancesOf(records, containerName)[0];
}

export function hasEnded(record: ContainerRecord): boolean {
  return record.state === 'exited';
}

/** Whether a container that has ended is started again under the rules of its pod. */
export function shouldRestart(pod: Pod, container: Container, record: ContainerRecord): boolean {
  const isInit = initContainersOf(pod).includes(container);
  if (isInit && isSidecar(container)) return true;
  const policy = pod.spec.restartPolicy ?? 'Always';
  if (policy === 'Never') return false;
  if (isInit || policy === 'OnFailure') return record.exitCode !== 0;
  return true;
}

/** `web-0_golden(fb661080-...)`, as in upstream's messages. */
export function formatPod({ metadata }: Pick<Pod, 'metadata'>): string {
  return `${metadata.name}_${metadata.namespace}(${metadata.uid})`;
}
