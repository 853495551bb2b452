/** Numbers about this process (`process_*`, `nodejs_*`). */
import { collectDefaultMetrics, Registry } from 'prom-client';

/** Made with the first scrape and once: what gathers the numbers costs time and never stops. */
let registry: Registry | undefined;

function createRegistry(): Registry {
  const made = new Registry();
  collectDefaultMetrics({ register: made });
  return made;
}

/** The Prometheus text. */
export async function printProcessMetrics(): Promise<string> {
  registry ??= createRegistry();
  return await registry.metrics();
}
