/** Brings one volume's phase in line with its claim, and reclaims it when the claim is gone: reads, decides, acts. */
import { keyOf, type PersistentVolume, persistentVolumeClaims, splitKey } from '../../api/index.ts';
import { unreachable } from '../../base/index.ts';
import { done, type ReconcileResult } from '../../client/index.ts';
import { ifFound } from '../common/read-live.ts';
import { withVolumePhase } from './bind-steps.ts';
import { type BinderContext, writeVolume, writeVolumeStatus } from './binder-context.ts';
import { decideReclaim, decideVolume } from './decide-volume.ts';
import { claimModeMismatch, volumeModeMismatch } from './messages.ts';
import { claimRefKey } from './volume-cache.ts';

export async function syncVolume(context: BinderContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  let volume = context.volumes.get(key);
  if (!volume) {
    context.announcer.forget(key);
    return done;
  }
  const claimKey = claimRefKey(volume);
  let claim = claimKey === undefined ? undefined : context.claims.get(claimKey);
  let confirmed = false;
  for (;;) {
    const decision = decideVolume(volume, { claim, confirmed });
    switch (decision.kind) {
      case 'confirmClaim':
        claim =
          claimKey === undefined
            ? undefined
            : await ifFound(context.client.get(persistentVolumeClaims, splitKey(claimKey), { signal }));
        confirmed = true;
        break;
      case 'setPhase':
        volume = await writePhase(context, volume, decision.phase, signal);
        break;
      case 'unbind':
        volume = await writeVolume(context, decision.volume, signal);
        break;
      case 'offer':
        context.offers.offer(volume);
        return done;
      case 'wakeClaim':
        context.claimQueue.add(keyOf(decision.claim));
        return done;
      case 'modeMismatch':
        context.announcer.announce(volume, volumeModeMismatch(decision.claim.metadata.name));
        context.announcer.announce(decision.claim, claimModeMismatch(volume.metadata.name));
        return done;
      case 'reclaim':
        await reclaimVolume(context, volume, signal);
        return done;
      case 'settled':
        return done;
      default:
        unreachable(decision, 'volume decision');
    }
  }
}

async function writePhase(
  context: BinderContext,
  volume: PersistentVolume,
  phase: string,
  signal: AbortSignal,
): Promise<PersistentVolume> {
  const changed = withVolumePhase(volume, phase);
  if (!changed) return volume;
  context.logger.debug('volume enters a phase', { volume: volume.metadata.name, phase });
  return await writeVolumeStatus(context, changed, signal);
}

async function reclaimVolume(context: BinderContext, volume: PersistentVolume, signal: AbortSignal): Promise<void> {
  const decision = decideReclaim(volume);
  switch (decision.kind) {
    case 'leave':
      return;
    case 'fail': {
      const { type, reason, message } = decision.event;
      const failed = withVolumePhase(volume, 'Failed', message);
      if (!failed) return;
      const written = await writeVolumeStatus(context, failed, signal);
      context.recorder.event(written, type, reason, message);
      return;
    }
    default:
      unreachable(decision, 'reclaim decision');
  }
}
