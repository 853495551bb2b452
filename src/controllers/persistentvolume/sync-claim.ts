/** Takes one claim a step towards its volume: reads, decides, acts. */
import {
  findDefaultClass,
  keyOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumes,
} from '../../api/index.ts';
import { unreachable } from '../../base/index.ts';
import { done, ifFound, type ReconcileResult } from '../../client/index.ts';
import { isPodTerminated } from '../../component-helpers/index.ts';
import { podsUsingClaim } from '../common/pod-claim-index.ts';
import { nextBindStep, unboundStatus } from './bind-steps.ts';
import {
  type BinderContext,
  forgetAnnouncements,
  writeClaim,
  writeClaimStatus,
  writeVolume,
  writeVolumeStatus,
} from './binder-context.ts';
import { type ClaimDecision, type ClaimWorld, decideClaim } from './decide-claim.ts';
import type { ObjectEvent } from './messages.ts';
import type { OperationLabels } from './metrics.ts';
import { nameProvisioner } from './name-provisioner.ts';
import { chooseProvisioner } from './provisioners.ts';
import { claimUpkeep } from './volume-upkeep.ts';

export function claimWorld({ volumes, classes, pods, provisioners }: BinderContext): ClaimWorld {
  return {
    volume: (name) => volumes.get(name),
    findBestMatch: (claim, delayBinding) => volumes.findBestMatch(claim, delayBinding),
    storageClass: (name) => classes.get(name),
    provisionerOf: (storageClass) => chooseProvisioner(provisioners, storageClass),
    defaultClass: () => findDefaultClass(classes.list()),
    unscheduledPods: (claim) =>
      podsUsingClaim(pods, keyOf(claim))
        .filter((pod) => !pod.spec.nodeName && !isPodTerminated(pod))
        .map((pod) => pod.metadata.name)
        .sort(),
  };
}

export async function syncClaim(context: BinderContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  const found = context.claims.get(key);
  if (!found) {
    context.offers.settle(key);
    forgetAnnouncements(context, key);
    context.metrics.operationForgotten(key);
    context.decisions.forget(`persistentvolumeclaim/${key}`);
    return done;
  }
  const kept = claimUpkeep(found, context.provisioners.migratedDriver);
  const claim = kept === found ? found : await writeClaim(context, kept, signal);
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
      context.metrics.operationEnded(keyOf(claim));
      return;
    }
    case 'assignClass': {
      const spec = { ...claim.spec, storageClassName: decision.className };
      const writing = writeClaim(context, { ...claim, spec }, signal);
      const assigned = await context.metrics.retroactiveClass(writing);
      context.claimQueue.add(keyOf(assigned));
      return;
    }
    case 'provision':
      return await requestProvisioning(context, claim, decision, signal);
    case 'provisionInTree':
      context.metrics.operationStarted(keyOf(claim), provisionOf(decision.storageClass.provisioner));
      context.operations.start('provision', keyOf(claim));
      return;
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

async function requestProvisioning(
  context: BinderContext,
  claim: PersistentVolumeClaim,
  { provisioner, event }: { readonly provisioner: string; readonly event: ObjectEvent },
  signal: AbortSignal,
): Promise<void> {
  context.metrics.operationStarted(keyOf(claim), provisionOf(provisioner));
  const asked = await nameProvisioner(context, claim, provisioner, signal);
  context.announcer.announce(asked, event);
}

function provisionOf(plugin: string): OperationLabels {
  return { plugin, operation: 'provision' };
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
    case 'provisionInTree': {
      const { provisioner } = decision.storageClass;
      context.decisions.record(`persistentvolumeclaim/${key}`, `provision ${provisioner}`, {
        kind: decision.kind,
        provisioner,
      });
      return;
    }
    case 'provision':
    case 'wait':
    case 'lose':
      context.decisions.record(`persistentvolumeclaim/${key}`, `${decision.kind} ${decision.event?.message}`, decision);
      return;
    default:
      unreachable(decision, 'claim decision');
  }
}
