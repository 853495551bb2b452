import { ApiStatusError, type KubernetesObject } from '../../api/index.ts';
import { keyFor } from '../registry/registry.ts';
import type { AnyObject } from '../registry/strategy.ts';
import { commitObject, retryOnConflict } from './commit.ts';
import type { WriteCall } from './context.ts';

/**
 * Changes a stored object as the server itself wants it: no admission, no validation, no rules of what a client may
 * write. The change is called anew after a conflict, and throws to refuse. Returning the given object writes nothing.
 */
export async function mutateObject<T extends KubernetesObject = AnyObject>(
  call: WriteCall,
  name: string,
  change: (current: T) => T,
): Promise<T> {
  const { server, resource, namespace, options } = call;
  const key = keyFor(resource, namespace, name);
  return await retryOnConflict(async () => {
    const stored = await server.store.get(key);
    if (!stored) throw ApiStatusError.notFound(resource.type, name);
    const current = stored.object as T;
    const object = change(current);
    if (object === current || options.dryRun) return object;
    return (await commitObject(server, { key, expectedRevision: stored.revision, object })) as T;
  });
}
