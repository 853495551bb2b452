import type { KubernetesObject, ObjectKey, ResourceType } from '../../api/index.ts';
import type { Client } from '../../client/index.ts';

/** Reads one object by listing: upstream's roles let a controller list kinds that they do not let it get. */
export async function listLive<T extends KubernetesObject>(
  reader: Client,
  type: ResourceType<T>,
  { namespace, name }: ObjectKey,
  signal: AbortSignal,
): Promise<T | undefined> {
  const fieldSelector = `metadata.name=${name}`;
  const { items } = await reader.list(type, {
    ...(namespace === undefined ? {} : { namespace }),
    fieldSelector,
    signal,
  });
  // A server that knows no field selectors returns all of them.
  return items.find(({ metadata }) => metadata.name === name);
}
