/** Takes one claim a step towards its volume: reads, decides, acts. */
import {
  findDefaultClass,
  keyOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumes,
} from '../../api/index.ts';
import { unreachable } from '../../base/index.ts';
import { done, type ReconcileResult } from '../../client/index.ts';
import { annBetaStorageProvisioner, annStorageProvisioner, isPodTerminated } from '../../component-helpers/index.ts';
import { podsUsingClaim } from '../common/pod-claim-index.ts';
import { ifFound } from '../common/read-live.ts';
import { nextBindStep, unboundStatus } from './bind-steps.ts';
import { type BinderContext, writeClaim, writeClaimStatus, writeVolume, writeVolumeStatus } from './binder-context.ts';
import { type ClaimDecision, type ClaimWorld, decideClaim } from './decide-claim.ts';
import type { ObjectEvent } from './messages.ts';

export function claimWorld({ volumes, classes, pods }: BinderContext): ClaimWorld {
  return {
    volume: (name) => volumes.get(name),
    findBestMatch: (claim, delayBinding) => volumes.findBestMatch(claim, delayBinding),
    storageClass: (name) => classes.get(name),
    defaultClass: () => findDefaultClass(classes.list()),
    unscheduledPods: (claim) =>
      podsUsingClaim(pods, keyOf(claim))
        .filter((pod) => !pod.spec.nodeName && !isPodTerminated(pod))
        .map((pod) => pod.metadata.name)
        .sort(),
  };
}

export async function syncClaim(context: BinderContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  const claim = context.claims.get(key);
  if (!claim) {
    context.offers.settle(key);
    context.announcer.forget(key);
    context.decisions.forget(`persistentvolumeclaim/${key}`);
    return done;
  }
  // The world is read, decided on and, where a volume is chosen, the volume promised before anything is awaited.
  const decision = decideClaim(claim, claimWorld(context));
  recordDecision(context, key, decision);
  if ('forAnyVolume' in decision && decision.forAnyVolume) {
    // Before the first await, so that no volume slips by in between.
    context.offers.settle(key);
    context.offers.wait(claim);
    await act(context, claim, decision, signal);
    return done;
  }
  try {
    await act(context, claim, decision, signal);
  } finally {
    context.offers.settle(key);
  }
  return done;
}

async function act(
  context: BinderContext,
  claim: PersistentVolumeClaim,
  decision: ClaimDecision,
  signal: AbortSignal,
): Promise<void> {
  switch (decision.kind) {
    case 'bind': {
      using promised = decision.chosen ? context.volumes.promise(decision.volume.metadata.name) : undefined;
      void promised;
      await bind(context, decision.volume, claim, signal);
      context.announcer.forget(keyOf(claim));
      return;
    }
    case 'assignClass': {
      const spec = { ...claim.spec, storageClassName: decision.className };
      const assigned = await writeClaim(context, { ...claim, spec }, signal);
      context.claimQueue.add(keyOf(assigned));
      return;
    }
    case 'provision':
      return await requestProvisioning(context, claim, decision, signal);
    case 'wait': {
      if (decision.event) context.announcer.announce(claim, decision.event);
      const status = unboundStatus(claim, 'Pending');
      if (status) await writeClaimStatus(context, { ...claim, status }, signal);
      return;
    }
    case 'lose':
      return await loseVolume(context, claim, decision.event, signal);
    default:
      unreachable(decision, 'claim decision');
  }
}

/** Writes what is missing, one step after the other. Each write is answered before the next one starts. */
async function bind(
  context: BinderContext,
  foundVolume: PersistentVolume,
  foundClaim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<void> {
  let volume = foundVolume;
  let claim = foundClaim;
  for (;;) {
    const step = nextBindStep(volume, claim);
    switch (step.kind) {
      case 'volumeSpec':
        volume = await writeVolume(context, step.volume, signal);
        break;
      case 'volumeStatus':
        volume = await writeVolumeStatus(context, step.volume, signal);
        break;
      case 'claimSpec':
        claim = await writeClaim(context, step.claim, signal);
        break;
      case 'claimStatus':
        claim = await writeClaimStatus(context, step.claim, signal);
        break;
      case 'complete':
        return;
      default:
        unreachable(step, 'bind step');
    }
  }
}

/** Names the provisioner on the claim, which is how an external provisioner learns that it is asked. */
async function requestProvisioning(
  context: BinderContext,
  claim: PersistentVolumeClaim,
  { provisioner, event }: { readonly provisioner: string; readonly event: ObjectEvent },
  signal: AbortSignal,
): Promise<void> {
  let asked = claim;
  if (claim.metadata.annotations?.[annStorageProvisioner] !== provisioner) {
    const annotations = {
      ...claim.metadata.annotations,
      [annBetaStorageProvisioner]: provisioner,
      [annStorageProvisioner]: provisioner,
    };
    asked = await writeClaim(context, { ...claim, metadata: { ...claim.metadata, annotations } }, signal);
  }
  context.announcer.announce(asked, event);
}

/** Tells the user that the data is out of reach, once. The volume is asked for live first: a cache can lag behind. */
async function loseVolume(
  context: BinderContext,
  claim: PersistentVolumeClaim,
  event: ObjectEvent,
  signal: AbortSignal,
): Promise<void> {
  const status = unboundStatus(claim, 'Lost');
  if (!status) return;
  const { volumeName } = claim.spec;
  const cached = volumeName ? context.volumes.get(volumeName) : undefined;
  const live = volumeName
    ? await ifFound(context.client.get(persistentVolumes, { name: volumeName }, { signal }))
    : undefined;
  // The cache was behind: the event that brings it up to date wakes the claim again.
  if (live?.metadata.resourceVersion !== cached?.metadata.resourceVersion) return;
  const lost = await writeClaimStatus(context, { ...claim, status }, signal);
  if (claim.status?.phase !== 'Lost') context.recorder.event(lost, event.type, event.reason, event.message);
}

function recordDecision(context: BinderContext, key: string, decision: ClaimDecision): void {
  switch (decision.kind) {
    case 'bind': {
      const volume = decision.volume.metadata.name;
      context.decisions.record(`persistentvolumeclaim/${key}`, `bind ${volume}`, { kind: 'bind', volume });
      return;
    }
    case 'assignClass':
      context.decisions.record(`persistentvolumeclaim/${key}`, `assignClass ${decision.className}`, decision);
      return;
    case 'provision':
    case 'wait':
    case 'lose':
      context.decisions.record(`persistentvolumeclaim/${key}`, `${decision.kind} ${decision.event?.message}`, decision);
      return;
    default:
      unreachable(decision, 'claim decision');
  }
}
