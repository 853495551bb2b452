import type { StorageClass } from './gen/storage.v1.gen.ts';
import { annBetaIsDefaultClass, annIsDefaultClass } from './well-known.ts';

export function isDefaultClass(storageClass: StorageClass): boolean {
  const annotations = storageClass.metadata.annotations;
  return annotations?.[annIsDefaultClass] === 'true' || annotations?.[annBetaIsDefaultClass] === 'true';
}

/** The class that claims without one get: of several defaults the newest, of equally old ones the first by name. */
export function findDefaultClass(classes: Iterable<StorageClass>): StorageClass | undefined {
  let best: StorageClass | undefined;
  for (const candidate of classes) {
    if (!isDefaultClass(candidate)) continue;
    if (!best || precedes(candidate, best)) best = candidate;
  }
  return best;
}

function precedes(left: StorageClass, right: StorageClass): boolean {
  const leftCreated = Date.parse(left.metadata.creationTimestamp);
  const rightCreated = Date.parse(right.metadata.creationTimestamp);
  return leftCreated === rightCreated ? left.metadata.name < right.metadata.name : leftCreated > rightCreated;
}
