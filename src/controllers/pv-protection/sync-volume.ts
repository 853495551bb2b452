/** Keeps a volume that is being deleted until no claim is bound to it. Upstream: volume/pvprotection. */
import { type PersistentVolume, persistentVolumes } from '../../api/index.ts';
import { unreachable } from '../../base/index.ts';
import { type Client, done, type Informer, ifFound, type ReconcileResult } from '../../client/index.ts';
import { volumeProtectionFinalizer } from '../../component-helpers/index.ts';
import { decideProtection, withFinalizer, withoutFinalizer } from '../common/finalizers.ts';

export interface VolumeProtectionContext {
  readonly client: Client;
  readonly volumes: Informer<PersistentVolume>;
}

export async function syncVolume(
  { client, volumes }: VolumeProtectionContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const volume = volumes.get(key);
  if (!volume) return done;
  const decision = decideProtection(volume, volumeProtectionFinalizer);
  switch (decision.kind) {
    case 'settled':
      return done;
    case 'protect':
      await ifFound(client.update(persistentVolumes, withFinalizer(volume, volumeProtectionFinalizer), { signal }));
      return done;
    case 'releaseIfUnused':
      // A phase read from a cache is safe here: the write is refused when the volume changed since.
      if (volume.status?.phase === 'Bound') return done;
      await ifFound(client.update(persistentVolumes, withoutFinalizer(volume, volumeProtectionFinalizer), { signal }));
      return done;
    default:
      return unreachable(decision, 'protection decision');
  }
}
