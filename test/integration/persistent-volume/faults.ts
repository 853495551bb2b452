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
    const check = (call: string) => this.#check(call);
    this.client = {
      ...client,
      get: async (type, ...rest) => {
        check(`get ${type.kind}`);
        return await client.get(type, ...rest);
      },
      create: async (type, ...rest) => {
        const call = `create ${type.kind}`;
        if (this.#lands(call)) await client.create(type, ...rest).catch(() => {});
        check(call);
        return await client.create(type, ...rest);
      },
      update: async (type, ...rest) => {
        check(`update ${type.kind}`);
        return await client.update(type, ...rest);
      },
      updateStatus: async (type, ...rest) => {
        check(`update ${type.kind}/status`);
        return await client.updateStatus(type, ...rest);
      },
      delete: async (type, ...rest) => {
        check(`delete ${type.kind}`);
        return await client.delete(type, ...rest);
      },
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
