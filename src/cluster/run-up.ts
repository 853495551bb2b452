/** `stowage up`: starts the cluster, says so, and stops it on SIGINT or SIGTERM. */
import { createLogger, messageOf, realClock, realRandom } from '../base/index.ts';
import { startCluster } from './cluster.ts';
import { parseUpFlags, type Surroundings, type UpFlags } from './options.ts';

/** A second signal, or a stop that takes longer than this, ends the process at once. */
const stopTimeoutMs = 60_000;

export async function runUp(flags: UpFlags, surroundings: Surroundings): Promise<void> {
  const options = parseUpFlags(flags, surroundings);
  const clock = realClock;
  const logger = createLogger({ format: options.logFormat, verbosity: options.verbosity });
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    const cluster = await startCluster(options, { clock, random: realRandom, logger }, stop.signal);
    const seconds = process.uptime().toFixed(2);
    process.stdout.write(
      `ready in ${seconds} s: export KUBECONFIG=${cluster.kubeconfig}; try: kubectl apply -f examples/statefulset.yaml\n`,
    );
    await new Promise<void>((resolve) => {
      if (stop.signal.aborted) resolve();
      stop.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    clock
      .setTimer(stopTimeoutMs, () => {
        logger.error('the stop takes too long, giving up');
        process.exit(1);
      })
      .unref();
    await cluster[Symbol.asyncDispose]();
  } catch (thrown) {
    if (!stop.signal.aborted) throw thrown;
    logger.info('stopped while starting', { error: messageOf(thrown) });
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
