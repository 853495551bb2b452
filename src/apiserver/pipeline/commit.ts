/** The one way into the store. Turns its refusals into answers, and tells conflicts apart from faults. */
import { ApiStatusError, type KubernetesObject } from '../../api/index.ts';
import { deepFreeze } from '../../base/index.ts';
import type { AnyObject } from '../registry/strategy.ts';
import { StoreConflict, StoreUnavailable, type StoreWrite } from '../store/store.ts';
import type { ServerContext } from './context.ts';

/** When a refused writer may try again. */
const retryAfterSeconds = 1;

function refusal(thrown: unknown): unknown {
  if (!(thrown instanceof StoreUnavailable)) return thrown;
  const reason = thrown.full ? 'InsufficientStorage' : 'ServiceUnavailable';
  return ApiStatusError.of(reason, thrown.message, { retryAfterSeconds }, { cause: thrown });
}

async function write(server: ServerContext, change: StoreWrite): Promise<number> {
  try {
    return await server.store.write(change);
  } catch (thrown) {
    throw refusal(thrown);
  }
}

/** The object with the resourceVersion of a revision, frozen. */
export function atRevision<T extends KubernetesObject>(object: T, revision: number): T {
  const metadata = Object.freeze({ ...object.metadata, resourceVersion: String(revision) });
  return Object.freeze({ ...object, metadata });
}

/** Stores an object and returns it as stored. Throws a StoreConflict when somebody else was faster. */
export async function commitObject(
  server: ServerContext,
  change: { readonly key: string; readonly expectedRevision: number; readonly object: AnyObject },
): Promise<AnyObject> {
  deepFreeze(change.object);
  const revision = await write(server, change);
  const stored = await server.store.get(change.key);
  return stored?.revision === revision ? stored.object : atRevision(change.object, revision);
}

/** Removes an object and returns its last state, with the resourceVersion of its removal. Throws a StoreConflict. */
export async function commitRemoval(
  server: ServerContext,
  change: { readonly key: string; readonly expectedRevision: number; readonly last: AnyObject },
): Promise<AnyObject> {
  const { key, expectedRevision, last } = change;
  const revision = await write(server, { key, expectedRevision, object: undefined });
  return atRevision(last, revision);
}

/**
 * Runs a read-modify-write until no other write gets in between. `attempt` reads anew each time it is called.
 * Without a resourceVersion in the request a conflict is nobody's business but the server's.
 */
export async function retryOnConflict<T>(attempt: () => Promise<T>): Promise<T> {
  for (let conflicts = 0; ; conflicts++) {
    try {
      return await attempt();
    } catch (thrown) {
      if (!(thrown instanceof StoreConflict) || conflicts >= conflictLimit) throw conflictAnswer(thrown);
      await thrown.settled;
    }
  }
}

/** Each retry waits for the writer that won, so as many writers as this may race for one object. */
const conflictLimit = 200;

function conflictAnswer(thrown: unknown): unknown {
  if (!(thrown instanceof StoreConflict)) return thrown;
  return ApiStatusError.of(
    'ServerTimeout',
    'too many writes to one object at once, please try again',
    { retryAfterSeconds },
    { cause: thrown },
  );
}

export const modifiedMessage =
  'the object has been modified; please apply your changes to the latest version and try again';

/** The 409 for a write that was built on an old state. */
export function conflict(resource: { readonly name: string }, name: string, detail: string): ApiStatusError {
  const [kind = '', ...group] = resource.name.split('.');
  return ApiStatusError.of('Conflict', `Operation cannot be fulfilled on ${resource.name} "${name}": ${detail}`, {
    name,
    group: group.join('.'),
    kind,
  });
}
