/** The VolumeAttributesClass protection controller: a class in use is not removed, however often it is deleted. */
import {
  attributesClassesOf,
  keyOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  type VolumeAttributesClass,
  volumeAttributesClasses,
} from '../../api/index.ts';
import { type Informer, runReconciler } from '../../client/index.ts';
import { attributesClassProtectionFinalizer } from '../../component-helpers/index.ts';
import { decideProtection } from '../common/finalizers.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { byAttributesClass, type ClassProtectionContext, classesOfVolume, syncClass } from './sync-class.ts';

export const attributesClassProtectionControllerName = 'volumeattributesclass-protection-controller';

export function startAttributesClassProtectionController(options: Omit<ControllerOptions, 'recorder'>) {
  const { informers, client, clock } = options;
  const logger = options.logger.with({ component: attributesClassProtectionControllerName });
  const context: ClassProtectionContext = {
    client,
    classes: informers.informer(volumeAttributesClasses),
    claims: informers.informer(persistentVolumeClaims),
    volumes: informers.informer(persistentVolumes),
  };
  context.claims.addIndex(byAttributesClass, attributesClassesOf);
  context.volumes.addIndex(byAttributesClass, classesOfVolume);
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) => syncClass(context, key, signal);
    const queue = stack.use(
      runReconciler({ name: 'vacprotection', clock, logger, metrics: options.metrics, reconcile }),
    );
    const wake = (found: VolumeAttributesClass) => {
      if (decideProtection(found, attributesClassProtectionFinalizer).kind !== 'settled') queue.add(keyOf(found));
    };
    const wakeReleased = (names: readonly string[]) => {
      for (const name of names) {
        const found = context.classes.get(name);
        if (found) wake(found);
      }
    };
    stack.use(context.classes.addHandler({ onAdd: wake, onUpdate: (_previous, found) => wake(found) }));
    stack.use(watchUsers<PersistentVolumeClaim>(context.claims, attributesClassesOf, wakeReleased));
    stack.use(watchUsers<PersistentVolume>(context.volumes, classesOfVolume, wakeReleased));
  });
}

/** Tells of the classes that an object no longer names. */
function watchUsers<T extends PersistentVolume | PersistentVolumeClaim>(
  users: Informer<T>,
  classesOf: (user: T) => readonly string[],
  released: (names: readonly string[]) => void,
): Disposable {
  return users.addHandler({
    onUpdate: (previous, current) => {
      const before = classesOf(previous);
      if (before.length === 0) return;
      const still = classesOf(current);
      released(before.filter((name) => !still.includes(name)));
    },
    onDelete: (last) => released(classesOf(last)),
  });
}
