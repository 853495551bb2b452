/** The conditions of a Deployment: Available, Progressing, ReplicaFailure. Pure. */
import type { Deployment, DeploymentCondition, ReplicaSet } from '../../api/index.ts';
import { type Counts, hasMinimumAvailability, isComplete, isProgressing } from './deployment-status.ts';
import type { RolloutSets } from './replica-sets.ts';

/** No deadline: upstream's name for never. */
const noDeadlineSeconds = 2 ** 31 - 1;

/** What the round did that changes the course of the rollout. */
export type RolloutNews =
  | { readonly kind: 'created'; readonly setName: string }
  | { readonly kind: 'createFailed'; readonly message: string };

export interface RolloutView extends RolloutSets {
  readonly deployment: Deployment;
  readonly counts: Counts;
  readonly news: RolloutNews | undefined;
  /** Whether this round rolled out; a round that scales or a pause leaves the progress alone. */
  readonly isRollout: boolean;
  readonly nowMs: number;
  /** The present, as timestamps are written. */
  readonly now: string;
}

type Conditions = readonly DeploymentCondition[];
type Change = Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>;

function findCondition(conditions: Conditions, type: string): DeploymentCondition | undefined {
  return conditions.find((condition) => condition.type === type);
}

export function deadlineMsOf({ spec }: Deployment): number | undefined {
  const seconds = spec.progressDeadlineSeconds;
  return seconds === undefined || seconds === noDeadlineSeconds ? undefined : seconds * 1000;
}

/** Only another status or reason is news: a condition keeps its times while both stay. */
function withCondition(conditions: Conditions, change: Change, now: string): Conditions {
  const known = findCondition(conditions, change.type);
  if (known?.status === change.status && known.reason === change.reason) return conditions;
  const lastTransitionTime = known?.status === change.status ? (known.lastTransitionTime ?? now) : now;
  const others = conditions.filter(({ type }) => type !== change.type);
  return [...others, { ...change, lastUpdateTime: now, lastTransitionTime }];
}

function without(conditions: Conditions, type: string): Conditions {
  return conditions.filter((condition) => condition.type !== type);
}

export function conditionsOf(view: RolloutView): Conditions {
  const { deployment, counts, now } = view;
  const { conditions = [] } = deployment.status ?? {};
  const isAvailable = hasMinimumAvailability(deployment, counts);
  const available: Change = {
    type: 'Available',
    status: isAvailable ? 'True' : 'False',
    reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${isAvailable ? 'has' : 'does not have'} minimum availability.`,
  };
  const known = withCondition(withNews(withPause(conditions, view), view), available, now);
  return view.isRollout ? withFailure(withOutcome(known, view), view) : known;
}

/** A pause stops the clock of the progress; afterwards it starts anew. */
function withPause(conditions: Conditions, { deployment, now }: RolloutView): Conditions {
  if (deadlineMsOf(deployment) === undefined) return conditions;
  const reason = findCondition(conditions, 'Progressing')?.reason;
  if (reason === 'ProgressDeadlineExceeded') return conditions;
  const isNoted = reason === 'DeploymentPaused';
  const isPaused = deployment.spec.paused ?? false;
  if (isPaused === isNoted) return conditions;
  const change = isPaused
    ? { reason: 'DeploymentPaused', message: 'Deployment is paused' }
    : { reason: 'DeploymentResumed', message: 'Deployment is resumed' };
  return withCondition(conditions, { type: 'Progressing', status: 'Unknown', ...change }, now);
}

/** A set that was made or could not be made, and one that was there before anybody kept conditions. */
function withNews(conditions: Conditions, { deployment, current, news, now }: RolloutView): Conditions {
  if (deadlineMsOf(deployment) === undefined) return conditions;
  if (news?.kind === 'createFailed') return withCondition(conditions, failedToCreate(news.message), now);
  if (news?.kind === 'created') {
    const message = `Created new replica set "${news.setName}"`;
    return withCondition(conditions, progressing('NewReplicaSetCreated', message), now);
  }
  if (!current || findCondition(conditions, 'Progressing')) return conditions;
  const message = `Found new replica set "${current.metadata.name}"`;
  return withCondition(conditions, progressing('FoundNewReplicaSet', message), now);
}

function progressing(reason: string, message: string): Change {
  return { type: 'Progressing', status: 'True', reason, message };
}

function failedToCreate(message: string): Change {
  return { type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message };
}

/** Done, moving, or stuck for longer than the deadline. */
function withOutcome(conditions: Conditions, view: RolloutView): Conditions {
  const { deployment, counts, current, now, nowMs } = view;
  if (deadlineMsOf(deployment) === undefined) return without(conditions, 'Progressing');
  if (view.news?.kind === 'createFailed') return conditions;
  const known = findCondition(conditions, 'Progressing');
  const isDone = (counts.replicas ?? 0) === (counts.updatedReplicas ?? 0) && known?.reason === 'NewReplicaSetAvailable';
  if (isDone) return conditions;
  const subject = current ? `ReplicaSet "${current.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, counts)) {
    const change = progressing('NewReplicaSetAvailable', `${subject} has successfully progressed.`);
    return withCondition(conditions, change, now);
  }
  if (isProgressing(deployment, counts)) {
    const change = progressing('ReplicaSetUpdated', `${subject} is progressing.`);
    const lastTransitionTime = known?.status === 'True' ? (known.lastTransitionTime ?? now) : now;
    return [...without(conditions, 'Progressing'), { ...change, lastUpdateTime: now, lastTransitionTime }];
  }
  if (isTimedOut(deployment, known, nowMs)) {
    const message = `${subject} has timed out progressing.`;
    const change = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message };
    return withCondition(conditions, change, now);
  }
  return conditions;
}

function isTimedOut(deployment: Deployment, progress: DeploymentCondition | undefined, nowMs: number): boolean {
  const deadlineMs = deadlineMsOf(deployment);
  if (!progress?.lastUpdateTime || deadlineMs === undefined || progress.reason === 'NewReplicaSetAvailable')
    return false;
  if (progress.reason === 'ProgressDeadlineExceeded') return true;
  return Date.parse(progress.lastUpdateTime) + deadlineMs < nowMs;
}

/** When a rollout that stands still counts as failed, which no event tells; undefined when it does not stand still. */
export function timesOutInMs(deployment: Deployment, counts: Counts, conditions: Conditions, nowMs: number) {
  const deadlineMs = deadlineMsOf(deployment);
  const progress = findCondition(conditions, 'Progressing');
  if (deadlineMs === undefined || !progress?.lastUpdateTime || deployment.spec.paused) return undefined;
  if (isComplete(deployment, counts) || progress.reason === 'ProgressDeadlineExceeded') return undefined;
  if (progress.reason === 'NewReplicaSetAvailable') return undefined;
  // Timestamps have whole seconds.
  return Math.max(1000, Date.parse(progress.lastUpdateTime) + deadlineMs - nowMs + 1000);
}

/** The failure of the current set, else of any other, shown as the Deployment's own. */
function withFailure(conditions: Conditions, view: RolloutView): Conditions {
  const failureOf = (set: ReplicaSet | undefined) =>
    set?.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  const failure = failureOf(view.current) ?? view.old.map(failureOf).find((found) => found !== undefined);
  if (!failure) return without(conditions, 'ReplicaFailure');
  const { status, reason = '', message = '', lastTransitionTime = view.now } = failure;
  const known = findCondition(conditions, 'ReplicaFailure');
  if (known?.status === status && known.reason === reason) return conditions;
  const shown = {
    type: 'ReplicaFailure',
    status,
    reason,
    message,
    lastUpdateTime: lastTransitionTime,
    lastTransitionTime,
  };
  return [...without(conditions, 'ReplicaFailure'), shown];
}
