/** A claim that names no class gets the default one. Upstream: plugin/storage/storageclass/setdefault. */
import { annBetaStorageClass, findDefaultClass, type PersistentVolumeClaim, storageClasses } from '../../api/index.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { AdmissionPlugin } from './admission.ts';

export function defaultStorageClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    handles: (verb, { name }, subresource) =>
      verb === 'create' && name === 'persistentvolumeclaims' && subresource === undefined,
    async admit({ object }) {
      const claim = object as PersistentVolumeClaim;
      const annotated = claim.metadata.annotations?.[annBetaStorageClass] !== undefined;
      // An empty class name asks for a volume without a class.
      if (annotated || claim.spec?.storageClassName !== undefined) return claim;
      const found = findDefaultClass(await reader.list(storageClasses));
      return found ? { ...claim, spec: { ...claim.spec, storageClassName: found.metadata.name } } : claim;
    },
  };
}
