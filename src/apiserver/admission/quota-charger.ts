/**
 * Charges writes to the quotas of their namespace before they are made. One round per namespace at a time: it takes
 * all writes that wait, and one compare-and-swap per quota stands for them together, so that neither two writes nor
 * two servers ever grant the same remainder twice. What was charged for a write that then failed is given back by the
 * quota controller. Upstream: apiserver/pkg/admission/plugin/resourcequota/controller.go.
 */
import { ApiStatusError, groupResourceOf, type ResourceQuota, resourceQuotas } from '../../api/index.ts';
import { deepFreeze } from '../../base/index.ts';
import { type Store, StoreConflict, type StoredObject } from '../store/store.ts';
import { type ChargedWrite, checkQuotas, type RunningQuota } from './quota-check.ts';

interface Waiter {
  readonly write: ChargedWrite;
  readonly dryRun: boolean;
  /** Called once, with the reason of a refusal if it is one. */
  readonly settle: (reason: string | undefined) => void;
  readonly fail: (error: unknown) => void;
}

interface OpenQuota extends RunningQuota {
  readonly stored: StoredObject;
}

/** Each round lost means that the controller or another server was faster, which both seldom write. */
const maxRounds = 50;
const retryAfterSeconds = 1;

export class QuotaCharger {
  readonly #store: Store;
  readonly #waiting = new Map<string, Waiter[]>();

  constructor(store: Store) {
    this.#store = store;
  }

  async hasQuotas(namespace: string): Promise<boolean> {
    return (await this.#quotasOf(namespace)).length > 0;
  }

  /** Resolves with why the write must not be made, or with undefined once it is charged. */
  charge(namespace: string, write: ChargedWrite, dryRun: boolean): Promise<string | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
    const waiter = { write, dryRun, settle: resolve, fail: reject };
    const queue = this.#waiting.get(namespace);
    if (queue) queue.push(waiter);
    else {
      const opened = [waiter];
      this.#waiting.set(namespace, opened);
      void this.#serve(namespace, opened);
    }
    return promise;
  }

  async #serve(namespace: string, queue: Waiter[]): Promise<void> {
    while (queue.length > 0) {
      const waiters = queue.splice(0);
      try {
        await this.#chargeAll(namespace, waiters);
      } catch (error) {
        for (const { fail } of waiters) fail(error);
      }
    }
    this.#waiting.delete(namespace);
  }

  async #chargeAll(namespace: string, waiters: readonly Waiter[]): Promise<void> {
    /** Names of the quotas whose write was lost to somebody else; undefined at first: all of them. */
    let lost: ReadonlySet<string> | undefined;
    let pending = waiters;
    for (let round = 0; round < maxRounds; round++) {
      const read = await this.#quotasOf(namespace);
      const quotas = lost ? read.filter(({ quota }) => lost?.has(quota.metadata.name)) : read;
      const { running, refusals } = chargeInTurn(quotas, pending);
      const conflicts = await this.#write(quotas, running);
      // Told only now: a refusal may rest on what the other writes of this round took.
      if (conflicts.size === 0) {
        for (const waiter of pending) waiter.settle(refusals.get(waiter));
        return;
      }
      for (const [waiter, reason] of refusals) waiter.settle(reason);
      pending = pending.filter((waiter) => !refusals.has(waiter));
      lost = conflicts;
    }
    throw ApiStatusError.of('ServerTimeout', 'too many changes of the quotas at once, please try again', {
      retryAfterSeconds,
    });
  }

  async #quotasOf(namespace: string): Promise<readonly OpenQuota[]> {
    const { items } = await this.#store.list(`${groupResourceOf(resourceQuotas)}/${namespace}/`);
    return items.map((stored) => {
      const quota = stored.object as ResourceQuota;
      return { stored, quota, used: quota.status?.used ?? {} };
    });
  }

  /** Returns the names of the quotas that somebody else has written in the meantime. */
  async #write(before: readonly OpenQuota[], after: readonly RunningQuota[]): Promise<ReadonlySet<string>> {
    const conflicts = new Set<string>();
    const write = async ({ stored: { key, revision }, quota }: OpenQuota, used: RunningQuota['used']) => {
      const object = deepFreeze({ ...quota, status: { ...quota.status, used } });
      try {
        await this.#store.write({ key, expectedRevision: revision, object });
      } catch (thrown) {
        if (!(thrown instanceof StoreConflict)) throw thrown;
        await thrown.settled;
        conflicts.add(quota.metadata.name);
      }
    };
    const changed = before.flatMap((quota, index) => {
      const used = after[index]?.used;
      return used === undefined || used === quota.used ? [] : [write(quota, used)];
    });
    await Promise.all(changed);
    return conflicts;
  }
}

/** Each write is checked against what the writes before it leave. */
function chargeInTurn(quotas: readonly OpenQuota[], waiters: readonly Waiter[]) {
  let running: readonly RunningQuota[] = quotas;
  const refusals = new Map<Waiter, string>();
  for (const waiter of waiters) {
    const verdict = checkQuotas(running, waiter.write);
    if (verdict.kind === 'refused') refusals.set(waiter, verdict.reason);
    else if (!waiter.dryRun) {
      running = running.map(({ quota, used }, index) => ({ quota, used: verdict.used[index] ?? used }));
    }
  }
  return { running, refusals };
}
