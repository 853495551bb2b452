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
  const known = builtInResources.find((type) => type.group === group && type.plural === name);
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

/**
 * The kinds that live in namespaces and can be listed and deleted together, each in the version that its group
 * prefers. Throws when the server cannot say: then nobody knows what a namespace holds.
 */
export async function discoverNamespacedTypes(
  get: GetDocument,
  signal?: AbortSignal,
): Promise<readonly ResourceType[]> {
  const { groups = [] } = (await get('/apis', signal)) as GroupVersionList;
  const versions = groups.flatMap(({ name, preferredVersion }) =>
    preferredVersion ? [{ group: name, version: preferredVersion.version }] : [],
  );
  const lists = await Promise.all(
    [{ group: '', version: 'v1' }, ...versions].map(async ({ group, version }) => {
      const resources = await resourcesOf(get, group === '' ? `/api/${version}` : `/apis/${group}/${version}`, signal);
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
