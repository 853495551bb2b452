/** Numbers about this process (`process_*`, `nodejs_*`). The library that gathers them is loaded with the first scrape. */
let registry: Promise<{ metrics(): Promise<string> }> | undefined;

async function createRegistry() {
  const { collectDefaultMetrics, Registry } = await import('./prometheus.ts');
  const made = new Registry();
  collectDefaultMetrics({ register: made });
  return made;
}

/** The Prometheus text. What gathers the numbers is made once: it never stops. */
export async function printProcessMetrics(): Promise<string> {
  registry ??= createRegistry();
  return await (await registry).metrics();
}
