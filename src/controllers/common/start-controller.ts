/** What every controller is given, and how it starts: handlers first, work when its informers have synced. */
import { type Clock, type DecisionLog, isAbort, type Logger, type Random } from '../../base/index.ts';
import type { Client, EventRecorder, InformerFactory } from '../../client/index.ts';
import type { MetricsRegistry } from '../../metrics/index.ts';

export interface ControllerOptions {
  readonly client: Client;
  /**
   * Lists with the rights of the informers, where the controller's own client may not read a kind at all; its own
   * client unless given.
   */
  readonly reader?: Client;
  /** Started by the controller for the kinds it asks for. */
  readonly informers: InformerFactory;
  /** Writes Events under the controller's component name. */
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where the controller counts; each defines its metrics in one file of its own. Without it nothing is counted. */
  readonly metrics?: MetricsRegistry;
  /** Keys worked on at a time, where an operator has set a number. */
  readonly concurrency?: number | undefined;
  /**
   * Where the decision last taken on each object is kept for whoever asks, under `<kind in lower case>/<key>`:
   * `persistentvolumeclaim/default/data-web-0`.
   */
  readonly decisions?: DecisionLog;
}

/**
 * Runs the body when every informer that was asked for so far has synced. What the body adds to the stack is disposed,
 * last added first, when the controller is.
 */
export function startWhenSynced(
  informers: InformerFactory,
  logger: Logger,
  body: (stack: AsyncDisposableStack) => void,
): AsyncDisposable {
  const stop = new AbortController();
  const stack = new AsyncDisposableStack();
  informers.start();
  const started = informers.waitForSync(stop.signal).then(
    () => {
      if (!stop.signal.aborted) body(stack);
    },
    (error: unknown) => {
      if (!isAbort(error)) logger.error('a controller could not start', { error });
    },
  );
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await started;
      await stack.disposeAsync();
    },
  };
}

/** Calls back at a fixed rate until disposed. */
export function every(clock: Clock, periodMs: number, callback: () => void): Disposable {
  let timer = clock.setTimer(periodMs, tick).unref();
  function tick(): void {
    timer = clock.setTimer(periodMs, tick).unref();
    callback();
  }
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
