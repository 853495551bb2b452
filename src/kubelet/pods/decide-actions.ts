/**
 * Decides what a running pod needs next: which containers to start, restart or stop, and whether it has finished.
 * Pure. Upstream: kuberuntime_manager.go computePodActions.
 */
import type { Container, Pod } from '../../api/index.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import type { HealthOf } from './container-health.ts';
import type { CrashBackoff } from './crash-backoff.ts';
import { findNewest, hasEnded, initContainersOf, isSidecar, shouldRestart } from './pod-containers.ts';

export interface PodView {
  readonly pod: Pod;
  readonly records: readonly ContainerRecord[];
  readonly health: HealthOf;
  readonly backoff: Pick<CrashBackoff, 'retryAtMs' | 'delayMs'>;
  /** Hash of the container's spec, to tell a changed one. */
  readonly specHash: (container: Container) => string;
  readonly nowMs: number;
}

export interface ContainerStart {
  readonly container: Container;
  /** The instance that ended before. */
  readonly previous: ContainerRecord | undefined;
}

export interface ContainerKill {
  readonly container: Container;
  readonly record: ContainerRecord;
  readonly message: string;
  readonly because: 'changed' | 'liveness' | 'startup';
}

export interface BackoffWait {
  readonly container: Container;
  readonly record: ContainerRecord;
  readonly delayMs: number;
  readonly retryAtMs: number;
}

export type PodDecision =
  /** Every container has ended for good: the pod is Succeeded or Failed. */
  | { readonly kind: 'finished' }
  | {
      readonly kind: 'run';
      readonly kill: readonly ContainerKill[];
      /** In this order. */
      readonly start: readonly ContainerStart[];
      readonly waiting: readonly BackoffWait[];
    };

interface Actions {
  readonly kill: ContainerKill[];
  readonly start: ContainerStart[];
  readonly waiting: BackoffWait[];
}

export function decideActions(view: PodView): PodDecision {
  const actions: Actions = { kill: [], start: [], waiting: [] };
  const initialized = decideInit(view, actions);
  if (initialized === 'failed') return { kind: 'finished' };
  if (initialized === 'waiting') return { kind: 'run', ...actions };
  const { pod, records } = view;
  const alive = pod.spec.containers.filter((container) => {
    const record = findNewest(records, container.name);
    return !record || !hasEnded(record) || shouldRestart(pod, container, record);
  });
  if (alive.length === 0) return { kind: 'finished' };
  for (const container of alive) decideContainer(view, container, actions);
  return { kind: 'run', ...actions };
}

/** Init containers run one after the other; sidecars only have to be started. */
function decideInit(view: PodView, actions: Actions): 'done' | 'waiting' | 'failed' {
  const { pod, records, health } = view;
  const wereDone = pod.spec.containers.some(({ name }) => findNewest(records, name) !== undefined);
  for (const container of initContainersOf(pod)) {
    const record = findNewest(records, container.name);
    if (isSidecar(container)) {
      decideContainer(view, container, actions);
      if (record?.state === 'running' && (health(record.id)?.started ?? true)) continue;
      if (!wereDone) return 'waiting';
      continue;
    }
    if (wereDone || (record && hasEnded(record) && record.exitCode === 0)) continue;
    if (record && hasEnded(record) && !shouldRestart(pod, container, record)) return 'failed';
    decideContainer(view, container, actions);
    return 'waiting';
  }
  return 'done';
}

function decideContainer(view: PodView, container: Container, actions: Actions): void {
  const record = findNewest(view.records, container.name);
  if (!record) actions.start.push({ container, previous: undefined });
  else if (hasEnded(record)) decideRestart(view, container, record, actions);
  else decideKill(view, container, record, actions);
}

function decideRestart(view: PodView, container: Container, record: ContainerRecord, actions: Actions): void {
  const { backoff, nowMs } = view;
  const delayMs = backoff.delayMs(record);
  const retryAtMs = backoff.retryAtMs(record);
  if (nowMs < retryAtMs) actions.waiting.push({ container, record, delayMs, retryAtMs });
  else actions.start.push({ container, previous: record });
}

function decideKill(view: PodView, container: Container, record: ContainerRecord, actions: Actions): void {
  if (record.state !== 'running') return;
  const { name } = container;
  const failure = view.health(record.id)?.failure;
  if (failure) {
    const message = `Container ${name} failed ${failure} probe, will be restarted`;
    actions.kill.push({ container, record, message, because: failure });
  } else if (record.identity.specHash !== view.specHash(container)) {
    const message = `Container ${name} definition changed, will be restarted`;
    actions.kill.push({ container, record, message, because: 'changed' });
  }
}
