/** What a request to the node's endpoint asks for. */
import type { IncomingMessage } from 'node:http';

export interface ContainerQuery {
  readonly namespace: string;
  readonly podName: string;
  readonly containerName: string;
  /** The container's last instance before the present one. */
  readonly previous: boolean;
}

export interface Route {
  /** `containerLogs`, `exec`, `attach`, `portForward`. */
  readonly action: string;
  readonly query: ContainerQuery;
  readonly params: URLSearchParams;
}

export function routeOf(request: IncomingMessage): Route | undefined {
  const url = new URL(request.url ?? '/', 'https://kubelet');
  let segments: string[];
  try {
    segments = url.pathname.split('/').map(decodeURIComponent);
  } catch {
    // Percent signs that encode nothing name nothing.
    return undefined;
  }
  const [, action = '', namespace = '', podName = '', ...rest] = segments;
  if (!podName) return undefined;
  const previous = url.searchParams.get('previous') === 'true';
  const containerName = rest.at(-1) ?? '';
  return { action, query: { namespace, podName, containerName, previous }, params: url.searchParams };
}

/** A flag under either name: clients of the API server say `stdin=true`, the API server says `input=1`. */
export function isSet(params: URLSearchParams, ...names: readonly string[]): boolean {
  return names.some((name) => ['true', '1'].includes(params.get(name) ?? ''));
}

export function numberOf(params: URLSearchParams, name: string): number | undefined {
  const text = params.get(name);
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}
