/** A client far away: its calls take their time both ways, and its watches lag, each kind by another amount. */
import type { Clock, Random } from '../../../src/base/index.ts';
import type { Client } from '../../../src/client/index.ts';

export interface SlownessOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Ends every wait, so that those who wait can be disposed. */
  readonly signal: AbortSignal;
  /** The longest way of a call, in milliseconds. */
  readonly callMs: number;
  /** The longest lag of a watch event, in milliseconds. */
  readonly watchMs: number;
}

export function slowClient(client: Client, { clock, random, signal, callMs, watchMs }: SlownessOptions): Client {
  const pause = (mostMs: number) => clock.sleep(Math.floor(random.next() * mostMs), signal).catch(() => {});
  const slowly =
    <A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      await pause(callMs);
      try {
        return await call(...args);
      } finally {
        await pause(callMs);
      }
    };
  return {
    ...client,
    get: slowly(client.get) as Client['get'],
    create: slowly(client.create) as Client['create'],
    update: slowly(client.update) as Client['update'],
    updateStatus: slowly(client.updateStatus) as Client['updateStatus'],
    patch: slowly(client.patch) as Client['patch'],
    delete: slowly(client.delete) as Client['delete'],
    watch: async (type, options) => {
      const stream = await client.watch(type, options);
      async function* late() {
        for await (const event of stream) {
          await pause(watchMs);
          yield event;
        }
      }
      return { [Symbol.asyncIterator]: late, [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose]() };
    },
  };
}
