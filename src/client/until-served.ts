/** Waits for kinds that an administrator installs: those of CustomResourceDefinitions. */
import { groupResourceOf, type ResourceType } from '../api/index.ts';
import { backoffMs, type Clock, isAbort, type Logger, messageOf } from '../base/index.ts';
import type { Client } from './client.ts';

export interface UntilServedOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** The longest wait between two looks. */
  readonly maxMs: number;
}

/** Upstream's first wait, and by how much each next one is longer. */
const firstWaitMs = 100;
const factor = 1.5;

/** Resolves when every kind can be listed; rejects with the signal. What is missing is told once each time it changes. */
export async function untilServed(
  client: Pick<Client, 'list'>,
  types: readonly ResourceType[],
  { clock, logger, signal, maxMs }: UntilServedOptions,
): Promise<void> {
  let told = '';
  for (let failures = 1; ; failures++) {
    const missing = await findMissing(client, types, signal);
    if (!missing) return;
    const resource = groupResourceOf(missing.type);
    const error = messageOf(missing.cause);
    const line = `${resource} ${error}`;
    if (line !== told) logger.warn('waiting for the server to have this kind', { resource, error });
    told = line;
    await clock.sleep(backoffMs({ initialMs: firstWaitMs, maxMs, factor }, failures), signal);
  }
}

async function findMissing(client: Pick<Client, 'list'>, types: readonly ResourceType[], signal: AbortSignal) {
  for (const type of types) {
    try {
      await client.list(type, { limit: 1, signal });
    } catch (cause) {
      if (isAbort(cause)) throw cause;
      return { type, cause };
    }
  }
  return undefined;
}
