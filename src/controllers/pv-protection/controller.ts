/** The volume protection controller: a bound volume is not removed, however often it is deleted. */
import { keyOf, type PersistentVolume, persistentVolumes } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { volumeProtectionFinalizer } from '../../component-helpers/index.ts';
import { decideProtection } from '../common/finalizers.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { syncVolume } from './sync-volume.ts';

export const volumeProtectionControllerName = 'persistentvolume-protection-controller';

export function startVolumeProtectionController(options: Omit<ControllerOptions, 'recorder'>): AsyncDisposable {
  const { informers, client, clock } = options;
  const logger = options.logger.with({ component: volumeProtectionControllerName });
  const volumes = informers.informer(persistentVolumes);
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) => syncVolume({ client, volumes }, key, signal);
    const queue = stack.use(
      runReconciler({ name: 'pvprotection', clock, logger, metrics: options.metrics, reconcile }),
    );
    const wake = (volume: PersistentVolume) => {
      if (decideProtection(volume, volumeProtectionFinalizer).kind !== 'settled') queue.add(keyOf(volume));
    };
    stack.use(volumes.addHandler({ onAdd: wake, onUpdate: (_previous, volume) => wake(volume) }));
  });
}
