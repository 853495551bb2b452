/** Which kinds a server has beyond those that are known here: custom resources and those of other versions. */
import { builtInResources, isNotFound, type ResourceType } from '../api/index.ts';

/** GET of a path that is no resource; throws as other calls do. */
export type GetDocument = (path: string, signal?: AbortSignal) => Promise<unknown>;

interface ApiResource {
  readonly name: string;
  readonly singularName?: string;
  readonly namespaced?: boolean;
  readonly kind: string;
  readonly verbs?: readonly string[];
}

interface GroupVersionList {
  readonly groups?: readonly { readonly name: string; readonly preferredVersion?: { readonly version: string } }[];
}

function typeOf(group: string, version: string, { name, singularName, namespaced, kind }: ApiResource): ResourceType {
  // In another version it is another kind to us: the server may not serve the one that is known here.
  const known = builtInResources.find(
    (type) => type.group === group && type.version === version && type.plural === name,
  );
  if (known) return known;
  const names = { kind, plural: name, singular: singularName || kind.toLowerCase() };
  return {
    group,
    version,
    ...names,
    namespaced: namespaced === true,
    shortNames: [],
    categories: [],
    subresources: [],
  };
}

const versionsOf = ({ groups = [] }: GroupVersionList) => [
  { group: '', version: 'v1' },
  ...groups.flatMap(({ name, preferredVersion }) =>
    preferredVersion ? [{ group: name, version: preferredVersion.version }] : [],
  ),
];

const pathOf = (group: string, version: string) => (group === '' ? `/api/${version}` : `/apis/${group}/${version}`);

export interface WatchableTypes {
  readonly types: readonly ResourceType[];
  /** Groups that did not answer: what they serve is not known now. */
  readonly silentGroups: ReadonlySet<string>;
}

/**
 * The kinds whose objects can be listed, watched and deleted, each in the version that its group prefers. A group that
 * does not answer, as that of an extension server that is down, hides nothing but its own. Throws when the server
 * cannot name its groups.
 */
export async function discoverWatchableTypes(get: GetDocument, signal?: AbortSignal): Promise<WatchableTypes> {
  const silentGroups = new Set<string>();
  const lists = await Promise.all(
    versionsOf((await get('/apis', signal)) as GroupVersionList).map(async ({ group, version }) => {
      try {
        const resources = await resourcesOf(get, pathOf(group, version), signal);
        return resources.filter(isWatchable).map((resource) => typeOf(group, version, resource));
      } catch (thrown) {
        if (signal?.aborted) throw thrown;
        silentGroups.add(group);
        return [];
      }
    }),
  );
  return { types: lists.flat(), silentGroups };
}

function isWatchable({ name, verbs = [] }: ApiResource): boolean {
  return !name.includes('/') && ['list', 'watch', 'delete'].every((verb) => verbs.includes(verb));
}

/**
 * The kinds that live in namespaces and can be listed and deleted together, each in the version that its group
 * prefers. Throws when the server cannot say: then nobody knows what a namespace holds.
 */
export async function discoverNamespacedTypes(
  get: GetDocument,
  signal?: AbortSignal,
): Promise<readonly ResourceType[]> {
  const lists = await Promise.all(
    versionsOf((await get('/apis', signal)) as GroupVersionList).map(async ({ group, version }) => {
      const resources = await resourcesOf(get, pathOf(group, version), signal);
      const emptied = resources.filter(
        ({ name, namespaced, verbs = [] }) =>
          namespaced === true && !name.includes('/') && verbs.includes('list') && verbs.includes('deletecollection'),
      );
      return emptied.map((resource) => typeOf(group, version, resource));
    }),
  );
  return lists.flat();
}

async function resourcesOf(get: GetDocument, path: string, signal?: AbortSignal): Promise<readonly ApiResource[]> {
  try {
    return ((await get(path, signal)) as { readonly resources?: readonly ApiResource[] }).resources ?? [];
  } catch (thrown) {
    // A group whose last kind has just been taken away.
    if (isNotFound(thrown)) return [];
    throw thrown;
  }
}
