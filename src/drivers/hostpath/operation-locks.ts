import { Code, CsiError } from '../../csi/index.ts';

/** The whole object: no other operation on it runs meanwhile. */
const whole = '*';

/**
 * Says which operations run on which object. An operation that may not run beside another is refused with Aborted,
 * as CSI has it, instead of waiting: the caller asks again.
 */
export class OperationLocks {
  readonly #running = new Map<string, Map<string, number>>();

  /** Runs alone on the object. */
  runAlone<T>(id: string, work: () => Promise<T>): Promise<T> {
    return this.#run(id, whole, false, work);
  }

  /** Runs beside operations on the object that have other scopes, and never beside one that runs alone. */
  runScoped<T>(id: string, scope: string, work: () => Promise<T>): Promise<T> {
    return this.#run(id, scope, false, work);
  }

  /** Runs beside any operation that does not run alone: reads the object's content. */
  runShared<T>(id: string, work: () => Promise<T>): Promise<T> {
    return this.#run(id, 'shared', true, work);
  }

  async #run<T>(id: string, scope: string, shared: boolean, work: () => Promise<T>): Promise<T> {
    const scopes = this.#running.get(id) ?? new Map<string, number>();
    const taken = scope === whole ? scopes.size > 0 : scopes.has(whole) || (!shared && scopes.has(scope));
    if (taken) throw new CsiError(Code.ABORTED, `an operation on ${id} is pending`);
    scopes.set(scope, (scopes.get(scope) ?? 0) + 1);
    this.#running.set(id, scopes);
    try {
      return await work();
    } finally {
      const left = (scopes.get(scope) ?? 1) - 1;
      if (left > 0) scopes.set(scope, left);
      else scopes.delete(scope);
      if (scopes.size === 0) this.#running.delete(id);
    }
  }
}
