import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  TypedLocalObjectReference,
} from '../gen/core.v1.gen.ts';
import { fill } from './fill.ts';

export function defaultClaimSpec(spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec {
  return fill(spec, { volumeMode: 'Filesystem', resources: {} });
}

function isKnownDataSource(source: TypedLocalObjectReference): boolean {
  const group = source.apiGroup ?? '';
  return (
    (source.kind === 'PersistentVolumeClaim' && group === '') ||
    (source.kind === 'VolumeSnapshot' && group === 'snapshot.storage.k8s.io')
  );
}

/** The older dataSource holds only claims and snapshots, and both fields name the same source unless it is in another namespace. */
function normaliseDataSources(spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec {
  const { dataSource, ...rest } = spec;
  const kept = dataSource && isKnownDataSource(dataSource) ? dataSource : undefined;
  const reference = spec.dataSourceRef;
  if (kept && reference) return spec;
  if (kept) return { ...spec, dataSourceRef: kept };
  if (reference && !reference.namespace) {
    const { namespace: _, ...local } = reference;
    return { ...rest, dataSource: local };
  }
  return dataSource ? rest : spec;
}

/** A claim inside a template: volume mode and phase, as of a claim, but its data sources as written. */
export function defaultClaimTemplate(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const spec = defaultClaimSpec(claim.spec);
  return {
    ...claim,
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    spec,
    status: fill(claim.status ?? {}, { phase: 'Pending' }),
  };
}

export function defaultClaim(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const spec = normaliseDataSources(defaultClaimSpec(claim.spec));
  return { ...claim, spec, status: fill(claim.status ?? {}, { phase: 'Pending' }) };
}
