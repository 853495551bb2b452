/** New volumes, claims and attributes classes stay until nobody uses them. Upstream: plugin/storage/storageobjectinuseprotection. */
import {
  attributesClassProtectionFinalizer,
  claimProtectionFinalizer,
  volumeProtectionFinalizer,
} from '../../api/index.ts';
import type { AdmissionPlugin } from './admission.ts';

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumes: volumeProtectionFinalizer,
  persistentvolumeclaims: claimProtectionFinalizer,
  'volumeattributesclasses.storage.k8s.io': attributesClassProtectionFinalizer,
};

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  handles: (verb, { name }, subresource) =>
    verb === 'create' && subresource === undefined && Object.hasOwn(finalizers, name),
  admit({ object, resource }) {
    const finalizer = finalizers[resource.name];
    const existing = object.metadata.finalizers ?? [];
    if (finalizer === undefined || existing.includes(finalizer)) return object;
    return { ...object, metadata: { ...object.metadata, finalizers: [...existing, finalizer] } };
  },
};
