/** Where the volumes of a class may be made: its zones and allowed topologies under a driver's key. */
import { labelBetaZone, labelZone, type StorageClass, type TopologySelectorTerm } from '../../api/index.ts';
import { MigrationError } from './translator.ts';

/** How drivers are told the file system, instead of `fstype`. */
export const csiFsTypeParameter = 'csi.storage.k8s.io/fstype';

export function topologySelector(key: string, values: readonly string[]): readonly TopologySelectorTerm[] {
  return [{ matchLabelExpressions: [{ key, values }] }];
}

/** The terms with Kubernetes' zone labels under the driver's key; other keys stay. */
export function translateAllowedTopologies(
  terms: readonly TopologySelectorTerm[],
  csiKey: string,
): readonly TopologySelectorTerm[] {
  return terms.map(({ matchLabelExpressions }) => ({
    matchLabelExpressions: (matchLabelExpressions ?? []).map((each) =>
      each.key === labelBetaZone || each.key === labelZone ? { ...each, key: csiKey } : each,
    ),
  }));
}

/** The class with each parameter as the function tells it: under other names, or not at all. */
export function mapParameters(
  storageClass: StorageClass,
  translate: (name: string, value: string) => Readonly<Record<string, string>>,
): StorageClass {
  const entries = Object.entries(storageClass.parameters ?? {});
  const parameters = Object.assign({}, ...entries.map(([name, value]) => translate(name, value)));
  return { ...storageClass, parameters };
}

/** The class with its allowed topologies under the driver's key. */
export function withCsiTopologies(storageClass: StorageClass, csiKey: string): StorageClass {
  const { allowedTopologies } = storageClass;
  if (!allowedTopologies || allowedTopologies.length === 0) return storageClass;
  return { ...storageClass, allowedTopologies: translateAllowedTopologies(allowedTopologies, csiKey) };
}

/**
 * The parameters `zone` and `zones` become allowed topologies.
 * @throws MigrationError when the class says both.
 */
export function translateZoneParameters(storageClass: StorageClass, csiKey: string): StorageClass {
  let zones: readonly string[] | undefined;
  for (const [name, value] of Object.entries(storageClass.parameters ?? {})) {
    if (name.toLowerCase() === 'zone') zones = [value];
    if (name.toLowerCase() === 'zones') zones = value.split(',');
  }
  if (!zones) return withCsiTopologies(storageClass, csiKey);
  if (storageClass.allowedTopologies && storageClass.allowedTopologies.length > 0) {
    throw new MigrationError('cannot simultaneously set allowed topologies and zone/zones parameters');
  }
  const remaining = mapParameters(storageClass, (name, value) =>
    name.toLowerCase() === 'zone' || name.toLowerCase() === 'zones' ? {} : { [name]: value },
  );
  return { ...remaining, allowedTopologies: topologySelector(csiKey, zones) };
}

/** The parameter `fstype` under the name that drivers know; the others stay. */
export function translateFsTypeParameter(storageClass: StorageClass): StorageClass {
  return mapParameters(storageClass, (name, value) => ({
    [name.toLowerCase() === 'fstype' ? csiFsTypeParameter : name]: value,
  }));
}
