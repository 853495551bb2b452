/** Makes the claims of a pod's generic ephemeral volumes. Upstream: volume/ephemeral/controller.go. */
import {
  type Draft,
  isAlreadyExists,
  keyOf,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  type Volume,
} from '../../api/index.ts';
import { assert, messageOf, unreachable } from '../../base/index.ts';
import { type Client, done, type Informer, type ReconcileResult } from '../../client/index.ts';
import { ephemeralClaimName, notOwnerMessage, podIsOwner } from '../../component-helpers/index.ts';
import type { Announcer } from '../common/announcer.ts';

export interface EphemeralContext {
  readonly client: Client;
  readonly announcer: Announcer;
  readonly pods: Informer<Pod>;
  readonly claims: Informer<PersistentVolumeClaim>;
}

export type EphemeralDecision =
  | { readonly kind: 'create'; readonly claim: Draft<PersistentVolumeClaim> }
  | { readonly kind: 'settled' }
  /** A claim of that name belongs to somebody else: the pod never gets it. */
  | { readonly kind: 'conflict'; readonly message: string };

export async function syncPod(context: EphemeralContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  const pod = context.pods.get(key);
  if (!pod || pod.metadata.deletionTimestamp) return done;
  for (const volume of ephemeralVolumes(pod)) {
    const claimKey = `${pod.metadata.namespace}/${ephemeralClaimName(pod, volume.name)}`;
    await act(context, pod, volume, decideEphemeralVolume(pod, volume, context.claims.get(claimKey)), signal);
  }
  return done;
}

export function ephemeralVolumes(pod: Pod): readonly Volume[] {
  return pod.spec.volumes?.filter((volume) => volume.ephemeral) ?? [];
}

export function decideEphemeralVolume(
  pod: Pod,
  volume: Volume,
  claim: PersistentVolumeClaim | undefined,
): EphemeralDecision {
  if (!claim) return { kind: 'create', claim: claimFor(pod, volume) };
  if (podIsOwner(pod, claim)) return { kind: 'settled' };
  return { kind: 'conflict', message: `ephemeral volume ${volume.name}: ${notOwnerMessage(pod, claim)}` };
}

async function act(
  context: EphemeralContext,
  pod: Pod,
  volume: Volume,
  decision: EphemeralDecision,
  signal: AbortSignal,
): Promise<void> {
  switch (decision.kind) {
    case 'settled':
      return;
    case 'conflict': {
      const { message } = decision;
      context.announcer.announce(pod, { type: 'Warning', reason: 'FailedBinding', message }, volume.name);
      return;
    }
    case 'create': {
      try {
        await context.client.create(persistentVolumeClaims, decision.claim, { signal });
      } catch (error) {
        if (!isAlreadyExists(error)) {
          if (!signal.aborted) tellFailure(context, pod, volume, error);
          throw error;
        }
        const found = await context.client.get(
          persistentVolumeClaims,
          { namespace: pod.metadata.namespace, name: ephemeralClaimName(pod, volume.name) },
          { signal },
        );
        await act(context, pod, volume, decideEphemeralVolume(pod, volume, found), signal);
      }
      return;
    }
    default:
      unreachable(decision, 'ephemeral decision');
  }
}

/** A claim that a quota or the validation refuses is the pod's trouble, whose user never sees the claim. */
function tellFailure({ announcer }: EphemeralContext, pod: Pod, volume: Volume, error: unknown): void {
  const name = ephemeralClaimName(pod, volume.name);
  const message = `ephemeral volume ${volume.name}: create PVC ${name}: ${messageOf(error)}`;
  announcer.announce(pod, { type: 'Warning', reason: 'FailedBinding', message }, volume.name);
}

/** Owned by the pod, so that it goes with it. */
function claimFor(pod: Pod, volume: Volume): Draft<PersistentVolumeClaim> {
  const template = volume.ephemeral?.volumeClaimTemplate;
  assert(template, `ephemeral volume ${volume.name} of pod ${keyOf(pod)} has no claim template`);
  const { name, uid, namespace } = pod.metadata;
  const owner = { apiVersion: 'v1', kind: 'Pod', name, uid, controller: true, blockOwnerDeletion: true };
  return {
    metadata: {
      name: ephemeralClaimName(pod, volume.name),
      namespace,
      ...(template.metadata?.labels ? { labels: template.metadata.labels } : {}),
      ...(template.metadata?.annotations ? { annotations: template.metadata.annotations } : {}),
      ownerReferences: [owner],
    },
    spec: template.spec,
  };
}
