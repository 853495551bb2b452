/** A claim may grow only when it is bound and its class allows it. Upstream: plugin/storage/persistentvolume/resize. */
import { annBetaStorageClass, compareQuantities, type PersistentVolumeClaim, storageClasses } from '../../api/index.ts';
import { forbidden } from '../auth/authorizer.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { AdmissionPlugin } from './admission.ts';

const noQuantity = '0';

export function persistentVolumeClaimResize(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    handles: (verb, { name }, subresource) =>
      verb === 'update' && name === 'persistentvolumeclaims' && subresource === undefined,
    async validate({ object, previous, resource, name }) {
      const claim = object as PersistentVolumeClaim;
      const before = previous as PersistentVolumeClaim;
      if (compareQuantities(requestOf(claim), requestOf(before)) <= 0) return;
      if (before.status?.phase !== 'Bound') {
        throw forbidden(resource.type, name, 'Only bound persistent volume claims can be expanded');
      }
      const className = classOf(claim);
      const isSameClass = className !== '' && className === classOf(before);
      const storageClass = isSameClass ? await reader.get(storageClasses, className) : undefined;
      if (storageClass?.allowVolumeExpansion) return;
      const detail =
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
      throw forbidden(resource.type, name, detail);
    },
  };
}

function requestOf(claim: PersistentVolumeClaim): string {
  return claim.spec?.resources?.requests?.storage ?? noQuantity;
}

function classOf(claim: PersistentVolumeClaim): string {
  return claim.metadata.annotations?.[annBetaStorageClass] ?? claim.spec?.storageClassName ?? '';
}
