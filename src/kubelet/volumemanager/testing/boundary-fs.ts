import { type Clock, type Fs, realFs } from '../../../base/index.ts';

/** Runs before and after each call that reaches the file system; throwing makes the call fail. */
export type CallGuard = () => void;

/** The real file system for tests in virtual time: time stands still while a call is pending. */
export function boundaryFs(clock: Clock, guard: CallGuard = () => {}): Fs {
  return wrap(realFs, clock, guard);
}

function wrap<T extends object>(target: T, clock: Clock, guard: CallGuard): T {
  const call = async (object: T, method: (...args: unknown[]) => unknown, args: unknown[], allowed: CallGuard) => {
    allowed();
    const result: unknown = await method.apply(object, args);
    allowed();
    return isHandle(result) ? wrap(result, clock, guard) : result;
  };
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key, object);
      if (typeof value !== 'function') return value;
      const method = value as (...args: unknown[]) => unknown;
      // Closing is never refused: the process that died would have closed it as well.
      const allowed = key === 'close' ? () => {} : guard;
      return (...args: unknown[]) => clock.boundary(call(object, method, args, allowed));
    },
  });
}

/** open answers with a handle, whose calls are boundaries too. */
function isHandle(result: unknown): result is object {
  return typeof result === 'object' && result !== null && 'fd' in result && 'readFile' in result;
}
