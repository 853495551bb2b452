import { type Clock, type Fs, realFs } from '../../../base/index.ts';

/** The real file system for tests in virtual time: time stands still while a call is pending. */
export function boundaryFs(clock: Clock): Fs {
  return wrap(realFs, clock);
}

function wrap<T extends object>(target: T, clock: Clock): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key, object);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const answer: unknown = value.apply(object, args);
        return answer instanceof Promise ? clock.boundary(answer.then((result) => wrapHandle(result, clock))) : answer;
      };
    },
  });
}

/** open answers with a handle, whose calls are boundaries too. */
function wrapHandle(result: unknown, clock: Clock): unknown {
  const isHandle = typeof result === 'object' && result !== null && 'fd' in result && 'readFile' in result;
  return isHandle ? wrap(result, clock) : result;
}
