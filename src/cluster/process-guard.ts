/** What the process itself lives through: signals to stop, a closed terminal, a mistake that nobody caught. */
import { type Logger, messageOf } from '../base/index.ts';

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface ProcessGuard extends Disposable {
  /** Aborts with the first signal to stop. A second one ends the process at once. */
  readonly signal: AbortSignal;
}

export function guardProcess(logger: Logger): ProcessGuard {
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
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
