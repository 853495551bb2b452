/** Starts one container of a pod, and says in events and waiting reasons how that went. */
import type { Container } from '../../api/index.ts';
import { isAbort, messageOf } from '../../base/index.ts';
import {
  type ContainerRecord,
  ContainerRuntimeError,
  type ContainerRuntimeErrorCode,
  type ImageInfo,
} from '../runtime/runtime.ts';
import { containerConfig } from './container-config.ts';
import { ContainerError } from './container-error.ts';
import type { ContainerStart } from './decide-actions.ts';
import { runHook } from './lifecycle-hook.ts';
import type { PodState } from './pod-state.ts';
import { type StopHost, stopContainer } from './stop-container.ts';

/** Bytes of a container's id, as long as other runtimes make them. */
const idBytes = 32;
/** A postStart hook holds up everything after it; upstream lets it take for ever. */
const postStartTimeoutMs = 300_000;

export type StartOutcome = 'started' | 'failed';

/** Rejects with an interruption, or when the runtime does not answer. Otherwise a container that cannot be started has a waiting reason from then on. */
export async function startContainer(host: StopHost, state: PodState, start: ContainerStart): Promise<StartOutcome> {
  const { container, previous } = start;
  state.starting++;
  try {
    const record = await create(host, state, start);
    state.waiting.delete(container.name);
    if (previous) state.backoff.noteRestart(container.name);
    host.recorder.event(state.pod, 'Normal', 'Started', 'Container started');
    return await runPostStart(host, state, container, record);
  } catch (thrown) {
    // A runtime that does not answer says nothing about the container.
    if (isAbort(thrown) || hasCode(thrown, 'Unavailable')) throw thrown;
    // It was made and has ended at once: an instance like others, that the next one waits for.
    if (previous && hasCode(thrown, 'StartFailed')) state.backoff.noteRestart(container.name);
    note(host, state, container, thrown);
    return 'failed';
  } finally {
    state.starting--;
  }
}

async function create(host: StopHost, state: PodState, start: ContainerStart): Promise<ContainerRecord> {
  const { random, recorder, runtime } = host;
  const { pod } = state;
  const { container } = start;
  const image = await findImage(host, container);
  const shown = JSON.stringify(container.image ?? '');
  const pulled = `Container image ${shown} already present on machine and can be accessed by the pod`;
  if (!state.waiting.has(container.name)) recorder.event(pod, 'Normal', 'Pulled', pulled);
  const id = Buffer.from(random.bytes(idBytes)).toString('hex');
  const config = await containerConfig(host, { pod, container, image, attempt: attemptOf(state, start), id });
  recorder.event(pod, 'Normal', 'Created', 'Container created');
  return await runtime.createAndStart(config);
}

/** Counts on from what the runtime knows, or from what the API server was told before it forgot. */
function attemptOf({ pod }: PodState, { container, previous }: ContainerStart): number {
  if (previous) return previous.identity.attempt + 1;
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const known = statuses.find(({ name }) => name === container.name);
  return known?.containerID ? known.restartCount + 1 : 0;
}

async function findImage({ runtime }: StopHost, container: Container): Promise<ImageInfo> {
  try {
    return await runtime.findImage(container.image ?? '');
  } catch (thrown) {
    throw new ContainerError('ImageInspectError', messageOf(thrown), { cause: thrown });
  }
}

function hasCode(thrown: unknown, code: ContainerRuntimeErrorCode): boolean {
  return thrown instanceof ContainerRuntimeError && thrown.code === code;
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof ContainerError) return thrown.reason;
  return hasCode(thrown, 'StartFailed') ? 'RunContainerError' : 'CreateContainerError';
}

/** Says once what is in the way, and again when it is something else. */
function note(host: StopHost, state: PodState, container: Container, thrown: unknown): void {
  const reason = reasonOf(thrown);
  const message = messageOf(thrown);
  const before = state.waiting.get(container.name);
  state.waiting.set(container.name, { reason, message });
  const fields = { pod: `${state.pod.metadata.namespace}/${state.pod.metadata.name}`, container: container.name };
  if (before?.message === message) {
    host.logger.debug('container still cannot be started', { ...fields, reason, error: message });
    return;
  }
  const cause = thrown instanceof Error && thrown.cause !== undefined ? messageOf(thrown.cause) : undefined;
  host.logger.warn('container cannot be started', { ...fields, reason, error: message, ...(cause ? { cause } : {}) });
  host.recorder.event(state.pod, 'Warning', 'Failed', `Error: ${message}`);
}

async function runPostStart(
  host: StopHost,
  state: PodState,
  container: Container,
  record: ContainerRecord,
): Promise<StartOutcome> {
  const handler = container.lifecycle?.postStart;
  if (!handler) return 'started';
  const { pod } = state;
  const signal = state.interruption;
  try {
    await runHook(host, { pod, container, record, handler, timeoutMs: postStartTimeoutMs, signal });
    return 'started';
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    host.recorder.event(pod, 'Warning', 'FailedPostStartHook', `PostStartHook failed: ${messageOf(thrown)}`);
    const graceMs = (pod.spec.terminationGracePeriodSeconds ?? 0) * 1000;
    await stopContainer(host, state, { container, record, graceMs, message: 'FailedPostStartHook' });
    return 'failed';
  }
}
