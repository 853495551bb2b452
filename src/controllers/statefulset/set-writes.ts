/** What a StatefulSet writes of its pods and claims, and what it says of it. Upstream: statefulset/stateful_pod_control.go. */

import {
  type Draft,
  isAlreadyExists,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  pods,
  type StatefulSet,
} from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { ifFound } from '../../client/index.ts';
import { isLeftBehind } from './claim-retention.ts';
import { podNameOf } from './ordinals.ts';
import { claimsOf } from './pod-of-set.ts';
import type { StatefulSetContext } from './set-context.ts';

/** The claims of an identity are not there, so that its pod has to wait. */
class ClaimsMissingError extends Error {
  override readonly name = 'ClaimsMissingError';
}

export async function createPod(
  context: StatefulSetContext,
  set: StatefulSet,
  { draft, ordinal }: { readonly draft: Draft<Pod>; readonly ordinal: number },
  signal: AbortSignal,
): Promise<void> {
  // Its removal brings the set back.
  if (claimsInWay(context, set, ordinal)) return;
  const subject = podSubject('create', set, draft.metadata.name ?? '');
  try {
    await ensureClaims(context, set, ordinal, signal);
    await context.client.create(pods, draft, { signal });
    context.recorder.event(set, 'Normal', 'SuccessfulCreate', `${subject} successful`);
  } catch (error) {
    // The cache has not caught up with a pod of our own, or the name is taken: the next event tells.
    if (isAlreadyExists(error)) return;
    announceFailure(context, set, { reason: 'FailedCreate', subject, error });
    throw error;
  }
}

function podSubject(verb: string, set: StatefulSet, podName: string): string {
  return `${verb} Pod ${podName} in StatefulSet ${set.metadata.name}`;
}

function claimsInWay({ claims }: StatefulSetContext, set: StatefulSet, ordinal: number): boolean {
  return claimsOf(set, ordinal).some(({ metadata }) => {
    const claim = claims.get(`${set.metadata.namespace}/${metadata.name}`);
    return claim !== undefined && isLeftBehind(claim, set, podNameOf(set, ordinal));
  });
}

/** Makes what is missing; throws when a claim of the identity cannot be used. */
export async function ensureClaims(
  context: StatefulSetContext,
  set: StatefulSet,
  ordinal: number,
  signal: AbortSignal,
): Promise<void> {
  const problems: string[] = [];
  for (const draft of claimsOf(set, ordinal)) {
    const known = context.claims.get(`${set.metadata.namespace}/${draft.metadata.name}`);
    // A pod must not start on a claim that is about to go.
    if (known?.metadata.deletionTimestamp) problems.push(`pvc ${draft.metadata.name} is being deleted`);
    if (known) continue;
    const problem = await createClaim(context, set, { draft, podName: podNameOf(set, ordinal) }, signal);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length === 0) return;
  throw new ClaimsMissingError(problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`);
}

async function createClaim(
  context: StatefulSetContext,
  set: StatefulSet,
  { draft, podName }: { readonly draft: Draft<PersistentVolumeClaim>; readonly podName: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { name } = draft.metadata;
  const place = `Pod ${podName} in StatefulSet ${set.metadata.name}`;
  try {
    await context.client.create(persistentVolumeClaims, draft, { signal });
    context.recorder.event(set, 'Normal', 'SuccessfulCreate', `create Claim ${name} ${place} success`);
    return undefined;
  } catch (error) {
    if (isAlreadyExists(error)) return undefined;
    const subject = `create Claim ${name} for ${place}`;
    announceFailure(context, set, { reason: 'FailedCreate', subject, error });
    return `failed to create PVC ${name}: ${messageOf(error)}`;
  }
}

export async function updatePod(
  context: StatefulSetContext,
  set: StatefulSet,
  pod: Pod,
  signal: AbortSignal,
): Promise<void> {
  const subject = podSubject('update', set, pod.metadata.name);
  await context.client.update(pods, pod, { signal });
  context.recorder.event(set, 'Normal', 'SuccessfulUpdate', `${subject} successful`);
}

export async function deletePod(
  context: StatefulSetContext,
  set: StatefulSet,
  pod: Pod,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  const subject = podSubject('delete', set, name);
  try {
    await ifFound(context.client.delete(pods, { namespace, name }, { preconditions: { uid }, signal }));
    context.recorder.event(set, 'Normal', 'SuccessfulDelete', `${subject} successful`);
  } catch (error) {
    announceFailure(context, set, { reason: 'FailedDelete', subject, error });
    throw error;
  }
}

function announceFailure(
  { announcer }: StatefulSetContext,
  set: StatefulSet,
  { reason, subject, error }: { readonly reason: string; readonly subject: string; readonly error: unknown },
): void {
  const message = `${subject} failed error: ${messageOf(error)}`;
  announcer.announce(set, { type: 'Warning', reason, message }, subject);
}
