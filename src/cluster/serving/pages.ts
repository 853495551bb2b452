/**
 * What a component tells about itself over HTTP: its health, its numbers, its settings and its decisions.
 * Upstream: k8s.io/apiserver/pkg/server/healthz.
 */
import type { DecisionLog } from '../../base/index.ts';
import type { MetricsRegistry } from '../../metrics/index.ts';

export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

export interface HealthCheck {
  readonly name: string;
  /** The only probe that it is part of; default: all. */
  readonly probe?: 'readyz';
  /** What is wrong; undefined while all is well. */
  readonly problem: () => string | undefined;
}

export interface PageSources {
  readonly metrics: MetricsRegistry;
  readonly decisions: DecisionLog;
  readonly health: readonly HealthCheck[];
  /** The settings in force, by the name that upstream's /configz gives them. */
  readonly config: Readonly<Record<string, object>>;
  /** More lines for /metrics: those of the process. */
  readonly moreMetrics?: () => Promise<string>;
}

/** Keys that a list of decisions shows. */
const listedDecisions = 1_000;
const plain = 'text/plain; charset=utf-8';
const healthPaths = new Set(['healthz', 'livez', 'readyz']);
const decisionsPath = '/debug/decisions';

function json(value: unknown, status = 200): Page {
  return { status, contentType: 'application/json', text: `${JSON.stringify(value, undefined, 2)}\n` };
}

/** The page at a path, or undefined where there is none. */
export async function componentPage(sources: PageSources, url: URL): Promise<Page | undefined> {
  const { pathname, searchParams } = url;
  const [first = '', second, ...more] = pathname.split('/').slice(1);
  if (healthPaths.has(first) && more.length === 0) return healthPage(sources.health, first, second, searchParams);
  if (pathname === '/metrics') {
    const text = (await sources.metrics.print()) + ((await sources.moreMetrics?.()) ?? '');
    return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', text };
  }
  if (pathname === '/configz') return json(sources.config);
  return decisionPage(sources.decisions, pathname);
}

function healthPage(
  checks: readonly HealthCheck[],
  probe: string,
  only: string | undefined,
  query: URLSearchParams,
): Page | undefined {
  const excluded = new Set(query.getAll('exclude'));
  // What every component can say: that it answers.
  const ping: HealthCheck = { name: 'ping', problem: () => undefined };
  const all = [ping, ...checks.filter((check) => check.probe === undefined || check.probe === probe)];
  const asked =
    only === undefined ? all.filter(({ name }) => !excluded.has(name)) : all.filter(({ name }) => name === only);
  if (only !== undefined && asked.length === 0) return undefined;
  const results = asked.map(({ name, problem }) => ({ name, problem: problem() }));
  const failed = results.some(({ problem }) => problem !== undefined);
  if (!failed && (only !== undefined || !query.has('verbose'))) return { status: 200, contentType: plain, text: 'ok' };
  const lines = results.map(({ name, problem }) =>
    problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`,
  );
  const text = `${[...lines, `${probe} check ${failed ? 'failed' : 'passed'}`].join('\n')}\n`;
  return { status: failed ? 500 : 200, contentType: plain, text };
}

/** `/debug/decisions/<kind>/<namespace>/<name>`, or what stands below a shorter path. */
export function decisionPage(decisions: DecisionLog, pathname: string): Page | undefined {
  if (pathname !== decisionsPath && !pathname.startsWith(`${decisionsPath}/`)) return undefined;
  const key = decoded(pathname.slice(decisionsPath.length + 1).replace(/\/$/, ''));
  const found = decisions.get(key);
  if (found) {
    const { decision, sinceMs } = found;
    return json({ key, since: new Date(sinceMs).toISOString(), decision });
  }
  const below = decisions.keys(key === '' ? '' : `${key}/`);
  if (key !== '' && below.length === 0) return json({ key, message: 'no decision is known of that object' }, 404);
  return json({ keys: below.slice(0, listedDecisions), total: below.length });
}

/** Keys may hold what a path may not; a path that was encoded by nobody is taken as it is. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
