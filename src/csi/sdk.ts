import { type Clock, type Fs, realClock, realFs } from '../base/index.ts';
import { type CsiServer, startServer } from './server.ts';
import type { Interceptor, ServedService } from './service.ts';
import { parseEndpoint } from './socket-path.ts';

export interface DriverOptions {
  /** `unix:///run/driver/csi.sock`, or the bare path: what CSI_ENDPOINT holds. */
  readonly endpoint: string;
  readonly services: readonly ServedService[];
  readonly interceptors?: readonly Interceptor[];
  readonly clock?: Clock;
  readonly fs?: Fs;
}

/** Serves a driver on its endpoint. The caller disposes the server at SIGTERM. Throws a UsageError for a bad endpoint. */
export async function serveDriver(options: DriverOptions): Promise<CsiServer> {
  const { endpoint, services, interceptors = [], clock = realClock, fs = realFs } = options;
  return await startServer({ path: parseEndpoint(endpoint), services, interceptors, clock, fs });
}
