import { ApiStatusError, isAlreadyExists } from '../../../../src/api/index.ts';
import type { Clock } from '../../../../src/base/index.ts';
import type { Client } from '../../../../src/client/index.ts';

interface Written {
  readonly metadata: { readonly name?: string; readonly namespace?: string; readonly generateName?: string };
  readonly spec?: unknown;
}

/** What an object is about, beside its own name: attachments are named by a hash. */
function sourceOf({ spec }: Written): string | undefined {
  return (spec as { source?: { persistentVolumeName?: string } } | undefined)?.source?.persistentVolumeName;
}

export interface FailureLatency {
  readonly clock: Clock;
  readonly ms: number;
  /** Ends every wait, so that those who wait can be disposed. */
  readonly signal: AbortSignal;
}

/** A client that cannot write what has `bad` in its name or is in such a namespace; each failure takes its time. */
export function failingClient(client: Client, latency?: FailureLatency) {
  const failures = { isOver: false, count: 0 };
  const check = async (...parts: readonly (string | undefined)[]) => {
    if (failures.isOver || !parts.some((part) => part?.includes('bad'))) return;
    failures.count++;
    await latency?.clock.sleep(latency.ms, latency.signal).catch(() => {});
    throw ApiStatusError.of('InternalError', 'broken');
  };
  const checkObject = (object: Written) =>
    check(object.metadata.name, object.metadata.generateName, object.metadata.namespace, sourceOf(object));
  const failing: Client = {
    ...client,
    async create(type, object, ...rest) {
      await checkObject(object as Written);
      return await client.create(type, object, ...rest);
    },
    async update(type, object, ...rest) {
      await checkObject(object);
      return await client.update(type, object, ...rest);
    },
    async updateStatus(type, object, ...rest) {
      await checkObject(object);
      return await client.updateStatus(type, object, ...rest);
    },
    async patch(type, key, ...rest) {
      await check(key.name, key.namespace);
      return await client.patch(type, key, ...rest);
    },
    async delete(type, key, ...rest) {
      await check(key.name, key.namespace);
      await client.delete(type, key, ...rest);
    },
    async deleteCollection(type, list, ...rest) {
      await check(list.namespace);
      await client.deleteCollection(type, list, ...rest);
    },
    async createSubresource(type, key, ...rest) {
      await check(key.name, key.namespace);
      return await client.createSubresource(type, key, ...rest);
    },
  };
  return { client: failing, failures };
}

export function ignoreExisting(error: unknown): void {
  if (!isAlreadyExists(error)) throw error;
}
