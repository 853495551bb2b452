/** Brings one volume's phase in line with its claim, and reclaims it when the claim is gone: reads, decides, acts. */
import { keyOf, type PersistentVolume, persistentVolumeClaims, splitKey } from '../../api/index.ts';
import { unreachable } from '../../base/index.ts';
import { done, ifFound, type ReconcileResult } from '../../client/index.ts';
import { getVolumeClass } from '../../component-helpers/index.ts';
import { withVolumePhase } from './bind-steps.ts';
import {
  type BinderContext,
  failVolume,
  forgetAnnouncements,
  writeVolume,
  writeVolumeStatus,
} from './binder-context.ts';
import { decideReclaim, decideVolume } from './decide-volume.ts';
import { claimModeMismatch, volumeModeMismatch } from './messages.ts';
import { deleterName } from './provisioners.ts';
import { claimRefKey } from './volume-cache.ts';
import { volumeUpkeep } from './volume-upkeep.ts';

export async function syncVolume(context: BinderContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  const found = context.volumes.get(key);
  // Whatever has become of the volume, a pod that empties it is looked after.
  if (context.recyclers.get(key)) context.operations.start('recycle', key);
  if (!found) {
    forgetAnnouncements(context, key);
    context.metrics.operationEnded(key);
    return done;
  }
  let volume = await writeUpkeep(context, found, signal);
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
        context.announcer.announce(volume, volumeModeMismatch(decision.claim.metadata.name), 'volumeMode');
        // Beside what the claim itself waits for.
        context.announcer.announce(decision.claim, claimModeMismatch(volume.metadata.name), 'volumeMode');
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

async function writeUpkeep(
  context: BinderContext,
  volume: PersistentVolume,
  signal: AbortSignal,
): Promise<PersistentVolume> {
  const kept = volumeUpkeep(volume, context.provisioners.migratedDriver);
  return kept === volume ? volume : await writeVolume(context, kept, signal);
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
  if (volume.spec.persistentVolumeReclaimPolicy === 'Delete') {
    const plugin = deleterName(context.provisioners, volume, context.classes.get(getVolumeClass(volume)));
    context.metrics.operationStarted(volume.metadata.name, { plugin, operation: 'delete' });
  }
  switch (decision.kind) {
    case 'leave':
      return;
    case 'delete':
    case 'recycle':
      context.operations.start(decision.kind, volume.metadata.name);
      return;
    case 'fail':
      return await failVolume(context, volume, decision.event, signal);
    default:
      unreachable(decision, 'reclaim decision');
  }
}
