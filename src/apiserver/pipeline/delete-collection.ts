import { type ApiResponse, type DeleteOptions, isNotFound, type ListOptions } from '../../api/index.ts';
import type { AnyObject } from '../registry/strategy.ts';
import type { WriteCall } from './context.ts';
import { deleteObject } from './delete.ts';
import { listObjects } from './read.ts';

/** Deletions under way at once: enough to share commits, few enough to leave the store to others. */
const concurrency = 64;

/** DELETE of all that a list selects. Objects that others delete meanwhile are no error. */
export async function removeCollection(
  call: WriteCall,
  list: ListOptions,
  options: DeleteOptions,
): Promise<ApiResponse> {
  const { server, resource } = call;
  const { items, resourceVersion } = await listObjects(server, resource, list);
  const deleted: AnyObject[] = [];
  let next = 0;
  const worker = async () => {
    for (let item = items[next++]; item; item = items[next++]) {
      const { name, namespace } = item.metadata;
      try {
        const outcome = await deleteObject({ ...call, namespace }, name, options);
        deleted.push(outcome.object);
      } catch (thrown) {
        if (!isNotFound(thrown)) throw thrown;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
  return { object: { items: deleted, resourceVersion }, warnings: call.warnings };
}
