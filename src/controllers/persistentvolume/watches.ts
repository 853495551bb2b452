/** What wakes which key: every change that a decision may depend on adds the keys that depend on it. */
import { keyOf, type PersistentVolume, type PersistentVolumeClaim, type Pod } from '../../api/index.ts';
import type { Informer } from '../../client/index.ts';
import {
  claimHasNoClass,
  getClaimClass,
  isClaimBindCompleted,
  isPodTerminated,
  podClaims,
} from '../../component-helpers/index.ts';
import type { BinderContext } from './binder-context.ts';
import { claimRefKey } from './volume-cache.ts';

const pendingByClass = 'persistentvolume/pending-by-class';
const pendingByVolume = 'persistentvolume/by-volume';

/** Before the informers start. */
export function addClaimIndexes(claims: Informer<PersistentVolumeClaim>): void {
  claims.addIndex(pendingByClass, (claim) => (isClaimBindCompleted(claim) ? [] : [classIndexValue(claim)]));
  claims.addIndex(pendingByVolume, (claim) => (claim.spec.volumeName ? [claim.spec.volumeName] : []));
}

/** Claims that say nothing about their class are looked for when a default class appears. */
function classIndexValue(claim: PersistentVolumeClaim): string {
  return claimHasNoClass(claim) ? '' : getClaimClass(claim);
}

export function watchVolumes(
  context: BinderContext,
  volumes: Informer<PersistentVolume>,
  claims: Informer<PersistentVolumeClaim>,
): Disposable {
  const wake = (volume: PersistentVolume) => {
    context.volumeQueue.add(volume.metadata.name);
    const claimKey = claimRefKey(volume);
    if (claimKey !== undefined && context.claims.get(claimKey)) context.claimQueue.add(claimKey);
    for (const claim of claims.byIndex(pendingByVolume, volume.metadata.name)) context.claimQueue.add(keyOf(claim));
  };
  const observe = (volume: PersistentVolume) => {
    if (context.volumes.observe(volume)) wake(volume);
  };
  return volumes.addHandler({
    onAdd: observe,
    onUpdate: (previous, volume) => {
      observe(volume);
      // Whoever the volume was taken from must be looked at too.
      const before = claimRefKey(previous);
      if (before !== undefined && before !== claimRefKey(volume)) context.claimQueue.add(before);
    },
    onDelete: (last) => {
      context.volumes.observeDeletion(last);
      wake(last);
    },
  });
}

export function watchClaims(context: BinderContext, claims: Informer<PersistentVolumeClaim>): Disposable {
  const wake = (claim: PersistentVolumeClaim) => {
    const key = keyOf(claim);
    context.claimQueue.add(key);
    for (const volume of context.volumes.reservedFor(key)) context.volumeQueue.add(volume.metadata.name);
    if (claim.spec.volumeName) context.volumeQueue.add(claim.spec.volumeName);
  };
  const observe = (claim: PersistentVolumeClaim) => {
    if (context.claims.observe(claim)) wake(claim);
  };
  return claims.addHandler({
    onAdd: observe,
    onUpdate: (_previous, claim) => observe(claim),
    onDelete: (last) => {
      context.claims.observeDeletion(last);
      wake(last);
    },
  });
}

/** A class that appears or changes decides what its claims wait for; a default class serves claims that named none. */
export function watchClasses(context: BinderContext, claims: Informer<PersistentVolumeClaim>): Disposable {
  const wake = (className: string) => {
    for (const claim of claims.byIndex(pendingByClass, className)) context.claimQueue.add(keyOf(claim));
  };
  return context.classes.addHandler({
    onAdd: (storageClass, inInitialList) => {
      if (inInitialList) return;
      wake(storageClass.metadata.name);
      wake('');
    },
    onUpdate: (_previous, storageClass) => {
      wake(storageClass.metadata.name);
      wake('');
    },
  });
}

/** A recycler pod that changes takes its volume on; a pod that ends may be the last that kept a volume from it. */
export function watchPods(context: BinderContext): Disposable {
  const wakeRecycling = (pod: Pod) => {
    const volumeName = context.recyclers.volumeOf(pod);
    if (volumeName !== undefined) context.operations.start('recycle', volumeName);
  };
  const wakeReleased = (pod: Pod) => {
    for (const { claimName } of podClaims(pod)) {
      for (const { metadata, status } of context.volumes.reservedFor(`${pod.metadata.namespace}/${claimName}`)) {
        if (status?.phase === 'Released') context.volumeQueue.add(metadata.name);
      }
    }
  };
  return context.pods.addHandler({
    onAdd: wakeRecycling,
    onUpdate: (_previous, pod) => {
      wakeRecycling(pod);
      if (isPodTerminated(pod)) wakeReleased(pod);
    },
    onDelete: (pod) => {
      wakeRecycling(pod);
      wakeReleased(pod);
    },
  });
}
