/** What a claim names as the source of its data. Pure. Upstream: external-provisioner dataSource and prepareProvision. */
import type { PersistentVolumeClaim } from '../../api/index.ts';

export type DataSource =
  | { readonly kind: 'PersistentVolumeClaim' | 'VolumeSnapshot'; readonly name: string }
  /** A kind that somebody else knows how to fill a volume from. */
  | { readonly kind: 'custom' }
  /** Nothing can come of it. */
  | { readonly kind: 'refused'; readonly reason: string };

const snapshotGroup = 'snapshot.storage.k8s.io';

export function findDataSource({ metadata, spec }: PersistentVolumeClaim): DataSource | undefined {
  const source = spec.dataSource ?? spec.dataSourceRef;
  if (!source) return undefined;
  if (!spec.dataSource && spec.dataSourceRef?.namespace) {
    const reason = 'dataSourceRef namespace specified but the CrossNamespaceVolumeDataSource feature is disabled';
    return { kind: 'refused', reason };
  }
  const { apiGroup = '', kind, name } = source;
  if (!name) return { kind: 'refused', reason: `the PVC source not found for PVC ${metadata.name}` };
  if (kind === 'PersistentVolumeClaim' && apiGroup === '') return { kind, name };
  if (kind !== 'VolumeSnapshot') return { kind: 'custom' };
  if (apiGroup === snapshotGroup) return { kind, name };
  const reason = `the PVC source does not belong to the right APIGroup. Expected ${snapshotGroup}, Got ${apiGroup}`;
  return { kind: 'refused', reason };
}

/** The index of claims by what they are filled from. */
export const claimsBySource = 'external-provisioner/source';

/** `kind namespace/name` */
export function sourceKey(kind: 'PersistentVolumeClaim' | 'VolumeSnapshot', sourceObjectKey: string): string {
  return `${kind} ${sourceObjectKey}`;
}

/** What the claim is found under in the index. */
export function sourceKeysOf(claim: PersistentVolumeClaim): readonly string[] {
  const source = findDataSource(claim);
  if (source?.kind !== 'PersistentVolumeClaim' && source?.kind !== 'VolumeSnapshot') return [];
  return [sourceKey(source.kind, `${claim.metadata.namespace}/${source.name}`)];
}
