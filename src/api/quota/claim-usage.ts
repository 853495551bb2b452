/** What a claim charges to quotas. Upstream: pkg/quota/v1/evaluator/core/persistent_volume_claims.go. */
import type { PersistentVolumeClaim } from '../gen/core.v1.gen.ts';
import { compareQuantities, parseQuantity, quantityOfBytes, quantityValue } from '../quantity.ts';
import { annBetaStorageClass } from '../well-known.ts';
import type { ResourceList } from './resource-list.ts';

const claimNames = ['persistentvolumeclaims', 'requests.storage'];
const classSuffix = '.storageclass.storage.k8s.io/';

/** Names that quotas charge claims under, out of those given. */
export function claimResourceNames(names: readonly string[]): readonly string[] {
  return names.filter(
    (name) =>
      name === 'count/persistentvolumeclaims' ||
      claimNames.some((known) => name === known || name.endsWith(classSuffix + known)),
  );
}

export function claimUsage(claim: PersistentVolumeClaim): ResourceList {
  const usage: Record<string, string> = { persistentvolumeclaims: '1', 'count/persistentvolumeclaims': '1' };
  const className = claim.metadata.annotations?.[annBetaStorageClass] ?? claim.spec?.storageClassName ?? '';
  if (className !== '') usage[`${className}${classSuffix}persistentvolumeclaims`] = '1';
  const storage = chargedStorage(claim);
  if (storage === undefined) return usage;
  usage['requests.storage'] = storage;
  if (className !== '') usage[`${className}${classSuffix}requests.storage`] = storage;
  return usage;
}

/** The larger of what is asked for and what an expansion under way may have taken already. */
function chargedStorage({ spec, status }: PersistentVolumeClaim): string | undefined {
  const requested = spec?.resources?.requests?.storage;
  if (requested === undefined) return undefined;
  const allocated = status?.allocatedResources?.storage;
  const larger = allocated !== undefined && compareQuantities(allocated, requested) > 0 ? allocated : requested;
  return wholeBytes(larger);
}

/** Quotas count whole bytes. */
function wholeBytes(quantity: string): string {
  return quantityOfBytes(quantityValue(quantity), parseQuantity(quantity).format);
}

/** The attributes classes that a claim has, wants, or is on its way to. */
export function attributesClassesOf({ spec, status }: PersistentVolumeClaim): readonly string[] {
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return [...new Set(names.filter((name): name is string => Boolean(name)))];
}
