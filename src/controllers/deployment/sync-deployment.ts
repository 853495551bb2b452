/** Brings one Deployment a step further: reads, decides, acts, and writes the status. */
import {
  type Deployment,
  type DeploymentStatus,
  deployments,
  isAlreadyExists,
  isEqual,
  type Pod,
  type ReplicaSet,
  replicaSets,
} from '../../api/index.ts';
import { type Clock, messageOf, timestamp, unreachable } from '../../base/index.ts';
import {
  type Client,
  done,
  type EventRecorder,
  type Informer,
  ifFound,
  type ReconcileResult,
  requeueAfter,
} from '../../client/index.ts';
import { isPodPhaseTerminal } from '../../component-helpers/index.ts';
import type { Announcer } from '../common/announcer.ts';
import { claimDependents, controllerOf, dependentsOf } from '../common/owners.ts';
import { isNamespaceTerminating } from '../common/pod-control.ts';
import type { WrittenCache } from '../common/written-cache.ts';
import { annotationsOfCurrent, revisionAnnotation, revisionOf, sizeAnnotations } from './annotations.ts';
import { conditionsOf, type RolloutNews, timesOutInMs } from './conditions.ts';
import { decideRollout, isScaling } from './decide-rollout.ts';
import { countsOf } from './deployment-status.ts';
import { isRollingUpdate } from './limits.ts';
import { nextRevision, type RolloutSets, replicaSetOf, sameTemplateButHash, splitSets } from './replica-sets.ts';
import { type RolloutState, type RolloutStep, setReplicas } from './rollout-state.ts';

export interface DeploymentContext {
  readonly client: Client;
  readonly recorder: EventRecorder;
  /** For failures, which come back with every try. */
  readonly announcer: Announcer;
  readonly clock: Clock;
  readonly deployments: Informer<Deployment>;
  readonly setInformer: Informer<ReplicaSet>;
  readonly sets: WrittenCache<ReplicaSet>;
  readonly pods: Informer<Pod>;
}

/** What a round came to. */
interface Round extends RolloutSets {
  readonly news?: RolloutNews;
  readonly collisionCount: number;
  readonly error?: unknown;
}

export async function syncDeployment(
  context: DeploymentContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const deployment = context.deployments.get(key);
  if (!deployment) return done;
  const { selector } = deployment.spec;
  const owned = dependentsOf(context.sets, deployment.metadata.uid);
  const { client, setInformer: dependents } = context;
  const claim = { client, ownerType: deployments, owner: deployment, selector, dependents, owned };
  const sets = splitSets(deployment, await claimDependents(claim, signal));
  if (deployment.metadata.deletionTimestamp) {
    const collisionCount = deployment.status?.collisionCount ?? 0;
    return await writeStatus(context, deployment, { ...sets, collisionCount }, false, signal);
  }
  const current =
    sets.current && (await annotateCurrent(context, deployment, { ...sets, current: sets.current }, signal));
  const state: RolloutState = {
    deployment,
    current,
    old: sets.old,
    oldPodsRun: doOldPodsRun(context, deployment, sets),
  };
  const isRollout = !deployment.spec.paused && !isScaling(state);
  const round = await carryOut(context, state, decideRollout(state), signal);
  const result = await writeStatus(context, deployment, round, isRollout, signal);
  if (round.error !== undefined && !isNamespaceTerminating(round.error)) throw round.error;
  return result;
}

/** The current set carries the Deployment's annotations, its revision and its minReadySeconds. */
async function annotateCurrent(
  { client, sets }: DeploymentContext,
  deployment: Deployment,
  { current, old }: RolloutSets & { readonly current: ReplicaSet },
  signal: AbortSignal,
): Promise<ReplicaSet> {
  const annotations = annotationsOfCurrent(deployment, current, nextRevision(old));
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  const isSame =
    isEqual(annotations, current.metadata.annotations ?? {}) && minReadySeconds === (current.spec.minReadySeconds ?? 0);
  if (isSame) return current;
  const metadata = { ...current.metadata, annotations };
  const { minReadySeconds: _, ...rest } = current.spec;
  const spec = minReadySeconds > 0 ? { ...rest, minReadySeconds } : rest;
  const updated = await client.update(replicaSets, { ...current, metadata, spec }, { signal });
  sets.record(updated);
  return updated;
}

/** Whether pods of old sets hold up a Deployment that recreates. Terminating pods count: they may use the same volume. */
function doOldPodsRun({ pods }: DeploymentContext, deployment: Deployment, { old }: RolloutSets): boolean {
  if (isRollingUpdate(deployment)) return false;
  return old.some(
    (set) =>
      (set.status?.replicas ?? 0) > 0 || dependentsOf(pods, set.metadata.uid).some((pod) => !isPodPhaseTerminal(pod)),
  );
}

async function carryOut(
  context: DeploymentContext,
  state: RolloutState,
  steps: readonly RolloutStep[],
  signal: AbortSignal,
): Promise<Round> {
  const { deployment, current, old } = state;
  const collisionCount = deployment.status?.collisionCount ?? 0;
  const changed = new Map<string, ReplicaSet>();
  for (const step of steps) {
    switch (step.kind) {
      case 'create':
        return await createSet(context, state, step.replicas, signal);
      case 'resize':
        changed.set(step.set.metadata.uid, await resize(context, deployment, step.set, step.replicas, signal));
        break;
      case 'forget': {
        const { namespace, name, uid } = step.set.metadata;
        await ifFound(context.client.delete(replicaSets, { namespace, name }, { preconditions: { uid }, signal }));
        break;
      }
      default:
        unreachable(step, 'rollout step');
    }
  }
  const latest = (set: ReplicaSet) => changed.get(set.metadata.uid) ?? set;
  return { current: current && latest(current), old: old.map(latest), collisionCount };
}

async function resize(
  { client, recorder, sets }: DeploymentContext,
  deployment: Deployment,
  set: ReplicaSet,
  replicas: number,
  signal: AbortSignal,
): Promise<ReplicaSet> {
  const before = setReplicas(set);
  const annotations = { ...set.metadata.annotations, ...sizeAnnotations(deployment) };
  if (before === replicas && isEqual(annotations, set.metadata.annotations)) return set;
  const metadata = { ...set.metadata, annotations };
  const updated = await client.update(replicaSets, { ...set, metadata, spec: { ...set.spec, replicas } }, { signal });
  sets.record(updated);
  if (before !== replicas) {
    const direction = before < replicas ? 'up' : 'down';
    const message = `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${replicas}`;
    recorder.event(deployment, 'Normal', 'ScalingReplicaSet', message);
  }
  return updated;
}

async function createSet(
  context: DeploymentContext,
  { deployment, old }: RolloutState,
  replicas: number,
  signal: AbortSignal,
): Promise<Round> {
  const collisionCount = deployment.status?.collisionCount ?? 0;
  const draft = replicaSetOf(deployment, { replicas, revision: nextRevision(old), collisionCount });
  const setName = draft.metadata.name ?? '';
  try {
    const current = await context.client.create(replicaSets, draft, { signal });
    if (replicas > 0) {
      const message = `Scaled up replica set ${setName} from 0 to ${replicas}`;
      context.recorder.event(deployment, 'Normal', 'ScalingReplicaSet', message);
    }
    return { current, old, collisionCount, news: { kind: 'created', setName } };
  } catch (error) {
    if (signal.aborted) throw error;
    if (isAlreadyExists(error)) return await meetExisting(context, deployment, old, setName, error, signal);
    if (isNamespaceTerminating(error)) return { current: undefined, old, collisionCount, error };
    const message = `Failed to create new replica set "${setName}": ${messageOf(error)}`;
    context.announcer.announce(deployment, { type: 'Warning', reason: 'ReplicaSetCreateError', message });
    return { current: undefined, old, collisionCount, error, news: { kind: 'createFailed', message } };
  }
}

/** A set of that name is ours from a round that the cache does not show yet, or another template has the same hash. */
async function meetExisting(
  { client }: DeploymentContext,
  deployment: Deployment,
  old: readonly ReplicaSet[],
  name: string,
  error: unknown,
  signal: AbortSignal,
): Promise<Round> {
  const collisionCount = deployment.status?.collisionCount ?? 0;
  const found = await ifFound(client.get(replicaSets, { namespace: deployment.metadata.namespace, name }, { signal }));
  if (!found) return { current: undefined, old, collisionCount, error };
  const isOurs = controllerOf(found)?.uid === deployment.metadata.uid;
  if (isOurs && sameTemplateButHash(found.spec.template, deployment.spec.template))
    return { current: found, old, collisionCount };
  return { current: undefined, old, collisionCount: collisionCount + 1 };
}

async function writeStatus(
  { client, clock }: DeploymentContext,
  deployment: Deployment,
  round: Round,
  isRollout: boolean,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { current, old, news } = round;
  const counts = countsOf(deployment, round, round.collisionCount);
  const nowMs = clock.now();
  const view = { deployment, current, old, counts, news, isRollout, nowMs, now: timestamp(clock) };
  const conditions = conditionsOf(view);
  const status: DeploymentStatus = { ...counts, ...(conditions.length > 0 ? { conditions } : {}) };
  const revision = current && revisionOf(current) > 0 ? String(revisionOf(current)) : undefined;
  const isSameRevision = revision === undefined || deployment.metadata.annotations?.[revisionAnnotation] === revision;
  if (!isSameRevision || !isEqual(status, deployment.status ?? {})) {
    const annotations = { ...deployment.metadata.annotations, ...(revision ? { [revisionAnnotation]: revision } : {}) };
    const metadata = { ...deployment.metadata, annotations };
    await client.updateStatus(deployments, { ...deployment, metadata, status }, { signal });
  }
  const waitMs = timesOutInMs(deployment, counts, conditions, nowMs);
  return waitMs === undefined ? done : requeueAfter(waitMs);
}
