/** The discovery documents: which kinds are served, and how. Plain and aggregated. */
import type { ServedResource, ServedVersion } from './served-resources.ts';

export const aggregatedMediaTypes = {
  v2: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  v2beta1: 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
} as const;

function groupVersion({ group, version }: { readonly group: string; readonly version: string }): string {
  return group === '' ? version : `${group}/${version}`;
}

/** /api */
export function apiVersionsDocument(serverAddress: string): object {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** The versions of each group but the core one, preferred first. */
function groupsOf(versions: readonly ServedVersion[]): ReadonlyMap<string, readonly ServedVersion[]> {
  return Map.groupBy(
    versions.filter((version) => version.group !== ''),
    (version) => version.group,
  );
}

function groupDocument(name: string, versions: readonly ServedVersion[]) {
  const served = versions.map((version) => ({ groupVersion: groupVersion(version), version: version.version }));
  return { name, versions: served, preferredVersion: served[0] };
}

/** /apis */
export function groupListDocument(versions: readonly ServedVersion[]): object {
  const groups = [...groupsOf(versions)].map(([name, of]) => groupDocument(name, of));
  return { kind: 'APIGroupList', apiVersion: 'v1', groups };
}

/** /apis/<group>; undefined when the group is not served. */
export function oneGroupDocument(versions: readonly ServedVersion[], name: string): object | undefined {
  const found = groupsOf(versions).get(name);
  return found && { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(name, found) };
}

/** /api/v1, /apis/<group>/<version> */
export function resourceListDocument(version: ServedVersion): object {
  return {
    kind: 'APIResourceList',
    ...(version.group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: groupVersion(version),
    resources: version.resources.flatMap(plainEntries),
  };
}

function plainEntries({ type, verbs, subresources }: ServedResource): readonly object[] {
  const { plural, singular, namespaced, kind, shortNames, categories } = type;
  return [
    {
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs,
      ...(shortNames.length > 0 ? { shortNames } : {}),
      ...(categories.length > 0 ? { categories } : {}),
    },
    ...subresources.map((subresource) => ({
      name: `${plural}/${subresource.name}`,
      singularName: '',
      namespaced,
      ...(groupVersion(subresource.kind) === groupVersion(type)
        ? {}
        : { group: subresource.kind.group, version: subresource.kind.version }),
      kind: subresource.kind.kind,
      verbs: subresource.verbs,
    })),
  ];
}

/** /api and /apis for clients that read everything at once. */
export function aggregatedDocument(
  versions: readonly ServedVersion[],
  { isCore, version }: { readonly isCore: boolean; readonly version: 'v2' | 'v2beta1' },
): object {
  const groups = isCore ? new Map([['', versions.filter(({ group }) => group === '')]]) : groupsOf(versions);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: [...groups].map(([name, of]) => ({
      metadata: { name, creationTimestamp: null },
      versions: of.map((served) => ({
        version: served.version,
        resources: served.resources.map(aggregatedEntry),
        freshness: 'Current',
      })),
    })),
  };
}

function aggregatedEntry({ type, verbs, subresources }: ServedResource): object {
  const { group, version, kind, plural, singular, namespaced, shortNames, categories } = type;
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(subresources.length > 0
      ? {
          subresources: subresources.map((subresource) => ({
            subresource: subresource.name,
            responseKind: subresource.kind,
            verbs: subresource.verbs,
          })),
        }
      : {}),
  };
}
