/** A client some of whose writes fail, as a server under load or a second writer makes them fail. */
import { ApiStatusError } from '../../../src/api/index.ts';
import type { Client } from '../../../src/client/index.ts';

export interface Fault {
  /** `create PersistentVolume`, `update PersistentVolumeClaim/status`, `get PersistentVolume`, ... */
  readonly call: string;
  readonly reason: 'Conflict' | 'InternalError' | 'AlreadyExists' | 'Timeout';
  /** How many calls fail; one by default. */
  readonly times?: number;
  /** The call has its effect, and its answer is lost. */
  readonly lands?: boolean;
}

export class FaultyClient {
  readonly client: Client;
  readonly #left: Map<string, { readonly fault: Fault; times: number }>;

  constructor(client: Client, faults: readonly Fault[]) {
    this.#left = new Map(faults.map((fault) => [fault.call, { fault, times: fault.times ?? 1 }]));
    const failing =
      <A extends [{ readonly kind: string }, ...unknown[]], R>(
        verb: string,
        call: (...args: A) => Promise<R>,
        suffix = '',
      ) =>
      async (...args: A): Promise<R> => {
        const name = `${verb} ${args[0].kind}${suffix}`;
        if (this.#lands(name)) await call(...args).catch(() => {});
        this.#check(name);
        return await call(...args);
      };
    this.client = {
      ...client,
      get: failing('get', client.get) as Client['get'],
      list: failing('list', client.list) as Client['list'],
      patch: failing('patch', client.patch) as Client['patch'],
      create: failing('create', client.create) as Client['create'],
      update: failing('update', client.update) as Client['update'],
      updateStatus: failing('update', client.updateStatus, '/status') as Client['updateStatus'],
      delete: failing('delete', client.delete) as Client['delete'],
    };
  }

  /** Faults that no call has met: a case whose fault never came says nothing. */
  get unmet(): readonly string[] {
    return [...this.#left.values()].filter(({ times }) => times > 0).map(({ fault }) => fault.call);
  }

  #lands(call: string): boolean {
    const left = this.#left.get(call);
    return left !== undefined && left.times > 0 && left.fault.lands === true;
  }

  #check(call: string): void {
    const left = this.#left.get(call);
    if (!left || left.times === 0) return;
    left.times--;
    throw ApiStatusError.of(left.fault.reason, `injected: ${left.fault.reason}`);
  }
}
