/** What the process itself lives through: signals to stop, a closed terminal, a mistake that nobody caught. */
import { type Clock, type Logger, messageOf } from '../base/index.ts';

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A signal so soon after the first is the same wish told twice: Ctrl-C reaches the whole process group, and npm passes
 * on what it receives.
 */
const repeatedSignalMs = 1000;

export interface ProcessGuard extends Disposable {
  /** Aborts with the first signal to stop. A second one, a second later, ends the process at once. */
  readonly signal: AbortSignal;
}

export function guardProcess(logger: Logger, clock: Clock): ProcessGuard {
  const stop = new AbortController();
  let firstMs: number | undefined;
  const onSignal = () => {
    if (firstMs === undefined) {
      firstMs = clock.monotonic();
      logger.info('stopping; a second signal ends at once');
      stop.abort();
    } else if (clock.monotonic() - firstMs >= repeatedSignalMs) {
      logger.error('ended while stopping; what is left is taken over by the next start');
      process.exit(1);
    }
  };
  // One forgotten promise must not take every mount and container down with it.
  const onRejection = (thrown: unknown) => {
    logger.error('a failure was not handled', { error: thrown instanceof Error ? thrown.stack : messageOf(thrown) });
  };
  // Whoever read our output has gone; that is no reason to stop.
  const onOutputError = () => {};
  for (const name of stopSignals) process.on(name, onSignal);
  process.on('unhandledRejection', onRejection);
  process.stdout.on('error', onOutputError);
  process.stderr.on('error', onOutputError);
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      for (const name of stopSignals) process.off(name, onSignal);
      process.off('unhandledRejection', onRejection);
    },
  };
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
