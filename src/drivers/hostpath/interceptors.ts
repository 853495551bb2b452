import type { Clock, Random } from '../../base/index.ts';
import { Code, CsiError, type Interceptor } from '../../csi/index.ts';
import { isOutOfSpace } from './volume-files.ts';

export interface DelayRange {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Waits before each call, for tests of order and of deadlines. A caller that gives up ends the wait, and the call. */
export function delayCalls(clock: Clock, random: Random, { minMs, maxMs }: DelayRange): Interceptor {
  return async ({ signal }, next) => {
    await clock.sleep(minMs + random.next() * (maxMs - minMs), signal);
    return await next();
  };
}

/** A full disk is ResourceExhausted and not Internal: another node, or later, may do. */
export const nameFullDisk: Interceptor = async (_call, next) => {
  try {
    return await next();
  } catch (thrown) {
    if (isOutOfSpace(thrown)) throw new CsiError(Code.RESOURCE_EXHAUSTED, 'no space left on device', { cause: thrown });
    throw thrown;
  }
};
