/** A bundle finds the package's names only through a static import. */
export { collectDefaultMetrics, Registry } from 'prom-client';
