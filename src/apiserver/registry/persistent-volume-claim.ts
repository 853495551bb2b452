/** Upstream: registry/core/persistentvolumeclaim/strategy.go, api/persistentvolumeclaim/util.go. */
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec, TypedLocalObjectReference } from '../../api/index.ts';
import type { Strategy } from './strategy.ts';

export const persistentVolumeClaimStrategy: Strategy<PersistentVolumeClaim> = {
  returnsDeletedObject: true,
  initialStatus: () => ({ phase: 'Pending' }),
  prepareForCreate(claim) {
    if (!claim.spec) return claim;
    const spec = normalizeDataSources(dropUnknownDataSource(dropForeignReference(claim.spec)));
    return spec === claim.spec ? claim : { ...claim, spec };
  },
  prepareForUpdate(claim) {
    if (!claim.spec) return claim;
    const spec = normalizeDataSources(claim.spec);
    return spec === claim.spec ? claim : { ...claim, spec };
  },
};

function isClaimOrSnapshot({ apiGroup, kind }: TypedLocalObjectReference): boolean {
  return (
    (kind === 'PersistentVolumeClaim' && !apiGroup) ||
    (kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io')
  );
}

/** Sources in other namespaces are an alpha feature, which is off. */
function dropForeignReference(spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec {
  if (!spec.dataSourceRef?.namespace) return spec;
  const { dataSourceRef: _, ...rest } = spec;
  return rest;
}

/** dataSource is the old field: of kinds that it never meant it is ignored, and dataSourceRef speaks. */
function dropUnknownDataSource(spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec {
  if (!spec.dataSource || spec.dataSourceRef || isClaimOrSnapshot(spec.dataSource)) return spec;
  const { dataSource: _, ...rest } = spec;
  return rest;
}

/** Both fields say the same, unless the reference leads to another namespace. */
function normalizeDataSources(spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource && !dataSourceRef) return { ...spec, dataSourceRef: dataSource };
  if (!dataSource && dataSourceRef && !dataSourceRef.namespace) {
    const { apiGroup, kind, name } = dataSourceRef;
    return { ...spec, dataSource: { ...(apiGroup ? { apiGroup } : {}), kind, name } };
  }
  return spec;
}
