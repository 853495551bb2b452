/** Loaded with the first scrape: a bundle finds the package's names only through a static import. */
export { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
