/** Starts controllers on a control plane, each as a process of its own would: with its own client and informers. */
import type { Client } from '../../../src/client/index.ts';
import { createInformerFactory } from '../../../src/client/index.ts';
import type { ControllerOptions } from '../../../src/controllers/index.ts';
import type { ControlPlane } from './control-plane.ts';

/** Starts a controller; stopping it ends its informers and its recorder too. */
export async function startOn(
  plane: ControlPlane,
  component: string,
  start: (options: ControllerOptions) => AsyncDisposable,
  client: Client = plane.clientOf(component),
): Promise<AsyncDisposable> {
  const { clock, random, logger } = plane;
  const stack = new AsyncDisposableStack();
  const informers = stack.use(createInformerFactory({ client, clock, logger, random }));
  stack.use(start({ client, informers, recorder: plane.recorder(component), clock, random, logger }));
  plane.use({ [Symbol.asyncDispose]: () => stack.disposeAsync() });
  informers.start();
  await clock.settle();
  return stack;
}

/** The process is dead: none of its calls reaches the server any more. */
export class KilledError extends Error {
  override readonly name = 'KilledError';
}

export interface Kill {
  /** Writes that reach the server; the next one is the one around which the process dies. */
  readonly afterWrites: number;
  /** Whether the fatal write still reaches the server, with its answer lost. */
  readonly lastWriteLands: boolean;
}

export interface MortalClient {
  readonly client: Client;
  /** The writes that reached the server, as `verb kind[/subresource]`. */
  readonly writes: readonly string[];
  readonly isDead: boolean;
}

/** A client of a process that dies around one of its writes. Events are not counted. */
export function mortalClient(client: Client, kill: Kill): MortalClient {
  const writes: string[] = [];
  let dead = false;
  const alive = () => {
    if (dead) throw new KilledError('killed');
  };
  async function write<T>(name: string, call: () => Promise<T>): Promise<T> {
    alive();
    if (writes.length === kill.afterWrites) {
      dead = true;
      if (kill.lastWriteLands) {
        await call();
        writes.push(name);
      }
      throw new KilledError('killed');
    }
    writes.push(name);
    return await call();
  }
  const mortal: Client = {
    ...client,
    get: async (...args) => {
      alive();
      return await client.get(...args);
    },
    create: (type, ...rest) => write(`create ${type.kind}`, () => client.create(type, ...rest)),
    update: (type, ...rest) => write(`update ${type.kind}`, () => client.update(type, ...rest)),
    updateStatus: (type, ...rest) => write(`update ${type.kind}/status`, () => client.updateStatus(type, ...rest)),
    patch: (type, ...rest) => write(`patch ${type.kind}`, () => client.patch(type, ...rest)),
    delete: (type, ...rest) => write(`delete ${type.kind}`, () => client.delete(type, ...rest)),
  };
  return {
    client: mortal,
    writes,
    get isDead() {
      return dead;
    },
  };
}

/** A client whose watches never show objects of a kind: a cache that lags behind for ever. Live reads see everything. */
export function blindClient(client: Client, kind: string): Client {
  return {
    ...client,
    watch: (type, options) =>
      client.watch(type, type.kind === kind ? { ...options, labelSelector: 'never=seen' } : options),
  };
}

/** A client whose watch of a kind shows nothing new while it is held. */
export function laggingClient(
  client: Client,
  kind: string,
): { readonly client: Client; hold(): void; release(): void } {
  let held = Promise.withResolvers<void>();
  held.resolve();
  const lagging: Client = {
    ...client,
    watch: async (type, options) => {
      const stream = await client.watch(type, options);
      if (type.kind !== kind) return stream;
      async function* late() {
        for await (const event of stream) {
          await held.promise;
          yield event;
        }
      }
      return {
        [Symbol.asyncIterator]: late,
        [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
      };
    },
  };
  return {
    client: lagging,
    hold: () => {
      held = Promise.withResolvers<void>();
    },
    release: () => held.resolve(),
  };
}
