/** `stowage up`: starts the cluster, says so, and stops it on SIGINT, SIGTERM or SIGHUP. */
import { createLogger, messageOf, realClock, realRandom, shellQuote } from '../base/index.ts';
import { startCluster } from './cluster.ts';
import { checkDriverArgs } from './hostpath-process.ts';
import { parseUpFlags, requireRoot, type Surroundings, type UpFlags } from './options.ts';
import { aborted, guardProcess } from './process-guard.ts';

/** A second signal, or a stop that takes longer than this, ends the process at once. */
const stopTimeoutMs = 60_000;

export async function runUp(flags: UpFlags, surroundings: Surroundings): Promise<void> {
  requireRoot('up', surroundings.uid);
  const options = parseUpFlags(flags, surroundings);
  checkDriverArgs(options.driverArgs);
  const clock = realClock;
  const logger = createLogger({ format: options.logFormat, verbosity: options.verbosity });
  options.featureGates.tell(logger);
  using guard = guardProcess(logger, clock);
  const { signal } = guard;
  try {
    const cluster = await startCluster(options, { clock, random: realRandom, logger }, signal);
    const seconds = process.uptime().toFixed(2);
    process.stdout.write(
      `ready in ${seconds} s: export KUBECONFIG=${shellQuote(cluster.kubeconfig)}; try: kubectl apply -f examples/statefulset.yaml\n`,
    );
    await aborted(signal);
    clock
      .setTimer(stopTimeoutMs, () => {
        logger.error('the stop takes too long, giving up');
        process.exit(1);
      })
      .unref();
    await cluster[Symbol.asyncDispose]();
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    logger.info('stopped while starting', { error: messageOf(thrown) });
  }
}
